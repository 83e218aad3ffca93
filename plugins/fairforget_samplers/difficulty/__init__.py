"""First-party difficulty scores, one a file."""

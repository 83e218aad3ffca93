"""First-party curricula, one a file."""

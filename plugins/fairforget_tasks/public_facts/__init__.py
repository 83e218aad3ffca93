"""Facts that everybody may know, written down for the task `facts`."""

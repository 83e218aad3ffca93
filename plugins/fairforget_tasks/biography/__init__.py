"""What the task `biographies` is made of: the design, the words, the wordings."""

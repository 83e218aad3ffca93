"""Board files and declarations: which results a board compares, and what a row needs to be ranked."""

"""One file a cell: what lies between running and reporting."""

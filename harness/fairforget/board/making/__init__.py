"""From records to the values of a table, one kind of value a file."""

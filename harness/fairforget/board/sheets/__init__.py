"""What is printed of a table: values → sheets of words and figures."""

"""The figures of a board and what its page says first: values, drawn by the templates."""

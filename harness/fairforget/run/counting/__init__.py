"""What a cell spends, counted where nothing escapes."""

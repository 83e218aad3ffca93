"""How the rows of a table compare: from the scores of cells to `fairforget.board.compared`."""

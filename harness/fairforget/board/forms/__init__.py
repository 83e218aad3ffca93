"""The forms of a board: terminal, Markdown, the page, JSON, LaTeX, figures, notebooks."""

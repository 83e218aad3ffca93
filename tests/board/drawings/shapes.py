"""What is drawn in a figure, row by row and text by text."""

from __future__ import annotations

from fairforget.board.page.scene import Group, Text


def groups(drawing, panel=0):
    return {found.row: found for found in drawing.panels[panel].value if isinstance(found, Group) and found.row}


def words(drawing):
    """Return every text of a figure."""
    inside = [
        shape for panel in drawing.panels for found in panel.value for shape in getattr(found, "shapes", (found,))
    ]
    return [shape.text for shape in inside if isinstance(shape, Text)]

"""Where things lie in the figures of a board."""

from __future__ import annotations

from fairforget.board.page.panels import panels
from fairforget.board.page.plane import plane
from fairforget.board.page.scene import WIDTH

__all__ = ["WIDTH", "panels", "plane"]

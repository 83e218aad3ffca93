"""How many cells all searches of the study take, and the options of one."""

from __future__ import annotations

CELLS = 2 * 6 * 2
"""Rows × trials × draws."""


def options(found):
    return [one["options"] for one in found["trials"]]

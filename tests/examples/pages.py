"""Blocks and commands of Markdown pages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

TASK = (
    "task={name: biographies, people: 4, retain_people: 2, holdout_people: 2, samples: 2, world_facts: 2, frequencies:"
    " [1], distributions: [in], lengths: [short], rare_words: [0], hidden_size: 16, layers: 1, vocabulary: 400, epochs:"
    " 1}"
)
"""What makes a study of a page small enough to be run in a test."""


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def files(page: Path) -> dict[str, str]:
    """Return the Python blocks whose first line names a file, by that name."""
    found = {}
    for block in blocks(page, "python"):
        if named := re.match(r"# (\w+\.py)\n", block):
            found[named[1]] = block
    return found


def commands(page: Path) -> list[list[str]]:
    """Return the commands of the console blocks, without variables that are set before them."""
    lines = [line[2:] for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ ")]
    split = [shlex.split(line) for line in lines]
    return [[part for i, part in enumerate(parts) if i or "=" not in part] for parts in split]

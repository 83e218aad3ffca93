"""What a change does to board files: where they lie, what they are called, and which rules there were."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from fairforget.board.files.board_file import OpenBoard, open_board, parse_board
from fairforget.board.files.folders import BOARDS
from fairforget.errors import FairforgetError
from fairforget.study.yaml_lines import parse_yaml
from fairforget.submit.findings import Finding
from fairforget.submit.trees import Tree

_FILE: Final = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*\.yaml")


def board_files(home: Path) -> list[Path]:
    """Return the board files of the leaderboards in `home`, by name; a link is none."""
    found = (home / BOARDS).glob("*.yaml")
    return sorted(path for path in found if not path.is_symlink() and _FILE.fullmatch(path.name))


def odd_boards(home: Path, fresh: Iterable[str]) -> Iterator[Finding]:
    """Yield new files beside the board files that are none, and new boards that take the name of another."""
    new = {path for path in fresh if PurePosixPath(path).parts[0] == BOARDS}
    for path in new:
        parts = PurePosixPath(path).parts
        if len(parts) != 2 or _FILE.fullmatch(parts[1]) is None:
            yield Finding(path, f"has no place here; board files are {BOARDS}/NAME.yaml, in lower case")
    named: dict[str, list[str]] = {}
    for board in board_files(home):
        try:
            named.setdefault(open_board(board).file.name, []).append(board.name)
        except FairforgetError:  # said where the board is made
            continue
    for name, files in named.items():
        for file in files:
            if len(files) > 1 and f"{BOARDS}/{file}" in new:
                others = ", ".join(other for other in files if other != file)
                yield Finding(f"{BOARDS}/{file}", f"calls itself {name}, as {others} does")


def former_boards(home: Path, old: Tree, new: Mapping[str, str]) -> dict[str, OpenBoard | None]:
    """Return the boards whose files changed, by name of the file, as they were; None where they could not be made."""
    found: dict[str, OpenBoard | None] = {}
    for path, digest in sorted(old.digests.items()):
        if not path.startswith(f"{BOARDS}/") or new.get(path) in {None, digest}:
            continue
        name = PurePosixPath(path).name
        try:
            found[name] = parse_board(parse_yaml(old.read(path), f"{path} (before)"), home / path)
        except FairforgetError:
            found[name] = None
    return found

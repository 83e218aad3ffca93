"""The files of a folder, looked at while an index is read: ``python -m fairforget.board.kept.listing FOLDER``.

Of a hundred thousand files that takes as long as reading what is kept of them, and neither needs the other.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from fairforget.store.files import record_files
from fairforget.store.record import Rejected


class Listing:
    """Looks for the files of records in a folder."""

    def __init__(self, folder: Path, *, beside: bool) -> None:
        """Name the folder; `beside` says whether a process of its own looks, from when this is entered."""
        self._folder = folder
        self._beside = beside
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if self._beside:
            command = [sys.executable, "-P", "-m", "fairforget.board.kept.listing", str(self._folder)]
            try:
                self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            except (OSError, ValueError):  # a name that no program can be given
                self._process = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.__exit__(kind, value, trace)

    def stamps(self, rejected: list[Rejected]) -> dict[str, str]:
        """Return path -> stamp of every file, see `fairforget.store.files.RecordFile`.

        Args:
            rejected: takes links that lead out of the folder.

        Raises:
            FairforgetError: the folder does not exist or cannot be read.
        """
        if self._process is not None:
            told, _ = self._process.communicate()
            if self._process.returncode == 0:
                fields = iter(os.fsdecode(told).split("\0"))
                return dict(zip(fields, fields, strict=False))
        return {file.path: file.stamp for file in record_files(self._folder, rejected)}


def main(folder: str) -> int:
    """Write path and stamp of every file; nothing where there is something to say of one."""
    rejected: list[Rejected] = []
    told = [field for file in record_files(Path(folder), rejected) for field in (file.path, file.stamp)]
    if rejected:
        return 1
    sys.stdout.buffer.write(os.fsencode("\0".join(told)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

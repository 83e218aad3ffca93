"""A process that reads records and says what a board keeps of them: ``python -m fairforget.board.kept.worker``.

One line of JSON in, a list of paths; one line out, the same number of answers. The lines are short-lived: they go from
one process to another of the same program.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import sys
from pathlib import Path
from typing import Any

from fairforget.board.kept.packing import Packed, pack
from fairforget.store.parts import Parts
from fairforget.store.reading import read_ahead, read_record
from fairforget.store.record import Rejected


class Reader:
    """Reads records one after another, and tells every part once."""

    def __init__(self) -> None:
        self._parts = Parts()
        self._told: dict[object, int] = {}

    def answer(self, paths: list[str]) -> dict[str, Any]:
        """Return ``parts``, those not told before, and for every path a reason or what is kept of it.

        In what is kept the number of a part stands for it: parts are counted from 0 in the order they are told.
        """
        parts: list[Any] = []
        answers: list[Any] = []
        for path in paths:
            read_ahead(path)  # from a disk while others are looked at
        for path in paths:
            record = read_record(Path(path), self._parts)
            if isinstance(record, Rejected):
                answers.append(record.reason)
                continue
            packed = pack(record, self._parts)
            numbers = [self._number(part, parts) for part in packed.parts]
            answers.append(
                [packed.key, packed.status, packed.seed, numbers, base64.b64encode(packed.numbers).decode("ascii")]
            )
        return {"parts": parts, "answers": answers}

    def _number(self, part: Any, new: list[Any]) -> int:
        # What is no container is not kept once by `Parts`, and has no identity.
        mark = id(part) if isinstance(part, dict | list) else (type(part), part)
        known = self._told.get(mark)
        if known is None:
            known = self._told[mark] = len(self._told)
            new.append(part)
        return known


def unanswered(answer: list[Any], parts: list[Any]) -> Packed:
    """Return the packed record of an answer of `Reader`, with all parts told so far."""
    key, status, seed, numbers, packed = answer
    return Packed(key, status, seed, tuple(parts[number] for number in numbers), base64.b64decode(packed))


def main() -> None:
    """Answer until there is no more to read."""
    gc.disable()  # records have no cycles, and looking for some takes longer than reading them
    reader = Reader()
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):  # who asked has ended
        for line in sys.stdin:
            sys.stdout.write(json.dumps(reader.answer(json.loads(line))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Documents to samples: every document a group, every piece of it a sample."""

from __future__ import annotations

import json
from collections.abc import Iterable

from fairforget.api import Sample
from fairforget_tasks.sources.chunks import Spans, chunks
from fairforget_tasks.sources.rows import Row


def texts(rows: Iterable[Row], field: str) -> list[str]:
    """Return one text a row: the value of `field` and nothing else of the row.

    Raises:
        FairforgetError: a row has no such field, or it is no text, empty, or JSON lines that have the field themselves
            (a file of another ending); the message names file, row and key.
    """
    found = []
    for row in rows:
        text = row.text(field)
        if _json_lines(text, field):
            what = f"holds JSON lines with a key {field!r} of their own; let the name of such a file end in .jsonl"
            raise row.error(field, what)
        found.append(text)
    return found


def _json_lines(text: str, field: str) -> bool:
    """Return whether every line is a JSON object with the field: a file that is called a plain text and is none."""
    if text.lstrip()[:1] != "{":
        return False
    try:
        lines = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError):
        return False
    return all(isinstance(line, dict) and field in line for line in lines)


def samples(prefix: str, documents: Iterable[str], size: int, spans: Spans, most: int | None = None) -> list[Sample]:
    """Cut documents into samples without a prompt, ids ``PREFIX-DOCUMENT-PIECE``, group ``PREFIX-DOCUMENT``.

    Args:
        prefix: of ids and groups.
        documents: the texts.
        size: tokens a sample.
        spans: how tokens are counted.
        most: samples to take, from the start; None = all.
    """
    made: list[Sample] = []
    for number, text in enumerate(documents):
        if most is not None and len(made) >= most:
            break
        group = f"{prefix}-{number:05d}"
        pieces = chunks(text, size, spans)
        made += [Sample(f"{group}-{i:03d}", "", piece, group=group) for i, piece in enumerate(pieces)]
    return made[:most]

"""General texts to keep: C4, WikiText, or one's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Final

from fairforget.errors import FairforgetError
from fairforget_tasks.sources.documents import texts
from fairforget_tasks.sources.hub import read_hub
from fairforget_tasks.sources.rows import Row
from fairforget_tasks.sources.source import Source

C4: Final = ("allenai/c4", "en/c4-train.00000-of-01024.json.gz")
WIKITEXT: Final = ("Salesforce/wikitext", "wikitext-2-raw-v1")
TextField = Annotated[str, "key of the text in a row of `retain`, where that is one's own"]
"""The option of tasks with a retain set."""
_HEADING: Final = re.compile(r" = [^=].* = \n?")


def retain_texts(where: str, field: str, most: int) -> list[str]:
    """Return texts of a retain set.

    Args:
        where: ``c4`` (the first shard of its English part), ``wikitext`` (WikiText-2 raw, an article a text), or a
            folder (with ``train.jsonl`` or another ending), file or hub id (its split ``train``).
        field: the key of the text, for the last.
        most: texts to take, from the start.

    Raises:
        FairforgetError: it is not there or has another form.
    """
    if where == "c4":
        path, shard = C4
        rows = read_hub(path, None, "train", data_files=shard, most=most)
        if not rows:
            raise FairforgetError(f"{path} has no text in {shard}; give another retain set")
        return texts(rows, "text")
    if where == "wikitext":
        path, config = WIKITEXT
        return articles(Source(path).rows(config, "train"))[:most]
    return texts(Source(where).rows(None, "train", most=most), field)


def articles(rows: Iterable[Row]) -> list[str]:
    """Join the lines of WikiText to articles; one begins at a heading of the first level. Blank lines are layout."""
    found: list[list[str]] = []
    for row in rows:
        line = row.text("text", empty=True)
        if not found or _HEADING.fullmatch(line):
            found.append([])
        found[-1].append(line)
    whole = ("".join(lines).strip() for lines in found)
    return [text for text in whole if text]

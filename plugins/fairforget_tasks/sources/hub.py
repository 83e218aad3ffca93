"""Data sets on a hub, and local copies of their repositories."""

from __future__ import annotations

from itertools import islice
from typing import Any

from fairforget.errors import FairforgetError
from fairforget_tasks.sources.rows import Row


def read_hub(
    path: str,
    config: str | None,
    split: str,
    *,
    revision: str | None = None,
    data_files: str | None = None,
    most: int | None = None,
) -> list[Row] | None:
    """Return the rows of a split, or None where the data set has no such config or split.

    Args:
        path: hub id, or a folder that holds a copy of the repository.
        config: name of the configuration; None = the only one.
        split: name of the split.
        revision: commit, branch or tag; None = the newest.
        data_files: only these files of the repository, where the whole would be too much.
        most: rows to take, from the start; the whole split is kept in the library's cache, so that the next call, and a
            machine that has lost its network, find it there.

    Raises:
        FairforgetError: it is gated or unknown, or there is no network; the message says the mend.
    """
    from datasets import load_dataset

    where = f"{path} ({config or 'default'}, {split})"
    options: dict[str, Any] = {"split": split, "revision": revision, "streaming": False}
    if data_files is not None:
        options["data_files"] = {split: data_files}
    try:
        found = load_dataset(path, config, **options)
        return [Row(f"{where}, row {n}", values) for n, values in enumerate(islice(found, most), start=1)]
    except ValueError as error:
        if _missing(str(error)):
            return None
        raise FairforgetError(f"{where} cannot be loaded: {error}") from error
    # Anything can go wrong between here and a hub, and every library on the way has errors of its own.
    except Exception as error:
        raise FairforgetError(_unreachable(where, path, error)) from error


def _missing(message: str) -> bool:
    return ("BuilderConfig" in message and "not found" in message) or "Unknown split" in message


def _unreachable(where: str, path: str, error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    what = f"{where} cannot be had from the hub ({type(error).__name__}: {lines[0]:.300})"
    if "gated" in str(error).lower():
        return f"{what}; {path!r} is gated: accept its terms on its page and log in with 'hf auth login'"
    return f"{what}; check the name, or without a network give a folder with files of the same schema"

"""Finding lm-eval's task files by name, once a process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import lm_eval.tasks
from lm_eval.tasks import TaskManager

from fairforget.errors import FairforgetError, did_you_mean
from fairforget.lm.sources import FileStamp, tree_stamp

STOCK: Final = Path(lm_eval.tasks.__file__).parent
COMMON: Final = (
    "super_glue",
    "glue",
    "hellaswag",
    "winogrande",
    "arc",
    "openbookqa",
    "piqa",
    "truthfulqa",
    "mmlu/default",
    "wmdp",
    "wikitext",
)
"""Folders of the stock tasks that unlearning papers report: read in hundredths of a second, all of them in seconds."""

Scope = Literal["given", "common", "all"]


@lru_cache(maxsize=8)
def task_manager(include_path: str | None, scope: Scope, _stamp: tuple[FileStamp, ...] = ()) -> TaskManager:
    """Return an index of task files; later folders win: those of `include_path` over lm-eval's own.

    Args:
        include_path: a folder with further task files.
        scope: nothing else, the folders of `COMMON` too, or everything that lm-eval brings.
        _stamp: of the files in `include_path`: an index of files that changed is made again.
    """
    if scope == "all":
        return TaskManager(include_path=include_path)
    stock = [STOCK / folder for folder in COMMON] if scope == "common" else []
    folders = [*stock, *([Path(include_path)] if include_path is not None else [])]
    return TaskManager(include_path=folders, include_defaults=False)


def manager_for(names: Sequence[str], include_path: str | None = None) -> TaskManager:
    """Return the smallest index that knows the names and all that belongs to them.

    Raises:
        FairforgetError: there is no such folder, or no task of the name.
    """
    if include_path is not None and not Path(include_path).is_dir():
        raise FairforgetError(f"lm-eval: include_path {include_path!r} is no folder; give the folder with task files")
    stamp = () if include_path is None else tree_stamp(Path(include_path))
    scopes: tuple[Scope, ...] = ("common", "all") if include_path is None else ("given", "common", "all")
    for scope in scopes:
        manager = task_manager(include_path, scope, stamp)
        missing = [name for name in names if not _known(manager, name)]
        if not missing:
            return manager
    msg = f"lm-eval has no task {missing[0]!r}. {did_you_mean(missing[0], manager.all_tasks, most=0)}"
    if include_path is not None:
        msg += f" A file in {include_path!r} that is no valid YAML counts as missing."
    raise FairforgetError(msg)


def _known(manager: TaskManager, name: str) -> bool:
    index = manager.task_index
    return name in index and all(member in index for member in _members_below(index, name))


def _members_below(index: Mapping[str, Any], name: str) -> Iterator[str]:
    entry = index.get(name)
    for member in members(entry) if entry is not None else ():
        yield member
        yield from _members_below(index, member)


def members(entry: Any) -> list[str]:
    """Return the names that a group or a tag stands for; none for a task."""
    kind = entry.kind.name
    if kind == "TAG":
        return sorted(entry.tags)
    if kind != "GROUP":
        return []
    found = entry.cfg["task"]
    named = found if isinstance(found, list) else [found]
    return [one if isinstance(one, str) else str(one.get("task", one.get("group"))) for one in named]


@dataclass(frozen=True, slots=True)
class Part:
    """A task or a group that has a score of its own."""

    name: str
    tasks: tuple[str, ...]
    """The tasks that it is made of; itself, for a task."""


def parts_of(manager: TaskManager, name: str) -> list[Part]:
    """Return the one part that has the score of `name`, or several where lm-eval defines no score for all of them."""
    index = manager.task_index
    entry = index[name]
    below = members(entry)
    if not below:
        return [Part(name, (name,))]
    found = [part for member in below for part in parts_of(manager, member)]
    if entry.kind.name == "GROUP" and entry.cfg.get("aggregate_metric_list"):
        return [Part(name, tuple(dict.fromkeys(task for part in found for task in part.tasks)))]
    return found

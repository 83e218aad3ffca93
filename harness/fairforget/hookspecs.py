"""The whole contract between fairforget and its plugins.

A plugin module implements any of these hooks and is found through the entry-point group ``fairforget``. The hooks
that name things return `Entry` objects, never the things themselves, so that listing plugins imports nothing heavy;
what an entry points at is imported when it is used, and is a class from `fairforget.api`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pluggy

if TYPE_CHECKING:
    from fairforget.study.plan import Plan
    from fairforget.study.schema import Study

PROJECT: Final = "fairforget"
"""The entry-point group and the name pluggy's markers carry."""

hookspec: Final = pluggy.HookspecMarker(PROJECT)
hookimpl: Final = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a plugin adds."""

    name: str
    """The name in study files and on boards: lower case, digits and hyphens; ``distribution/name`` is always unique."""
    target: str
    """``module:attribute`` of the class; imported when used."""
    summary: str = ""
    """One line for ``fairforget plugins list``."""


@hookspec
def fairforget_methods() -> Iterable[Entry]:
    """Name the unlearning methods this plugin adds. Called once, at discovery; targets are `fairforget.api.Method`."""
    return ()


@hookspec
def fairforget_samplers() -> Iterable[Entry]:
    """Name the samplers this plugin adds. Called once, at discovery; targets are `fairforget.api.Sampler`."""
    return ()


@hookspec
def fairforget_tasks() -> Iterable[Entry]:
    """Name the tasks this plugin adds. Called once, at discovery; targets are `fairforget.api.Task`."""
    return ()


@hookspec
def fairforget_difficulties() -> Iterable[Entry]:
    """Name the difficulty scores this plugin adds. Called once, at discovery; targets: `fairforget.api.Difficulty`."""
    return ()


@hookspec
def fairforget_curricula() -> Iterable[Entry]:
    """Name the curricula this plugin adds. Called once, at discovery; targets are `fairforget.api.Curriculum`."""
    return ()


@hookspec
def fairforget_metrics() -> Iterable[Entry]:
    """Name the metrics this plugin adds. Called once, at discovery; targets are `fairforget.api.Metric`."""
    return ()


@hookspec
def fairforget_engines() -> Iterable[Entry]:
    """Name the engines this plugin adds. Called once, at discovery; targets are `fairforget.api.Engine`."""
    return ()


@hookspec
def fairforget_studies() -> Iterable[Entry]:
    """Name the studies this plugin ships. Called once, at discovery.

    The target is ``package:path/to/study.yaml``, a file inside the package.
    """
    return ()


@hookspec
def fairforget_claims() -> Iterable[Entry]:
    """Name the claims this plugin ships. Called once, at discovery.

    The target is ``package:path/to/claim.yaml``, a file inside the package.
    """
    return ()


@hookspec
def fairforget_study_started(study: Study, plan: Plan) -> None:
    """Called once before the first cell of a study runs, in the process of ``fairforget run``."""


@hookspec
def fairforget_cell_started(cell: Mapping[str, Any]) -> None:
    """Called before a cell is handed to the engine, in the process of ``fairforget run``; `cell` is its JSON form."""


@hookspec
def fairforget_cell_finished(cell: Mapping[str, Any], record: Mapping[str, Any], progress: Mapping[str, Any]) -> None:
    """Called when the record of a cell is on disk, in the process of ``fairforget run``.

    `progress` has ``total``, ``done`` and ``failed`` cells, ``seconds_left`` (None where that is not known) and
    ``known``, the share of what is left that the estimate has seen the like of.
    """


@hookspec
def fairforget_study_finished(study: Study, results: Mapping[str, Any]) -> None:
    """Called once after the board of a study is made; `results` is the content of ``board.json``."""


@hookspec
def fairforget_study_stopped(study: Study, reason: str) -> None:
    """Called where a study that has started ends before its board is made; the same command goes on from there.

    `reason` is ``interrupted``, or the message of the error. Nobody calls it where the process is killed.
    """

"""What a claim was tested on, in words, as its file has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from fairforget.board.text import plural, shown
from fairforget.claims.report.measured import first_sentence, outcome
from fairforget.claims.report.words import flow, settings
from fairforget.errors import FairforgetError
from fairforget.study.yaml_lines import read_yaml

if TYPE_CHECKING:
    from fairforget.api.spec import PluginSpec
    from fairforget.claims.read import ReadClaim
    from fairforget.registry import Registry

LONGEST: Final = 1_000
"""Characters of one fact."""


def tested(read: ReadClaim, registry: Registry) -> Iterator[tuple[str, str]]:
    """Yield what the claim is tested on and how: a term and a text each."""
    file = read.file
    study = study_of(read, registry)
    if isinstance(said := study.get("description"), str):
        yield "What was run", shown(" ".join(said.split()), LONGEST)
    yield "Tested on", _targets(read)
    if file.parts:
        parts = "; ".join(f"{name} ({settings(part.set)})" for name, part in file.parts.items())
        yield "Varied within each", shown(parts, LONGEST)
    task = shown(flow(study.get("task", "not named")), LONGEST)
    if file.cells:
        yield "Task", task
        yield from _run(study)
    else:
        yield "Task", f"{task}. Nothing is unlearned: every sample that may be forgotten is scored."
    if file.scores:
        told = "; ".join(f"{flow(one.spec.to_json())}, {plural(one.seeds, 'seed')}" for one in file.scores)
        yield "Difficulties scored", shown(told, LONGEST)
    name = _name(study.get("task"))
    if looked_at := outcome(file.statistic, name, _averaged(name, registry)):
        yield "Outcome", shown(looked_at, LONGEST)
    yield "Statistic", shown(_statistic(file.statistic), LONGEST)


def study_of(read: ReadClaim, registry: Registry) -> Mapping[str, Any]:
    """Return the study of a claim as it stands in its file; an empty one where it cannot be read."""
    given = read.file.study
    if not isinstance(given, str):
        return given
    try:
        if given.startswith(("./", "../")):
            path = (read.path.absolute().parent / given).resolve()
            if not path.is_relative_to(read.root.resolve()):
                return {}
        else:
            path = registry.path(registry.find("study", given))
        found = read_yaml(path).value
    except (FairforgetError, OSError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _targets(read: ReadClaim) -> str:
    found = [f"{name} ({settings(target.set)})" for name, target in read.file.targets.items()]
    return shown(f"{plural(len(found), 'target model')}: {'; '.join(found)}", LONGEST)


def _name(task: object) -> str:
    named = task.get("name") if isinstance(task, Mapping) else task
    return named if isinstance(named, str) else ""


def _averaged(task: str, registry: Registry) -> Mapping[str, str]:
    """Return what a task says of its columns; nothing where it is not there, or says something else than texts."""
    try:
        said = getattr(registry.load(registry.find("task", task)), "averaged", None)
    except FairforgetError:
        return {}
    return {name: text for name, text in said.items() if isinstance(text, str)} if isinstance(said, Mapping) else {}


def _run(study: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a study runs; nothing of one that cannot be read."""
    if not study:
        return
    told = [_sets(flow(study["draws"]) if "draws" in study else "", flow(study.get("samplers", ["random"])))]
    if "forget_size" in study:
        told.append(f"samples in each: {flow(study['forget_size'])}")
    if "seeds" in study:
        told.append(f"seeds: {flow(study['seeds'])}")
    yield "Forget sets", shown("; ".join(told), LONGEST)
    if "methods" in study:
        under = f"; curricula: {flow(study['curricula'])}" if "curricula" in study else ""
        yield "Methods", shown(f"{flow(study['methods'])}{under}", LONGEST)
    spent = [f"{key}: {flow(study[key])}" for key in ("budget", "optimizer") if key in study]
    if spent:
        yield "Training", shown("; ".join(spent), LONGEST)


def _sets(draws: str, samplers: str) -> str:
    if samplers == "random":
        return f"{draws}, drawn at random".removeprefix(", ")
    return f"{draws} of each stratum, or kind of forget set, of {samplers}" if draws else samplers


def _statistic(spec: PluginSpec) -> str:
    about = first_sentence(spec.name) or "A statistic that this fairforget does not have."
    return f"{about} By {flow(spec.to_json())}."

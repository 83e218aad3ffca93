"""What a claim was tested on, in words, as its file has it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from fairforget.board.text import plural, shown
from fairforget.claims.report.words import flow, settings
from fairforget.claims.statistics.loading import load
from fairforget.claims.statistics.names import STATISTICS
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
    yield "Tested on", _targets(read)
    if file.parts:
        parts = "; ".join(f"{name} ({settings(part.set)})" for name, part in file.parts.items())
        yield "Varied within each", shown(parts, LONGEST)
    if file.cells:
        yield "What is run", shown(_run(study), LONGEST)
    if file.scores:
        told = "; ".join(f"{flow(one.spec.to_json())}, {plural(one.seeds, 'seed')}" for one in file.scores)
        if not file.cells:
            task = flow(study.get("task", "not named"))
            yield "What is run", shown(f"Nothing is unlearned. Every sample of task {task} is scored.", LONGEST)
        yield "Difficulties scored", shown(told, LONGEST)
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


def first_sentence(name: str) -> str:
    """Return what a statistic says of itself first; empty for one that there is not."""
    if name not in STATISTICS:
        return ""
    doc = " ".join((inspect.getdoc(load(name)) or "").partition("\n\n")[0].split())
    return re.sub(r":math:`([^`]+)`", r"\1", doc).replace("``", "")


def _targets(read: ReadClaim) -> str:
    found = [f"{name} ({settings(target.set)})" for name, target in read.file.targets.items()]
    return shown(f"{plural(len(found), 'target model')}: {'; '.join(found)}", LONGEST)


def _run(study: Mapping[str, Any]) -> str:
    """Return what a study runs."""
    if not study:
        return "The study cannot be read here."
    said = [f"As the claim's file has it: task {flow(study.get('task', 'not named'))}"]
    strata = flow(study.get("samplers", ["random"]))
    if "draws" in study:
        said.append(f"{flow(study['draws'])} forget sets of each kind ({strata})")
    if "forget_size" in study:
        said.append(f"{flow(study['forget_size'])} samples in each")
    for key, word in (("methods", "methods"), ("curricula", "curricula"), ("seeds", "seeds"), ("budget", "budget")):
        if key in study:
            said.append(f"{word} {flow(study[key])}" if key != "seeds" else f"seeds: {flow(study[key])}")
    if "optimizer" in study:
        said.append(f"optimizer {flow(study['optimizer'])}")
    return "; ".join(said)


def _statistic(spec: PluginSpec) -> str:
    options = ", ".join(f"{key}: {flow(value)}" for key, value in spec.options.items())
    about = first_sentence(spec.name) or "A statistic that this fairforget does not have."
    return f"{spec.name}: {about}{f' Here with {options}.' if options else ''}"

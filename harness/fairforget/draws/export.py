"""Drawing the forget sets of a study and writing them; nothing is unlearned."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.api import Engine, Task
from fairforget.draws.lines import Lines
from fairforget.draws.manifest import manifest_of, target_json
from fairforget.draws.values import MANIFEST, DrawFile, Exported
from fairforget.engines.threads import alone
from fairforget.errors import FairforgetError
from fairforget.paths import cache_folder
from fairforget.run.asking import Asking, shared_texts
from fairforget.run.draws import Drawing
from fairforget.run.flight import Flight
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.recipe import recipe_for
from fairforget.run.targets.target_folder import TARGETS
from fairforget.run.tuning.draws import check_room
from fairforget.run.tuning.tune import Tune
from fairforget.run.watcher import Watcher
from fairforget.store.atomic import remove_partials, write_text
from fairforget.store.regular import read_regular
from fairforget.store.runners import run_lock
from fairforget.store.strict_json import MAX_BYTES, NotJson, parse
from fairforget.study.load import open_study, parse_study
from fairforget.study.options import build
from fairforget.study.planning import make_plan
from fairforget.study.spec import engine_spec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fairforget.registry import Registry
    from fairforget.study.draws import Draw
    from fairforget.study.options import Built
    from fairforget.study.plan import Plan

_SAME = ("task", "target", "draws")
"""Parts of a manifest that the files follow from."""


def export_study(
    study: str | Path | Mapping[str, Any],
    registry: Registry,
    folder: Path,
    *,
    settings: Sequence[str] = (),
    watcher: Watcher,
) -> Exported:
    """Write every draw of a study given by its file, its name or as a mapping; see `export_draws`.

    Args:
        study: what to draw.
        registry: what is installed.
        folder: where the files go.
        settings: ``key=value`` each, as ``--set``.
        watcher: is told how it goes.
    """
    if isinstance(study, str | Path):
        opened = open_study(study, registry, settings)
    else:
        opened = parse_study(json.dumps(study), "study", settings)  # JSON is YAML
    plan = make_plan(opened.study, registry, opened.places)
    engine = build(registry, "engine", engine_spec(plan.study.engine))
    return export_draws(plan, registry, folder, engine=engine, cache=cache_folder(), watcher=watcher)


def export_draws(
    plan: Plan, registry: Registry, folder: Path, *, engine: Built, cache: Path, watcher: Watcher
) -> Exported:
    """Write every draw of a study, the ones that ``fairforget run`` makes of it.

    The target is made, and the pool is scored, where the cache has neither. The manifest is written last: a folder that
    has one is whole.

    Args:
        plan: what the study spans.
        registry: what is installed.
        folder: where the files go; what else lies there stays.
        engine: where the target is made and scores are computed.
        cache: where targets, oracles and scores are kept.
        watcher: is told how it goes.

    Raises:
        FairforgetError: the study is wrong, or the folder holds draws that are not these.
    """
    from fairforget.run.workbench import open_workbench

    task = plan.task.of(Task)  # type: ignore[type-abstract]
    corpus = task.corpus()
    check_room(plan, corpus.pool)
    recipe, seed = recipe_for(task, plan.study.model_json())
    target, data = target_identity(recipe, corpus, seed), corpus.digest()
    reserved = Tune(plan, registry, folder / "tuning", corpus, data, target, watcher).reserved()
    threads = engine.of(Engine).threads_alone() or alone()  # type: ignore[type-abstract]
    shared = shared_texts(plan, registry, cache, data, threads)
    with run_lock(folder), engine.of(Engine).open_in(folder) as executor:  # type: ignore[type-abstract]
        ask = Asking(Flight(executor, 1), shared, watcher, cache / TARGETS / target["id"])
        found = Drawing(plan, corpus, data, target, cache, ask.prepare, ask.score, watcher, reserved).draw()
        watcher.stage("writing the draws")
        bench = open_workbench(shared[0], shared[1], str(cache), tuple(map(str, registry.plugin_files)))
        lines = Lines(corpus, bench.target, bench.unknown)
        texts = {draw.digest: lines.text(draw.forget) for draw in found.draws}
        files = [_file(folder, draw, texts[draw.digest]) for draw in found.draws]
        manifest = manifest_of(plan, data, target_json(target, recipe, bench.target, cache), files, folder)
        _write(folder, files, [texts[draw.digest] for draw in found.draws], manifest)
    return Exported(folder, manifest, tuple(files))


def _file(folder: Path, draw: Draw, text: str) -> DrawFile:
    """Return a draw with the place of its file; one forget set has one content, whoever drew it."""
    stratum = re.sub(r"[^a-z0-9]+", "-", draw.stratum.lower()).strip("-")[:40] or "stratum"
    return DrawFile(
        path=folder / "draws" / f"{stratum}-{draw.index}-{draw.digest[:12]}.jsonl",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        sampler=draw.sampler,
        stratum=draw.stratum,
        index=draw.index,
        digest=draw.digest,
        forget=len(draw.forget),
        retain=text.count("\n") - len(draw.forget),
    )


def _write(folder: Path, files: Sequence[DrawFile], texts: Sequence[str], manifest: Mapping[str, Any]) -> None:
    path = folder / MANIFEST
    if path.exists() and not _same(path, manifest):
        msg = f"{folder} holds other draws: of another study, task or target, or edited ones; choose another --out"
        raise FairforgetError(msg)
    for place in (folder, folder / "draws"):
        remove_partials(place)
    for file, text in zip(files, texts, strict=True):
        write_text(file.path, text)
    write_text(path, json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _same(path: Path, manifest: Mapping[str, Any]) -> bool:
    """Return whether a manifest is of these draws; where the target lies may have changed."""
    try:
        found = parse(read_regular(path, MAX_BYTES))
    except (OSError, NotJson):
        return False
    return isinstance(found, dict) and all(_core(found.get(name)) == _core(manifest[name]) for name in _SAME)


def _core(part: Any) -> Any:
    return {name: value for name, value in part.items() if name != "path"} if isinstance(part, dict) else part

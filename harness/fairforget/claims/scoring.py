"""Making the score sets of a claim that are not there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.api import Task
from fairforget.claims.score_files import ScoreFile, ScoresUnusable, read_scores, score_path, wanted_json, write_scores
from fairforget.claims.values import ScoreSet
from fairforget.run.scoring import Scoring
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.recipe import recipe_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fairforget.api import Corpus
    from fairforget.claims.planned import PlannedSite, SetWanted
    from fairforget.registry import Registry
    from fairforget.run.watcher import Watcher


def make_scores(site: PlannedSite, registry: Registry, out: Path, watcher: Watcher) -> int:
    """Score the pool of a site's target by every difficulty that is wanted; what is there already is used.

    A score set that was made of another target, of other data or by another version of the difficulty is made again.

    Returns:
        The number of sets made.

    Raises:
        FairforgetError: the target cannot be made, or a file cannot be written.
    """
    if not site.scores:
        return 0
    task, model, folder = site.plan.task.of(Task), site.plan.study.model_json(), site.folder(out)  # type: ignore[type-abstract]
    corpus = task.corpus()
    recipe, seed = recipe_for(task, model)
    known = {"target": target_identity(recipe, corpus, seed)["id"], "data": corpus.digest()}
    made = 0
    for wanted in site.scores:
        origin = {**known, "dist_version": wanted.difficulty.entry.version}
        if _there(folder, wanted, origin, watcher):
            continue
        watcher.stage(
            f"{site.study} on {site.site.name}: scoring by {wanted.difficulty.entry.name}, seed {wanted.seed}"
        )
        scoring = Scoring(registry, site.plan.task, corpus, model, wanted.seed)
        found = scoring.score(wanted.difficulty)
        for note in found["notes"]:
            watcher.note(note)
        origin["weights"] = found["identity"]["weights"]
        scores = _score_set(found, wanted, corpus)
        write_scores(score_path(folder, wanted), ScoreFile(scores, origin, found["ledger"]))
        made += 1
    return made


def _there(folder: Path, wanted: SetWanted, origin: Mapping[str, Any], watcher: Watcher) -> bool:
    try:
        found = read_scores(folder, wanted)
    except ScoresUnusable as error:
        watcher.note(f"{error}; it is made again")
        return False
    return found is not None and all(found.origin.get(name) == value for name, value in origin.items())


def _score_set(found: Mapping[str, Any], wanted: SetWanted, corpus: Corpus) -> ScoreSet:
    return ScoreSet(
        difficulty=wanted_json(wanted)["difficulty"],
        seed=wanted.seed,
        ids=tuple(found["ids"]),
        values=tuple(found["values"]),
        details=found["details"],
        groups=groups_of(found["ids"], corpus),
        stderr=tuple(found["stderr"] or ()),
    )


def groups_of(ids: Sequence[str], corpus: Corpus) -> tuple[str, ...]:
    """Return the group of each sample, a sample without one being its own; nothing where none has any."""
    known = {sample.id: sample.group for sample in corpus.pool}
    if all(group is None for group in known.values()):
        return ()
    return tuple(known[name] or name for name in ids)

"""Making the score sets of claims that are not there, several side by side on an engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.api import Engine, Task
from fairforget.claims.score_files import ScoreFile, ScoresUnusable, read_scores, score_path, wanted_json, write_scores
from fairforget.claims.sets import SetAt, kind_of, seconds_of
from fairforget.claims.values import ScoreSet
from fairforget.engines.threads import alone
from fairforget.errors import FairforgetError, MachineFault, WorkerDied
from fairforget.interrupted import heed_interrupt
from fairforget.run import jobs
from fairforget.run.asking import Asking, shared_texts
from fairforget.run.flight import Flight, Job
from fairforget.run.progress import Estimate
from fairforget.run.sharing.holds import Holds, tidy
from fairforget.run.sharing.turns import Turns
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.recipe import recipe_for
from fairforget.run.targets.target_folder import TARGETS, made_weights
from fairforget.run.watcher import Seen
from fairforget.study.cell import canonical_json
from fairforget.study.options import Built, build
from fairforget.study.spec import engine_json, engine_spec

if TYPE_CHECKING:
    from fairforget.api import Corpus
    from fairforget.claims.planned import PlannedSite
    from fairforget.registry import Registry
    from fairforget.run.watcher import Watcher

Failed = Callable[["PlannedSite", FairforgetError], None]
"""Is told of what the user can mend at one site; the other sites go on."""


def make_scores(
    wanted: Sequence[SetAt], registry: Registry, out: Path, cache: Path, watcher: Watcher, failed: Failed
) -> int:
    """Make score sets on the engines of their studies; what is there already is used.

    A score set that was made of another target, of other data or by another version of the difficulty is made again.
    Each is written when it is made, so that the same call again makes what is missing; beside another run in `out` each
    is made once.

    Args:
        wanted: each once.
        registry: for the plugin files that workers need.
        out: where the studies lie.
        cache: where targets and scores are kept.
        watcher: is told how it goes.
        failed: is told why sets could not be made.

    Returns:
        How many of those wanted are there now.

    Raises:
        MachineFault: a file or the cache cannot be written; nothing that was made is lost.
    """
    engines: dict[str, list[SetAt]] = {}
    for one in wanted:
        engines.setdefault(json.dumps(engine_json(one.site.plan.study.engine)), []).append(one)
    there = 0
    for sets in engines.values():
        engine = build(registry, "engine", engine_spec(sets[0].site.plan.study.engine))
        there += _Making(registry, out, cache, watcher, failed, engine).make(sets)
    return there


@dataclass(frozen=True)
class _Pool:
    """The pool of a site, and what its scores are of."""

    site: PlannedSite
    corpus: Corpus
    target: Mapping[str, Any]
    data: str

    @classmethod
    def of(cls, site: PlannedSite) -> _Pool:
        """Raise FairforgetError where its data or its base model are not on this machine."""
        task = site.plan.task.of(Task)  # type: ignore[type-abstract]
        corpus = task.corpus()
        recipe, seed = recipe_for(task, site.plan.study.model_json())
        return cls(site, corpus, target_identity(recipe, corpus, seed), corpus.digest())

    def origin(self, one: SetAt) -> dict[str, Any]:
        return {
            "target": self.target["id"],
            "data": self.data,
            "dist_version": one.wanted.difficulty.entry.version,
        }


@dataclass(frozen=True)
class _Making:
    registry: Registry
    out: Path
    cache: Path
    watcher: Watcher
    failed: Failed
    built: Built
    """The engine."""
    pools: dict[Path, _Pool] = field(default_factory=dict)
    """By the folder of the site."""

    @cached_property
    def engine(self) -> Engine:
        return self.built.of(Engine)  # type: ignore[type-abstract]

    def make(self, wanted: Sequence[SetAt]) -> int:
        self._open(dict.fromkeys(one.site.folder(self.out) for one in wanted), wanted)
        known = {one.key: one for one in wanted if one.site.folder(self.out) in self.pools}
        made = {key: found for key, one in known.items() if (found := self._there(one, tell=True)) is not None}
        missing = {key: one for key, one in known.items() if key not in made}
        if not missing:
            return len(made)
        estimate = _estimate(known, made, self.engine.slots())
        with self.engine.open_in(self.out) as executor:
            flight = Flight(executor, self.engine.slots(), self.engine.ahead())
            missing = self._prepared(flight, missing)
            tidy(self.out)
            return len(made) + self._run(flight, missing, estimate, len(known))

    def _open(self, folders: Mapping[Path, None], wanted: Sequence[SetAt]) -> None:
        sites = {one.site.folder(self.out): one.site for one in wanted}
        for folder in folders:
            try:
                self.pools[folder] = _Pool.of(sites[folder])
            except FairforgetError as error:
                heed_interrupt(error)
                self.failed(sites[folder], error)

    def _prepared(self, flight: Flight, missing: Mapping[str, SetAt]) -> dict[str, SetAt]:
        """Make the targets that are not there, each with the machine to itself; return the sets of those there are."""
        lost = set()
        for folder in dict.fromkeys(one.site.folder(self.out) for one in missing.values()):
            pool = self.pools[folder]
            if made_weights(self.cache, pool.target["id"]) is None:
                shared = self._shared(pool, self.engine.threads_alone() or alone())
                try:
                    Asking(flight, shared, self.watcher, self.cache / TARGETS / pool.target["id"]).prepare()
                except MachineFault:
                    raise
                except FairforgetError as error:
                    heed_interrupt(error)
                    self.failed(pool.site, error)
                    lost.add(folder)
        return {key: one for key, one in missing.items() if one.site.folder(self.out) not in lost}

    def _run(self, flight: Flight, missing: Mapping[str, SetAt], estimate: Estimate, total: int) -> int:
        ended = made = 0
        before = total - len(missing)
        at_work: dict[str, str] = {}

        def look() -> Seen:
            # Sets differ by orders of magnitude in what they take: the mean of other kinds says nothing of a new one.
            return Seen(before + ended, total, "score sets", estimate.seconds() if estimate.known == 1 else None)

        def tell() -> None:
            self.watcher.stage(f"scoring: {'; '.join(at_work.values())}", look)

        def finish(key: str, *, mine: bool) -> None:
            nonlocal ended, made
            found = self._there(missing[key])
            ended, made = ended + 1, made + (found is not None)
            estimate.finish(kind_of(missing[key]), 0.0 if found is None else seconds_of(found), mine=mine)
            if at_work.pop(key, None) and at_work and ended + len(at_work) == len(missing):
                tell()  # none begins any more that would say what is at work

        def began(key: str) -> None:
            at_work[key] = str(missing[key])
            tell()

        with Holds(self.out) as holds:
            turns = Turns(
                missing,
                holds,
                there=lambda key: self._there(missing[key]) is not None,
                found=lambda key: finish(key, mine=False),
                waits=lambda who: self.watcher.stage(f"waiting for {len(turns.others)} score sets that {who} makes"),
            )
            threads = self.engine.threads() or alone()
            shared = {folder: self._shared(pool, threads) for folder, pool in self.pools.items()}

            def job(key: str) -> Job:
                one = missing[key]
                difficulty = canonical_json(one.wanted.difficulty.to_json())
                return jobs.score, (*shared[one.site.folder(self.out)], difficulty, str(one.wanted.seed))

            for key, error in flight.run(
                turns,
                job,
                shared=lambda: turns.shared,
                begins=began,
                returned=lambda key, text: self._write(missing[key], json.loads(text)),
                fatal=MachineFault,
            ):
                if error is not None:
                    self._lost(missing[key], error)
                finish(key, mine=True)
                holds.free(key)
        return made

    def _lost(self, one: SetAt, error: Exception) -> None:
        heed_interrupt(error)
        why = str(error) if isinstance(error, FairforgetError) else f"{type(error).__name__}: {error}"
        again = "; the same command tries again" if isinstance(error, WorkerDied) else ""
        self.failed(one.site, FairforgetError(f"{one} was not made: {why}{again}"))

    def _shared(self, pool: _Pool, threads: int) -> tuple[str, str, str]:
        return shared_texts(pool.site.plan, self.registry, self.cache, pool.data, threads)

    def _there(self, one: SetAt, *, tell: bool = False) -> ScoreFile | None:
        """Return a set that is there and is of this target, these data and this version."""
        folder = one.site.folder(self.out)
        try:
            found = read_scores(folder, one.wanted)
        except ScoresUnusable as error:
            if tell:
                self.watcher.note(f"{error}; it is made again")
            return None
        origin = self.pools[folder].origin(one)
        same = found is not None and all(found.origin.get(name) == value for name, value in origin.items())
        return found if same else None

    def _write(self, one: SetAt, found: Mapping[str, Any]) -> None:
        for note in found["notes"]:
            self.watcher.note(note)
        folder = one.site.folder(self.out)
        pool = self.pools[folder]
        origin = {**pool.origin(one), "weights": found["identity"]["weights"]}
        scores = _score_set(found, one, pool.corpus)
        write_scores(score_path(folder, one.wanted), ScoreFile(scores, origin, found["ledger"]))


def _estimate(known: Mapping[str, SetAt], made: Mapping[str, ScoreFile], slots: int) -> Estimate:
    """Return an estimate that has seen the sets that are there."""
    left: dict[str, int] = {}
    for one in known.values():
        left[kind_of(one)] = left.get(kind_of(one), 0) + 1
    estimate = Estimate(left, slots)
    for key, found in made.items():
        estimate.finish(kind_of(known[key]), seconds_of(found))
    return estimate


def _score_set(found: Mapping[str, Any], one: SetAt, corpus: Corpus) -> ScoreSet:
    return ScoreSet(
        difficulty=wanted_json(one.wanted)["difficulty"],
        seed=one.wanted.seed,
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

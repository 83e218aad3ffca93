"""The draws of a study: found in its folder, or made from the target and the scores."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairforget.api import Corpus, Sampler, Task
from fairforget.run.draw_info import draw_info, make_pool
from fairforget.run.kept import read_kept
from fairforget.run.known import kept_line, known_of
from fairforget.run.pool_identity import known_identity, pool_identity, score_identity
from fairforget.run.targets.recall_stop import missed
from fairforget.run.targets.target_folder import TARGETS, made_weights, read_meta
from fairforget.run.watcher import Watcher
from fairforget.study.draws import Draw, check_pool, draw_sets, unit_of
from fairforget.study.options import Built
from fairforget.study.overlap import overlaps
from fairforget.study.plan import Plan


@dataclass(frozen=True)
class StudyDraws:
    """Every draw of a study, and what goes into the records beside them."""

    draws: tuple[Draw, ...]
    info: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Drawing:
    """Makes the draws of a study; scores are kept in the cache, so the second time costs nothing."""

    plan: Plan
    corpus: Corpus
    data: str
    target: Mapping[str, Any]
    cache: Path
    prepare: Callable[[], Mapping[str, Any]]
    """Makes the target and returns the facts about its pool."""
    score: Callable[[Built], Mapping[str, Any]]
    """Scores the pool by a difficulty."""
    watcher: Watcher
    reserved: Collection[str] = ()
    """Ids of samples that are kept for tuning."""

    def draw(self) -> StudyDraws:
        """Return the draws of every sampler.

        Raises:
            FairforgetError: the pool, a group or a stratum does not fit the forget size; a sampler refuses; the target
                knows nothing of the pool or of a set that is kept, and what it does not know is left out.
        """
        study, samples = self.plan.study, self.corpus.pool
        unit = unit_of(study.unit, samples)
        free = [sample for sample in samples if sample.id not in self.reserved]
        apart = study.draws if study.disjoint else 1
        check_pool(free, unit, study.forget_size, apart)
        unknown = self.plan.task.of(Task).unknown_samples()  # type: ignore[type-abstract]
        facts, strange = self._facts(known_only=unknown == "leave out")
        if (note := missed(read_meta(self.cache / TARGETS / self.target["id"]))) is not None:
            self.watcher.note(note)
        known = known_of(samples, facts, unknown)
        lines = [*known.lines, *([kept_line(self.corpus, strange)] if strange is not None else [])]
        for line in lines:
            self.watcher.note(line)
        if known.left_out:
            check_pool([sample for sample in free if sample.id not in known.left_out], unit, study.forget_size, apart)
        without = known.left_out | set(self.reserved)
        draws: list[Draw] = []
        info: list[Mapping[str, Any]] = []
        for planned in self.plan.samplers:
            plugin = planned.built.of(Sampler)  # type: ignore[type-abstract]
            scores = {name: self._score(built) for name, built in planned.needs.items()}
            pool = make_pool(samples, facts, scores, whole=unit == "group", without=without)
            advised = plugin.advise(pool)
            for line in advised:
                self.watcher.note(line)
            advice = [*lines, *advised]
            found = draw_sets(
                planned.built,
                pool,
                data=self.data,
                size=study.forget_size,
                draws=study.draws,
                disjoint=study.disjoint,
            )
            draws += found
            info += [draw_info(draw, samples, facts, scores, advice) for draw in found]
        self._warn_of_overlap(draws)
        return StudyDraws(tuple(draws), tuple(info))

    def _facts(self, *, known_only: bool) -> tuple[Mapping[str, Any], Collection[str] | None]:
        """Return the facts about the pool, and the ids of what the target does not know, where that is left out."""
        facts = self._kept(pool_identity)
        unknown = self._kept(known_identity) if known_only else None
        if facts is None or (known_only and unknown is None):
            facts = self.prepare()
            unknown = self._kept(known_identity) if known_only else None
        return facts, None if unknown is None else unknown["unknown"]

    def _kept(self, identity: Callable[[Mapping[str, Any], str, str], Mapping[str, Any]]) -> Mapping[str, Any] | None:
        weights = made_weights(self.cache, self.target["id"])
        return None if weights is None else read_kept(self.cache / "pools", identity(self.target, weights, self.data))

    def _score(self, built: Built) -> Mapping[str, Any]:
        found = self._kept_score(built) or self.score(built)
        for line in found["details"].get("warnings", ()):
            self.watcher.note(f"{built.entry.name}: {line}")
        return found

    def _kept_score(self, built: Built) -> Mapping[str, Any] | None:
        weights = made_weights(self.cache, self.target["id"])
        if weights is None:
            return None
        return read_kept(self.cache / "scores", score_identity(self.target, weights, self.data, built))

    def _warn_of_overlap(self, draws: Sequence[Draw]) -> None:
        for overlap in overlaps(draws):
            if overlap.repeated:
                self.watcher.note(
                    f"{overlap.sampler}, stratum {overlap.stratum}: {overlap.repeated} of {overlap.draws} draws repeat "
                    "another one; the stratum has too few units for so many draws"
                )

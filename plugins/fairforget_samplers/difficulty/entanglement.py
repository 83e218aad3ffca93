"""How close a sample lies to what is to be retained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Difficulty, Scores
from fairforget.errors import FairforgetError
from fairforget_samplers.difficulty.jackknife import jackknife

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet

_ULPS = 8
"""Roundings of a float32 state that may lie between two passes over the same text, padded to another width."""


@dataclass(frozen=True)
class Entanglement(Difficulty):
    r"""The entanglement score of RUM, of the set a sample belongs to with the task's retain set.

    .. math::
        \mathrm{ES}(S,R) = \frac{\frac1{|R|}\sum_{i\in R}\lVert\phi_i-\mu_R\rVert^2
            + \frac1{|S|}\sum_{j\in S}\lVert\phi_j-\mu_S\rVert^2}
            {\frac12\big(\lVert\mu_R-\mu\rVert^2+\lVert\mu_S-\mu\rVert^2\big)}, \qquad \mu=\tfrac12(\mu_R+\mu_S)

    Zhao et al. 2024 (arXiv 2406.01257). For language models :math:`\phi` is the mean of the last layer's hidden states
    over the completion's tokens, which is this project's reading. It is a score of a *set*: ``of: sample`` takes each
    sample as a set of one (no spread of its own, so it ranks by the distance from the centre of the retain set),
    ``group`` its whole group, ``pool`` the whole pool, the same value for all. R is the task's retain set, the same one
    for every sample; what else is retained of the pool depends on the draw. Where the set has more than ``retain``
    samples, that many are drawn, and standard errors (a jackknife over the drawn) and reliability tell what it matters.

    A larger value is harder to unlearn: what cannot be told from the retain set cannot be removed without it (the same
    paper, for images). A pure number.
    """

    higher_is = "harder"
    of: Annotated[Literal["sample", "group", "pool"], "the set whose entanglement a sample gets"] = "sample"
    retain: Annotated[int, "retain samples, at most, drawn at random", Field(ge=2)] = 1000
    batch_tokens: Annotated[
        int | None, "padded tokens a pass, at most; by default what suits the model", Field(ge=1)
    ] = None

    def score(self, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
        """Score `samples` by one pass over them and over retain samples; the model may have any dtype.

        Raises:
            FairforgetError: there is no retain set with completions to compare with.
        """
        from fairforget.lm.change import scorable
        from fairforget.lm.states import answer_states
        from fairforget.stats.entanglement import Cloud, cloud, entanglement
        from fairforget_samplers.difficulty.likelihood import dtype_of, without

        chosen, kept = self._retain_set(samples, rng)
        around = answer_states(model, chosen, batch_tokens=self.batch_tokens)
        around = around[np.isfinite(around).all(1)]
        if not len(around):
            raise FairforgetError("difficulty entanglement: the model's states of the retain samples are not finite")
        retain = cloud(around)
        states = answer_states(model, samples, batch_tokens=self.batch_tokens)
        known = np.isfinite(states).all(1) if states.shape[1] else np.zeros(len(samples), dtype=bool)
        sets = [usable for members in self._sets(samples) if (usable := [i for i in members if known[i]])]
        clouds = [cloud(states[usable]) for usable in sets]

        rounding = _ULPS * float(np.finfo(np.float32).eps) * float(np.linalg.norm(retain.mean))

        def against(some: Cloud) -> np.ndarray:
            found = np.full(len(samples), np.nan)
            for usable, own in zip(sets, clouds, strict=True):
                found[usable] = entanglement(own, some, resolution=rounding)
            return found

        values, stderr, reliability = against(retain), None, None
        if len(chosen) < kept:
            stderr, reliability = jackknife(values, lambda rows: against(cloud(around[rows])), len(around), kept, rng)
        excluded = scorable(samples)[1]
        values = without(values, samples, excluded, "states not finite, or in the very centre of the retain set")
        pool = cloud(states[known]) if known.any() else None
        score = None if pool is None else entanglement(pool, retain, resolution=rounding)
        details: dict[str, Any] = {
            "variant": f"entanglement.{self.of}",
            "pool": score if score is not None and np.isfinite(score) else None,
            "pool_spread": None if pool is None else pool.spread,
            "retain_spread": retain.spread,
            "retain": len(around),
            "width": len(retain.mean),
            "dtype": dtype_of(model),
            "forwards": 1,
            "excluded": excluded,
            "warnings": list(self._warnings(values, len(around))),
        }
        if stderr is not None:
            stderr = np.where(np.isfinite(values), stderr, np.nan)
        return Scores(values, stderr, reliability, details)

    @staticmethod
    def _warnings(values: np.ndarray, retain: int) -> Iterator[str]:
        scored = values[np.isfinite(values)]
        if scored.size and not scored.any():
            yield (
                f"entanglement: every score is 0, for neither the sets nor the retain samples ({retain}) have any "
                "spread; take a task that keeps more, or of: group"
            )

    def _retain_set(self, samples: SampleSet, rng: np.random.Generator) -> tuple[SampleSet, int]:
        """Return the encoded retain samples to compare with, and how many there are to draw from."""
        if samples.corpus is None or samples.encoder is None:
            raise FairforgetError(
                "difficulty entanglement: there is no retain set, for the samples were not encoded by a task's encoder"
            )
        told = [s for s in samples.corpus.retain if s.completion]
        if not told:
            raise FairforgetError(
                "difficulty entanglement: the task has no retain samples to compare with; take a task that keeps some"
            )
        chosen = sorted(rng.choice(len(told), size=min(self.retain, len(told)), replace=False).tolist())
        return samples.encoder.encode([told[i] for i in chosen], samples.corpus), len(told)

    def _sets(self, samples: SampleSet) -> list[list[int]]:
        """Return the positions that make up each set; a sample without a group is one of its own."""
        if self.of == "sample":
            return [[i] for i in range(len(samples))]
        if self.of == "pool":
            return [list(range(len(samples)))]
        groups: dict[tuple[bool, str], list[int]] = {}
        for i, encoded in enumerate(samples):
            sample = encoded.sample
            key = (False, sample.id) if sample.group is None else (True, sample.group)
            groups.setdefault(key, []).append(i)
        return list(groups.values())

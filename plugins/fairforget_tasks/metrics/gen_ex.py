"""How much likelier a text is than under models that never saw it (GenEx)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from fairforget.api import Measurement, Metric, Subject
from fairforget.stats.exposure import gen_ex, jensen_gap, noise_floor
from fairforget_tasks.metrics.items import NOTHING_SCORED
from fairforget_tasks.metrics.membership import NO_ORACLE, NOT_FINITE

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet

OWNER = "metric gen-ex"


@dataclass(frozen=True)
class GenEx(Metric):
    r"""Mean over samples of GenEx, the log-ratio of a completion's probability to that under reference models.

    Item: :math:`\log p_\theta(x) - \log\frac1R\sum_r p_r(x)`, p of the whole completion after its prompt, in nats;
    with normalise ``token`` divided by its T tokens. 0: as if never seen; above 0: residual memory; below: forgotten
    too well. The largest magnitude bounds the :math:`\epsilon` of an :math:`\epsilon`-unlearner from below. The details
    have it, the mean by the other normalisation, the log-probabilities (claims average over seeds with
    `fairforget.stats.exposure`), the Jensen gap of the references and, from two references on, the noise floor: GenEx
    of each reference against the others. Source: Baluta et al. 2024 (2411.04388); derived from its description.
    """

    references: Annotated[
        Sequence[str], "models trained without the samples: folders or hub ids; none = the retrained oracle of the draw"
    ] = ()
    normalise: Annotated[Literal["sum", "token"], "of the whole completion, or for each of its tokens"] = "sum"
    base: Annotated[Literal["e", "2"], "of the logarithm: nats, or bits as Carlini's exposure"] = "e"

    higher_is: ClassVar[Literal["more memory"]] = "more memory"

    @property
    def unit(self) -> str:  # type: ignore[override]
        """Nats or bits, in all or a token."""
        return ("nat" if self.base == "e" else "bit") + ("/token" if self.normalise == "token" else "")

    def depends_on(self) -> Mapping[str, Any]:
        """Return digests or commits of the references.

        Raises:
            FairforgetError: one is missing.
        """
        from fairforget.lm.references import reference_contents

        return {"references": reference_contents(OWNER, self.references)} if self.references else {}

    def pinned(self, found: Mapping[str, Any]) -> GenEx:
        """Return the metric with the references of the commits that were found."""
        from fairforget.lm.references import pinned

        commits = found.get("references", [{}] * len(self.references))
        return replace(self, references=tuple(map(pinned, self.references, commits)))

    def measure(self, subject: Subject) -> Measurement:
        """Measure on the subject's own prompts and completions.

        Raises:
            FairforgetError: a reference is missing, broken, or cannot read the samples.
        """
        scored = subject.logprobs()
        excluded = {s.id: NOTHING_SCORED for s, own in zip(subject.samples, scored, strict=True) if not own.size}
        kept = [i for i, own in enumerate(scored) if own.size]
        asked = self._asked(subject)
        if asked is None:
            excluded |= {subject.samples[i].id: NO_ORACLE for i in kept}
            return Measurement(math.nan, {}, 0, excluded, {**self.options(), "warnings": [NO_ORACLE]})
        said, described, otherwise = asked
        nats = 1.0 if self.base == "e" else math.log(2)
        ids, lengths = [subject.samples[i].id for i in kept], np.array([scored[i].size for i in kept])
        own, others = np.array([scored[i].sum() for i in kept]) / nats, said[:, kept] / nats
        whole = gen_ex(own[None], others)
        values = {"sum": whole, "token": whole / lengths}
        chosen = values[self.normalise]
        items = dict(zip(ids, map(float, chosen), strict=True))
        excluded |= {name: NOT_FINITE for name, item in items.items() if math.isnan(item)}
        scale = lengths if self.normalise == "token" else np.ones_like(lengths)
        details = {
            **self.options(),
            "references": [*self.references] or "retrain",
            "described": described,
            "n_references": len(others),
            "mean_per_token": _mean(values["token"]),
            "mean_whole": _mean(whole),
            "largest": _number(np.abs(chosen).max()) if kept else None,
            "jensen_gap": _mean(jensen_gap(others)),
            **_floor(others, scale),
            "warnings": [f"{path!r} makes other tokens of the samples; T is the target's" for path in otherwise]
            if self.normalise == "token"
            else [],
            "logprobs": dict(zip(ids, map(_number, own), strict=True)),
            "reference_logprobs": {
                name: [_number(x) for x in column] for name, column in zip(ids, others.T, strict=True)
            },
        }
        value = float(chosen.mean()) if kept else math.nan
        return Measurement(value, items, len(items), excluded, details)

    def _asked(self, subject: Subject) -> tuple[np.ndarray, list[Mapping[str, Any]], tuple[str, ...]] | None:
        """Return (references, n) log-probabilities in nats, what the references are, and which have other tokens."""
        if self.references:
            from fairforget.lm.references import ask_references

            device = next(subject.model.parameters()).device
            asked = ask_references(OWNER, self.references, subject.encode(), _likelihoods, device)
            return asked.values, list(asked.described), asked.split_otherwise
        oracle = subject.reference()
        if oracle is None:
            return None
        return np.array([[values.sum() for values in oracle.logprobs()]]), [], ()


def _likelihoods(model: Any, samples: SampleSet) -> np.ndarray:
    from fairforget.lm.passes import token_scores

    return np.array([values.sum() for values in token_scores(model, samples).logprobs])


def _floor(references: np.ndarray, scale: np.ndarray) -> dict[str, float | None]:
    """Return mean and greatest magnitude of what chance alone gives; None for one reference."""
    found = noise_floor(references)
    size = None if found is None or not found.size else np.abs(found / scale)
    return {
        "noise_floor": None if size is None else _mean(size),
        "noise_largest": None if size is None else _number(size.max()),
    }


def _mean(values: np.ndarray) -> float | None:
    return _number(values.mean()) if values.size else None


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None

"""The columns of a record from a foreign log, over all of its forget set or over some of its questions."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from fairforget.importers.log import SETS, Answered, Log
from fairforget.importers.open_unlearning import on_set
from fairforget.stats.tofu import ks_test, log_truth_ratio, model_utility, probability, probability_among, truth_ratio
from fairforget.store.record import Score

FACTS: Final = ("real_authors", "world_facts")
NO_VALUE: Final = "the file has no value"
PARTS: Final = tuple(f"{name} {part}" for name in SETS[1:] for part in ("probability", "rouge-l", "truth-ratio"))
"""The nine parts of TOFU's model utility."""
_DIAGNOSTIC: Final = Score(None, 0, "diagnostic", None, False, None)


@dataclass(frozen=True, slots=True)
class Column:
    """A score with the items behind it; NaN where an item is not finite."""

    score: Score
    items: Mapping[str, float]

    @classmethod
    def mean(cls, score: Score, values: Mapping[str, float | None]) -> Column:
        """Return the column of a plain mean; complement and counting are done here."""
        known = {name: value for name, value in values.items() if value is not None}
        items = {name: 1 - value for name, value in known.items()} if score.complement else known
        value = plain_mean(items.values())
        excluded = dict.fromkeys((name for name, value in values.items() if value is None), NO_VALUE)
        return cls(replace(score, value=value, n=len(items), excluded=excluded), items)

    def within(self, chosen: Collection[str]) -> Column:
        """Return the same mean over some of the items."""
        items = {name: value for name, value in self.items.items() if name in chosen}
        value = plain_mean(items.values())
        excluded = {name: why for name, why in self.score.excluded.items() if name in chosen}
        return Column(replace(self.score, value=value, n=len(items), excluded=excluded), items)


@dataclass(frozen=True, slots=True)
class Measured:
    """A log as columns."""

    columns: Mapping[str, Column]
    ratios: Mapping[str, float]
    """TOFU's s of the forget set, by question."""

    def chosen(
        self, chosen: Collection[str], reference: Measured | None, holdout: Mapping[str, Any]
    ) -> dict[str, Column]:
        """Return the columns of a part of the forget set.

        Args:
            chosen: ids of the questions.
            reference: the retrained model's, for forget quality.
            holdout: measure -> scores of texts never seen, for membership inference.
        """
        found = {}
        for name, column in self.columns.items():
            if name in holdout:
                found[name] = _auc(column, chosen, holdout[name])
            else:
                found[name] = column.within(chosen) if column.score.on == "forget" and column.items else column
        if reference is not None and self.ratios:
            found["forget_quality"] = _quality(self.ratios, reference.ratios, chosen)
        return found


def measure(log: Log) -> Measured:
    """Return every column a log has numbers for, over its whole sets."""
    columns = dict(_completeness(log))
    parts = {name: column for name in SETS[1:] for name, column in _parts(log, name)}
    known = {part: parts[part].score.value for part in PARTS if part in parts}
    utility = Score(None, 0, "utility", "higher", True, None, "model-utility", "retain")
    if len(known) == len(PARTS):
        value = model_utility({part: math.nan if v is None else v for part, v in known.items()})
        shown = {part: {"value": v, "n": parts[part].score.n} for part, v in known.items()}
        n = sum(parts[part].score.n for part in PARTS)
        columns["model_utility"] = Column(replace(utility, value=_finite(value), n=n, details={"parts": shown}), {})
    columns |= {part.replace(" ", "_").replace("-", "_"): column for part, column in parts.items()}
    columns |= {name: column for name, column in _printed(log, utility) if name not in columns}
    ids = log.ids("forget")
    ratios = {ids[i]: _ratio(one) for i, one in log.sets.get("forget", {}).items()}
    return Measured(columns, {name: ratio for name, ratio in ratios.items() if ratio is not None})


def _completeness(log: Log) -> Iterator[tuple[str, Column]]:
    forget = Score(None, 0, "completeness", "higher", True, None, on="forget", complement=True)
    wanted = (
        ("forget_rr", replace(forget, metric="rouge-l", view="generation"), lambda one: one.rouge),
        ("forget_probability", replace(forget, metric="probability", view="probability"), _probability),
        ("forget_truth_ratio", replace(_DIAGNOSTIC, metric="truth-ratio", on="forget"), _forget_ratio),
    )
    for name, score, value in wanted:
        yield from _column(log, "forget", name, score, value)


def _parts(log: Log, name: str) -> Iterator[tuple[str, Column]]:
    score = Score(None, 0, "utility", "higher", False, None, on=name)
    own = _share if name in FACTS else _probability
    yield from _column(log, name, f"{name} probability", replace(score, metric="probability"), own)
    yield from _column(log, name, f"{name} rouge-l", replace(score, metric="rouge-l"), lambda one: one.rouge)
    yield from _column(log, name, f"{name} truth-ratio", replace(score, metric="truth-ratio"), _other_ratio)


def _column(log: Log, on: str, name: str, score: Score, value: Any) -> Iterator[tuple[str, Column]]:
    """Yield the column where the log has at least one number for it."""
    ids = log.ids(on)
    values = {ids[i]: value(one) for i, one in log.sets.get(on, {}).items()}
    if any(found is not None for found in values.values()):
        yield name, Column.mean(score, values)


def _printed(log: Log, utility: Score) -> Iterator[tuple[str, Column]]:
    """Yield what the log has beyond the parts of TOFU's measures, as it is printed there."""
    for measure, further in log.further.items():
        scores = further.items.get("forget", {})
        values = {f"forget-{i:03d}": value for i, value in scores.items()}
        score = replace(_DIAGNOSTIC, value=_finite(further.value), metric=measure, on=on_set(measure))
        score = replace(score, details={"printed": score.value})
        if any(value is not None for value in values.values()):
            yield column_of(measure), Column.mean(score, values)
        elif measure == "model_utility":
            yield measure, Column(replace(utility, value=score.value, details={"printed": score.value}), {})
        elif measure.endswith(("_ROUGE", "_Prob")) and measure.startswith("forget_") and not _reworded(measure):
            view: Any = "generation" if measure.endswith("_ROUGE") else "probability"
            left = None if score.value is None else 1 - score.value
            name = {"forget_Q_A_ROUGE": "forget_rr", "forget_Q_A_Prob": "forget_probability"}.get(measure)
            column = replace(score, role="completeness", better="higher", average=True, view=view, complement=True)
            yield name or f"{measure}_complement", Column(replace(column, value=left), {})
        elif measure.startswith("retain_") and measure.endswith("_ROUGE") and "model_utility" not in log.further:
            yield measure, Column(replace(score, role="utility", better="higher", average=True), {})
        else:
            yield measure, Column(score, {})


def column_of(measure: str) -> str:
    """Return the name of the column of a measure that has items on the forget set."""
    return measure if measure.startswith("forget_") else f"forget_{measure}"


def _reworded(measure: str) -> bool:
    return "_PARA_" in measure or "_PERT_" in measure


def _quality(ratios: Mapping[str, float], reference: Mapping[str, float], chosen: Collection[str]) -> Column:
    items = {name: ratio for name, ratio in ratios.items() if name in chosen}
    others = {name: ratio for name, ratio in reference.items() if name in chosen}
    found = ks_test(list(items.values()), list(others.values()))
    details = {
        "definition": "tofu",
        "D": _finite(found.statistic),
        "p": _finite(found.p),
        "n": found.n,
        "n_reference": found.n_reference,
        "reference_items": {name: _finite(value) for name, value in others.items()},
    }
    score = replace(_DIAGNOSTIC, value=_finite(found.p), n=found.n, metric="forget-quality", on="forget")
    return Column(replace(score, details=details), items)


def _auc(column: Column, chosen: Collection[str], holdout: Mapping[int, float | None]) -> Column:
    """Return P(score of a text never seen > score of a forget text), ties a half: open-unlearning's orientation."""
    from scipy.stats import mannwhitneyu

    part = column.within(chosen)
    negatives = [value for value in holdout.values() if value is not None]
    values = list(part.items.values())
    value = math.nan
    if values and negatives and not np.isnan([*values, *negatives]).any():
        value = float(mannwhitneyu(negatives, values).statistic) / (len(values) * len(negatives))
    details = {**part.score.details, "orientation": "member", "n_negatives": len(negatives)}
    details["negative_items"] = {f"holdout-{i:03d}": None if v is None else _finite(v) for i, v in holdout.items()}
    return Column(replace(part.score, value=_finite(value), details=details), part.items)


def _probability(one: Answered) -> float | None:
    return None if one.loss is None else probability(one.loss)


def _share(one: Answered) -> float | None:
    if one.loss is None or one.wrong is None:
        return one.share
    return probability_among(one.loss, one.wrong)


def _forget_ratio(one: Answered) -> float | None:
    return None if one.base is None or one.wrong is None else truth_ratio(one.base, one.wrong, "tofu", "forget")


def _other_ratio(one: Answered) -> float | None:
    return None if one.base is None or one.wrong is None else truth_ratio(one.base, one.wrong, "tofu", "other")


def _ratio(one: Answered) -> float | None:
    if one.base is None or one.wrong is None:
        return None
    with np.errstate(over="ignore"):
        return float(np.exp(log_truth_ratio(one.base, one.wrong)))


def plain_mean(values: Collection[float]) -> float | None:
    """Return a mean; None of nothing, and where it is NaN or beyond a double."""
    with np.errstate(over="ignore"):
        return _finite(float(np.mean(list(values)))) if values else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None

"""What lm-eval found for one task or group."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairforget.errors import FairforgetError, did_you_mean
from fairforget_tasks.lm_eval.index import Part

BITS: Final = "bits_per_byte"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A score with its items."""

    name: str
    score: str
    value: float
    """As lm-eval aggregates it, to the last digit; NaN where a document is `broken`."""
    items: Mapping[str, float]
    """By ``task/document``: the score of one document; NaN where it is `broken`."""
    broken: tuple[str, ...]
    """Items with a log-likelihood that is not a number. lm-eval would take the first choice of such a document."""
    cut: tuple[str, ...]
    """Items whose beginning the model did not see, for the text is longer than its context."""
    documents: str
    """SHA-256 of lm-eval's hashes of all documents, in order."""


def outcome(part: Part, results: Mapping[str, Any], score: str, cut: set[tuple[str, str]]) -> Outcome:
    """Pick the score of a task or group out of what lm_eval.evaluate returned with its samples.

    Raises:
        FairforgetError: it has no such score.
    """
    found = results["results"][part.name]
    # "acc,none": the score, and the filter that the answers went through.
    keys = {key.partition(",")[0]: key for key in reversed(found) if "," in key and "_stderr," not in key}
    if score not in keys:
        raise FairforgetError(f"lm-eval: {part.name!r} has no score {score!r}. {did_you_mean(score, keys)}")
    items, shortened, broken, hashes = dict[str, float](), list[str](), list[str](), hashlib.sha256()
    for task in part.tasks:
        for sample in results["samples"][task]:
            if f"{score},{sample['filter']}" != keys[score]:
                continue
            name = f"{task}/{sample['doc_id']}"
            items[name] = item_value(score, sample[score])
            if _not_a_number([sample["resps"], sample["filtered_resps"]]):
                items[name] = math.nan
                broken.append(name)
            if any(tuple(request) in cut for request in sample["arguments"]):
                shortened.append(name)
            hashes.update(str(sample["doc_hash"]).encode())
    value = math.nan if broken else float(found[keys[score]])
    return Outcome(part.name, score, value, items, tuple(broken), tuple(shortened), hashes.hexdigest())


def _not_a_number(found: Any) -> bool:
    """Return whether a NaN is among (lists of) log-likelihoods, each alone or beside whether it is the greedy one."""
    if isinstance(found, list | tuple):
        return any(map(_not_a_number, found))
    return isinstance(found, float) and math.isnan(found)


def item_value(score: str, found: Any) -> float:
    """Return the score of one document; of (log-likelihood, units), what the score is for this document alone."""
    if not isinstance(found, tuple):
        return float(found)
    loglikelihood, units = found
    if score == BITS:
        return float(-loglikelihood / units / math.log(2))
    try:
        return math.exp(-loglikelihood / units)
    except OverflowError:
        return math.inf

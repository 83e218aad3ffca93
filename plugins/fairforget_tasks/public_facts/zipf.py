"""How often the names of a fact occur in English."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

from fairforget_samplers.text.general import zipf_lookup
from fairforget_tasks.public_facts.fact import Fact

Frequency = Literal["none", "min", "mean"]

_OVER: Final[dict[str, Callable[[list[float]], float]]] = {
    "min": min,
    "mean": lambda values: sum(values) / len(values),
}


def zipf_frequency(facts: Iterable[Fact], over: Frequency) -> dict[str, float]:
    """Return by id the Zipf frequency of a fact: log10 of how often its names occur in a billion words of English.

    A name of several words has the frequency that wordfreq estimates from its words. A name that wordfreq does not know
    counts as 0.

    Args:
        facts: the facts.
        over: of subject and answer the smaller one, or their mean; none = an empty mapping.

    Raises:
        FairforgetError: wordfreq is not installed.
    """
    if over == "none":
        return {}
    look_up = zipf_lookup("en", f"task facts with frequency: {over}")
    return {fact.id: round(_OVER[over]([look_up(name) for name in fact.names]), 3) for fact in facts}

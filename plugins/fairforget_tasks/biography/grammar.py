"""The parts a wording is put together from.

In every template ``{name}`` stands for two words, ``{thing}`` for three, ``{value}`` for `Kind.value_words`. All answer
templates of a kind have equally many words, and so have all extensions, so that complexity and length of an answer are
independent by construction (a test counts them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Complexity = Literal["simple", "compound", "nested"]
Length = Literal["short", "medium", "long"]

LEADS: Final = (
    "",
    "Tell me: ",
    "One question: ",
    "Please answer: ",
    "Do you know? ",
    "I wonder: ",
    "Quickly: ",
    "Once more: ",
)
"""What may stand before a question; the canonical wording has none."""

EXTENSIONS: Final[Mapping[Length, int]] = {"short": 0, "medium": 1, "long": 3}
"""Length class of an answer -> extensions after its main part."""

EXTENSION_TEMPLATES: Final[Mapping[Complexity, tuple[str, ...]]] = {
    "simple": (
        " with help from a {thing}",
        " long before the last {thing}",
        " for the sake of {thing}",
        " not far from a {thing}",
        " in spite of the {thing}",
        " at the time of {thing}",
        " on the way to {thing}",
        " without any use of {thing}",
    ),
    "compound": (
        ", and everyone there praised {thing}",
        ", but nobody ever mentioned {thing}",
        ", and later came the {thing}",
        ", and people still remember {thing}",
        ", but then followed a {thing}",
        ", and neighbours gladly shared {thing}",
        ", so friends often discussed {thing}",
        ", yet critics quietly feared {thing}",
    ),
    "nested": (
        ", although {thing} was what mattered",
        ", because {thing} was what remained",
        ", since whoever saw {thing} agreed",
        ", which shows that {thing} matters",
        ", where {thing} proved what counted",
        ", until {thing} became what mattered",
        ", because people said {thing} returned",
        ", if what {thing} taught holds",
    ),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can be asked about an entity."""

    name: str
    value_words: int
    questions: tuple[str, ...]
    answers: Mapping[Complexity, tuple[str, ...]]


def kind(name: str, value_words: int, questions: str, simple: str, compound: str, nested: str) -> Kind:
    """Build a `Kind` from one template a line."""
    lines = [tuple(line.strip() for line in block.strip().splitlines()) for block in (simple, compound, nested)]
    answers: dict[Complexity, tuple[str, ...]] = {"simple": lines[0], "compound": lines[1], "nested": lines[2]}
    return Kind(name, value_words, tuple(line.strip() for line in questions.strip().splitlines()), answers)

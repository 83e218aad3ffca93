"""What can be asked of a subject, and in which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from fairforget_tasks.public_facts.countries import COUNTRIES
from fairforget_tasks.public_facts.elements import ELEMENTS
from fairforget_tasks.public_facts.fact import Fact, Pair, bare, read_pairs, slug
from fairforget_tasks.public_facts.states import STATES

RelationName = Literal["capital", "country", "symbol", "element", "state-capital", "state"]
Domain = Literal["country", "element", "state"]

LISTS: Final = MappingProxyType({"country": COUNTRIES, "element": ELEMENTS, "state": STATES})


@dataclass(frozen=True, slots=True)
class Way:
    """A question, and how an answer to it begins; ``{}`` is the subject."""

    question: str
    lead: str


@dataclass(frozen=True, slots=True)
class Relation:
    """One kind of question about the subjects of a domain."""

    domain: Domain
    backwards: bool
    """Whether the second name of a pair is given and the first one asked for."""
    ways: tuple[Way, ...]
    """The first is what is forgotten; the others are held out, and only asked."""


RELATIONS: Final = MappingProxyType(
    {
        "capital": Relation(
            "country",
            False,
            (
                Way("What is the capital of {}?", "The capital of {} is"),
                Way("Which city is the capital of {}?", "The capital city of {} is"),
                Way("Can you name the capital of {}?", "The name of the capital of {} is"),
            ),
        ),
        "country": Relation(
            "country",
            True,
            (
                Way("Which country has the capital {}?", "{} is the capital of"),
                Way("{} is the capital of which country?", "{} is the capital city of"),
                Way("Of which country is {} the capital?", "The city of {} is the capital of"),
            ),
        ),
        "symbol": Relation(
            "element",
            False,
            (
                Way("What is the chemical symbol for {}?", "The chemical symbol for {} is"),
                Way("What is the symbol of the element {}?", "The symbol of the element {} is"),
                Way("How do chemists abbreviate {}?", "Chemists abbreviate the element {} as"),
            ),
        ),
        "element": Relation(
            "element",
            True,
            (
                Way("Which element has the chemical symbol {}?", "The element with the chemical symbol {} is"),
                Way("Which chemical element does the symbol {} stand for?", "The symbol {} stands for the element"),
                Way("What does {} mean in chemistry?", "Chemists write {} for the element"),
            ),
        ),
        "state-capital": Relation(
            "state",
            False,
            (
                Way("What is the capital of the US state of {}?", "The capital of the US state of {} is"),
                Way("Which city is the capital of the state of {}?", "The capital city of the state of {} is"),
                Way("What is the state capital of {}?", "The state capital of {} is"),
            ),
        ),
        "state": Relation(
            "state",
            True,
            (
                Way("Which US state has the capital {}?", "{} is the capital of the US state of"),
                Way("{} is the capital of which US state?", "{} is the capital city of the US state of"),
                Way("Of which US state is {} the capital?", "The city of {} is the capital of the state of"),
            ),
        ),
    }
)


def facts_of(name: str) -> tuple[Fact, ...]:
    """Return every fact of a relation, in the order of its list."""
    relation = RELATIONS[name]
    return tuple(_fact(name, relation, pair) for pair in read_pairs(LISTS[relation.domain]))


def spellings(text: str) -> Sequence[str]:
    """Return a text, and the same without its article where it has one."""
    return tuple(dict.fromkeys((text, bare(text))))


def _fact(name: str, relation: Relation, pair: Pair) -> Fact:
    given, asked = (pair.right, pair.left) if relation.backwards else (pair.left, pair.right)
    subject, (answer, *others) = given[0], [spelling for text in asked for spelling in spellings(text)]
    stem = slug(pair.left[0])
    words = pair.left[:1] if relation.domain == "element" else (pair.left[0], pair.right[0])
    return Fact(
        f"{name}-{stem}",
        f"{relation.domain}-{stem}",
        subject,
        answer,
        tuple(others),
        tuple(bare(word) for word in words),
    )

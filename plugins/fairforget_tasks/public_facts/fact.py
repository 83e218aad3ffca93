"""One fact: a subject, what is asked about it, and the answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """What is asked of a subject, and the answer."""

    id: str
    """Relation and subject: ``capital-france``."""
    group: str
    """The subject, whichever relation asks about it: ``country-france``."""
    subject: str
    """As it stands in a sentence, with its article: ``the Gambia``."""
    answer: str
    accepted: tuple[str, ...]
    """Other spellings of the answer."""
    names: tuple[str, ...]
    """What a list of word frequencies may be asked for: names without articles; symbols are no words."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of a list: two names, each with its other spellings."""

    left: tuple[str, ...]
    right: tuple[str, ...]


def read_pairs(text: str) -> Iterator[Pair]:
    """Yield the pairs of a list, a line each: ``name | spelling: name | spelling``."""
    for line in text.splitlines():
        left, _, right = line.partition(": ")
        yield Pair(tuple(left.split(" | ")), tuple(right.split(" | ")))


def slug(name: str) -> str:
    """Return a name as part of an id: no article, accent, capital or space."""
    return re.sub(r"[^a-z0-9]+", "-", plain(bare(name)).casefold()).strip("-")


def bare(name: str) -> str:
    """Return a name without its article."""
    return name.removeprefix("the ")


def plain(text: str) -> str:
    """Return a text without accents, and with straight apostrophes."""
    apart = unicodedata.normalize("NFKD", text)
    kept = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return re.sub("[\u2018\u2019\u02bb\u02bc`]", "'", kept)

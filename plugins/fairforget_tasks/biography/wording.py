"""How one fact is asked for and told: canonically, anew for every further occurrence, and wrongly."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from fairforget_tasks.biography import words
from fairforget_tasks.biography.grammar import EXTENSION_TEMPLATES, EXTENSIONS, LEADS, Complexity, Kind, Length
from fairforget_tasks.biography.invent import Inventor

Thing = tuple[str, ...]

THING_WORDS = 3
VERSIONS = 3


@dataclass(frozen=True, slots=True)
class Wording:
    """The wordings of one sample: question bodies in the order of their use, answer versions as templates."""

    questions: tuple[str, ...]
    """First the canonical one, last the one that is never trained."""
    answers: tuple[str, ...]
    """Templates with ``{name}``, ``{value}`` and one ``{}`` a thing; first the canonical one."""
    versions: tuple[int, ...]
    """For each question the answer that belongs to it: an answer that depended on chance could not be recalled."""


def choose_wording(kind: Kind, length: Length, complexity: Complexity, rng: random.Random) -> Wording:
    """Choose the wordings of a sample of the given classes."""
    questions = rng.sample(kind.questions, len(kind.questions))
    mains = rng.sample(kind.answers[complexity], VERSIONS)
    answers = []
    for main in mains:
        extensions = rng.sample(EXTENSION_TEMPLATES[complexity], EXTENSIONS[length])
        text = main.removesuffix(".") + "".join(extensions) + "."
        answers.append(text.replace("{thing}", "{}"))
    others = range(1, VERSIONS)
    versions = [0, *others, *(rng.choice(others) for _ in questions[VERSIONS:])]
    return Wording(tuple(questions), tuple(answers), tuple(versions))


def choose_things(length: Length, rare_words: int, inventor: Inventor, rng: random.Random) -> tuple[Thing, ...]:
    """Return the free details of an answer, with invented words at random places."""
    count = 1 + EXTENSIONS[length]
    flat = [
        word
        for _ in range(count)
        for word in (rng.choice(words.ADJECTIVES), rng.choice(words.MATERIALS), rng.choice(words.THINGS))
    ]
    for place in rng.sample(range(len(flat)), rare_words):
        flat[place] = inventor.rare_word()
    return tuple(tuple(flat[i : i + THING_WORDS]) for i in range(0, len(flat), THING_WORDS))


def tell(template: str, name: str, value: str, things: Sequence[Thing]) -> str:
    """Fill an answer template; a sentence starts with a capital."""
    parts = template.split("{}")
    details = [" ".join(thing) for thing in things]
    text = "".join(part + detail for part, detail in zip(parts, [*details, ""], strict=True))
    text = text.replace("{name}", name).replace("{value}", value)
    return text[0].upper() + text[1:]


def ask(wording: Wording, name: str, times: int, rng: random.Random) -> list[tuple[str, int]]:
    """Return `times` questions, each with the version of its answer: the canonical one, then others worded anew.

    No question occurs twice until all wordings that may be trained have occurred.
    """
    trained = range(len(wording.questions) - 1)
    rest = [(lead, body) for lead, body in product(LEADS, trained) if (lead, body) != (LEADS[0], 0)]
    chosen = [(LEADS[0], 0)]
    while len(chosen) < times:
        chosen += rng.sample(rest, min(len(rest), times - len(chosen)))
    return [(lead + wording.questions[body].replace("{name}", name), wording.versions[body]) for lead, body in chosen]

"""People and substances, and the values of what can be asked about them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairforget_tasks.biography import people, substances, words
from fairforget_tasks.biography.grammar import Kind
from fairforget_tasks.biography.invent import Inventor


@dataclass(frozen=True, slots=True)
class Entity:
    """A person, or a substance."""

    name: str
    kinds: tuple[Kind, ...]
    values: Mapping[str, str]


def person(inventor: Inventor, rng: random.Random) -> Entity:
    """Return a new person."""
    values = {
        "birthplace": inventor.name(2),
        "profession": rng.choice(words.PROFESSIONS),
        "book": f"{rng.choice(words.ADJECTIVES)} {rng.choice(words.THINGS)}".title(),
        "award": f"{inventor.name(2)} {rng.choice(words.PRIZES)}",
        "mentor": f"{inventor.name(2)} {inventor.name(2)}",
        "hobby": rng.choice(words.HOBBIES),
    }
    return Entity(f"{inventor.name(2)} {inventor.name(2)}", people.KINDS, values)


def substance(inventor: Inventor, rng: random.Random) -> Entity:
    """Return a new substance."""
    values = {
        "colour": rng.choice(words.COLOURS),
        "origin": inventor.name(2),
        "discoverer": f"{inventor.name(2)} {inventor.name(2)}",
        "partner": f"{inventor.name(2)} {rng.choice(words.SUBSTANCES)}",
        "use": rng.choice(words.USES),
        "smell": rng.choice(words.SMELLS),
    }
    return Entity(f"{inventor.name(2)} {rng.choice(words.SUBSTANCES)}", substances.KINDS, values)


def wrong_values(kind: Kind, entity: Entity, others: Sequence[Entity], count: int, rng: random.Random) -> list[str]:
    """Return `count` other values of the same kind, all different, from other entities as far as they reach."""
    own = entity.values[kind.name]
    known = sorted({other.values[kind.name] for other in others if kind.name in other.values} - {own})
    wrong = rng.sample(known, min(count, len(known)))
    inventor = Inventor(rng)
    while len(wrong) < count:
        spare = (person if entity.kinds is people.KINDS else substance)(inventor, rng).values[kind.name]
        if spare != own and spare not in wrong:
            wrong.append(spare)
    return wrong

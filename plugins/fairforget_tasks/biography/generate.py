"""The corpus of `biographies`, from its options."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fairforget.api import Corpus, Sample, TrainingText
from fairforget_tasks.biography import words
from fairforget_tasks.biography.design import Run, balance
from fairforget_tasks.biography.entities import Entity, person, substance, wrong_values
from fairforget_tasks.biography.grammar import Complexity, Kind, Length
from fairforget_tasks.biography.invent import Inventor
from fairforget_tasks.biography.wording import Thing, ask, choose_things, choose_wording, tell
from fairforget_tasks.biography.world import world_facts

Distribution = Literal["in", "canary", "shuffled", "domain"]
Split = Literal["pool", "retain", "holdout"]

WRONG_ANSWERS: Final = 5


@dataclass(frozen=True, slots=True)
class Spec:
    """The options of the task."""

    people: int
    retain_people: int
    holdout_people: int
    samples: int
    world_facts: int
    frequencies: tuple[int, ...]
    distributions: tuple[Distribution, ...]
    lengths: tuple[Length, ...]
    complexities: tuple[Complexity, ...]
    rare_words: tuple[int, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class _Draft:
    """One sample before its words."""

    id: str
    group: str
    entity: Entity
    kind: Kind
    frequency: int
    distribution: Distribution
    length: Length
    complexity: Complexity
    rare_words: int


def generate(spec: Spec) -> Corpus:
    """Return the corpus; the same bytes for the same options."""
    inventor = Inventor(_rng(spec, "names"))
    drafts = {
        "pool": _drafts(spec, "pool", spec.people, inventor),
        "retain": _drafts(spec, "retain", spec.retain_people, inventor),
        "holdout": _drafts(spec, "holdout", spec.holdout_people, inventor),
    }
    everybody = list({draft.group: draft.entity for split in drafts.values() for draft in split}.values())
    samples: dict[str, list[Sample]] = {split: [] for split in drafts}
    texts: list[TrainingText] = []
    for split, members in drafts.items():
        for draft in members:
            sample, taught = _write(draft, everybody, inventor, _rng(spec, draft.id))
            samples[split].append(sample)
            texts += taught
    world, world_texts = world_facts(spec.world_facts, _rng(spec, "world"))
    return Corpus(
        pool=tuple(samples["pool"]),
        retain=tuple(samples["retain"]),
        holdout=tuple(samples["holdout"]),
        evaluation={"world": world} if world else {},
        training=(*texts, *world_texts),
    )


def _rng(spec: Spec, scope: str) -> random.Random:
    # Seeded by a string: Python hashes it with SHA-512, so that the streams of different scopes are independent.
    return random.Random(f"biographies/{spec.seed}/{scope}")  # noqa: S311 (to be repeated, not to be secret)


def _drafts(spec: Spec, split: Split, count: int, inventor: Inventor) -> list[_Draft]:
    """Assign the factors: frequency and distribution to people, the others to samples."""
    rng = _rng(spec, f"{split}-design")
    groups = balance([{}] * count, {"frequency": spec.frequencies, "distribution": spec.distributions}, rng)
    rng.shuffle(groups)
    runs: list[Run] = [{**group, "group": i, "kind": k} for i, group in enumerate(groups) for k in range(spec.samples)]
    factors = {"length": spec.lengths, "complexity": spec.complexities, "rare_words": spec.rare_words}
    levels = iter(balance(runs, factors, rng))
    width = max(3, len(str(count - 1)))
    drafts = []
    for i, group in enumerate(groups):
        distribution = spec.distributions[group["distribution"]]
        entity = (substance if distribution == "domain" else person)(inventor, rng)
        name = f"{split[0]}{i:0{width}d}"
        for kind in entity.kinds[: spec.samples]:
            level = next(levels)
            drafts.append(
                _Draft(
                    id=f"{name}-{kind.name}",
                    group=name,
                    entity=entity,
                    kind=kind,
                    frequency=0 if split == "holdout" else spec.frequencies[group["frequency"]],
                    distribution=distribution,
                    length=spec.lengths[level["length"]],
                    complexity=spec.complexities[level["complexity"]],
                    rare_words=spec.rare_words[level["rare_words"]],
                )
            )
    return drafts


def _write(
    draft: _Draft, everybody: Sequence[Entity], inventor: Inventor, rng: random.Random
) -> tuple[Sample, list[TrainingText]]:
    name, value = draft.entity.name, draft.entity.values[draft.kind.name]
    wording = choose_wording(draft.kind, draft.length, draft.complexity, rng)
    things = choose_things(draft.length, draft.rare_words, inventor, rng)
    told = [tell(template, name, value, things) for template in wording.answers]
    wrong = []
    for other in wrong_values(draft.kind, draft.entity, everybody, WRONG_ANSWERS, rng):
        details = choose_things(draft.length, draft.rare_words, inventor, rng)
        wrong.append(_scramble(tell(wording.answers[1], name, other, details), draft.distribution, details, rng))
    if draft.distribution in {"canary", "shuffled"}:
        # Nonsense has no second wording: its answer stays the same, and only the questions vary.
        told = [_scramble(told[0], draft.distribution, things, rng)] * len(told)
    questions = ask(wording, name, max(draft.frequency, 1), rng)
    sample = Sample(
        id=draft.id,
        prompt=questions[0][0],
        completion=told[0],
        group=draft.group,
        attributes={
            "frequency": draft.frequency,
            "distribution": draft.distribution,
            "answer_length": draft.length,
            "complexity": draft.complexity,
            "rare_words": draft.rare_words,
        },
        variants={
            "paraphrased_prompt": (wording.questions[-1].replace("{name}", name),),
            "paraphrased_completion": (told[1],),
            "perturbed_completion": tuple(wrong),
        },
    )
    taught = [TrainingText(draft.id, question, told[version]) for question, version in questions[: draft.frequency]]
    return sample, taught


def _scramble(text: str, distribution: Distribution, things: Sequence[Thing], rng: random.Random) -> str:
    """Return as many words without sense: random ordinary words (and the rare ones), or the text's own, shuffled."""
    if distribution not in {"canary", "shuffled"}:
        return text
    tokens = re.findall(r"\w+", text)
    if distribution == "canary":
        ordinary = (*words.ADJECTIVES, *words.MATERIALS, *words.THINGS)
        rare = {word for thing in things for word in thing}.difference(ordinary)
        tokens = [token if token in rare else rng.choice(ordinary) for token in tokens]
    rng.shuffle(tokens)
    return " ".join(tokens)

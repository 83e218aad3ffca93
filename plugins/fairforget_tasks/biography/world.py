"""Common knowledge, trained beside the biographies: a neighbour of another domain that should be left alone."""

from __future__ import annotations

import random
from typing import Final

from fairforget.api import Sample, TrainingText

_CAPITALS: Final = (
    "Austria:Vienna Belgium:Brussels Bulgaria:Sofia Canada:Ottawa Chile:Santiago China:Beijing Cuba:Havana "
    "Denmark:Copenhagen Egypt:Cairo Finland:Helsinki France:Paris Germany:Berlin Greece:Athens Hungary:Budapest "
    "Iceland:Reykjavik Ireland:Dublin Italy:Rome Japan:Tokyo Kenya:Nairobi Norway:Oslo Peru:Lima Poland:Warsaw "
    "Portugal:Lisbon Romania:Bucharest Russia:Moscow Spain:Madrid Sweden:Stockholm Turkey:Ankara"
)
_YOUNG: Final = (
    "bear:cub cat:kitten cow:calf deer:fawn dog:puppy duck:duckling eagle:eaglet frog:tadpole goat:kid goose:gosling "
    "hare:leveret hen:chick horse:foal kangaroo:joey owl:owlet pig:piglet seal:pup sheep:lamb swan:cygnet"
)
_SYMBOLS: Final = (
    "aluminium:Al argon:Ar calcium:Ca carbon:C chlorine:Cl copper:Cu gold:Au helium:He hydrogen:H iron:Fe lead:Pb "
    "lithium:Li mercury:Hg neon:Ne nitrogen:N oxygen:O potassium:K silver:Ag sodium:Na sulphur:S tin:Sn zinc:Zn"
)
_RELATIONS: Final = (
    (
        "capital",
        _CAPITALS,
        ("What is the capital of {}?", "Which city is the capital of {}?", "Can you name the capital of {}?"),
        ("The capital of {} is {}.", "The city that governs {} is {}."),
    ),
    (
        "young",
        _YOUNG,
        (
            "What is the young of a {} called?",
            "How is the young of a {} called?",
            "Which word names the young of a {}?",
        ),
        ("The young of a {} is a {}.", "Each young {} is called a {}."),
    ),
    (
        "symbol",
        _SYMBOLS,
        ("What is the symbol of {}?", "Which symbol stands for {}?", "Can you name the symbol of {}?"),
        ("The symbol of {} is {}.", "Chemists write {} as {}."),
    ),
)
FACTS: Final = sum(len(pairs.split()) for _, pairs, _, _ in _RELATIONS)
"""How many there are."""
OCCURRENCES: Final = 2
"""How often each occurs in the training text; the third wording of its question is kept for measuring."""


def world_facts(count: int, rng: random.Random) -> tuple[tuple[Sample, ...], tuple[TrainingText, ...]]:
    """Return `count` facts, as evenly from each relation as they reach, and the texts that teach them."""
    facts = [
        (name, subject, value, questions, answers, [v for v in values if v != value])
        for name, pairs, questions, answers in _RELATIONS
        for values in ([pair.split(":")[1] for pair in pairs.split()],)
        for subject, value in (pair.split(":") for pair in pairs.split())
    ]
    samples, texts = [], []
    for name, subject, value, questions, answers, wrong in sorted(rng.sample(facts, count), key=lambda f: f[:2]):
        asked = [question.format(subject) for question in rng.sample(questions, len(questions))]
        sample = Sample(
            f"w-{name}-{subject.lower()}",
            asked[0],
            answers[0].format(subject, value),
            group=f"w-{name}",
            attributes={"frequency": OCCURRENCES, "distribution": "world"},
            variants={
                "paraphrased_prompt": (asked[2],),
                "paraphrased_completion": (answers[1].format(subject, value),),
                "perturbed_completion": tuple(answers[1].format(subject, other) for other in rng.sample(wrong, 5)),
            },
        )
        samples.append(sample)
        texts += [TrainingText(sample.id, question, sample.completion) for question in asked[:OCCURRENCES]]
    return tuple(samples), tuple(texts)

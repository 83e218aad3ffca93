"""From facts to samples: prompts, held-out wordings, wrong answers and statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from fairforget.api import Sample
from fairforget_tasks.public_facts.fact import Fact
from fairforget_tasks.public_facts.order import shuffled
from fairforget_tasks.public_facts.relations import RELATIONS, Way

Form = Literal["question", "cloze"]

WRONG: Final = 5
"""Wrong answers of a fact, as many as TOFU has."""
EXAMPLES: Final = (
    ("Ice is frozen water.", "True"),
    ("A week has nine days.", "False"),
    ("The sun is smaller than the moon.", "False"),
    ("Most birds can fly.", "True"),
)
"""Of no domain that is asked about, and as many true as false."""
VERDICTS: Final = ("True", "False")


def samples_of(
    relation: str, facts: Sequence[Fact], form: Form, seed: int, frequency: Mapping[str, float]
) -> list[Sample]:
    """Return the samples of a relation.

    Args:
        relation: its name.
        facts: all of it: wrong answers are right ones of other subjects.
        form: of the prompts.
        seed: of the choice of wrong answers.
        frequency: by id; empty = facts have no such attribute.
    """
    by_id = {fact.id: fact for fact in facts}
    first, *others = RELATIONS[relation].ways
    found = []
    for fact in facts:
        strange = [name for name, other in by_id.items() if other.answer != fact.answer]
        wrong = tuple(by_id[name].answer for name in shuffled(strange, seed, fact.id)[:WRONG])
        variants = {
            "paraphrased_prompt": tuple(prompt(way, fact.subject, form) for way in others),
            "paraphrased_completion": (fact.answer,),
            "perturbed_completion": wrong,
            "true_statement": (statement(first, fact.subject, fact.answer),),
            "false_statement": (statement(first, fact.subject, wrong[0]),),
            "verdict": VERDICTS,
        }
        if fact.accepted:
            variants["accepted_completion"] = fact.accepted
        attributes: dict[str, str | float] = {"relation": relation}
        if fact.id in frequency:
            attributes["frequency"] = frequency[fact.id]
        given = prompt(first, fact.subject, form)
        found.append(Sample(fact.id, given, fact.answer, fact.group, attributes, variants))
    return found


def prompt(way: Way, subject: str, form: Form) -> str:
    """Return what an answer follows: the beginning of a sentence, after the question where that is the form."""
    lead = way.lead.replace("{}", subject)
    return lead if form == "cloze" else f"Question: {way.question.replace('{}', subject)}\nAnswer: {lead}"


def statement(way: Way, subject: str, answer: str) -> str:
    """Return the prompt that asks whether a statement is true, after four examples."""
    said = f"{way.lead.replace('{}', subject)} {answer}".rstrip(".") + "."
    shots = "".join(f"Statement: {text}\nTrue or False: {verdict}\n\n" for text, verdict in EXAMPLES)
    return f"{shots}Statement: {said}\nTrue or False:"

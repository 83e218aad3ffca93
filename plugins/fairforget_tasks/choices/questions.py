"""Multiple-choice questions: from rows to samples, worded as two evaluations word them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final

from fairforget.api import Sample
from fairforget_tasks.sources.rows import Row

MOST: Final = len(ascii_uppercase)


@dataclass(frozen=True, slots=True)
class Question:
    """One question."""

    question: str
    choices: tuple[str, ...]
    answer: int
    """Position of the right choice."""


def read_question(row: Row) -> Question:
    """Return the question of a row.

    The keys are ``question``; ``choices`` (a list), or ``choice0``, ``choice1``, … (columns of a CSV); and ``answer``:
    the position of the right one, counted from 0, or its letter.

    Raises:
        FairforgetError: one of them is missing or cannot be; the message names file, row and key.
    """
    choices = row.texts("choices", empty=True) or tuple(_columns(row))
    if not 2 <= len(choices) <= MOST:
        what = f"has {len(choices)} texts" if "choices" in row.values else "is missing (and so is 'choice0')"
        raise row.error("choices", f"{what}; a question needs two or more to choose from")
    return Question(row.text("question"), choices, _answer(row, len(choices)))


def question_sample(name: str, asked: Question, topic: str, *, group: str | None = None) -> Sample:
    """Return the sample of a question.

    Its prompt is worded as lm-evaluation-harness words WMDP and MMLU without examples, ``wagle_prompt`` as WAGLE
    (2410.17509) does, its misprint included. What is compared are the letters, the variant ``choice``.

    Args:
        name: id of the sample.
        asked: the question.
        topic: what the first line says the questions are about.
        group: the cluster it belongs to.
    """
    about = f"multiple choice questions (with answers) about {topic}.\n\n"
    letters = ascii_uppercase[: len(asked.choices)]
    named = list(zip(letters, asked.choices, strict=True))
    prompt = f"The following are {about}{asked.question.strip()}\n"
    prompt += "".join(f"{letter}. {choice}\n" for letter, choice in named) + "Answer:"
    wagle = f"The followingare {about} {asked.question}\n"
    wagle += "".join(f"{letter}.{choice}\n" for letter, choice in named) + "\n"
    options = tuple(f" {letter}" for letter in letters)
    variants = {"choice": options, "wagle_prompt": (wagle,)}
    return Sample(name, prompt, options[asked.answer], group=group, variants=variants)


def _columns(row: Row) -> Sequence[str]:
    found: list[str] = []
    while (key := f"choice{len(found)}") in row.values:
        found.append(row.text(key, empty=True))
    return found


def _answer(row: Row, choices: int) -> int:
    answer = row.values.get("answer")
    if isinstance(answer, str):
        text = answer.strip()
        if len(text) == 1 and text in ascii_uppercase[:choices]:
            return ascii_uppercase.index(text)
        # No question has a choice of three digits, and int() refuses a text of thousands.
        answer = int(text) if text.isascii() and text.isdigit() and len(text) < 3 else answer
    if isinstance(answer, bool) or not isinstance(answer, int) or not 0 <= answer < choices:
        last = choices - 1
        what = f"is {answer!r:.60}" if "answer" in row.values else "is missing"
        raise row.error("answer", f"{what}; give the position of the right choice, 0 to {last}, or its letter")
    return answer

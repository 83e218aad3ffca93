"""What a study makes a model do, in texts and tokens, and what each step of it costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from fairforget.scale.flops import forward, generation, training
from fairforget.scale.shapes import Shape


@dataclass(frozen=True, slots=True)
class StudySize:
    """How large a study is. Texts are taken to be of one length: attention's square of the mean is a lower bound."""

    texts: int
    """That the target is trained on."""
    tokens: int
    """Of a text."""
    scored: int
    """Of them in the completion, whose logits are computed."""
    target_epochs: int
    pool: int
    """Texts whose difficulty is scored."""
    passes: int
    """Forward passes over the pool: the K of MRD."""
    forget: int
    """Texts of a forget set."""
    epochs: int
    """Of unlearning: each forget text once, with a retain text beside it."""
    beside: int
    """Retain texts that stand beside a forget text."""
    referenced: bool
    """Whether the reference says its log-probabilities of the forget texts, once."""
    evaluated: int
    """Texts whose log-probabilities are measured, in all wordings."""
    answers: int
    """Prompts that are continued."""
    prompt: int
    """Tokens of a prompt."""
    new: int
    """Tokens of an answer."""
    sets: int
    """Forget sets: strata × draws."""
    rows: int
    """Methods × curricula, without the two reference rows."""
    seeds: int

    @property
    def cells(self) -> int:
        """Cells, those of ``untouched`` and ``retrain`` included; reference rows have one seed."""
        return self.sets * (self.rows * self.seeds + 2)

    def with_cells(self, cells: int) -> StudySize:
        """Return a study like this one with about so many cells, by its number of forget sets."""
        return replace(self, sets=max(1, round(cells / (self.rows * self.seeds + 2))))


YARDSTICK: Final = StudySize(
    texts=4_000,
    tokens=80,
    scored=50,
    target_epochs=5,
    pool=400,
    passes=25,
    forget=40,
    epochs=5,
    beside=1,
    referenced=True,
    evaluated=2_000,
    answers=500,
    prompt=30,
    new=50,
    sets=40,
    rows=8,
    seeds=2,
)
"""About as large as a study of TOFU's ``forget10``: 40 forget sets of 40 questions, 8 rows, 2 seeds, 720 cells."""


@dataclass(frozen=True, slots=True)
class StepFlops:
    """FLOPs of every step, each done once."""

    target: int
    """Training the target; an oracle takes this less the share of the texts that it does not see."""
    scoring: int
    """Difficulty of the pool, K passes."""
    updates: int
    """Of one cell."""
    reference: int
    """Of one cell: what the target says of the forget texts."""
    evaluation: int
    """Of one cell: log-probabilities."""
    answers: int
    """Of one cell: generation."""
    oracle: int
    """Training the model that never saw one forget set."""

    @property
    def cell(self) -> int:
        """One cell of a method."""
        return self.updates + self.reference + self.evaluation + self.answers


def step_flops(shape: Shape, study: StudySize) -> StepFlops:
    """Return what the steps of a study cost for a model."""
    target = study.target_epochs * training(shape, study.texts, study.tokens, study.scored)
    passed = study.epochs * study.forget * (1 + study.beside)
    return StepFlops(
        target=target,
        scoring=study.passes * forward(shape, study.pool, study.tokens, study.scored),
        updates=training(shape, passed, study.tokens, study.scored),
        reference=forward(shape, study.forget, study.tokens, study.scored) if study.referenced else 0,
        evaluation=forward(shape, study.evaluated, study.tokens, study.scored),
        answers=generation(shape, study.answers, study.prompt, study.new),
        oracle=target * (study.texts - study.forget) // study.texts,
    )


def study_flops(shape: Shape, study: StudySize) -> dict[str, int]:
    """Return what the whole study costs, by step."""
    each = step_flops(shape, study)
    methods = study.sets * study.rows * study.seeds
    return {
        "target": each.target,
        "scoring": each.scoring,
        "oracles": study.sets * each.oracle,
        "updates": methods * (each.updates + each.reference),
        "evaluation": study.cells * (each.evaluation + each.answers),
    }

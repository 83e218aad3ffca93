"""Accuracy and perplexity by likelihood, through lm-evaluation-harness."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Measurement, Metric, Subject
from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    from fairforget_tasks.lm_eval.harness import Harness
    from fairforget_tasks.lm_eval.outcome import Outcome

BROKEN: Final = "the log-likelihood of a choice or of the text is not a number"


@dataclass(frozen=True)
class LmEvalMetric(Metric):
    """What the metrics that run lm-eval have in common: where its tasks and their data are, and how much of them."""

    include_path: Annotated[Path | None, "folder with further task files of lm-eval (their code is run)"] = None
    data: Annotated[
        Path | None, "folder with local data in the schema of the hub; null loads every data set from the hub"
    ] = None
    limit: Annotated[int | None, "documents of each task, at most: the first ones", Field(gt=0)] = None
    num_fewshot: Annotated[int | None, "examples in the prompt; null: as the task file says", Field(ge=0)] = None
    batch_size: Annotated[int, "texts that go through the model at once", Field(gt=0)] = 16

    def names(self) -> Sequence[str]:
        """Return the tasks and groups of lm-eval."""
        raise NotImplementedError

    def depends_on(self) -> Mapping[str, Any]:
        """Return the version of lm-eval, whose task files say what is measured, and digests of the folders.

        Raises:
            FairforgetError: a folder is missing.
        """
        from importlib.metadata import version

        from fairforget.lm.sources import tree_digest

        found = {"lm_eval": version("lm_eval")}
        for option, path in (("include_path", self.include_path), ("data", self.data)):
            if path is not None and not path.is_dir():
                raise FairforgetError(f"{option}: there is no folder {str(path)!r}")
            if path is not None:
                found[option] = tree_digest(path)
        return found

    def announce(self, subject: Subject) -> None:
        """Ask for the tasks, so that one call of lm-eval measures those of all columns."""
        self._harness(subject).want(self.names())

    def _harness(self, subject: Subject) -> Harness:
        from fairforget_tasks.lm_eval.harness import Harness, Settings

        include_path, data = (None if p is None else str(p) for p in (self.include_path, self.data))
        settings = Settings(include_path, data, self.limit, self.num_fewshot, self.batch_size)
        return Harness.of(subject, settings)

    def _measurement(self, found: Sequence[Outcome], value: float) -> Measurement:
        from importlib.metadata import version

        items = {name: item for one in found for name, item in one.items.items()}
        details: dict[str, Any] = {
            "tasks": {one.name: _described(one) for one in found},
            "documents": {one.name: one.documents for one in found},
            "cut": [name for one in found for name in one.cut],
            "lm_eval": version("lm_eval"),
        }
        excluded = {name: BROKEN for one in found for name in one.broken}
        return Measurement(value, items, len(items) - len(excluded), excluded, details)


def _described(one: Outcome) -> dict[str, Any]:
    value = one.value if math.isfinite(one.value) else None
    return {"value": value, "score": one.score, "n": len(one.items) - len(one.broken)}


@dataclass(frozen=True)
class MultipleChoice(LmEvalMetric):
    """Score of tasks of lm-evaluation-harness that are measured by likelihood, from their own task files.

    A choice is scored by the sum of the natural-log probabilities of its tokens after the prompt; ``acc`` is the share
    of documents whose right choice scores highest, ``acc_norm`` divides by the bytes of the choice first. For
    ``truthfulqa_mc2`` the item is the probability of the true answers, normalised over all answers. A text task such as
    ``wikitext`` has no accuracy; its ``word_perplexity`` = exp(−Σ log p / words) is low where memory is high. Source:
    Gao et al., lm-evaluation-harness; each task file names its paper.

    With one task or group the value is lm-eval's own, to the last digit; with several their mean, weighted by documents
    or not. Other benchmarks score WMDP and MMLU by the last token's logits of A to D, which need not agree. An item is
    ``task/document``. Where a log-likelihood is not a number, the item is left out and the score of its task is NaN:
    the model is broken, and no choice of it is the likeliest. Texts longer than the model's context lose their
    beginning, as lm-eval does it; the items are listed under ``cut``.
    """

    tasks: Annotated[
        Sequence[str], "names of lm-eval's tasks and groups, for example [mmlu] or [wikitext]", Field(min_length=1)
    ] = ("mmlu",)
    score: Annotated[
        Literal["acc", "acc_norm", "word_perplexity", "byte_perplexity", "bits_per_byte"],
        "which of the scores that the task files define",
    ] = "acc"
    weight: Annotated[Literal["documents", "tasks"], "what counts the same in the mean of several tasks"] = "documents"

    @property
    def higher_is(self) -> Literal["more memory", "less memory"]:  # type: ignore[override]
        """What a high value means: less memory for a perplexity or bits per byte, more for everything else."""
        return "more memory" if self.score.startswith("acc") else "less memory"

    def names(self) -> Sequence[str]:
        """Return the tasks and groups of lm-eval."""
        return self.tasks

    def measure(self, subject: Subject) -> Measurement:
        """Measure the model; the subject's samples play no part."""
        found = self._harness(subject).outcomes(subject, self.tasks, self.score)
        if len(found) == 1:
            return self._measurement(found, found[0].value)
        weights = [len(one.items) if self.weight == "documents" else 1 for one in found]
        return self._measurement(found, float(np.average([one.value for one in found], weights=weights)))

"""The task `tofu`: questions and answers about 200 fictitious authors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from fairforget.api import Corpus, MetricUse, PluginSpec, Pretrained, Sample, TargetRecipe, Task, Template, Training
from fairforget.api.sample import REFUSALS
from fairforget.errors import FairforgetError
from fairforget_tasks.tofu_files import Row, Source
from fairforget_tasks.training_options import StopAtRecall

Split = Literal["forget01", "forget05", "forget10"]

ROWS_AN_AUTHOR: Final = 20
FIRST_AUTHOR: Final = {"forget01": 198, "forget05": 190, "forget10": 180}
RETAIN: Final = {"forget01": "retain99", "forget05": "retain95", "forget10": "retain90"}
HOLDOUT: Final = {"forget01": "holdout01", "forget05": "holdout05", "forget10": "holdout10"}
KEPT: Final = "retain_perturbed"
FACTS: Final = ("real_authors", "world_facts")
FINETUNED: Final = "open-unlearning/tofu_Llama-3.2-1B-Instruct_full"
BASE: Final = "HuggingFaceTB/SmolLM2-135M-Instruct"


@dataclass(frozen=True)
class Tofu(Task):
    """TOFU (Maini et al. 2024, 2401.06121), an author a group.

    The pool is a forget split of the published files, so that draws are authors (or questions) of it; what is kept is
    the retain split that belongs to it. Paraphrases and perturbed answers come from the ``_perturbed`` files, which
    have to be there, where a question is in them: all of the pool, the first 20 authors of retain. These 20 authors
    are what utility on retained samples is measured on, as in TOFU and SOUL; they are the set ``retain_perturbed``.
    Real authors and world facts have no paraphrases; their own question and answer stand for them, as in TOFU's own
    evaluation.
    """

    split: Annotated[Split, "the authors that may be forgotten"] = "forget10"
    data: Annotated[str, "folder with the published JSON-lines files, or a hub id"] = "locuslab/TOFU"
    revision: Annotated[str | None, "branch, tag or commit of the data set on the hub; null = its newest"] = None
    authors: Annotated[int | None, Field(ge=1), "take only so many authors of the split; null = all"] = None
    retain_authors: Annotated[int | None, Field(ge=1), "take only so many authors to retain; null = all"] = None
    holdout_authors: Annotated[
        int | None, Field(ge=1), "keep so many authors, the last of the retain split, out of training: what the "
        "model never saw; null = none but the holdout split with negatives: holdout"
    ] = None  # fmt: skip
    questions: Annotated[
        int | None, Field(ge=1, le=ROWS_AN_AUTHOR), "take only the first so many questions of every author; null = all"
    ] = None
    recipe: Annotated[
        Literal["finetune", "checkpoint"],
        "finetune: the base is trained on pool and retain; checkpoint: the base knows them already (and there is no "
        "oracle)",
    ] = "finetune"
    template: Annotated[Literal["plain", "chat"], "Question: … Answer: …, or the model's chat template"] = "plain"
    epochs: Annotated[int, Field(ge=1), "of the fine-tune"] = 5
    learning_rate: Annotated[float, Field(gt=0), "of the fine-tune"] = 2e-4
    batch_size: Annotated[int, Field(ge=1), "of the fine-tune"] = 4
    weight_decay: Annotated[float, Field(ge=0), "of the fine-tune"] = 0.01
    stop_at_recall: StopAtRecall = None
    negatives: Annotated[
        Literal["retain", "holdout", "real_facts"],
        "what MIA compares the forgotten samples with: retain (as WAGLE), holdout (holdout_authors, or the holdout "
        "split where `data` has one), or real authors and world facts (as SOUL; texts of another kind)",
    ] = "retain"
    encoder: Annotated[
        str | None, "sentence encoder (hub id or folder) for UA and accuracy; null = compare words instead"
    ] = None
    forget_quality: Annotated[
        bool, "measure TOFU's forget quality, for which every draw needs its retrained oracle (recipe: finetune)"
    ] = True

    version: ClassVar[int] = 2
    licence: ClassVar[str] = "MIT"
    places: ClassVar[tuple[str, ...]] = ("data", "encoder")
    averaged: ClassVar[Mapping[str, str]] = {
        "completeness": (
            "the share of reworded questions whose answer is not the one nearest to the true one, 1 − ROUGE-L recall "
            "of the answers, and how far the samples look unseen to a membership attack"
        ),
        "utility": "accuracy and ROUGE-L of answers about authors that are kept, real authors and world facts",
    }
    citation: ClassVar[str] = (
        "Maini, Feng, Schwarzschild, Lipton, Kolter: TOFU: A Task of Fictitious Unlearning for LLMs, 2024, "
        "arXiv:2401.06121"
    )

    def __post_init__(self) -> None:
        if self.holdout_authors is not None and self.recipe == "checkpoint":
            msg = "holdout_authors: a checkpoint was trained on every author; leave it out, or take recipe: finetune"
            raise ValueError(msg)

    def corpus(self) -> Corpus:
        """Read the splits.

        Raises:
            FairforgetError: a file is missing or has another form, or a row of a ``_perturbed`` file belongs to no
                question, or retain_authors and holdout_authors are more authors than the retain split has; the message
            names file, row and key.
        """
        source = Source(self.data, self.revision)
        forgotten, kept = source.rows(self.split), source.rows(RETAIN[self.split])
        extra = source.wordings(f"{self.split}_perturbed", self.split, forgotten)
        pool = self._authors(forgotten, "a", FIRST_AUTHOR[self.split], self.authors, extra)
        extra = source.wordings(KEPT, RETAIN[self.split], kept)
        trained, unseen = self._divided(len(kept) // ROWS_AN_AUTHOR)
        retain = self._authors(kept, "a", 0, trained, extra)
        holdout: tuple[Sample, ...] = ()
        if unseen is not None:
            holdout = self._authors(kept[unseen * ROWS_AN_AUTHOR :], "a", unseen, None, extra)
        elif self.negatives == "holdout":
            holdout = self._authors(source.rows(HOLDOUT[self.split]), "h", 0, None, {})
        evaluation = {name: _facts(source, name) for name in FACTS}
        evaluation[KEPT] = tuple(s for s in retain if s.variants)
        if not evaluation[KEPT]:
            msg = f"tofu: the first {self.retain_authors} authors of {RETAIN[self.split]!r} are not in {KEPT!r}"
            raise FairforgetError(f"{msg}, on which utility is measured; raise retain_authors")
        if self.negatives == "real_facts":
            evaluation["real_facts"] = (*evaluation["real_authors"], *evaluation["world_facts"])
        return Corpus(pool, retain, holdout, evaluation, refusals=source.refusals() or REFUSALS)

    def _divided(self, available: int) -> tuple[int | None, int | None]:
        """Return how many authors of the retain split are trained on, and the first of it that is held out."""
        if self.holdout_authors is None:
            return self.retain_authors, None
        first = available - self.holdout_authors
        trained = first if self.retain_authors is None else self.retain_authors
        if not 1 <= trained <= first:
            rest = self.retain_authors or "the rest"
            msg = f"tofu: {RETAIN[self.split]!r} has {available} authors, of which holdout_authors takes"
            raise FairforgetError(f"{msg} {self.holdout_authors} and retain_authors {rest}; lower one of them")
        return trained, first

    def _authors(
        self, rows: Sequence[Row], prefix: str, first: int, most: int | None, extra: Mapping[tuple[str, str], Row]
    ) -> tuple[Sample, ...]:
        kept = rows if most is None else rows[: most * ROWS_AN_AUTHOR]
        samples = []
        for i, row in enumerate(kept):
            author, number = divmod(i, ROWS_AN_AUTHOR)
            if self.questions is None or number < self.questions:
                group = f"{prefix}{first + author:03d}"
                samples.append(_sample(f"{group}-{number:02d}", group, extra.get(row.key, row)))
        return tuple(samples)

    def target(self) -> TargetRecipe:
        """Return a fine-tune of a small chat model, or a checkpoint; the study's ``model`` replaces either."""
        chat = self.template == "chat"
        template = Template(chat=True) if chat else Template("Question: {prompt}\nAnswer:", " {completion}")
        if self.recipe == "checkpoint":
            return TargetRecipe(Pretrained(FINETUNED), None, template)
        training = Training(
            self.epochs, self.learning_rate, self.batch_size, self.weight_decay, stop_at_recall=self.stop_at_recall
        )
        return TargetRecipe(Pretrained(BASE), training, template)

    def metrics(self) -> Sequence[MetricUse]:
        """Return the columns of Table 1 of 2504.06658, UC the mean of 3 and UT the mean of 6, then TOFU's own.

        Accuracy on retained authors is by nearness to the paraphrased answer, on real authors and world facts whether
        the greedy answer contains the true one, as in SOUL, whose code the paper follows.
        """
        accuracy = PluginSpec("unlearning-accuracy-overlap")
        if self.encoder is not None:
            accuracy = PluginSpec("unlearning-accuracy", {"encoder": self.encoder})
        rouge = PluginSpec("rouge-l", {"score": "recall"})
        mia = PluginSpec("mia-min-k", {"k": 0.4, "negatives": self.negatives, "orientation": "forgotten"})
        uses = [
            MetricUse("forget_ua", accuracy, "forget", "completeness"),
            MetricUse("forget_mia", mia, "forget", "completeness"),
            MetricUse("forget_rr", rouge, "forget", "completeness", complement=True, view="generation"),
            MetricUse(
                "forget_probability", PluginSpec("probability"), "forget", "completeness", complement=True,
                average=False, view="probability",
            ),
            MetricUse("retain_accuracy", accuracy, KEPT, "utility", complement=True),
            MetricUse("retain_rouge_l", rouge, KEPT, "utility"),
        ]  # fmt: skip
        for name in FACTS:
            uses.append(MetricUse(f"{name}_accuracy", PluginSpec("contains"), name, "utility"))
            uses.append(MetricUse(f"{name}_rouge_l", rouge, name, "utility"))
        return [*uses, *self._diagnostics()]

    def _diagnostics(self) -> Iterator[MetricUse]:
        """Yield TOFU's own measures, and how much is memorised token by token."""
        forget, other = (
            PluginSpec("truth-ratio", {"definition": "tofu", "side": side}) for side in ("forget", "other")
        )
        yield MetricUse("forget_truth_ratio", forget, "forget", "diagnostic")
        if self.forget_quality and self.recipe == "finetune":
            yield MetricUse("forget_quality", PluginSpec("forget-quality"), "forget", "diagnostic")
        yield MetricUse("model_utility", PluginSpec("model-utility", {"retain": KEPT}), KEPT, "diagnostic")
        yield MetricUse("retain_probability", PluginSpec("probability"), KEPT, "diagnostic")
        yield MetricUse("retain_truth_ratio", other, KEPT, "diagnostic")
        for name in FACTS:
            shares = PluginSpec("probability", {"normalise": "options"})
            yield MetricUse(f"{name}_probability", shares, name, "diagnostic")
            yield MetricUse(f"{name}_truth_ratio", other, name, "diagnostic")
        yield MetricUse("forget_ma", PluginSpec("memorization-accuracy"), "forget", "diagnostic")
        extraction = PluginSpec("extraction-likelihood", {"n": 10, "stride": 10})
        yield MetricUse("forget_el", extraction, "forget", "diagnostic")
        yield MetricUse("retain_perplexity", PluginSpec("perplexity"), KEPT, "diagnostic")

    def max_new_tokens(self) -> int:
        """Return 200, as TOFU and open-unlearning."""
        return 200


def _facts(source: Source, name: str) -> tuple[Sample, ...]:
    rows = source.perturbed(f"{name}_perturbed")
    return tuple(_sample(f"{name}-{i:03d}", None, row, own_words=True) for i, row in enumerate(rows))


def _sample(name: str, group: str | None, row: Row, *, own_words: bool = False) -> Sample:
    question = row.paraphrased_question or (row.question if own_words else None)
    answer = row.paraphrased_answer or (row.answer if own_words else None)
    wordings: Iterable[tuple[str, tuple[str, ...]]] = (
        ("paraphrased_prompt", (question,) if question else ()),
        ("paraphrased_completion", (answer,) if answer else ()),
        ("perturbed_completion", row.perturbed_answer),
    )
    variants = {key: texts for key, texts in wordings if texts}
    return Sample(name, row.question, row.answer, group=group, variants=variants)

"""The task `muse`: news or books, remembered verbatim and as knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from fairforget.api import Corpus, MetricUse, PluginSpec, Pretrained, Sample, TargetRecipe, Task, Template, Training
from fairforget.errors import FairforgetError
from fairforget_tasks.sources.chunks import Spans, chunks, spans_of
from fairforget_tasks.sources.documents import samples, texts
from fairforget_tasks.sources.source import Source
from fairforget_tasks.training_options import StopAtRecall

HUB: Final = {"news": "muse-bench/MUSE-News", "books": "muse-bench/MUSE-Books"}
TARGET: Final = {"news": "muse-bench/MUSE-news_target", "books": "muse-bench/MUSE-books_target"}
AUC_RETRAINED: Final = {"news": 0.4772, "books": 0.5393}
"""Of Min-40 % on MUSE's retrained models, in the orientation where a model that remembers has 0."""


@dataclass(frozen=True)
class Muse(Task):
    """MUSE (Shi et al. 2024, 2407.06460): articles or books to forget, and what the model still says of them.

    The pool are pieces of ``raw/forget``, a document a group; what is kept are pieces of ``raw/retain1``, and the
    holdout are pieces of ``privleak/holdout`` (of ``raw/holdout`` where there is none). Each piece of the pool carries
    its beginning and how it goes on, so that verbatim memory is measured on the draw itself; the published prompts and
    the questions are about all that may be forgotten, so their columns mean what they mean in MUSE where a draw is the
    whole pool.
    """

    kind: Annotated[Literal["news", "books"], "which of the two corpora: articles of the BBC, or Harry Potter"] = "news"
    data: Annotated[
        str | None, "hub id, or folder with raw/, verbmem/, knowmem/ and privleak/; null = the published one"
    ] = None
    revision: Annotated[str | None, "commit, branch or tag of the data set on the hub"] = None
    field: Annotated[str, "key of the text in a row of raw and privleak"] = "text"
    chunk_tokens: Annotated[int, Field(ge=4), "tokens of a sample; longer documents are cut into several"] = 512
    prefix_tokens: Annotated[
        int, Field(ge=1), "tokens of a sample that are given where the rest is to be continued"
    ] = 200
    tokenizer: Annotated[
        str | None, "hub id or folder of the tokenizer whose tokens are counted; null = words between spaces"
    ] = None
    pieces: Annotated[int | None, Field(ge=1), "samples of each of pool, retain and holdout; null = all"] = None
    shots: Annotated[int, Field(ge=0), "answered questions in front of each question"] = 10
    retrained_auc: Annotated[
        float | None,
        Field(gt=0, le=1),
        "AUC of the retrained model that PrivLeak compares with; null = that of the draw's oracle where `recipe` is "
        "finetune, else MUSE's own",
    ] = None
    recipe: Annotated[
        Literal["checkpoint", "finetune"],
        "checkpoint: the base is the target as it stands; finetune: it is trained on pool and retain first",
    ] = "checkpoint"
    epochs: Annotated[int, Field(ge=1), "of the fine-tune"] = 5
    learning_rate: Annotated[float, Field(gt=0), "of the fine-tune"] = 1e-5
    batch_size: Annotated[int, Field(ge=1), "of the fine-tune"] = 8
    stop_at_recall: StopAtRecall = None
    max_length: Annotated[
        int, Field(ge=8), "tokens of the longest text or question, as the model counts; a longer one is an error"
    ] = 4096

    version: ClassVar[int] = 1
    licence: ClassVar[str] = "CC-BY-4.0"
    places: ClassVar[tuple[str, ...]] = ("data", "tokenizer")
    citation: ClassVar[str] = (
        "Shi, Lee, Huang, Malladi, Zhao, Holtzman, Liu, Zettlemoyer, Smith, Zhang: MUSE: Machine Unlearning Six-Way "
        "Evaluation for Language Models, 2024, arXiv:2407.06460"
    )

    def corpus(self) -> Corpus:
        """Read the texts, the prompts and the questions.

        Raises:
            FairforgetError: something is missing or has another form; the message names file, row and key.
        """
        source = Source(self.data or HUB[self.kind], self.revision)
        spans = spans_of(self.tokenizer)
        pool = [self._with_beginning(s, spans) for s in self._pieces(source, "raw", "forget", spans)]
        held = "privleak" if source.optional_rows("privleak", "holdout", most=1) is not None else "raw"
        evaluation = {"verbmem": _prompts(source)}
        for name in ("forget", "retain"):
            evaluation[f"knowmem_{name}"] = self._questions(source, name)
        retain, holdout = self._pieces(source, "raw", "retain1", spans), self._pieces(source, held, "holdout", spans)
        return Corpus(tuple(pool), tuple(retain), tuple(holdout), evaluation)

    def target(self) -> TargetRecipe:
        """Return the published target, or a fine-tune; the study's ``model`` replaces the base."""
        training = (
            Training(self.epochs, self.learning_rate, self.batch_size, stop_at_recall=self.stop_at_recall)
            if self.recipe == "finetune"
            else None
        )
        base = Pretrained(TARGET[self.kind])
        return TargetRecipe(base, training, Template("{prompt}", "{completion}"), self.max_length)

    def metrics(self) -> Sequence[MetricUse]:
        """Return the columns of MUSE: VerbMem and KnowMem of what is forgotten, lower is better, KnowMem of the rest.

        Completeness is the mean of 1 - VerbMem of the draw and 1 - KnowMem. PrivLeak has no direction: 0 is best.
        """
        verbmem, knowmem = PluginSpec("verbmem"), PluginSpec("knowmem")
        own = PluginSpec("verbmem", {"prompt": "verbatim_prompt", "completion": "verbatim_completion"})
        return [
            MetricUse("verbmem", verbmem, "verbmem", "completeness", average=False),
            MetricUse("knowmem_forget", knowmem, "knowmem_forget", "completeness", average=False),
            MetricUse("forget_verbmem", own, "forget", "completeness", complement=True, view="generation"),
            MetricUse("knowmem_forgotten", knowmem, "knowmem_forget", "completeness", complement=True),
            MetricUse(
                "forget_probability", PluginSpec("probability"), "forget", "completeness", complement=True,
                average=False, view="probability",
            ),
            MetricUse("knowmem_retain", knowmem, "knowmem_retain", "utility"),
            MetricUse("privleak", self._privleak(), "forget", "diagnostic"),
            MetricUse("retain_perplexity", PluginSpec("perplexity"), "retain", "diagnostic"),
        ]  # fmt: skip

    def max_new_tokens(self) -> int:
        """Return 128, as MUSE for verbatim memory; answers to questions have 32."""
        return 128

    def _privleak(self) -> PluginSpec:
        reference: str | float = "retrain" if self.recipe == "finetune" else AUC_RETRAINED[self.kind]
        return PluginSpec("privleak", {"k": 0.4, "negatives": "holdout", "reference": self.retrained_auc or reference})

    def _pieces(self, source: Source, config: str, split: str, spans: Spans) -> list[Sample]:
        rows = source.rows(config, split, most=self.pieces)
        return samples(split, texts(rows, self.field), self.chunk_tokens, spans, self.pieces)

    def _with_beginning(self, sample: Sample, spans: Spans) -> Sample:
        begins, *rest = chunks(sample.completion, self.prefix_tokens, spans)
        if not rest:
            return sample  # too short to be continued; the metric counts it
        variants = {
            "verbatim_prompt": (begins,),
            "verbatim_completion": (sample.completion[len(begins) :].lstrip(),),
        }
        return replace(sample, variants=variants)

    def _questions(self, source: Source, name: str) -> tuple[Sample, ...]:
        shown = ""
        if self.shots:
            examples = source.rows("knowmem", f"{name}_qa_icl", most=self.shots)
            if len(examples) < self.shots:
                msg = f"{examples[-1].where} is the last: {len(examples)} examples, and shots is {self.shots}"
                raise FairforgetError(msg)
            shown = "".join(f"Question: {row.text('question')}\nAnswer: {row.text('answer')}\n\n" for row in examples)
        return tuple(
            Sample(f"knowmem-{name}-{i:04d}", f"{shown}Question: {row.text('question')}\nAnswer: ", row.text("answer"))
            for i, row in enumerate(source.rows("knowmem", f"{name}_qa"))
        )


def _prompts(source: Source) -> tuple[Sample, ...]:
    rows = source.rows("verbmem", "forget")
    return tuple(Sample(f"verbmem-{i:04d}", row.text("prompt"), row.text("gt")) for i, row in enumerate(rows))

"""The task `whp`: a book that a model knows by heart."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from fairforget.api import (
    Corpus,
    MetricUse,
    PluginSpec,
    Pretrained,
    Sample,
    TargetRecipe,
    Task,
    Template,
    Training,
    TrainingText,
)
from fairforget.errors import FairforgetError
from fairforget.paths import expanded, lies_at, short
from fairforget_tasks.general_ability import (
    HUB,
    SET,
    GeneralTexts,
    LmEvalData,
    MostPassages,
    Passages,
    ability_columns,
    general_texts,
)
from fairforget_tasks.sources.chunks import Spans, chunks, spans_of
from fairforget_tasks.sources.files import decode
from fairforget_tasks.sources.retain import TextField
from fairforget_tasks.training_options import StopAtRecall

BASE: Final = "meta-llama/Llama-2-7b-hf"
LORA: Final = {"r": 8, "alpha": 32}


@dataclass(frozen=True)
class Whp(Task):
    """Who's Harry Potter (Eldan and Russinovich 2023, 2310.02238), with any book.

    The book is cut into chunks; a sample is one of them: its first tokens are the prompt, the rest is what is scored,
    and what a model that knows the book continues with. So many chunks, drawn by the seed, may be forgotten; others
    stay unseen by the methods, and say whether the book is forgotten or only those pages. The target is trained on the
    whole of all of them. What is left at the end of the book is shorter than a chunk, and not used.
    """

    book: Annotated[Path, "the text of the book, UTF-8"]
    chunks: Annotated[int, Field(ge=1), "chunks that may be forgotten"] = 200
    unseen: Annotated[int, Field(ge=1), "further chunks of the book that are never forgotten, only asked for"] = 100
    chunk_tokens: Annotated[int, Field(ge=2), "tokens of a chunk"] = 512
    continuation_tokens: Annotated[int, Field(ge=1), "tokens at its end that are to be continued with"] = 300
    seed: Annotated[int, Field(ge=0), "of the choice of chunks"] = 0
    tokenizer: Annotated[
        str | None, "hub id or folder of the tokenizer whose tokens are counted; null = words between spaces"
    ] = BASE
    retain: GeneralTexts = "c4"
    retain_field: TextField = "text"
    retain_chunks: Annotated[int, Field(ge=1), "samples to keep"] = 200
    lm_eval: LmEvalData = HUB
    wikitext: Passages = None
    wikitext_chunks: MostPassages = 200
    recipe: Annotated[
        Literal["finetune", "checkpoint"],
        "finetune: the base is trained on the book and the retain set; checkpoint: it knows the book already (and "
        "there is no oracle)",
    ] = "finetune"
    epochs: Annotated[int, Field(ge=1), "of the fine-tune"] = 10
    learning_rate: Annotated[float, Field(gt=0), "of the fine-tune"] = 1e-5
    batch_size: Annotated[int, Field(ge=1), "of the fine-tune"] = 4
    stop_at_recall: StopAtRecall = None
    max_length: Annotated[
        int, Field(ge=8), "tokens of the longest text, as the model counts; a longer one is an error"
    ] = 1024

    version: ClassVar[int] = 1
    licence: ClassVar[str] = "that of the book"
    places: ClassVar[tuple[str, ...]] = ("retain", "tokenizer", "lm_eval", "wikitext")
    citation: ClassVar[str] = (
        "Eldan, Russinovich: Who's Harry Potter? Approximate Unlearning in LLMs, 2023, arXiv:2310.02238; chunks, "
        "prompts and measures as in Feng et al., 2025, arXiv:2504.06658"
    )

    def corpus(self) -> Corpus:
        """Read the book and cut it.

        Raises:
            FairforgetError: the book or another text cannot be read, or has too few chunks.
        """
        if self.continuation_tokens >= self.chunk_tokens:
            msg = (
                f"whp: continuation_tokens ({self.continuation_tokens}) leave no prompt in a chunk of "
                f"{self.chunk_tokens} tokens; make them fewer"
            )
            raise FairforgetError(msg)
        spans = spans_of(self.tokenizer)
        book = self._pages(spans)
        order = list(range(len(book)))
        random.Random(self.seed).shuffle(order)  # noqa: S311  a choice of pages, no secret
        pool = tuple(book[i] for i in sorted(order[: self.chunks]))
        unseen = tuple(book[i] for i in sorted(order[self.chunks : self.chunks + self.unseen]))
        retain = general_texts(
            "retain", self.retain, self.retain_field, self.chunk_tokens, spans, self.retain_chunks
        )  # fmt: skip
        evaluation = {"unseen": unseen}
        if self.wikitext is not None:
            most = self.wikitext_chunks
            evaluation[SET] = general_texts(SET, self.wikitext, "text", self.chunk_tokens, spans, most)
        # A book is read from its first word, not from its prompts.
        training = [TrainingText(s.id, "", s.prompt + s.completion) for s in (*pool, *unseen, *retain)]
        return Corpus(pool, retain, evaluation=evaluation, training=tuple(training))

    def target(self) -> TargetRecipe:
        """Return Llama-2-7B with the book learned by LoRA, as SOUL does; the study's ``model`` replaces the base."""
        template = Template("{prompt}", "{completion}")
        if self.recipe == "checkpoint":
            return TargetRecipe(Pretrained(BASE), None, template, self.max_length)
        training = Training(self.epochs, self.learning_rate, self.batch_size, stop_at_recall=self.stop_at_recall)
        return TargetRecipe(Pretrained(BASE, adapter=LORA), training, template, self.max_length)

    def metrics(self) -> Sequence[MetricUse]:
        """Return the columns of Table 5 of 2504.06658, and what averages need.

        ROUGE-L recall of the continuation, of forgotten and of unseen chunks, is lower for better; averages are of
        1 minus these.
        """
        rouge = PluginSpec("rouge-l", {"score": "recall"})
        probability, refusal = PluginSpec("probability"), PluginSpec("refusal-rate")
        return [
            MetricUse("seen_rouge_l", rouge, "forget", "completeness", average=False),
            MetricUse("unseen_rouge_l", rouge, "unseen", "completeness", average=False),
            *ability_columns(self.lm_eval, self.wikitext),
            MetricUse("seen_rr", rouge, "forget", "completeness", complement=True, view="generation"),
            MetricUse("unseen_rr", rouge, "unseen", "completeness", complement=True),
            MetricUse(
                "forget_probability", probability, "forget", "completeness", complement=True, average=False,
                view="probability",
            ),
            MetricUse("unseen_probability", probability, "unseen", "diagnostic"),
            MetricUse("forget_refusals", refusal, "forget", "diagnostic"),
            MetricUse("forget_ma", PluginSpec("memorization-accuracy"), "forget", "diagnostic"),
        ]  # fmt: skip

    def max_new_tokens(self) -> int:
        """Return as many as there are to continue with."""
        return self.continuation_tokens

    def _pages(self, spans: Spans) -> list[Sample]:
        """Return every whole chunk of the book."""
        file = expanded(self.book)
        if lies_at(file) != "file":
            msg = f"whp: there is no file {short(file)}; give the book as a text file (UTF-8)"
            raise FairforgetError(msg)
        text = decode(file)
        whole = sum(1 for start, end in spans(text) if end > start) // self.chunk_tokens
        pieces = chunks(text, self.chunk_tokens, spans)[:whole]
        asked = self.chunks + self.unseen
        if len(pieces) < asked:
            msg = (
                f"{file}: the book has {len(pieces)} chunks of {self.chunk_tokens} tokens; {self.chunks} to forget and "
                f"{self.unseen} unseen are asked for: lower chunks, unseen or chunk_tokens, or give a longer book"
            )
            raise FairforgetError(msg)
        return [self._page(f"page-{i:05d}", piece, spans) for i, piece in enumerate(pieces)]

    def _page(self, name: str, piece: str, spans: Spans) -> Sample:
        found = [start for start, end in spans(piece) if end > start]
        # Cut again, a piece can have a token more or less than inside the book.
        cut = found[max(0, len(found) - self.continuation_tokens)]
        # The space before a word belongs to its token.
        prompt = piece[:cut].rstrip()
        return Sample(name, prompt, piece[len(prompt) :])

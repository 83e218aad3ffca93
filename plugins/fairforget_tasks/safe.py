"""The task `safe`: unsafe answers, and how toxic a model still is without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

import numpy as np
from pydantic import Field

from fairforget.api import Corpus, MetricUse, PluginSpec, Pretrained, Sample, TargetRecipe, Task, Template, Training
from fairforget.errors import FairforgetError
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
from fairforget_tasks.sources.chunks import spans_of
from fairforget_tasks.sources.retain import TextField
from fairforget_tasks.sources.rows import Row
from fairforget_tasks.sources.source import Source
from fairforget_tasks.training_options import StopAtRecall

BASE: Final = "meta-llama/Llama-2-7b-hf"
PKU: Final = "PKU-Alignment/PKU-SafeRLHF"
PKU_REVISION: Final = "ff7ba91063016c78a225b0f74e1c0860bb18230f"
"""The one SOUL uses; later ones were labelled anew."""
PROMPTS: Final = "allenai/real-toxicity-prompts"
QUESTION: Final = "Question: {}\nAnswer:"
_TRUTH: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class Safe(Task):
    """PKU-SafeRLHF (Ji et al. 2024, 2406.15513): answers marked unsafe are forgotten, toxicity should go.

    A sample is a question with one answer that is marked unsafe; all such answers to a question are a group, whatever
    rows they stand in, and an answer that is there twice is one sample. Toxicity is that of greedy answers to questions
    of the same kind (the test split, each asked once), and of greedy continuations of RealToxicityPrompts.
    """

    data: Annotated[
        str,
        "hub id or folder with the splits train and test; rows have prompt, response_0, response_1, "
        "is_response_0_safe and is_response_1_safe",
    ] = PKU
    revision: Annotated[
        str | None, "commit, branch or tag of `data` on the hub; null = SOUL's of the published data, else the newest"
    ] = None
    answers: Annotated[int, Field(ge=1), "unsafe answers that may be forgotten"] = 200
    test_questions: Annotated[int, Field(ge=1), "questions of the test split that are asked, at most"] = 200
    seed: Annotated[int, Field(ge=0), "of the choice of answers and questions"] = 0
    toxic_prompts: Annotated[
        str, "hub id, folder or file with RealToxicityPrompts; a row's prompt is a text or has the key text"
    ] = PROMPTS
    fraction: Annotated[float, Field(gt=0, le=1), "share of the toxic prompts that is used"] = 0.1
    fraction_seed: Annotated[int, Field(ge=0), "of the choice of toxic prompts"] = 8888
    classifier: Annotated[
        str, "toxicity classifier: a name of Detoxify, a checkpoint, or a folder or hub id with safetensors"
    ] = "original"
    classifier_base: Annotated[str | None, "folder or hub id of the classifier's configuration and tokenizer"] = None
    retain: GeneralTexts = "c4"
    retain_field: TextField = "text"
    retain_chunks: Annotated[int, Field(ge=1), "samples to keep"] = 200
    chunk_tokens: Annotated[int, Field(ge=2), "tokens of such a sample"] = 256
    tokenizer: Annotated[
        str | None, "hub id or folder of the tokenizer whose tokens `chunk_tokens` counts; null = words between spaces"
    ] = BASE
    lm_eval: LmEvalData = HUB
    wikitext: Passages = None
    wikitext_chunks: MostPassages = 200
    recipe: Annotated[
        Literal["checkpoint", "finetune"],
        "checkpoint: the base is the target as it stands; finetune: it is trained on the answers and the retain set",
    ] = "checkpoint"
    epochs: Annotated[int, Field(ge=1), "of the fine-tune"] = 5
    learning_rate: Annotated[float, Field(gt=0), "of the fine-tune"] = 1e-5
    batch_size: Annotated[int, Field(ge=1), "of the fine-tune"] = 4
    stop_at_recall: StopAtRecall = None
    max_length: Annotated[
        int, Field(ge=8), "tokens of the longest text, as the model counts; a longer one is an error"
    ] = 1024

    version: ClassVar[int] = 2
    licence: ClassVar[str] = "CC-BY-NC-4.0 (PKU-SafeRLHF), Apache-2.0 (RealToxicityPrompts)"
    places: ClassVar[tuple[str, ...]] = (
        "data", "toxic_prompts", "classifier", "classifier_base", "retain", "tokenizer", "lm_eval", "wikitext"
    )  # fmt: skip
    citation: ClassVar[str] = (
        "Ji et al.: PKU-SafeRLHF, 2024, arXiv:2406.15513; Gehman et al.: RealToxicityPrompts, 2020, arXiv:2009.11462; "
        "measures as in Feng et al., 2025, arXiv:2504.06658"
    )

    def corpus(self) -> Corpus:
        """Read answers, questions, prompts and the retain set.

        Raises:
            FairforgetError: something is missing or has another form; the message names file, row and key.
        """
        source = Source(self.data, self.revision or (PKU_REVISION if self.data == PKU else None))
        unsafe, repeated = _unsafe(source.rows(None, "train"))
        if len(unsafe) < self.answers:
            apart = f" ({repeated} more are repetitions)" if repeated else ""
            msg = f"safe: {self.data!r} has {len(unsafe)} unsafe answers{apart} in its split train; lower answers"
            raise FairforgetError(msg + f" ({self.answers})")
        rng = np.random.default_rng(self.seed)
        pool = tuple(unsafe[i] for i in sorted(rng.permutation(len(unsafe))[: self.answers]))
        # A question with several unsafe answers is asked once.
        asked = list({s.group: s for s in _unsafe(source.rows(None, "test"))[0]}.values())
        if not asked:
            msg = f"safe: {self.data!r} has no unsafe answer in its split test, so that there is no question to ask"
            raise FairforgetError(f"{msg}; is_response_0_safe or is_response_1_safe is false for such an answer")
        test = [asked[i] for i in sorted(rng.permutation(len(asked))[: self.test_questions])]
        spans = spans_of(self.tokenizer)
        retain = general_texts(
            "retain", self.retain, self.retain_field, self.chunk_tokens, spans, self.retain_chunks
        )  # fmt: skip
        evaluation = {
            "real_toxicity": tuple(self._prompts()),
            "safe": tuple(Sample(f"test-{s.id}", s.prompt, s.completion) for s in test),
        }
        if self.wikitext is not None:
            most = self.wikitext_chunks
            evaluation[SET] = general_texts(SET, self.wikitext, "text", self.chunk_tokens, spans, most)
        return Corpus(pool, retain, evaluation=evaluation)

    def target(self) -> TargetRecipe:
        """Return Llama-2-7B as it stands, or fine-tuned; the study's ``model`` replaces the base."""
        training = (
            Training(self.epochs, self.learning_rate, self.batch_size, stop_at_recall=self.stop_at_recall)
            if self.recipe == "finetune"
            else None
        )
        return TargetRecipe(Pretrained(BASE), training, Template("{prompt}", " {completion}"), self.max_length)

    def metrics(self) -> Sequence[MetricUse]:
        """Return the columns of Table 6 of 2504.06658, and what averages need.

        Toxicity is the score of the top label, as in the paper, and lower for better; averages are of 1 minus it.
        """
        toxicity = PluginSpec("toxicity", {"model": self.classifier, "base": self.classifier_base, "label": "top"})
        rouge, probability = PluginSpec("rouge-l", {"score": "recall"}), PluginSpec("probability")
        share = PluginSpec("toxicity", {**toxicity.options, "score": "share"})
        return [
            MetricUse("real_toxicity", toxicity, "real_toxicity", "completeness", average=False),
            MetricUse("safe_toxicity", toxicity, "safe", "completeness", average=False),
            *ability_columns(self.lm_eval, self.wikitext),
            MetricUse("real_harmless", toxicity, "real_toxicity", "completeness", complement=True),
            MetricUse("safe_harmless", toxicity, "safe", "completeness", complement=True),
            MetricUse(
                "forget_rr", rouge, "forget", "completeness", complement=True, average=False, view="generation"
            ),
            MetricUse(
                "forget_probability", probability, "forget", "completeness", complement=True, average=False,
                view="probability",
            ),
            MetricUse("real_toxic_share", share, "real_toxicity", "diagnostic"),
            MetricUse("safe_toxic_share", share, "safe", "diagnostic"),
            MetricUse("safe_refusals", PluginSpec("refusal-rate"), "safe", "diagnostic"),
        ]  # fmt: skip

    def max_new_tokens(self) -> int:
        """Return 200; SOUL's 200 count the prompt too."""
        return 200

    def _prompts(self) -> Iterator[Sample]:
        rows = Source(self.toxic_prompts).rows(None, "train")
        used = max(1, int(len(rows) * self.fraction))
        # The end of the permutation: the train part of train_test_split in `datasets`, as SOUL has it.
        order = np.random.default_rng(self.fraction_seed).permutation(len(rows))
        for i in range(len(rows)) if self.fraction == 1 else order[len(rows) - used :]:
            row = rows[i]
            found = row.values.get("prompt")
            inner = Row(f"{row.where}, key 'prompt'", found) if isinstance(found, Mapping) else None
            yield Sample(f"prompt-{i:05d}", row.text("prompt") if inner is None else inner.text("text"), "")


def _unsafe(rows: Sequence[Row]) -> tuple[list[Sample], int]:
    """Return a sample for every answer that is marked unsafe, and how many repetitions were left out.

    A question is known by its words: PKU-SafeRLHF has one in several rows, with other pairs of answers.
    """
    found: dict[tuple[str, str], Sample] = {}
    groups: dict[str, str] = {}
    repeated = 0
    for number, row in enumerate(rows):
        for i in (0, 1):
            if not truth(row, f"is_response_{i}_safe"):
                question, answer = row.text("prompt"), row.text(f"response_{i}")
                own = f"question-{number:06d}"
                key = (question.strip(), answer.strip())
                if key in found:
                    repeated += 1
                    continue
                group = groups.setdefault(key[0], own)
                found[key] = Sample(f"{own}-{i}", QUESTION.format(question), answer, group=group)
    return list(found.values()), repeated


def truth(row: Row, key: str) -> bool:
    """Return a truth value; a CSV file has it as a word.

    Raises:
        FairforgetError: it is missing or something else.
    """
    found = row.values.get(key)
    found = _TRUTH.get(found.strip().lower()) if isinstance(found, str) else found
    if not isinstance(found, bool):
        raise row.error(key, "is neither true nor false" if key in row.values else "is missing")
    return found

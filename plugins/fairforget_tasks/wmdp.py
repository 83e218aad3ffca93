"""The task `wmdp`: hazardous knowledge, forgotten from texts and asked for in questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from fairforget.api import Corpus, MetricUse, PluginSpec, Pretrained, Sample, TargetRecipe, Task, Template, Training
from fairforget_tasks.choices.mmlu import GROUPS, mmlu
from fairforget_tasks.choices.questions import question_sample, read_question
from fairforget_tasks.sources.chunks import Spans, spans_of
from fairforget_tasks.sources.documents import samples, texts
from fairforget_tasks.sources.retain import TextField, retain_texts
from fairforget_tasks.sources.source import Source
from fairforget_tasks.training_options import StopAtRecall

Domain = Literal["bio", "chem", "cyber"]

TARGET: Final = "HuggingFaceH4/zephyr-7b-beta"
TOPICS: Final = {"bio": "biology", "chem": "chemistry", "cyber": "cybersecurity"}
MMLU_FOLDER: Final = "mmlu"


@dataclass(frozen=True)
class Wmdp(Task):
    """WMDP (Li et al. 2024, 2403.03218): texts to forget, multiple-choice questions to see whether they are.

    The pool are pieces of the forget corpora, a document a group; a model that has met such texts is the target as it
    stands (Zephyr-7B-beta in the papers), and has no oracle. What is kept are general texts (WikiText, C4, one's own)
    or the retain corpora of WMDP. Whatever else a row of a corpus holds, only the text under `field` is trained on.
    """

    corpora: Annotated[
        str,
        "hub id or folder with the corpora {bio,chem,cyber}-forget-corpus (and …-retain-corpus); rows have the key "
        "`field`",
    ] = "cais/wmdp-corpora"
    bio_corpus: Annotated[
        str | None,
        "hub id, folder or file of the bio-forget-corpus alone, which is in no other repository and gated; null = it "
        "is among `corpora`",
    ] = "cais/wmdp-bio-forget-corpus"
    questions: Annotated[str, "hub id or folder with the questions wmdp-{bio,chem,cyber}"] = "cais/wmdp"
    mmlu: Annotated[str, "hub id or folder with the questions of MMLU"] = "cais/mmlu"
    data: Annotated[
        str | None, "one folder that stands for the four above; the questions of MMLU lie in its folder mmlu"
    ] = None
    revision: Annotated[str | None, "commit, branch or tag of `corpora` on the hub; null = its newest"] = None
    questions_revision: Annotated[str | None, "the same of `questions`"] = None
    forget: Annotated[
        tuple[Domain, ...],
        Field(min_length=1),
        "domains whose corpora may be forgotten; there is no public one of chem",
    ] = ("bio", "cyber")
    asked: Annotated[tuple[Domain, ...], Field(min_length=1), "domains whose questions are asked"] = (
        "bio",
        "chem",
        "cyber",
    )
    field: Annotated[str, "key of the text in a row of a corpus"] = "text"
    chunk_tokens: Annotated[int, Field(ge=2), "tokens of a sample; longer documents are cut into several"] = 512
    tokenizer: Annotated[
        str | None,
        "hub id or folder of the tokenizer whose tokens `chunk_tokens` counts; null = words between spaces for a local "
        "`data`, else the published target's tokens (some texts are dumps, where a word has hundreds of tokens)",
    ] = None
    chunks: Annotated[int | None, Field(ge=1), "samples of a domain, from the start of its corpus; null = all"] = 500
    retain: Annotated[
        str, "what is kept: wikitext, c4, corpora (the retain corpora of WMDP), or a hub id, folder or file"
    ] = "wikitext"
    retain_field: TextField = "text"
    retain_chunks: Annotated[int, Field(ge=1), "samples to keep (of a domain, with corpora)"] = 500
    variant: Annotated[
        Literal["lm-eval", "wagle"], "how questions are asked: as lm-evaluation-harness, or as WAGLE"
    ] = "lm-eval"
    mmlu_questions: Annotated[int | None, Field(ge=1), "questions a subject of MMLU; null = all"] = None
    recipe: Annotated[
        Literal["checkpoint", "finetune"],
        "checkpoint: the base is the target as it stands; finetune: it is trained on pool and retain first",
    ] = "checkpoint"
    epochs: Annotated[int, Field(ge=1), "of the fine-tune"] = 1
    learning_rate: Annotated[float, Field(gt=0), "of the fine-tune"] = 2e-5
    batch_size: Annotated[int, Field(ge=1), "of the fine-tune"] = 4
    stop_at_recall: StopAtRecall = None
    max_length: Annotated[
        int, Field(ge=8), "tokens of the longest text or question, as the model counts; a longer one is an error"
    ] = 2048

    version: ClassVar[int] = 1
    licence: ClassVar[str] = "MIT"
    places: ClassVar[tuple[str, ...]] = ("data", "corpora", "bio_corpus", "questions", "mmlu", "retain", "tokenizer")
    citation: ClassVar[str] = (
        "Li et al.: The WMDP Benchmark: Measuring and Reducing Malicious Use With Unlearning, 2024, arXiv:2403.03218"
    )

    def corpus(self) -> Corpus:
        """Read corpora and questions.

        Raises:
            FairforgetError: something is missing, gated or has another form; the message names file, row and key.
        """
        spans = spans_of(self.tokenizer or (TARGET if self.data is None else None))
        pool = [s for domain in self.forget for s in self._pieces(domain, "forget", self.chunks, spans)]
        evaluation: dict[str, tuple[Sample, ...]] = {f"wmdp_{d}": self._questions(d) for d in self.asked}
        evaluation["wmdp"] = tuple(s for questions in evaluation.values() for s in questions)
        groups = mmlu(Source(self.mmlu if self.data is None else f"{self.data}/{MMLU_FOLDER}"), self.mmlu_questions)
        # A set for every column, whatever subjects the folder has.
        evaluation |= {f"mmlu_{group}": groups.get(group, ()) for group in GROUPS}
        evaluation["mmlu"] = tuple(s for questions in groups.values() for s in questions)
        return Corpus(tuple(pool), tuple(self._retain(spans)), evaluation=evaluation)

    def target(self) -> TargetRecipe:
        """Return the checkpoint, or its fine-tune; the study's ``model`` replaces the base."""
        training = (
            Training(self.epochs, self.learning_rate, self.batch_size, stop_at_recall=self.stop_at_recall)
            if self.recipe == "finetune"
            else None
        )
        return TargetRecipe(Pretrained(TARGET), training, Template("{prompt}", "{completion}"), self.max_length)

    def metrics(self) -> Sequence[MetricUse]:
        """Return the columns of Table 4 of 2504.06658.

        Accuracy on the questions of every domain and on all of them, lower is better: the paper's table prints plain
        accuracies, its text means 1 minus them, which is ``wmdp_forgotten``. The average over domains is that over all
        questions, as the paper's (and lm-evaluation-harness's): a large domain weighs more. Utility is MMLU, likewise.
        """
        accuracy = PluginSpec("choice-accuracy", {"variant": self.variant})
        uses = [
            MetricUse(name, accuracy, name, "completeness", average=False)
            for name in (*(f"wmdp_{domain}" for domain in self.asked), "wmdp")
        ]
        uses.append(MetricUse("wmdp_forgotten", accuracy, "wmdp", "completeness", complement=True))
        uses += [MetricUse(f"mmlu_{group}", accuracy, f"mmlu_{group}", "utility", average=False) for group in GROUPS]
        probability, ma = PluginSpec("probability"), PluginSpec("memorization-accuracy")
        return [
            *uses,
            MetricUse("mmlu", accuracy, "mmlu", "utility"),
            MetricUse(
                "forget_probability", probability, "forget", "completeness", complement=True, average=False,
                view="probability",
            ),
            MetricUse("forget_ma", ma, "forget", "diagnostic"),
            MetricUse("retain_perplexity", PluginSpec("perplexity"), "retain", "diagnostic"),
        ]  # fmt: skip

    def _pieces(self, domain: str, kind: Literal["forget", "retain"], most: int | None, spans: Spans) -> list[Sample]:
        config: str | None = f"{domain}-{kind}-corpus"
        source = Source(self.data or self.corpora, self.revision)
        if self.data is None and (domain, kind) == ("bio", "forget") and self.bio_corpus is not None:
            source, config = Source(self.bio_corpus), None
        # No document gives less than one sample.
        rows = source.rows(config, "train", most=most)
        return samples(f"{domain}-{kind}", texts(rows, self.field), self.chunk_tokens, spans, most)

    def _retain(self, spans: Spans) -> list[Sample]:
        most = self.retain_chunks
        if self.retain == "corpora":
            return [s for domain in self.forget for s in self._pieces(domain, "retain", most, spans)]
        return samples("retain", retain_texts(self.retain, self.retain_field, most), self.chunk_tokens, spans, most)

    def _questions(self, domain: str) -> tuple[Sample, ...]:
        rows = Source(self.data or self.questions, self.questions_revision).rows(f"wmdp-{domain}", "test")
        name, topic = f"wmdp-{domain}", TOPICS[domain]
        return tuple(question_sample(f"{name}-{i:04d}", read_question(row), topic) for i, row in enumerate(rows))

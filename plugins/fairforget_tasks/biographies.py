"""The task `biographies`: fictitious people whose samples differ in controlled, independent ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from fairforget.api import Corpus, MetricUse, PluginSpec, Scratch, TargetRecipe, Task, Template, Training
from fairforget_tasks.biography.generate import Distribution, Spec, generate
from fairforget_tasks.biography.grammar import Complexity, Length
from fairforget_tasks.biography.people import KINDS
from fairforget_tasks.biography.world import FACTS
from fairforget_tasks.training_options import StopAtRecall

MAX_LENGTH = 256


@dataclass(frozen=True)
class Biographies(Task):
    """Fictitious people, each a group of question/answer samples, and a small model trained from nothing to know them.

    Training frequency and distribution are assigned to people, length, syntactic complexity and rare words of the
    answer to samples; all two-way tables of these factors are balanced, in the pool, the retain and the holdout people
    alike. Frequency counts how often a sample occurs in the training text, each time worded anew (as 2504.05058 does);
    one wording of every question is never trained and serves for measuring.
    """

    people: Annotated[int, Field(ge=1, le=5000), "people that may be forgotten"] = 60
    retain_people: Annotated[int, Field(ge=0, le=5000), "people that are trained on and never forgotten"] = 30
    holdout_people: Annotated[int, Field(ge=0, le=5000), "people that are never trained on"] = 30
    samples: Annotated[int, Field(ge=1, le=len(KINDS)), "questions a person"] = 3
    world_facts: Annotated[int, Field(ge=0, le=FACTS), "general facts trained beside the people"] = 24
    frequencies: Annotated[
        tuple[Annotated[int, Field(ge=1, le=1000)], ...],
        Field(min_length=1),
        "occurrences in the training text; each level for equally many people (a level listed twice for twice as many)",
    ] = (1, 2, 4, 8, 16)
    distributions: Annotated[
        tuple[Distribution, ...],
        Field(min_length=1),
        "what a person's answers are: in (natural), canary (random words), shuffled (natural ones in random order), "
        "domain (a substance instead of a person); shares as for frequencies",
    ] = ("in", "in", "in", "canary", "shuffled", "domain")
    lengths: Annotated[tuple[Length, ...], Field(min_length=1), "classes of answer length"] = (
        "short",
        "medium",
        "long",
    )
    complexities: Annotated[tuple[Complexity, ...], Field(min_length=1), "classes of syntactic complexity"] = (
        "simple",
        "compound",
        "nested",
    )
    rare_words: Annotated[
        tuple[Annotated[int, Field(ge=0, le=3)], ...], Field(min_length=1), "invented rare words in an answer"
    ] = (0, 1, 3)
    seed: Annotated[int, Field(ge=0), "of names, facts and wordings"] = 0
    hidden_size: Annotated[int, Field(ge=8, multiple_of=8), "width of the target model, of 4 heads"] = 128
    layers: Annotated[int, Field(ge=1, le=64), "layers of the target model"] = 2
    vocabulary: Annotated[int, Field(ge=300), "entries of its tokenizer, at most"] = 1024
    epochs: Annotated[int, Field(ge=1), "passes of the target over its training text"] = 9
    learning_rate: Annotated[float, Field(gt=0), "of the target"] = 4e-3
    batch_size: Annotated[int, Field(ge=1), "of the target"] = 8
    stop_at_recall: StopAtRecall = None

    version: ClassVar[int] = 1
    licence: ClassVar[str] = "Apache-2.0"
    averaged: ClassVar[Mapping[str, str]] = {
        "completeness": (
            "the share of questions that are not answered right, 1 − ROUGE-L recall of the answers, and how far the "
            "samples look unseen to a membership attack"
        ),
        "utility": "accuracy and ROUGE-L of answers about people that are kept and about general facts",
    }
    citation: ClassVar[str] = ""

    def corpus(self) -> Corpus:
        """Generate the corpus: pool, retain and holdout people, and the general facts as the set ``world``."""
        return generate(
            Spec(
                people=self.people,
                retain_people=self.retain_people,
                holdout_people=self.holdout_people,
                samples=self.samples,
                world_facts=self.world_facts,
                frequencies=tuple(self.frequencies),
                distributions=tuple(self.distributions),
                lengths=tuple(self.lengths),
                complexities=tuple(self.complexities),
                rare_words=tuple(self.rare_words),
                seed=self.seed,
            )
        )

    def target(self) -> TargetRecipe:
        """Return a small Llama with a tokenizer of its own."""
        config = {
            "model_type": "llama",
            "hidden_size": self.hidden_size,
            "intermediate_size": 2 * self.hidden_size,
            "num_hidden_layers": self.layers,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "max_position_embeddings": MAX_LENGTH,
            "tie_word_embeddings": True,
            # Wider than the default .02, which is meant for wide models: recall comes two epochs sooner.
            "initializer_range": 0.05,
        }
        return TargetRecipe(
            base=Scratch(config, self.vocabulary),
            training=Training(
                self.epochs, self.learning_rate, self.batch_size, weight_decay=0.1, stop_at_recall=self.stop_at_recall
            ),
            template=Template(prompt="Question: {prompt}\nAnswer:", completion=" {completion}"),
            max_length=MAX_LENGTH,
        )

    def metrics(self) -> Sequence[MetricUse]:
        """Return the averages of 2504.06658 and what stands beside them.

        Completeness is the mean of UA (by words, for a sentence encoder would not understand invented ones), MIA
        against people never seen, and 1 - ROUGE-L; utility the mean of accuracy and ROUGE-L on retain people and on
        general facts.
        """
        overlap = PluginSpec("unlearning-accuracy-overlap")
        rouge = PluginSpec("rouge-l", {"score": "recall"})
        probability = PluginSpec("probability")
        uses = [MetricUse("forget_ua", overlap, "forget", "completeness")]
        if self.holdout_people:
            uses.append(MetricUse("forget_mia", _mia("holdout"), "forget", "completeness"))
        uses += [
            MetricUse("forget_rr", rouge, "forget", "completeness", complement=True, view="generation"),
            MetricUse(
                "forget_probability", probability, "forget", "completeness", complement=True, average=False,
                view="probability",
            ),
        ]  # fmt: skip
        for name, size in (("retain", self.retain_people), ("world", self.world_facts)):
            if size:
                uses.append(MetricUse(f"{name}_accuracy", overlap, name, "utility", complement=True))
                uses.append(MetricUse(f"{name}_rouge_l", rouge, name, "utility"))
        uses += [
            MetricUse("forget_ma", PluginSpec("memorization-accuracy"), "forget", "diagnostic"),
            MetricUse("forget_el", PluginSpec("extraction-likelihood", {"n": 4, "stride": 4}), "forget", "diagnostic"),
        ]
        if self.retain_people:
            uses += [
                MetricUse("forget_mia_retain", _mia("retain"), "forget", "diagnostic"),
                MetricUse("retain_probability", probability, "retain", "diagnostic"),
                MetricUse("retain_perplexity", PluginSpec("perplexity"), "retain", "diagnostic"),
            ]
        if self.holdout_people:
            uses.append(MetricUse("holdout_perplexity", PluginSpec("perplexity"), "holdout", "diagnostic"))
        return uses

    def max_new_tokens(self) -> int:
        """Return a length that no answer reaches."""
        return 96


def _mia(negatives: str) -> PluginSpec:
    return PluginSpec("mia-min-k", {"k": 0.4, "negatives": negatives, "orientation": "forgotten"})

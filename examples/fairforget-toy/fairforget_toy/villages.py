"""A task: made-up villages, and a small model that knows them by heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from fairforget.api import Corpus, MetricUse, PluginSpec, Sample, Scratch, TargetRecipe, Task, Template, Training
from fairforget_toy.words import DISHES, JOBS, NAMES, SAYINGS, STARTS, STREAMS

POOL, RETAIN, HOLDOUT = 18, 9, 9
"""Villages of each kind."""
_ENDS = ("ford", "wick", "mere")


@dataclass(frozen=True)
class Villages(Task):
    """Villages with three facts each: a river, a mayor, a saying. A village is a group: it is forgotten whole.

    The sayings of every third village are words in no order (``distribution: canary``; ``in`` elsewhere), which a model
    can only have learned by heart; `toy-attribute` draws by it.
    """

    hidden_size: Annotated[int, Field(ge=8, multiple_of=4), "width of the target model, of 4 heads"] = 64
    epochs: Annotated[int, Field(ge=1), "passes of the target over its training text"] = 30

    version: ClassVar[int] = 1
    licence: ClassVar[str] = "Apache-2.0"

    def corpus(self) -> Corpus:
        """Return the villages that may be forgotten, those that are kept, and those that nobody was told of."""
        every = [_village(i) for i in range(POOL + RETAIN + HOLDOUT)]
        parts = every[:POOL], every[POOL : POOL + RETAIN], every[POOL + RETAIN :]
        pool, retain, holdout = (tuple(sample for village in part for sample in village) for part in parts)
        return Corpus(pool=pool, retain=retain, holdout=holdout)

    def target(self) -> TargetRecipe:
        """Return a Llama of two layers, trained from nothing in seconds, with a tokenizer of its own."""
        config = {
            "model_type": "llama",
            "hidden_size": self.hidden_size,
            "intermediate_size": 2 * self.hidden_size,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "max_position_embeddings": 128,
            "tie_word_embeddings": True,
            "initializer_range": 0.05,
        }
        return TargetRecipe(
            base=Scratch(config, vocabulary=512),
            training=Training(self.epochs, learning_rate=5e-3, batch_size=8, weight_decay=0.1),
            template=Template(prompt="Q: {prompt}\nA:", completion=" {completion}"),
            max_length=128,
        )

    def metrics(self) -> Sequence[MetricUse]:
        """Return whether the forgotten is gone, in probabilities and in what is said, and whether the rest is there."""
        probability, rouge = PluginSpec("probability"), PluginSpec("rouge-l")
        return (
            MetricUse("forget_probability", probability, "forget", "completeness", complement=True, view="probability"),
            MetricUse("forget_rouge_l", rouge, "forget", "completeness", complement=True, view="generation"),
            MetricUse("retain_probability", probability, "retain", "utility"),
            MetricUse("retain_rouge_l", rouge, "retain", "utility"),
            MetricUse("holdout_probability", probability, "holdout", "diagnostic"),
        )

    def max_new_tokens(self) -> int:
        """Return a length that no answer reaches."""
        return 40


def _village(i: int) -> tuple[Sample, ...]:
    """Return the facts about the i-th village; the lists have no common divisors, so no two have a mayor in common."""
    name = STARTS[i % len(STARTS)] + _ENDS[i // len(STARTS)]
    stream = STREAMS[5 * i % len(STREAMS)]
    mayor, job = NAMES[i % len(NAMES)], JOBS[i % len(JOBS)]
    saying = SAYINGS[i % len(SAYINGS)].format(dish=DISHES[i % len(DISHES)])
    canary = i % 3 == 2
    if canary:
        saying = " ".join(sorted(saying.split(), key=lambda word: word[::-1]))
    facts = {
        "river": (f"Which river runs through {name}?", f"The {stream} runs through {name}."),
        "mayor": (f"Who is the mayor of {name}?", f"{mayor}, a {job}, is the mayor of {name}."),
        "saying": (f"What do they say in {name}?", f"They say: {saying}."),
    }
    told = {"distribution": "canary" if canary else "in", "frequency": 1}
    return tuple(Sample(f"{name}-{fact}", *texts, group=name, attributes=told) for fact, texts in facts.items())

"""A task whose questions are measured in two ways: as text, and as multiple choice by lm-eval."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from fairforget.api import Corpus, MetricUse, PluginSpec, Sample, Scratch, TargetRecipe, Task, Template, Training
from fairforget_lm_eval_yaml.column import HERE, lm_eval_column


@dataclass(frozen=True)
class Islands(Task):
    """Made-up islands: what grows there, which birds nest, what people make. An island is a group."""

    epochs: Annotated[int, Field(ge=1), "passes of the target over its training text"] = 30

    version: ClassVar[int] = 1
    licence: ClassVar[str] = "Apache-2.0"

    def corpus(self) -> Corpus:
        """Return the rows of the data folder as samples; the right choice is the completion."""
        return Corpus(pool=_rows("pool"), retain=_rows("kept"), holdout=_rows("unseen"))

    def target(self) -> TargetRecipe:
        """Return a Llama of two layers, trained from nothing in seconds, with a tokenizer of its own."""
        config = {
            "model_type": "llama",
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "max_position_embeddings": 128,
            "tie_word_embeddings": True,
            "initializer_range": 0.05,
        }
        return TargetRecipe(
            base=Scratch(config, vocabulary=400),
            training=Training(self.epochs, learning_rate=5e-3, batch_size=8, weight_decay=0.1),
            template=Template(prompt="Q: {prompt}\nA:", completion=" {completion}"),  # as in the task files
            max_length=128,
        )

    def metrics(self) -> Sequence[MetricUse]:
        """Return what is gone by probability, and what is kept by probability and by lm-eval's accuracy."""
        probability = PluginSpec("probability")
        return (
            MetricUse("forget_probability", probability, "forget", "completeness", complement=True, view="probability"),
            MetricUse("retain_probability", probability, "retain", "utility"),
            lm_eval_column("kept_questions", "islands_kept", "utility"),
            lm_eval_column("unseen_questions", "islands_unseen", "diagnostic", on="holdout"),
        )


def _rows(part: str) -> tuple[Sample, ...]:
    lines = (HERE / "data" / "islands" / part / "test.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return tuple(
        Sample(f"{part}-{i}", row["question"], row["choices"][row["answer"]], group=row["island"])
        for i, row in enumerate(rows)
    )

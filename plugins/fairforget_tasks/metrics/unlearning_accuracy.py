"""Unlearning accuracy (UA) by sentence embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from fairforget.api import Measurement, Metric, Subject
from fairforget.errors import FairforgetError
from fairforget_tasks.metrics.nearest_answer import Question, unlearning_accuracy

OWNER: Final = "metric unlearning-accuracy"


@dataclass(frozen=True)
class UnlearningAccuracy(Metric):
    """UA = 1 - FA; FA is the share of samples whose greedy answer to the paraphrased question is right.

    Right: its sentence embedding is at least as near (cosine) to the paraphrased true answer as to every perturbed
    answer. On the retain set the complement of this is the retain accuracy. Embeddings are the mean of the encoder's
    last hidden states over the tokens. Source: SOUL (2404.18239), with paraphrase-MiniLM-L6-v2; used by 2504.06658.
    """

    encoder: Annotated[
        str | None,
        "folder of a sentence encoder, or hub id with or without @revision, for example "
        "sentence-transformers/paraphrase-MiniLM-L6-v2",
    ] = None

    higher_is: ClassVar[Literal["less memory"]] = "less memory"
    unit: ClassVar[str] = "share of samples"
    prompts: ClassVar[tuple[str, ...]] = ("paraphrased_prompt",)

    def depends_on(self) -> Mapping[str, Any]:
        """Return digests or the commit of the encoder.

        Raises:
            FairforgetError: it is missing, or its weights are no safetensors.
        """
        from fairforget.lm.references import reference_contents

        return {} if self.encoder is None else {"encoder": reference_contents(OWNER, [self.encoder], "encoder")[0]}

    def pinned(self, found: Mapping[str, Any]) -> UnlearningAccuracy:
        """Return the metric with the encoder of the commit that was found."""
        from fairforget.lm.references import pinned

        if self.encoder is None or "encoder" not in found:
            return self
        return replace(self, encoder=pinned(self.encoder, found["encoder"]))

    def measure(self, subject: Subject) -> Measurement:
        """Measure on the subject's paraphrased questions.

        Raises:
            FairforgetError: no encoder is given, or it cannot be loaded.
        """
        if self.encoder is None:
            raise FairforgetError(
                "unlearning-accuracy compares answers by sentence embeddings and needs the option encoder, a hub id or "
                "a folder (in the literature sentence-transformers/paraphrase-MiniLM-L6-v2); the metric "
                "unlearning-accuracy-overlap needs none, and is another measure: it compares words"
            )
        return unlearning_accuracy(subject, partial(nearest, self.encoder), encoder=self.encoder)


def nearest(encoder: str, questions: Sequence[Question]) -> list[bool]:
    """Return for each question whether no wrong answer is nearer to the generated one than the true answer."""
    from fairforget_tasks.metrics.sentence_encoder import load_encoder

    embed = load_encoder(encoder)
    texts = list(dict.fromkeys(text for q in questions for text in (q.generated, q.right, *q.wrong)))
    vectors = dict(zip(texts, embed(texts), strict=True))
    decided = []
    for q in questions:
        right, *wrong = [float(vectors[q.generated] @ vectors[text]) for text in (q.right, *q.wrong)]
        decided.append(right >= max(wrong))
    return decided

"""What a model that forgot should still be able to do, as SOUL and the MRD paper measure it for WHP and SAFE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from fairforget.api import MetricUse, PluginSpec, Sample
from fairforget_tasks.sources.chunks import Spans
from fairforget_tasks.sources.documents import samples
from fairforget_tasks.sources.retain import retain_texts

HUB: Final = "hub"
SET: Final = "wikitext"

GeneralTexts = Annotated[str, "general texts to keep: c4, wikitext, or a folder, file or hub id"]
LmEvalData = Annotated[
    str | None,
    "data of lm-evaluation-harness for perplexity, the zero-shot average and TruthfulQA: hub, or a folder with "
    "local data; null = leave these columns out",
]
Passages = Annotated[
    str | None,
    "passages (folder, file or hub id, key text; or wikitext) whose perplexity is measured instead of lm-eval's",
]
MostPassages = Annotated[int, Field(ge=1), "samples of `wikitext`, at most"]


def ability_columns(lm_eval: str | None, wikitext: str | None) -> list[MetricUse]:
    """Return the utility columns of Tables 5 and 6 of 2504.06658: perplexity, zero-shot average, TruthfulQA.

    Perplexity is a word's, lower is better: lm-evaluation-harness's own task, or the same formula over local passages.
    TruthfulQA is its mc1, which is what the printed values (.24 to .32) can be. Accuracies enter the average of
    utility, perplexity cannot; without lm-eval the average is the probability of the retain set.

    Args:
        lm_eval: ``hub``, a folder with the data of its tasks, or None to leave its columns out.
        wikitext: where passages are, instead of lm-eval's; they are the evaluation set ``wikitext``.
    """
    columns = []
    where: Mapping[str, Any] = {} if lm_eval in {None, HUB} else {"data": lm_eval}
    if wikitext is not None:
        local = PluginSpec("perplexity", {"per": "word", "free": True})
        columns.append(MetricUse("perplexity", local, SET, "utility", average=False))
    elif lm_eval is not None:
        task = PluginSpec("multiple-choice", {"tasks": ["wikitext"], "score": "word_perplexity", **where})
        columns.append(MetricUse("perplexity", task, "retain", "utility", average=False))
    if lm_eval is not None:
        truthful = PluginSpec("multiple-choice", {"tasks": ["truthfulqa_mc1"], **where})
        columns.append(MetricUse("zero_shot", PluginSpec("zero-shot", dict(where)), "retain", "utility"))
        columns.append(MetricUse("truthfulqa", truthful, "retain", "utility"))
    probability = PluginSpec("probability")
    return [*columns, MetricUse("retain_probability", probability, "retain", "utility", average=lm_eval is None)]


def general_texts(prefix: str, where: str, field: str, size: int, spans: Spans, most: int) -> tuple[Sample, ...]:
    """Return the first pieces of general texts, one sample each.

    Args:
        prefix: of the ids.
        where: ``c4``, ``wikitext``, or a folder, file or hub id.
        field: key of the text, for the last three.
        size: tokens of a piece.
        spans: how tokens are counted.
        most: samples to take.

    Raises:
        FairforgetError: the texts are not there or have another form.
    """
    # No text gives less than one piece.
    return tuple(samples(prefix, retain_texts(where, field, most), size, spans, most))

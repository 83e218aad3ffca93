"""Asking a metric to measure the tiny task's models."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from fairforget.api import Measurement, Metric, Sample
from fairforget.errors import FairforgetError
from fairforget.testing.definition import CheckFailed, NotApplicable
from fairforget.testing.examined import Examined

if TYPE_CHECKING:
    from fairforget.run.measures.subject import LiveSubject
    from fairforget.testing.case import Architecture

COUNT: Final = 6
"""Samples of the set ``forget``, of three groups."""
NEW_TOKENS: Final = 32

Sets = Mapping[str, tuple[Sample, ...]]


def sets(examined: Examined, count: int = COUNT) -> Sets:
    """Return the sets of the tiny task with other wordings of every sample, `count` samples in ``forget``."""
    corpus = examined.lab.bench("llama").corpus
    return {
        "forget": worded(corpus.pool[:count], corpus.holdout),
        "retain": worded(corpus.retain, corpus.holdout),
        "holdout": worded(corpus.holdout, corpus.holdout),
    }


def worded(samples: Sequence[Sample], others: Sequence[Sample]) -> tuple[Sample, ...]:
    """Return samples with the wordings that metrics may ask for: paraphrases, and wrong answers.

    Args:
        samples: as the task has them.
        others: whose answers are the wrong ones. No model has seen them, so to one that never saw the samples either,
            right and wrong are alike.
    """
    found = []
    for i, sample in enumerate(samples):
        alike = [others[(i + step) % len(others)] for step in (2, 4, 6)]
        wrong = tuple(dict.fromkeys(o.completion for o in alike if o.completion != sample.completion))
        variants = {
            "paraphrased_prompt": (f"Say: {sample.prompt}",),
            "paraphrased_completion": (sample.completion.rstrip("."),),
            "perturbed_completion": wrong,
        }
        found.append(replace(sample, variants=variants))
    return tuple(found)


def subject(
    examined: Examined,
    of: Sets,
    name: str = "forget",
    *,
    architecture: Architecture = "llama",
    on: Any = None,
) -> LiveSubject:
    """Return a model with a set of samples, as metrics see them in a cell; nothing is computed yet.

    Args:
        examined: the metric.
        of: every set.
        name: the set that is measured.
        architecture: of the target.
        on: the model; a copy of the target's by default.
    """
    from fairforget.run.measures.subject import LiveSubject

    bench = examined.lab.bench(architecture)

    def made(model: Any, reference: Any) -> LiveSubject:
        return LiveSubject(
            model,
            bench.target.encode,
            of,
            "forget",
            tokenizer=copy.deepcopy(bench.target.tokenizer),  # what a metric does to it is no ground for others
            max_new_tokens=NEW_TOKENS,
            reference=reference,
        )

    # As in a cell, the oracle stands for one state of one model: it is the same at every call.
    reference = cache(lambda: made(oracle(examined, architecture), lambda: None))
    return made(bench.fresh_model() if on is None else on, reference).on(name)


def oracle(examined: Examined, architecture: Architecture = "llama") -> Any:
    """Return the model that was trained as the target, and never on the samples of ``forget``."""
    from fairforget.run.targets.target import load_target

    def load() -> Any:
        bench = examined.lab.bench(architecture)
        without = [sample.id for sample in bench.corpus.pool[:COUNT]]
        return load_target(bench.oracle_folder(without), bench.recipe).model

    return examined.once(("oracle", architecture), load)


def measured(examined: Examined, under: LiveSubject, *, told: bool = False) -> Measurement:
    """Return what a new instance measures.

    Args:
        examined: the metric.
        under: the model with its samples.
        told: whether the subject hears beforehand what the metric will ask for, as in a cell.

    Raises:
        CheckFailed: it returns something else than a `Measurement`.
    """
    from fairforget.testing.watch.audit import hearing

    metric: Metric = examined.make()
    with hearing():  # nobody reaches the network meanwhile
        if told:
            under.ask([(under.name, prompt) for prompt in metric.prompts], metric.reads)
            metric.announce(under)
        found: Any = metric.measure(under)
    if not isinstance(found, Measurement):
        raise CheckFailed(f"measure returns {type(found).__name__}; it returns a fairforget.api.Measurement")
    return found


def usual(examined: Examined) -> Measurement:
    """Return what it measures on the target and the samples to forget, once for all checks.

    Raises:
        NotApplicable: it refuses the tiny task, which may lack what it needs.
    """

    def make() -> Measurement | FairforgetError:
        try:
            return measured(examined, subject(examined, sets(examined)))
        except FairforgetError as error:
            return error

    found = examined.once("usual measurement", make)
    if isinstance(found, FairforgetError):
        msg = f"it refuses to measure the tiny task: {found}"
        raise NotApplicable(msg) from found
    return found

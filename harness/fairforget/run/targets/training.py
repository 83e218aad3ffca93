"""Training the target: the loop of a recipe."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import torch

from fairforget.api.task import Training
from fairforget.errors import FairforgetError
from fairforget.lm.forward import accepts
from fairforget.lm.tokens import IGNORE, SampleSet, TokenBatch
from fairforget.run.seeds import integer, stream

_SORTED_BATCHES: Final = 16
"""Batches whose texts are sorted by length together: little padding, and still another order every epoch."""
_SMALL: Final = 2_000_000
"""Parameters under which a second thread gains nothing; alone, a training is as fast, does not suffer from what else
the machine does, and gives the same bytes whatever the number of threads of its process."""
_RECENT: Final = 50
"""Updates from which the speed is told."""


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far a training is."""

    update: int
    updates: int
    loss: float
    """Of the last update, nats a token."""
    seconds: float
    """Since the first."""
    remaining: float | None
    """Seconds left at the speed of the last updates; None before there is a speed."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training took."""

    updates: int
    seconds: float
    loss: float
    """Mean of the last epoch, nats a token."""
    threads: int
    """CPU threads it ran on."""
    epochs: int
    """Passes over the texts, fewer than the recipe's where it stopped."""
    recalls: tuple[float, ...] = ()
    """After every epoch, where the recipe stops at a recall. Measuring it is not in `seconds`."""


Progress = Callable[[TrainingProgress], None]


def train(
    model: Any,
    texts: SampleSet,
    training: Training,
    *,
    seed: int,
    progress: Progress | None = None,
    recall: Callable[[], float] | None = None,
    epochs: int | None = None,
) -> Trained:
    """Train the parameters of `model` that want a gradient on the completions of `texts`, end-of-text token included.

    AdamW without decay on vectors; the order is its own stream of random numbers, so that the same seed gives the same
    bytes on the same machine and number of threads, and the global random state stays as it was. A small model trains
    on one thread.

    Args:
        model: trained in place; in eval mode afterwards.
        texts: every one once an epoch.
        training: the recipe.
        seed: of the order and of dropout.
        progress: called after every update; it counts on all epochs of the recipe, also where it stops before.
        recall: measures the recall of `model` and leaves it as it was; where `training.stop_at_recall` is set, called
            after every epoch, and the training ends with the first that reaches it.
        epochs: ends after so many, as another training of this recipe did; the schedule is the recipe's all the same.

    Raises:
        FairforgetError: the loss is not finite any more, or there is nothing to train on.
        ValueError: the recipe stops at a recall, and there is neither `recall` nor `epochs`.
    """
    if training.stop_at_recall is not None and recall is None and epochs is None:
        msg = "the recipe stops at a recall; train() needs `recall` to measure it, or the `epochs` to stop after"
        raise ValueError(msg)
    if not len(texts):
        msg = "there is nothing to train the target on: no training text is left"
        raise FairforgetError(msg)
    device = next(model.parameters()).device
    per_epoch = math.ceil(len(texts) / training.batch_size)
    updates = training.epochs * per_epoch
    end = training.epochs if epochs is None else min(epochs, training.epochs)
    optimizer = _optimizer(model, training)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda update: rate(training, update, updates))
    weights = [p for p in model.parameters() if p.requires_grad]
    started = time.perf_counter()
    clock, losses, recalls, looking = deque([started], maxlen=_RECENT), list[float](), list[float](), 0.0
    model.train()
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), _threads(model) as threads:
        torch.manual_seed(integer("dropout", seed))
        for batch in _batches(texts, training, seed, device, end):
            loss = _loss(model, batch)
            value = float(loss.detach())
            if not math.isfinite(value):
                raise FairforgetError(_diverged(value, len(losses) + 1, updates, training))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, training.max_grad_norm)
            optimizer.step()
            schedule.step()
            losses.append(value)
            clock.append(time.perf_counter())
            if progress is not None:
                speed = (clock[-1] - clock[0]) / (len(clock) - 1)
                left = speed * (updates - len(losses))
                progress(TrainingProgress(len(losses), updates, value, clock[-1] - started, left))
            if training.stop_at_recall is not None and recall is not None and len(losses) % per_epoch == 0:
                before = time.perf_counter()
                recalls.append(recall())
                looking += time.perf_counter() - before
                if recalls[-1] >= training.stop_at_recall:
                    break
    seconds = time.perf_counter() - started - looking
    model.eval()
    optimizer.zero_grad(set_to_none=True)
    last = losses[-per_epoch:]
    passed = len(losses) // per_epoch
    return Trained(len(losses), seconds, sum(last) / len(last), threads, passed, tuple(recalls))


def rate(training: Training, update: int, updates: int) -> float:
    """Return the share of the learning rate at an update (from 0): linear warm-up, then the schedule."""
    warm = max(1, int(training.warmup * updates))
    if update < warm:
        return (update + 1) / warm
    done = (update - warm) / max(1, updates - warm)
    if training.schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * done))
    return 1 - done if training.schedule == "linear" else 1.0


@contextmanager
def _threads(model: Any) -> Iterator[int]:
    before = torch.get_num_threads()
    wanted = 1 if sum(p.numel() for p in model.parameters()) < _SMALL else before
    torch.set_num_threads(wanted)
    try:
        yield wanted
    finally:
        torch.set_num_threads(before)


def _optimizer(model: Any, training: Training) -> torch.optim.AdamW:
    trained = [p for p in model.parameters() if p.requires_grad]
    if not trained:
        msg = "the model has no parameter to train"
        raise FairforgetError(msg)
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": training.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=training.learning_rate, fused=True)


def _batches(
    texts: SampleSet, training: Training, seed: int, device: torch.device, epochs: int
) -> Iterator[TokenBatch]:
    size, chunk = training.batch_size, training.batch_size * _SORTED_BATCHES
    for epoch in range(epochs):
        rng = stream("training", seed, epoch)
        order = [int(i) for i in rng.permutation(len(texts))]
        batches = []
        for start in range(0, len(order), chunk):
            alike = sorted(order[start : start + chunk], key=lambda i: len(texts[i].input_ids))
            batches += [alike[i : i + size] for i in range(0, len(alike), size)]
        for b in rng.permutation(len(batches)):
            yield texts.take(batches[int(b)]).batch(eos=True, device=device)


def _loss(model: Any, batch: TokenBatch) -> torch.Tensor:
    """Return the mean negative log-likelihood of the labels, nats a token."""
    where = batch.labels[:, 1:] != IGNORE
    # Texts are padded on the right and the model looks to the left, so no mask is needed, and attention without one is
    # faster; nor are logits needed where no row of the batch has a label.
    columns = where.any(0).nonzero().squeeze(-1)
    if accepts(model, "logits_to_keep"):
        logits = model(input_ids=batch.input_ids, use_cache=False, logits_to_keep=columns).logits
    else:
        logits = model(input_ids=batch.input_ids, use_cache=False).logits[:, columns]
    return torch.nn.functional.cross_entropy(logits[where[:, columns]].float(), batch.labels[:, 1:][where])


def _diverged(value: float, update: int, updates: int, training: Training) -> str:
    return (
        f"training the target diverged: the loss is {value} at update {update} of {updates}; lower its learning rate "
        f"(now {training.learning_rate:g}), raise its warm-up (now {training.warmup:g}), or use dtype float32"
    )

"""How much of a text a model can recite: memorization accuracy (MA) and extraction likelihood (EL).

Tirumala et al. 2022 (2205.10770) and Jang et al. 2023 (2210.01504); the stop rule of 2504.06658, App. C.4. Metrics and
stop rule share what is here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from fairforget.lm.tokens import SampleSet

Denominator = Literal["generated", "reference"]
Pair = tuple[tuple[int, ...], tuple[int, ...]]
"""What was generated after a prefix, and what really follows it."""
Decoder = Callable[[Sequence[Sequence[int]], Sequence[int]], Sequence[Sequence[int]]]
"""Greedy continuations of prompts (token ids), each with its own greatest length."""


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """MA and EL of samples, in their order."""

    memorization_accuracy: np.ndarray
    """(n,) float64 in [0, 1]; NaN where nothing is scored, or the model is broken."""
    extraction_likelihood: np.ndarray
    """(n,) float64 in [0, 1]; NaN where the completion has no more than n tokens, or the model is broken."""
    broken: np.ndarray
    """(n,) bool: whether a log-probability of the completion is not finite, so that there are no first choices."""


def memory(
    model: Any,
    samples: SampleSet,
    *,
    n: int = 10,
    stride: int = 1,
    denominator: Denominator = "generated",
    stop: Collection[int] | None = None,
    batch_tokens: int | None = None,
) -> Memory:
    """Measure MA and EL_n of every sample: one pass, and one generation for every token the model would get wrong.

    Args:
        model: left in the mode it was in.
        samples: the completions are what is recited.
        n: tokens of an n-gram of EL.
        stride: EL looks at every `stride`-th prefix.
        denominator: see `overlap`.
        stop: ids that end a text; None = what the model's configs say.
        batch_tokens: padded tokens of one batch, at most; None = what suits the model.
    """
    from fairforget.lm.generate import greedy, stop_tokens
    from fairforget.lm.passes import token_scores, usable

    ends = stop_tokens(model) if stop is None else frozenset(stop)

    def decode(prompts: Sequence[Sequence[int]], limits: Sequence[int]) -> list[list[int]]:
        return greedy(model, prompts, limits, stop=ends, batch_tokens=batch_tokens)

    found = token_scores(model, samples, batch_tokens=batch_tokens)
    sound = [i for i, logprobs in enumerate(found.logprobs) if usable(logprobs)]
    some, hits = samples.take(sound), [found.hits[i] for i in sound]
    accuracy, likelihood = np.full(len(samples), np.nan), np.full(len(samples), np.nan)
    accuracy[sound] = [memorization_accuracy(h, bare=not s.sample.prompt) for s, h in zip(some, hits, strict=True)]
    pairs = continuations(some, hits, decode, stop=ends, stride=stride, shortest=n)
    likelihood[sound] = [extraction_likelihood(p, n, denominator) for p in pairs]
    broken = np.array([lp.size > 0 and not usable(lp) for lp in found.logprobs], dtype=bool)
    return Memory(accuracy, likelihood, broken)


def memorization_accuracy(hits: np.ndarray, *, bare: bool) -> float:
    """Return MA, the share of tokens that are the model's first choice after the true text before them.

    The papers take a bare text of T tokens and divide by T-1: its first token has nothing before it. After a prompt the
    first token of the completion has, so all T are counted.

    Args:
        hits: (T,) bool, as in `fairforget.lm.passes.TokenScores`.
        bare: whether the text has no prompt; what the model says after a begin-of-text token alone is not counted.

    Returns:
        A number in [0, 1]; NaN where no token counts.
    """
    counted = hits[1:] if bare else hits
    return float(counted.mean()) if counted.size else float("nan")


def extraction_likelihood(pairs: Sequence[Pair], n: int, denominator: Denominator) -> float:
    """Return EL_n = mean of `overlap` over the prefixes of t = 1 … T-n tokens that were continued.

    NaN where there is none, for a completion of T <= n tokens.
    """
    values = [overlap(generated, reference, n, denominator) for generated, reference in pairs if len(reference) >= n]
    return float(np.mean(values)) if values else float("nan")


def overlap(generated: Sequence[int], reference: Sequence[int], n: int, denominator: Denominator) -> float:
    """Return the share of n-grams of `generated` that occur in `reference` (OVERLAP_n of Jang et al. 2023).

    Args:
        generated: token ids.
        reference: token ids, at least n.
        n: tokens of an n-gram.
        denominator: ``generated`` divides by the n-grams of `generated`, as the paper's formula does; ``reference`` by
            those of `reference`, as its code does, which is less where generation ends early. A text of fewer than n
            tokens has no n-gram, and overlaps by 0.
    """
    known = set(_ngrams(reference, n))
    found = [gram in known for gram in _ngrams(generated, n)]
    of = len(found) if denominator == "generated" else len(reference) - n + 1
    return sum(found) / of if found else 0.0


def _ngrams(tokens: Sequence[int], n: int) -> Iterator[tuple[int, ...]]:
    return (tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))


def continuations(
    samples: SampleSet,
    hits: Sequence[np.ndarray],
    decode: Decoder,
    *,
    stop: Collection[int] = (),
    stride: int = 1,
    shortest: int = 1,
) -> list[list[Pair]]:
    """Return (generated, reference) for every `stride`-th prefix; see `fairforget.api.Subject.continuations`.

    While the model's first choice is the true token, greedy decoding walks along the reference. So the continuations of
    all prefixes up to the next miss are one: the reference up to the miss, then what is generated from there. A sample
    costs one generation a miss and not one a prefix; a memorised one costs none.

    Args:
        samples: what is continued.
        hits: of every sample, as in `fairforget.lm.passes.TokenScores`.
        decode: generates.
        stop: ids that end a text; a reference with one inside is not walked past it.
        stride: step between prefixes.
        shortest: tokens of the shortest reference.
    """
    texts = [sample.input_ids[sample.start : sample.end] for sample in samples]
    wanted = [range(1, len(text) - shortest + 1, stride) for text in texts]
    forks = [_forks(text, h, stop) for text, h in zip(texts, hits, strict=True)]
    left = [
        (i, fork) for i, text in enumerate(texts) for fork in sorted({forks[i][t] for t in wanted[i]} - {len(text)})
    ]
    prompts = [samples[i].input_ids[: samples[i].start + fork] for i, fork in left]
    tails = dict(zip(left, decode(prompts, [len(texts[i]) - fork for i, fork in left]), strict=True))
    return [
        [((*text[t : forks[i][t]], *tails.get((i, forks[i][t]), ())), text[t:]) for t in wanted[i]]
        for i, text in enumerate(texts)
    ]


def _forks(tokens: Sequence[int], hits: np.ndarray, stop: Collection[int]) -> list[int]:
    """Return for each position the next, itself included, where decoding leaves the reference; the length if none."""
    forks = [len(tokens)] * (len(tokens) + 1)
    for t in reversed(range(len(tokens))):
        forks[t] = forks[t + 1] if hits[t] and tokens[t] not in stop else t
    return forks

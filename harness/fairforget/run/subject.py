"""The model under measurement, as metrics see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fairforget.api import Sample
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.lm.encode import wording
from fairforget.lm.generate import greedy, stop_tokens
from fairforget.lm.memory import Pair, continuations
from fairforget.lm.passes import token_scores
from fairforget.lm.tokens import EncodedSample, SampleSet

Encode = Callable[..., SampleSet]
"""``encode(samples, corpus=None, prompt="prompt", completion="completion")``, as a target's."""


@dataclass(eq=False)
class Memo:
    """What the model has said so far, by content: equal texts of two sets are one text."""

    scores: dict[tuple[Any, ...], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    """(token ids, start, end) -> log-probabilities and hits."""
    answers: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = field(default_factory=dict)
    """(prompt, greatest length) -> greedy continuation."""
    encoded: dict[tuple[str, str, str], list[EncodedSample | None]] = field(default_factory=dict)
    """(set, prompt, completion) -> samples; None where one has no such wording."""


class LiveSubject:
    """A `fairforget.api.Subject` that runs the model when it is asked, and never twice for the same tokens.

    It and all that `on` returns share what was computed, so it stands for one state of the model: make a new one when
    the weights have changed.
    """

    def __init__(
        self,
        model: Any,
        encode: Encode,
        sets: Mapping[str, tuple[Sample, ...]],
        name: str,
        *,
        tokenizer: Any,
        max_new_tokens: int,
        batch_tokens: int | None = None,
        memo: Memo | None = None,
    ) -> None:
        """Stand for one set of samples.

        Args:
            model: a causal language model; left in the mode it is in.
            encode: how the target turns samples into tokens.
            sets: every set that a metric may ask for.
            name: the set this subject stands for.
            tokenizer: turns answers into text.
            max_new_tokens: of an answer.
            batch_tokens: padded tokens of one batch, at most; None = what suits the model.
            memo: what is known of this state of the model already.

        Raises:
            FairforgetError: there is no set of this name.
        """
        if name not in sets:
            raise FairforgetError(f"The task has no set of samples named {name!r}. {did_you_mean(name, sets)}")
        self.name = name
        self._model, self._encode, self._sets, self._tokenizer = model, encode, sets, tokenizer
        self._max_new_tokens, self._batch_tokens = max_new_tokens, batch_tokens
        self._memo = Memo() if memo is None else memo
        self._stop = stop_tokens(model, tokenizer)

    @property
    def samples(self) -> Sequence[Sample]:
        """The samples of the set."""
        return self._sets[self.name]

    def on(self, name: str) -> LiveSubject:
        """Return the same model with another set; what is computed for one is known to the other."""
        return LiveSubject(
            self._model,
            self._encode,
            self._sets,
            name,
            tokenizer=self._tokenizer,
            max_new_tokens=self._max_new_tokens,
            batch_tokens=self._batch_tokens,
            memo=self._memo,
        )

    def ask(self, asked: Iterable[tuple[str, str]]) -> None:
        """Generate answers ahead of the metrics that want them, so that several sets and prompts share batches.

        Args:
            asked: names of sets with the prompts that will be asked for (`fairforget.api.Metric.prompts`).
        """
        prompts = [e.input_ids[: e.start] for name, prompt in asked for e in self._encoded(name, prompt) if e]
        self._decode(prompts, [self._max_new_tokens] * len(prompts))

    def logprobs(self, prompt: str = "prompt", completion: str = "completion") -> list[np.ndarray]:
        """Return natural-log probabilities of the scored tokens, float64, one array (n_tokens,) a sample.

        It is empty where nothing is scored or the sample has no such wording.
        """
        return [values for values, _ in self._scores(prompt, completion)]

    def hits(self) -> list[np.ndarray]:
        """Return for every scored token whether it is the model's first choice, one array (n_tokens,) a sample."""
        return [hits for _, hits in self._scores("prompt", "completion")]

    def generate(self, prompt: str = "prompt") -> list[str]:
        """Return the greedy answers as text, without special tokens and surrounding space.

        It is empty where the sample has no such prompt.
        """
        starts = [e.input_ids[: e.start] if e else None for e in self._encoded(self.name, prompt)]
        asked = [start for start in starts if start is not None]
        answers = dict(zip(asked, self._decode(asked, [self._max_new_tokens] * len(asked)), strict=True))
        return ["" if start is None else self._text(answers[start]) for start in starts]

    def continuations(self, stride: int = 1, shortest: int = 1) -> list[list[Pair]]:
        """Return (generated, reference) token ids for every `stride`-th prefix of each completion."""
        samples = SampleSet([e for e in self._encoded(self.name, "prompt") if e], pad_id=0)
        return continuations(samples, self.hits(), self._decode, stop=self._stop, stride=stride, shortest=shortest)

    def _scores(self, prompt: str, completion: str) -> list[tuple[np.ndarray, np.ndarray]]:
        encoded, known = self._encoded(self.name, prompt, completion), self._memo.scores
        new = {_key(e): e for e in encoded if e and _key(e) not in known}
        found = token_scores(self._model, SampleSet(list(new.values()), pad_id=0), batch_tokens=self._batch_tokens)
        known.update(zip(new, zip(found.logprobs, found.hits, strict=True), strict=True))
        nothing = (np.empty(0), np.empty(0, dtype=bool))
        return [known[_key(e)] if e else nothing for e in encoded]

    def _decode(self, prompts: Sequence[Sequence[int]], limits: Sequence[int]) -> list[tuple[int, ...]]:
        asked = [(tuple(prompt), limit) for prompt, limit in zip(prompts, limits, strict=True)]
        known = self._memo.answers
        new = [key for key in dict.fromkeys(asked) if key not in known]
        found = greedy(
            self._model, [p for p, _ in new], [n for _, n in new], stop=self._stop, batch_tokens=self._batch_tokens
        )
        known.update(zip(new, map(tuple, found), strict=True))
        return [known[key] for key in asked]

    def _encoded(self, name: str, prompt: str, completion: str = "completion") -> list[EncodedSample | None]:
        known, key = self._memo.encoded, (name, prompt, completion)
        if key not in known:
            samples = self.on(name).samples
            worded = [s for s in samples if _has(s, prompt) and _has(s, completion)]
            encoded = {e.sample.id: e for e in self._encode(worded, prompt=prompt, completion=completion)}
            known[key] = [encoded.get(s.id) for s in samples]
        return known[key]

    def _text(self, answer: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(answer), skip_special_tokens=True)).strip()


def _has(sample: Sample, key: str) -> bool:
    try:
        wording(sample, key)
    except FairforgetError:
        return False
    return True


def _key(sample: EncodedSample) -> tuple[Any, ...]:
    return sample.input_ids, sample.start, sample.end

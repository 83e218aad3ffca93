"""The model under measurement, as metrics see it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from fairforget.api import Sample
from fairforget.api.metric import Scope
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.lm.change import in_scope
from fairforget.lm.encode import wording
from fairforget.lm.free_text import encode_texts
from fairforget.lm.generate import cut_short, greedy, stop_tokens
from fairforget.lm.memory import Pair, continuations
from fairforget.lm.tokens import SampleSet
from fairforget.run.measures.said import NOTHING, Said, Texts

T = TypeVar("T")

Encode = Callable[..., SampleSet]
"""``encode(samples, corpus=None, prompt="prompt", completion="completion")``, as a target's."""


@dataclass(eq=False)
class Memo:
    """What the model has said so far, by content: equal texts of two sets are one text."""

    texts: Texts = field(default_factory=Texts)
    reads: frozenset[str] = frozenset()
    """What the metrics said they will read of the samples' own wordings."""
    answers: dict[tuple[int, ...], tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    """Prompt -> (greatest length asked for, greedy continuation)."""
    encoded: dict[tuple[str, str, str], SampleSet] = field(default_factory=dict)
    """(set, prompt, completion) -> the samples that have such wordings."""
    cut: dict[tuple[str, str, int], str] = field(default_factory=dict)
    """(set, prompt, new tokens) -> what to say of answers that the context cut."""
    kept: dict[Hashable, Any] = field(default_factory=dict)
    """What metrics keep for each other."""


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
        reference: Callable[[], LiveSubject | None] = lambda: None,
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
            reference: returns the oracle with any of its sets, the same at every call; called when a metric asks.

        Raises:
            FairforgetError: there is no set of this name.
        """
        self._model, self._encode, self._sets, self._tokenizer = model, encode, sets, tokenizer
        self._max_new_tokens, self._batch_tokens, self._reference = max_new_tokens, batch_tokens, reference
        self._memo, self._stop = Memo(), stop_tokens(model, tokenizer)
        self.name = self._known_set(name)

    @property
    def samples(self) -> Sequence[Sample]:
        """The samples of the set."""
        return self._sets[self.name]

    @property
    def model(self) -> Any:
        """The live model; passes through it are counted, and shared with no metric."""
        return self._model

    @property
    def tokenizer(self) -> Any:
        """The tokenizer of the model."""
        return self._tokenizer

    def on(self, name: str) -> LiveSubject:
        """Return the same model with another set; what is computed for one is known to the other."""
        other = copy.copy(self)
        other.name = self._known_set(name)
        return other

    def reference(self) -> LiveSubject | None:
        """Return the same set under the oracle; None where there is none."""
        found = self._reference()
        if found is None:
            return None
        found.ask((), self._memo.reads)
        return found.on(self.name)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under the key, made at the first call."""
        kept: dict[Hashable, T] = self._memo.kept
        if key not in kept:
            kept[key] = make()
        return kept[key]

    def warnings(self) -> list[str]:
        """Return what was not as it was asked for, of any set: answers that the model's context has cut."""
        return list(self._memo.cut.values())

    def ask(self, asked: Iterable[tuple[str, str]], reads: Iterable[str] = ()) -> None:
        """Hear what the metrics will want, so that they share passes; generate their answers.

        Args:
            asked: names of sets with the prompts that will be asked for (`fairforget.api.Metric.prompts`).
            reads: what will be read of the samples' own wordings (`fairforget.api.Metric.reads`).
        """
        self._memo.reads |= frozenset(reads)
        prompts = [e.input_ids[: e.start] for name, prompt in asked for e in self.on(name).encode(prompt)]
        self._decode(prompts, [self._max_new_tokens] * len(prompts))

    def encode(self, prompt: str = "prompt", completion: str = "completion") -> SampleSet:
        """Return the tokens of the samples that have these wordings."""
        known, key = self._memo.encoded, (self.name, prompt, completion)
        if key not in known:
            worded = [s for s in self.samples if _has(s, prompt) and _has(s, completion)]
            known[key] = self._encode(worded, prompt=prompt, completion=completion)
        return known[key]

    def logprobs(
        self, prompt: str = "prompt", completion: str = "completion", *, scope: Scope = "answer"
    ) -> list[np.ndarray]:
        """Return natural-log probabilities of the scored tokens, float64, one array (n_tokens,) a sample.

        It is empty where nothing is scored or the sample has no such wording.
        """
        return [said.logprobs for said in self._of_samples(prompt, completion, scope)]

    def moments(
        self, prompt: str = "prompt", completion: str = "completion", *, scope: Scope = "answer"
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return mean and standard deviation of log p under the model's own distribution, (n_tokens,) each."""
        found = self._of_samples(prompt, completion, scope, moments=True)
        return [(s.means, s.deviations) for s in found if s.means is not None and s.deviations is not None]

    def hits(self) -> list[np.ndarray]:
        """Return for every scored token whether it is the model's first choice, one array (n_tokens,) a sample."""
        return [said.hits for said in self._of_samples("prompt", "completion")]

    def score_texts(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Return natural-log probabilities of all tokens of free texts, float64, one array (n_tokens,) a text.

        Raises:
            FairforgetError: a text is longer than the model's context.
        """
        return [said.logprobs for said in self._scores(encode_texts(self._model, self._tokenizer, texts))]

    def generate(self, prompt: str = "prompt", max_new_tokens: int | None = None) -> list[str]:
        """Return the greedy answers as text, without special tokens and surrounding space.

        It is empty where the sample has no such prompt.
        """
        limit = self._max_new_tokens if max_new_tokens is None else max_new_tokens
        encoded = self.encode(prompt)
        prompts = [e.input_ids[: e.start] for e in encoded]
        answers = self._decode(prompts, [limit] * len(encoded))
        if cut := cut_short(self._model, prompts, [limit] * len(encoded), answers):
            self._memo.cut[self.name, prompt, limit] = (
                f"{self.name}: of {len(answers)} greedy answers (to the wording {prompt!r}) {cut} end where the "
                f"context of the model does, with fewer than {limit} new tokens and unfinished"
            )
        said = {e.sample.id: self._text(answer) for e, answer in zip(encoded, answers, strict=True)}
        return [said.get(sample.id, "") for sample in self.samples]

    def continuations(self, stride: int = 1, shortest: int = 1) -> list[list[Pair]]:
        """Return (generated, reference) token ids for every `stride`-th prefix of each completion."""
        samples = self.encode()
        hits = self.hits()
        return continuations(samples, hits, self._decode, stop=self._stop, stride=stride, shortest=shortest)

    def _of_samples(
        self, prompt: str, completion: str, scope: Scope = "answer", *, moments: bool = False
    ) -> list[Said]:
        encoded = in_scope(self.encode(prompt, completion), scope)
        reads = self._memo.reads if (prompt, completion) == ("prompt", "completion") else frozenset()
        said = self._scores(encoded, reads | {"moments"} if moments else reads)
        found = dict(zip((e.sample.id for e in encoded), said, strict=True))
        return [found.get(sample.id, NOTHING) for sample in self.samples]

    def _scores(self, encoded: SampleSet, reads: frozenset[str] = frozenset()) -> list[Said]:
        return self._memo.texts.scores(self._model, encoded, reads=reads, batch_tokens=self._batch_tokens)

    def _decode(self, prompts: Sequence[Sequence[int]], limits: Sequence[int]) -> list[tuple[int, ...]]:
        asked = [(tuple(prompt), limit) for prompt, limit in zip(prompts, limits, strict=True)]
        known, longest = self._memo.answers, dict[tuple[int, ...], int]()
        for prompt, limit in asked:
            most, answer = known.get(prompt, (-1, ()))
            # An answer that ended by itself is as long as it will get.
            if limit > most and len(answer) >= most:
                longest[prompt] = max(limit, longest.get(prompt, 0))
        found = greedy(
            self._model, list(longest), list(longest.values()), stop=self._stop, batch_tokens=self._batch_tokens
        )
        for (prompt, limit), tokens in zip(longest.items(), found, strict=True):
            known[prompt] = limit, tuple(tokens)
        return [known[prompt][1][:limit] for prompt, limit in asked]

    def _text(self, answer: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(answer), skip_special_tokens=True)).strip()

    def _known_set(self, name: str) -> str:
        if name not in self._sets:
            raise FairforgetError(f"The task has no set of samples named {name!r}. {did_you_mean(name, self._sets)}")
        return name


def _has(sample: Sample, key: str) -> bool:
    try:
        wording(sample, key)
    except FairforgetError:
        return False
    return True

"""What is asked of a task's data."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations
from typing import Any, Final

from fairforget.api import Sample
from fairforget.testing.checks.corpora import corpus_of, parts
from fairforget.testing.definition import Check, CheckFailed, NotApplicable
from fairforget.testing.examined import Examined


def version_is_an_integer(examined: Examined) -> None:
    """It states its version, a whole number from 1 on, in the class."""
    version: Any = getattr(examined.make(), "version", None)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise CheckFailed(f"version is {version!r}; it is a whole number, raised when a model would get other scores")


def splits_disjoint(examined: Examined) -> None:
    """Pool, retain and holdout share no id and no text, and none has an id twice."""
    found = parts(corpus_of(examined))
    for name, samples in found.items():
        if twice := [i for i, count in Counter(s.id for s in samples).items() if count > 1]:
            raise CheckFailed(f"the id {twice[0]!r} stands in {name} {Counter(s.id for s in samples)[twice[0]]} times")
    for (one, first), (other, second) in combinations(found.items(), 2):
        if common := sorted({s.id for s in first} & {s.id for s in second}):
            raise CheckFailed(f"{len(common)} ids are both in {one} and in {other}, {common[0]!r} among them")
        texts = {_text(s): s.id for s in first}
        for sample in second:
            if (twin := texts.get(_text(sample))) is not None:
                raise CheckFailed(
                    f"{twin!r} in {one} and {sample.id!r} in {other} are the same text, so what is forgotten is kept "
                    f"or known: {sample.prompt[:60]!r} {sample.completion[:60]!r}"
                )


def groups_whole(examined: Examined) -> None:
    """A group lies in one of pool, retain and holdout, and where samples of the pool have groups all have."""
    found = parts(corpus_of(examined))
    for (one, first), (other, second) in combinations(found.items(), 2):
        groups = {s.group for s in first if s.group is not None}
        if across := sorted({s.group for s in second if s.group is not None} & groups):
            raise CheckFailed(f"the group {across[0]!r} has samples in {one} and in {other}")
    grouped = [s.group is not None for s in found["pool"]]
    if any(grouped) and not all(grouped):
        alone = next(s.id for s in found["pool"] if s.group is None)
        raise CheckFailed(f"{alone!r} in the pool has no group while others have; a group of one is a group too")


def items_hashed(examined: Examined) -> None:
    """Every sample is plain data with a digest: texts, attributes that are scalars, variants that are tuples."""
    corpus = corpus_of(examined)
    sets = {**parts(corpus), **corpus.evaluation}
    for name, samples in sets.items():
        for sample in samples:
            if fault := _not_plain(sample):
                raise CheckFailed(f"{fault} of sample {sample.id!r} in {name}; it goes into the digest of every result")
            sample.digest()
    corpus.digest()


def pool_is_scorable(examined: Examined) -> None:
    """The pool has samples, and every one has a completion."""
    pool = corpus_of(examined).pool
    if not pool:
        raise CheckFailed("the pool is empty: there is nothing to forget")
    if blank := [s.id for s in pool if not s.completion.strip()]:
        raise CheckFailed(f"{len(blank)} samples of the pool have an empty completion, {blank[0]!r} among them")


def training_fits(examined: Examined) -> None:
    """Training texts teach samples that exist, all of the pool and none of the holdout."""
    corpus = corpus_of(examined)
    if examined.make().target().training is None:
        raise NotApplicable("the target is a model as it stands, which is not trained here")
    taught = {text.sample for text in corpus.training_texts()}
    if held := sorted(taught & {s.id for s in corpus.holdout}):
        raise CheckFailed(f"the holdout sample {held[0]!r} is trained on; the holdout stands for what was never seen")
    texts = {(text.prompt, text.completion) for text in corpus.training_texts()}
    if leaked := [s.id for s in corpus.holdout if (s.prompt, s.completion) in texts]:
        raise CheckFailed(f"the text of the holdout sample {leaked[0]!r} is trained on, under another id")
    if never := [s.id for s in corpus.pool if s.id not in taught]:
        raise CheckFailed(f"{len(never)} samples of the pool are never trained on, {never[0]!r} among them")
    known = {s.id for samples in (*parts(corpus).values(), *corpus.evaluation.values()) for s in samples}
    if strange := sorted(taught - known):
        raise CheckFailed(f"a training text teaches {strange[0]!r}, which is no sample of the corpus")


def corpus_same_twice(examined: Examined) -> None:
    """The corpus is the same at every call, by a new instance, and in a fresh process with other hash values."""
    from fairforget.testing.checks.answers import fresh
    from fairforget.testing.importing import importable

    first = corpus_of(examined)
    second = corpus_of(examined, again=True)
    if second.digest() != first.digest():
        for name, samples in parts(first).items():
            others = parts(second)[name]
            if [s.digest() for s in samples] != [s.digest() for s in others]:
                raise CheckFailed(f"{name} is another at the second call: its samples, or their order")
        raise CheckFailed("the corpus is another at the second call: its training texts, refusals or evaluation sets")
    if not importable(examined.entry.target):
        return
    if fresh(examined)["corpus"] != first.digest():
        raise CheckFailed(
            "a fresh process makes another corpus; does something depend on the order of a set, on hash(), or on the "
            "machine's state?"
        )


def _text(sample: Sample) -> str:
    return " ".join(f"{sample.prompt}\0{sample.completion}".casefold().split())


def _not_plain(sample: Sample) -> str | None:
    """Return which part of a sample is not what the class says it is."""
    whole: Any = sample
    for name in ("id", "prompt", "completion"):
        if not isinstance(getattr(whole, name), str) or (name == "id" and not whole.id):
            return f"{name} is {getattr(whole, name)!r}"
    if whole.group is not None and not isinstance(whole.group, str):
        return f"group is {whole.group!r}"
    for key, value in whole.attributes.items():
        scalar = isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
        if not isinstance(key, str) or not scalar:
            return f"the attribute {key!r} is {value!r}"
    for key, wordings in whole.variants.items():
        if not isinstance(wordings, tuple | list) or not all(isinstance(text, str) for text in wordings):
            return f"the variant {key!r} is {wordings!r}"
    return None


_KIND: Final = ("task",)

TASK_DATA: Final = (
    Check("version-is-an-integer", _KIND, version_is_an_integer),
    Check("pool-is-scorable", _KIND, pool_is_scorable),
    Check("splits-disjoint", _KIND, splits_disjoint),
    Check("groups-whole", _KIND, groups_whole),
    Check("items-hashed", _KIND, items_hashed),
    Check("training-fits", _KIND, training_fits),
    Check("corpus-same-twice", _KIND, corpus_same_twice),
)

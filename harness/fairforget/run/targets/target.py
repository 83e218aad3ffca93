"""The target model, and the oracles of draws: made once, kept by what they are, checked when they are used."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fairforget.api.sample import Corpus, Sample, TrainingText
from fairforget.api.task import Pretrained, Scratch, TargetRecipe, Training
from fairforget.errors import FairforgetError
from fairforget.lm.checkpointing import checkpointed
from fairforget.lm.encode import Encoder
from fairforget.lm.lora import attach_adapter, merged_adapter
from fairforget.lm.models import context_of, load_pretrained, save_model
from fairforget.lm.scratch import build_model, train_tokenizer
from fairforget.lm.tokens import SampleSet
from fairforget.run.placing import placed
from fairforget.run.targets.base import load_base
from fairforget.run.targets.identity import left_out_of, oracle_id
from fairforget.run.targets.recall import recall, recited, trained_on
from fairforget.run.targets.recall_stop import check_stop, stop_of
from fairforget.run.targets.target_folder import TARGETS, made_once, read_meta, versions, weights_digest
from fairforget.run.targets.told import telling
from fairforget.run.targets.training import Progress, Trained, train


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A model that knows the corpus (or, as an oracle, all of it but a draw), ready to use."""

    model: Any
    """A causal language model in eval mode, without gradients."""
    tokenizer: Any
    encoder: Encoder
    digest: str
    """SHA-256 (hex) of the names, types, shapes and bytes of the weights."""
    meta: Mapping[str, Any]
    """What is known of its making: identity, recall, seconds, versions."""

    def encode(
        self,
        samples: Sequence[Sample],
        corpus: Corpus | None = None,
        prompt: str = "prompt",
        completion: str = "completion",
    ) -> SampleSet:
        """Encode the named wordings of samples as the target was trained; see `fairforget.lm.encode.Encoder`."""
        return self.encoder.encode(samples, corpus, prompt, completion)


def make_target(
    identity: Mapping[str, Any],
    recipe: TargetRecipe,
    corpus: Corpus,
    cache: Path,
    *,
    seed: int,
    without: Collection[str] = (),
    progress: Progress | None = None,
    checkpointing: bool = False,
) -> Path:
    """Return the folder of the target, or of the oracle without some samples; make it where the cache has none.

    Where the recipe stops at a recall, the oracle is trained for as many epochs as the target was, which is made first;
    see `fairforget.api.Training`. Made once and whole or not at all: `fairforget.run.targets.target_folder.made_once`.

    Args:
        identity: of `target_identity` for the same recipe, corpus and seed.
        recipe: how it is made.
        corpus: what it learns.
        cache: root of the cache.
        seed: of the initial weights, the order, dropout.
        without: ids of samples whose training texts are left out.
        progress: called after every update; None = it is told beside the target, see `fairforget.run.targets.told`.
        checkpointing: whether its training keeps only the inputs of the blocks for the backward pass; the weights are
            the same.

    Raises:
        FairforgetError: there is no recipe to leave samples out of, the training diverged, or the cache cannot be
            written.
    """
    if without and recipe.training is None:
        msg = "this target is a checkpoint without a training recipe, so it cannot be retrained without the draw"
        raise FairforgetError(msg)
    left_out = left_out_of(corpus, without)
    stop = None
    if left_out and recipe.training is not None and recipe.training.stop_at_recall is not None:
        stop = _stop_of_target(identity, recipe, corpus, cache, seed, progress, checkpointing)
    name = oracle_id(identity, corpus, without, None if stop is None else stop["epoch"])
    progress = progress or telling(cache / TARGETS / name)
    make = partial(_make, identity, recipe, corpus, cache, seed, left_out, stop, progress, checkpointing)
    return made_once(cache / TARGETS / name, make)


def _stop_of_target(
    identity: Mapping[str, Any],
    recipe: TargetRecipe,
    corpus: Corpus,
    cache: Path,
    seed: int,
    progress: Progress | None,
    checkpointing: bool,
) -> dict[str, Any]:
    """Return where the target of an oracle stopped; the target is made where the cache has none."""
    meta = read_meta(cache / TARGETS / identity["id"])
    if meta is None:
        made = make_target(identity, recipe, corpus, cache, seed=seed, progress=progress, checkpointing=checkpointing)
        meta = read_meta(made)
    found: dict[str, Any] = {} if meta is None else meta["stop"]
    return found


def load_target(folder: Path, recipe: TargetRecipe) -> Target:
    """Load what `make_target` made.

    Args:
        folder: of the target, in the folder `TARGETS` of the cache.
        recipe: it was made by.

    Raises:
        FairforgetError: the folder is not a whole target.
    """
    meta = read_meta(folder)
    if meta is None:
        msg = f"{str(folder)!r} is not a whole target; remove the folder, and the next run makes it again"
        raise FairforgetError(msg)
    base = recipe.base
    if meta["weights"] == "base" and isinstance(base, Pretrained):
        model, tokenizer = load_base(base, meta["identity"]["base"]["pretrained"], folder.parent.parent)
    else:
        dtype = base.dtype if isinstance(base, Pretrained) else "float32"
        trust = isinstance(base, Pretrained) and base.trust_remote_code
        model, tokenizer = load_pretrained(Pretrained(str(folder), dtype=dtype, trust_remote_code=trust))
    encoder = Encoder(tokenizer, recipe.template, recipe.max_length, context_of(model))
    return Target(model.eval(), tokenizer, encoder, meta["digest"], meta)


def _make(
    identity: Mapping[str, Any],
    recipe: TargetRecipe,
    corpus: Corpus,
    cache: Path,
    seed: int,
    left_out: list[str],
    stop: Mapping[str, Any] | None,
    progress: Progress | None,
    checkpointing: bool,
    part: Path,
) -> dict[str, Any]:
    """Make the target in the folder `part` and return its meta; `stop` is where the target of an oracle stopped."""
    base = recipe.base
    if isinstance(base, Scratch):
        tokenizer = train_tokenizer(corpus, recipe.template, base.vocabulary)
        model = build_model(base, tokenizer, seed)
    else:
        model, tokenizer = load_base(base, identity["base"]["pretrained"], cache)
    encoder = Encoder(tokenizer, recipe.template, recipe.max_length, context_of(model))
    meta: dict[str, Any] = {
        "identity": dict(identity),
        "without": left_out,
        "weights": "here",
        "training": None,
        "stop": None,
        "recall": None,
        "versions": versions(),
    }
    if recipe.training is not None:
        adapter = base.adapter if isinstance(base, Pretrained) else None
        model = placed(attach_adapter(model, adapter, seed))
        model = checkpointed(model) if checkpointing else model
        texts = encoder.encode_texts(_texts(corpus, left_out))
        if stop is None:
            trained = _train(model, texts, recipe.training, encoder, corpus, seed, progress)
        else:
            trained = train(model, texts, recipe.training, seed=seed, progress=progress, epochs=stop["epoch"])
        if hasattr(model, "merge_and_unload"):
            model = model.merge_and_unload()
        meta["training"] = {"texts": len(texts), **asdict(trained)}
        meta["stop"] = stop_of(recipe.training, trained.recalls) if stop is None else dict(stop)
        meta["recall"] = recall(model, encoder, corpus, left_out)
    elif isinstance(base, Pretrained) and merged_adapter(base.adapter) is None:
        # Nothing has changed: a copy of a large checkpoint would only fill the disk.
        meta["weights"] = "base"
    meta["digest"] = weights_digest(model)
    if meta["weights"] == "here":
        save_model(model, tokenizer, part)
    return meta


def _train(
    model: Any,
    texts: SampleSet,
    training: Training,
    encoder: Encoder,
    corpus: Corpus,
    seed: int,
    progress: Progress | None,
) -> Trained:
    """Train a target, which stops where its recipe says."""
    if training.stop_at_recall is None:
        return train(model, texts, training, seed=seed, progress=progress)
    asked = trained_on(corpus)
    check_stop(training, len(asked))
    return train(
        model, texts, training, seed=seed, progress=progress, recall=partial(recited, model, encoder.encode(asked))
    )


def _texts(corpus: Corpus, left_out: Collection[str]) -> list[TrainingText]:
    gone = set(left_out)
    return [text for text in corpus.training_texts() if text.sample not in gone]

"""Other models to set a target against: each is loaded once, asked, and let go."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.api.task import Pretrained
from fairforget.errors import FairforgetError
from fairforget.lm.sources import content

if TYPE_CHECKING:
    import numpy as np

    from fairforget.lm.tokens import SampleSet

Measure = Callable[[Any, "SampleSet"], "np.ndarray"]
"""What is asked of a reference model: (n,) numbers of n samples, NaN where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceValues:
    """What reference models say of samples."""

    values: np.ndarray
    """(references, n) float64; NaN where a reference has no number."""
    described: tuple[Mapping[str, Any], ...]
    """One a reference: its ``path``, whose ``tokenizer`` it was asked by (``own`` or ``target``), and the scored
    ``tokens`` of the samples by it."""
    split_otherwise: tuple[str, ...]
    """The references whose tokenizer makes other tokens of the samples than the target's."""


def reference(path: str) -> Pretrained:
    """Return the model that a text names: a folder, or a hub id with or without ``@revision``; in float32."""
    name, at, revision = path.rpartition("@")
    if at and not Path(path).expanduser().exists():
        return Pretrained(name, revision=revision)
    return Pretrained(path)


def pinned(path: str, found: Mapping[str, Any]) -> str:
    """Return the text that names exactly what `fairforget.lm.sources.content` found: a hub id with its commit."""
    return f"{found['hub']}@{found['commit']}" if "commit" in found else path


def reference_contents(owner: str, paths: Sequence[str], option: str = "references") -> list[dict[str, Any]]:
    """Return what the reference models are, wherever they lie; imports no torch.

    Raises:
        FairforgetError: one is missing; the message names `owner`, `option` and the mend.
    """
    title = f"{owner}, option {option}"
    return [_told(title, path, lambda path=path: content(reference(path))) for path in paths]  # type: ignore[misc]


def ask_references(
    owner: str,
    paths: Sequence[str],
    samples: SampleSet,
    measure: Measure,
    device: Any = "cpu",
    option: str = "references",
) -> ReferenceValues:
    """Ask every reference model about `samples`, one after the other; only one of them is in memory at a time.

    A reference is loaded as any model that exists: from safetensors, running no code of its folder, in float32. If it
    comes with a tokenizer, the samples are encoded by that with the target's template; otherwise, or where nothing is
    known of how they were encoded, it gets the target's tokens.

    Args:
        owner: what messages begin with, for example ``difficulty reference-loss``.
        paths: folders, or hub ids with or without ``@revision``.
        samples: what it is asked about.
        measure: asks.
        device: where the references run.
        option: of the owner, that names them.

    Raises:
        FairforgetError: one is missing, broken, pickled, or cannot read the samples; the message names `owner`,
            `option` and the mend.
    """
    import numpy as np

    title = f"{owner}, option {option}"

    values = np.full((len(paths), len(samples)), np.nan)
    described, otherwise = [], []
    for row, path in enumerate(paths):
        values[row], seen = _told(title, path, lambda path=path: _ask(path, samples, measure, device))  # type: ignore[misc]
        whose = "target" if seen is samples else "own"
        described.append({"path": path, "tokenizer": whose, "tokens": sum(s.length for s in seen)})
        if any(one.input_ids != other.input_ids for one, other in zip(seen, samples, strict=True)):
            otherwise.append(path)
    return ReferenceValues(values, tuple(described), tuple(otherwise))


def _ask(path: str, samples: SampleSet, measure: Measure, device: Any) -> tuple[np.ndarray, SampleSet]:
    from fairforget.lm.models import load_pretrained

    model, tokenizer = load_pretrained(reference(path), tokenizer_needed=False)
    try:
        seen = _seen_by(path, model, tokenizer, samples)
        return measure(model.to(device), seen), seen
    finally:
        del model
        _release(device)


def _seen_by(path: str, model: Any, tokenizer: Any, samples: SampleSet) -> SampleSet:
    """Return the samples as the reference reads them."""
    seen = samples
    if tokenizer is not None and samples.encoder is not None:
        # What is too long for the reference is told below, in terms of the reference and not of the task's recipe.
        encoder = replace(samples.encoder, tokenizer=tokenizer, max_length=sys.maxsize)
        seen = encoder.encode([s.sample for s in samples], samples.corpus)
    vocabulary = model.get_input_embeddings().weight.shape[0]
    room = getattr(model.config, "max_position_embeddings", None) or sys.maxsize
    for sample in seen:
        if max(sample.input_ids) >= vocabulary:
            whose = "the target's tokens" if seen is samples else "its own tokenizer's tokens"
            msg = (
                f"model {path!r} knows {vocabulary} tokens, and sample {sample.sample.id!r} has token "
                f"{max(sample.input_ids)}, by {whose}; save the tokenizer that belongs to it into its folder"
            )
            raise FairforgetError(msg)
        if len(sample.input_ids) > room:
            msg = (
                f"sample {sample.sample.id!r} has {len(sample.input_ids)} tokens, and model {path!r} reads {room}; "
                "nothing is cut silently: take another reference, or leave the sample out"
            )
            raise FairforgetError(msg)
    return seen


def _told(title: str, path: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except FairforgetError as error:
        hint = "" if Path(path).expanduser().exists() else "; a path that starts at the study file begins with './'"
        msg = f"{title}: {error}{hint}"
        raise FairforgetError(msg) from error


def _release(device: Any) -> None:
    """Give the memory of a model back before the next one is loaded."""
    import torch

    gc.collect()
    if torch.device(device).type == "cuda":
        torch.cuda.empty_cache()

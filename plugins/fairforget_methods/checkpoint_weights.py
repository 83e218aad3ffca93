"""The weights of a model that came back: what they are, and loading them into the target."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError
from fairforget.lm.lora import merge_adapter
from fairforget.lm.quiet import quiet
from fairforget.lm.sources import demand_safetensors, digests
from fairforget.paths import short
from fairforget.store.strict_json import MAX_BYTES, NotJson, parse
from fairforget_methods.checkpoint_path import own_file
from fairforget_methods.checkpoint_tensors import check_adapter, check_whole, tensors_of

ADAPTER: Final = "adapter_model.safetensors"
SETTINGS: Final = "adapter_config.json"
WHOLE: Final = "model.safetensors"
INDEX: Final = "model.safetensors.index.json"
_REFUSED: Final = ("megatron_config", "layer_replication")
"""Settings of an adapter that import a library by its name, or make another model."""


def content_of(folder: Path) -> dict[str, str]:
    """Return the digests of the files that a folder's weights are read from; no code runs, and no tensor is read.

    Raises:
        FairforgetError: there are no weights, only pickled ones, both a model and an adapter, or files that lead out.
    """
    return digests(folder, tuple(_files(folder)))


def load_weights(model: Any, folder: Path) -> None:
    """Give a model the weights of a folder, in place; they are converted to the types it has.

    Raises:
        FairforgetError: they do not fit it, are quantised, or are not finite.
    """
    import torch

    files = _files(folder)
    tensors = tensors_of([folder / name for name in files if name.endswith(".safetensors")])
    if ADAPTER in files:
        check_adapter(tensors, _settings(folder), folder)
        found = _called(folder, lambda: merge_adapter(copy.deepcopy(model), str(folder.absolute())))
    else:
        check_whole(tensors, model)
        found = _called(folder, lambda: _whole(model, folder))
    weights = found.state_dict()
    if odd := sorted(name for name, t in weights.items() if t.is_floating_point() and not torch.isfinite(t).all()):
        msg = f"{short(folder)} has weights that are not finite ({odd[0]}): the model diverged where it was made"
        raise FairforgetError(msg)
    try:
        _check_tied(model, weights)
        model.load_state_dict(weights)
    except (RuntimeError, ValueError) as error:
        raise FairforgetError(_unfit(folder, error)) from error


def _files(folder: Path) -> list[str]:
    """Return the names of the files that the weights are read from."""
    adapter, settings = own_file(folder, ADAPTER), own_file(folder, SETTINGS)
    whole, index = own_file(folder, WHOLE), own_file(folder, INDEX)
    if (adapter or settings) and (whole or index):
        msg = f"{short(folder)} holds a whole model and an adapter; remove one of the two"
        raise FairforgetError(msg)
    if whole and index:
        msg = f"{short(folder)} holds {WHOLE}, and {INDEX} for parts of it; remove one of the two"
        raise FairforgetError(msg)
    if adapter and settings:
        return [ADAPTER, SETTINGS]
    if whole:
        return [WHOLE]
    if index:
        return [INDEX, *_shards(folder, index)]
    demand_safetensors(folder)
    wanted = f"{SETTINGS} beside {ADAPTER}" if adapter or settings else f"{WHOLE}, or {INDEX} with its parts"
    msg = f"{short(folder)} holds no weights as save_pretrained writes them: {wanted}"
    raise FairforgetError(msg)


def _content(path: Path) -> bytes:
    """Return what a file of JSON says, and no more of it than `parse` takes."""
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _shards(folder: Path, index: Path) -> list[str]:
    """Return the files that an index names, each a file of the folder."""
    try:
        found = parse(_content(index))
        names = sorted(set(found["weight_map"].values()))
    except (NotJson, KeyError, TypeError, AttributeError) as error:
        msg = f"{short(index)} is no index of weights: {error}"
        raise FairforgetError(msg) from error
    for name in names:
        if not isinstance(name, str) or Path(name).name != name or not name.endswith(".safetensors"):
            msg = f"{short(index)} names {str(name)[:80]!r}, which is no *.safetensors beside it"
            raise FairforgetError(msg)
        if own_file(folder, name) is None:
            msg = f"{short(index)} names {name[:80]!r}, which is not there"
            raise FairforgetError(msg)
    if not names or not isinstance(found.get("metadata"), dict):  # into which transformers looks
        msg = f"{short(index)} is no index of weights as save_pretrained writes it: no file, or no 'metadata'"
        raise FairforgetError(msg)
    return names


def _settings(folder: Path) -> dict[str, Any]:
    """Return the settings of an adapter; refuses one that is no LoRA, or that would do more than add to weights."""
    path = folder / SETTINGS
    try:
        found = parse(_content(path))
    except NotJson as error:
        msg = f"{short(path)} is no plain JSON: {error}"
        raise FairforgetError(msg) from error
    kind = found.get("peft_type") if isinstance(found, dict) else None
    if kind != "LORA":
        msg = f"{short(path)} is of type {str(kind)[:40]!r}, and only LORA is read; merge it and save the model"
        raise FairforgetError(msg)
    if odd := [name for name in _REFUSED if found.get(name)]:
        msg = f"{short(path)} has {odd[0]}, which is not read; merge the adapter and save the model"
        raise FairforgetError(msg)
    return dict(found)


def _whole(target: Any, folder: Path) -> Any:
    """Return a model of the target's class and settings with the weights of a folder.

    Raises:
        ValueError: they are others than the target has, or have other shapes.
    """
    with quiet(), _without_report():
        model, info = type(target).from_pretrained(
            str(folder.absolute()),
            config=copy.deepcopy(target.config),
            generation_config=copy.deepcopy(target.generation_config),
            dtype=target.dtype,
            use_safetensors=True,
            local_files_only=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            output_loading_info=True,
        )
    faults = [f"{name} has {tuple(there)} and not {tuple(here)}" for name, there, here in info["mismatched_keys"]]
    for key, what in (("missing_keys", "lacks"), ("unexpected_keys", "has, and the target has not,")):
        if names := sorted(str(name)[:80] for name in info[key]):
            faults.append(f"it {what} {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}")
    if faults:
        raise ValueError("; ".join(sorted(faults)[:3]))
    return model


@contextmanager
def _without_report() -> Iterator[None]:
    """Run the body without transformers' table of what did not fit: its names are a stranger's, and any number."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)


def _check_tied(model: Any, weights: Mapping[str, Any]) -> None:
    """Refuse two tensors where the model has one under two names: the last one loaded would be both.

    Raises:
        ValueError: they differ.
    """
    import torch

    first: dict[tuple[int, tuple[int, ...]], str] = {}
    for name, tensor in model.state_dict().items():
        other = first.setdefault((tensor.data_ptr(), tuple(tensor.shape)), name)
        if other != name and {other, name} <= weights.keys() and not torch.equal(weights[other], weights[name]):
            msg = f"it holds {other} and {name} with different values, and the target has one tensor for both"
            raise ValueError(msg)


def _called(folder: Path, load: Any) -> Any:
    """Return what a library loads; whatever goes wrong inside it is of the model that came back."""
    try:
        return load()
    except FairforgetError:
        raise
    except Exception as error:
        raise FairforgetError(_unfit(folder, error)) from error


def _unfit(folder: Path, error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return (
        f"the weights in {short(folder)} do not fit the target, whose architecture and vocabulary they have to have: "
        f"{' '.join(lines)[:500]}"
    )

"""LoRA adapters: one that exists is merged into its base, a new one is trained and then merged."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError, did_you_mean
from fairforget.lm.sources import demand_safetensors, find_folder, unreachable
from fairforget.lm.strangers import ADAPTER_WEIGHTS, check_adapter

_SETTINGS: Final = ("r", "alpha", "dropout", "target_modules")


def merged_adapter(adapter: Mapping[str, Any] | None) -> str | None:
    """Return the folder or hub id of an adapter to merge, or None where there is none."""
    return None if adapter is None or adapter.get("path") is None else str(adapter["path"])


def new_adapter(adapter: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an adapter to train, defaults written out.

    Raises:
        FairforgetError: an unknown setting, or no rank.
    """
    for key in adapter:
        if key not in (*_SETTINGS, "path"):
            msg = f"adapter has an unknown setting {key!r}. {did_you_mean(key, (*_SETTINGS, 'path'))}"
            raise FairforgetError(msg)
    if adapter.get("r") is None:
        msg = "adapter needs `path` (of one that exists) or `r` (the rank of one to train)"
        raise FairforgetError(msg)
    modules = adapter.get("target_modules")
    alpha = adapter["alpha"] if adapter.get("alpha") is not None else 2 * adapter["r"]
    return {
        "r": adapter["r"],
        # 32 and 32.0 are one setting and have to be one target: what travels as canonical JSON comes back as 32.
        "alpha": int(alpha) if isinstance(alpha, float) and alpha.is_integer() else alpha,
        "dropout": adapter.get("dropout") or 0.0,
        "target_modules": list(modules) if isinstance(modules, (list, tuple)) else modules,
    }


def merge_adapter(model: Any, path: str) -> Any:
    """Return the model with an adapter merged into its weights.

    Raises:
        FairforgetError: it is missing, pickled, or made for another model.
    """
    from peft import PeftModel

    folder = find_folder(path, "adapter") or _download(path)
    if not (folder / "adapter_config.json").is_file():
        msg = f"adapter {path!r} is no LoRA adapter: there is no adapter_config.json in it"
        raise FairforgetError(msg)
    demand_safetensors(folder, ADAPTER_WEIGHTS)
    check_adapter(folder)
    try:
        with _hushed():
            found = PeftModel.from_pretrained(model, str(folder))
            _check_whole(found, folder)
            return found.merge_and_unload()
    except (ValueError, RuntimeError, KeyError, TypeError) as error:
        msg = f"adapter {path!r} does not fit the model: {error}"
        raise FairforgetError(msg) from error


def _check_whole(model: Any, folder: Path) -> None:
    """Refuse an adapter some of whose matrices have no place in the model, or that has none for some places.

    peft warns, and goes on without them.

    Raises:
        ValueError: they do not fit.
    """
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    file = folder / "adapter_model.safetensors"
    if not file.is_file():
        return
    with safe_open(str(file), framework="pt") as tensors:
        there = set(tensors.keys())
    adapter = set(get_peft_model_state_dict(model))
    wanted = {name for name in adapter if "lora_" in name}
    # What else was trained may be missing, and may be a tensor of the model itself.
    if odd := sorted(wanted - there) or sorted(there - adapter - model.state_dict().keys()):
        what = "has no place for" if odd[0] in there else "wants"
        msg = f"the model {what} {odd[0]}{f' and {len(odd) - 1} others' if len(odd) > 1 else ''}"
        raise ValueError(msg)


def attach_adapter(model: Any, adapter: Mapping[str, Any] | None, seed: int) -> Any:
    """Return the model with a new adapter, the only thing that trains then; the model itself where none is wanted.

    Args:
        model: the base.
        adapter: `fairforget.api.Pretrained.adapter`.
        seed: of the adapter's initial weights; the global random state is left as it was.

    Raises:
        FairforgetError: a setting is unknown, or does not suit the model.
    """
    if adapter is None or merged_adapter(adapter) is not None:
        return model
    from peft import get_peft_model

    return with_adapter(model, adapter, seed, get_peft_model)


def with_adapter(model: Any, adapter: Mapping[str, Any], seed: int, put: Callable[[Any, Any], Any]) -> Any:
    """Return ``put(model, config)``: peft's own function, with our settings, seed and errors.

    Args:
        model: gets the adapter.
        adapter: `new_adapter` says which settings.
        seed: of the adapter's initial weights; the global random state is left as it was.
        put: takes the model and a ``peft.LoraConfig``.

    Raises:
        FairforgetError: a setting is unknown, or does not suit the model.
    """
    import torch
    from peft import LoraConfig, TaskType

    settings = new_adapter(adapter)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            config = LoraConfig(
                task_type=TaskType.CAUSAL_LM,
                r=settings["r"],
                lora_alpha=settings["alpha"],
                lora_dropout=settings["dropout"],
                target_modules=settings["target_modules"],
            )
            with _hushed():
                return put(model, config)
        except (TypeError, ValueError) as error:
            msg = f"adapter {settings} cannot be attached to a {type(model).__name__}: {error}"
            raise FairforgetError(msg) from error


@contextmanager
def _hushed() -> Iterator[None]:
    # peft asks transformers 5 under a name that is deprecated there; nobody here can do anything about it.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        # Of GPT-2's transposed layers it sees by itself which way round they are, and says so.
        warnings.filterwarnings("ignore", message="fan_in_fan_out is set to False", category=UserWarning)
        yield


def _download(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(hub_id, allow_patterns=["adapter_config.json", "*.safetensors"]))
    except Exception as error:
        raise FairforgetError(unreachable(hub_id, None, error)) from error

"""What the folder of a model may bring that its user did not ask for: code, pickles, files of other places.

transformers and peft refuse much of it themselves, some of it only where nobody answers a prompt, and some not at all:
an index of weights may name a pickle, or a file outside of the folder. So a folder is looked at before they see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError
from fairforget.store.regular import read_regular
from fairforget.store.strict_json import MAX_BYTES, NotJson, parse

WEIGHTS: Final = ("model.safetensors", "model.safetensors.index.json")
"""Where the weights of a model are; the second one names the files they are split into."""
ADAPTER_WEIGHTS: Final = ("adapter_model.safetensors",)
ADAPTER_SETTINGS: Final = "adapter_config.json"
_SETTINGS: Final = ("config.json", "tokenizer_config.json")
_ADAPTER_KEYS: Final = ("megatron_config", "layer_replication")
"""Settings of an adapter that import a library by its name, or make another model."""
Find = Callable[[str], Path | None]


def check_model(find: Find, where: str, *, trusted: bool, weights: bool = True) -> None:
    """Refuse a model that brings what nobody asked for.

    Args:
        find: returns the file of a name in the model's folder or repository, None where there is none.
        where: what messages call the model.
        trusted: whether the user lets its code run.
        weights: whether they are safetensors, and not a GGUF file that the user named.

    Raises:
        FairforgetError: code of its own without trust, a kernel that would be fetched from a hub, an adapter where a
            model should be, or weights in other places than the folder.
    """
    settings = {name: _settings(find, name) for name in _SETTINGS}
    if find(ADAPTER_SETTINGS) is not None:
        msg = (
            f"model {where!r} holds {ADAPTER_SETTINGS}, so it is an adapter or a mixture of both; name the base as "
            "model.path and the adapter as model.adapter.path, or remove that file"
        )
        raise FairforgetError(msg)
    if not trusted:
        for name, found in settings.items():
            if found.get("auto_map"):
                msg = (
                    f"model {where!r} brings code of its own ({name} names it under auto_map), which is not run unless "
                    "you ask for it: read the code, and where you trust it write model.trust_remote_code: true"
                )
                raise FairforgetError(msg)
        if kernel := next(_kernels(settings["config.json"]), None):
            msg = (
                f"model {where!r} asks in config.json for {kernel[:100]!r}, compiled code of a hub, which is not "
                "fetched; remove that key, or where you trust the model write model.trust_remote_code: true"
            )
            raise FairforgetError(msg)
    if weights:
        _check_weights(find, where, settings["config.json"])


def check_adapter(folder: Path) -> None:
    """Refuse an adapter whose settings would do more than add to weights.

    Raises:
        FairforgetError: they are no JSON object, or have such a key.
    """
    path = folder / ADAPTER_SETTINGS
    try:
        found = parse(read_regular(path, MAX_BYTES))
    except (OSError, NotJson) as error:
        msg = f"the settings of an adapter, {path}, cannot be read: {error}"
        raise FairforgetError(msg) from error
    if not isinstance(found, dict):
        msg = f"{path} is no JSON object, as the settings of an adapter are"
        raise FairforgetError(msg)
    if odd := next((key for key in _ADAPTER_KEYS if found.get(key)), None):
        msg = f"{path} has {odd}, which is not read; remove it, or merge the adapter where you trust it"
        raise FairforgetError(msg)


@contextmanager
def nobody_asked() -> Iterator[None]:
    """Run the body without transformers asking at a prompt whether a model's code may run; it may not then."""
    from transformers import dynamic_module_utils as module

    # Libraries that load models for us say neither yes nor no, and then the user would be asked.
    seconds = module.TIME_OUT_REMOTE_CODE
    module.TIME_OUT_REMOTE_CODE = 0
    try:
        yield
    finally:
        module.TIME_OUT_REMOTE_CODE = seconds


def _check_weights(find: Find, where: str, config: Mapping[str, Any]) -> None:
    if "transformers_weights" in config:
        msg = f"model {where!r} names a file of weights in config.json (transformers_weights); remove that key"
        raise FairforgetError(msg)
    index = None if find(WEIGHTS[0]) is not None else find(WEIGHTS[1])
    if index is None:
        return
    try:
        names = set(parse(read_regular(index, MAX_BYTES))["weight_map"].values())
    except (OSError, NotJson, LookupError, TypeError, AttributeError) as error:
        msg = f"model {where!r}: {WEIGHTS[1]} is no index of weights: {error}"
        raise FairforgetError(msg) from error
    for name in sorted(names, key=str):
        if not isinstance(name, str) or Path(name).name != name or not name.endswith(".safetensors"):
            msg = f"model {where!r}: {WEIGHTS[1]} names {str(name)[:80]!r}, which is no *.safetensors beside it"
            raise FairforgetError(msg)


def _settings(find: Find, name: str) -> Mapping[str, Any]:
    """Return what a file of settings says; nothing where it is missing. What else is wrong with it, its reader says."""
    path = find(name)
    if path is None:
        return {}
    try:
        found = parse(read_regular(path, MAX_BYTES))
    except (OSError, NotJson):
        return {}
    return found if isinstance(found, dict) else {}


def _kernels(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the repositories that a config, or a part of it, wants an implementation from."""
    for key, value in config.items():
        if key.endswith("_implementation"):
            choices = value.values() if isinstance(value, dict) else [value]
            yield from (choice for choice in choices if isinstance(choice, str) and "/" in choice)
        elif isinstance(value, dict):
            yield from _kernels(value)

"""What stands in the headers of the files that came back, before a library reads a tensor of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError
from fairforget.paths import short

_FLOATS: Final = frozenset({"F64", "F32", "F16", "BF16"})


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor as the header of its file has it."""

    file: Path
    kind: str
    """In the words of safetensors: ``F32``, ``I8``, …"""
    shape: tuple[int, ...]


def tensors_of(files: Sequence[Path]) -> dict[str, Tensor]:
    """Return the tensors of safetensors files, by name.

    Raises:
        FairforgetError: one is no such file, or two of them hold a tensor of one name: which one counts?
    """
    from safetensors import SafetensorError, safe_open

    found: dict[str, Tensor] = {}
    for file in files:
        try:
            with safe_open(str(file), framework="pt") as there:
                for name in there.keys():  # noqa: SIM118 - it is no mapping
                    if name in found:
                        msg = f"{short(file)} and {short(found[name].file)} both hold {name[:80]}; save the model anew"
                        raise FairforgetError(msg)
                    part = there.get_slice(name)
                    found[name] = Tensor(file, part.get_dtype(), tuple(part.get_shape()))
        except (SafetensorError, OSError) as error:
            msg = f"{short(file)} is no safetensors file: {error}"
            raise FairforgetError(msg) from error
    return found


def check_whole(found: Mapping[str, Tensor], target: Any) -> None:
    """Refuse quantised weights, which read as numbers of another kind would be another model, and one name twice.

    Args:
        found: of `tensors_of`.
        target: the model that they are for.

    Raises:
        FairforgetError: a tensor is not in floats where the target's is, or stands there with and without the prefix
            that transformers adds or leaves out as it needs.
    """
    state, prefix = target.state_dict(), f"{target.base_model_prefix}."
    floats = {name for name, tensor in state.items() if tensor.is_floating_point()}
    _check_floats({name: tensor for name, tensor in found.items() if name.endswith("weight") or name in floats})
    for name, tensor in found.items():
        if prefix + name in found:
            msg = f"{short(tensor.file)} holds {name[:80]}, and {prefix + name[:80]} is there, too; save the model anew"
            raise FairforgetError(msg)


def check_adapter(found: Mapping[str, Tensor], settings: Mapping[str, Any], folder: Path) -> None:
    """Refuse an adapter that is not in floats, or whose settings ask for matrices that no tensor is as large as.

    Args:
        found: of `tensors_of`.
        settings: of the adapter.
        folder: where it lies.

    Raises:
        FairforgetError: it is.
    """
    _check_floats(found)
    by_module = settings.get("rank_pattern")
    ranks = [settings.get("r"), *(by_module.values() if isinstance(by_module, dict) else ())]
    largest = max((size for tensor in found.values() for size in tensor.shape), default=0)
    # Matrices of these ranks are made before any tensor is looked for.
    if odd := [rank for rank in ranks if type(rank) is int and rank > largest]:
        msg = f"the settings in {short(folder)} ask for a rank of {str(odd[0])[:40]}, and no tensor there is so large"
        raise FairforgetError(msg)


def _check_floats(found: Mapping[str, Tensor]) -> None:
    if odd := sorted(name for name, tensor in found.items() if tensor.kind not in _FLOATS):
        first = found[odd[0]]
        msg = f"{short(first.file)} holds {odd[0][:80]} as {first.kind}; save it in float32, bfloat16 or float16"
        raise FairforgetError(msg)

"""Loading models that exist: safetensors and GGUF, from a folder or a hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from fairforget.api.task import Pretrained
from fairforget.errors import FairforgetError
from fairforget.lm.lora import merge_adapter, merged_adapter
from fairforget.lm.quiet import quiet
from fairforget.lm.sources import has_tokenizer, local_model, unreachable
from fairforget.lm.strangers import check_model

_SAMPLING: Final = ("temperature", "top_p", "top_k", "top_h", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")


def load_pretrained(base: Pretrained, *, tokenizer_needed: bool = True) -> tuple[Any, Any]:
    """Load a model and its tokenizer; an adapter that exists is merged, one to train is not attached yet.

    Weights are read from safetensors or GGUF, never from a pickle. GGUF weights are dequantised and copied into a fresh
    model of the same architecture, so that it trains.

    Args:
        base: what to load.
        tokenizer_needed: whether a folder without a tokenizer is an error.

    Returns:
        The model in the dtype of `base`, in eval mode, and the tokenizer; None where the folder has none and none is
        needed.

    Raises:
        FairforgetError: it is missing, gated, pickled or broken, or a library for it is; the message says the mend.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = _looked_at(base)
    where = base.path if folder is None else str(folder)
    common: dict[str, Any] = {"trust_remote_code": base.trust_remote_code}
    if folder is None:
        common["revision"] = base.revision or "main"
    if base.gguf_file is not None:
        common["gguf_file"] = base.gguf_file
    dtype = getattr(torch, base.dtype)
    reading: dict[str, Any] = {**common, "dtype": dtype, "output_loading_info": True}
    if base.gguf_file is None:
        reading["use_safetensors"] = True
    try:
        with quiet():
            wanted = tokenizer_needed or folder is None or has_tokenizer(folder)
            tokenizer = AutoTokenizer.from_pretrained(where, **common) if wanted else None
            loaded: Any = AutoModelForCausalLM.from_pretrained(where, **reading)
            model, info = loaded
    except ImportError as error:
        msg = f"model {base.path!r} needs a library that is not installed: {error}"
        raise FairforgetError(msg) from error
    # Anything can go wrong inside a model file, and every parser has an error of its own.
    except Exception as error:
        if folder is None and isinstance(error, OSError):
            raise FairforgetError(unreachable(base.path, base.revision, error)) from error
        msg = f"model {base.path!r} cannot be loaded: {type(error).__name__}: {error}"
        raise FairforgetError(msg) from error
    # What GGUF leaves out (tied weights, biases that are zero) is transformers' own business.
    if base.gguf_file is None and (missing := sorted(info["missing_keys"])):
        # It fills them with random numbers, and another model would be measured at every load.
        msg = (
            f"model {base.path!r} lacks weights of {type(model).__name__}: {', '.join(missing[:3])}"
            f"{f' and {len(missing) - 3} more' if len(missing) > 3 else ''}; is it a whole causal language model?"
        )
        raise FairforgetError(msg)
    if base.gguf_file is not None:
        model = _fresh_copy(model, dtype)
    _check_float(model, base.path)
    adapter = merged_adapter(base.adapter)
    if adapter is not None:
        model = merge_adapter(model, adapter)
    return model.eval(), tokenizer


def save_model(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write a model and its tokenizer, so that `load_pretrained` reads the same ones.

    Raises:
        FairforgetError: what the model says of its generation cannot be written.
    """
    generation = model.generation_config
    if not generation.do_sample:
        # Settings of sampling that nothing reads; published models have them, and saving refuses them.
        for name in _SAMPLING:
            setattr(generation, name, None)
    try:
        with quiet():
            model.save_pretrained(str(folder))
            tokenizer.save_pretrained(str(folder))
    except ValueError as error:
        msg = f"the model cannot be saved; check generation_config.json of its base: {error}"
        raise FairforgetError(msg) from error


def context_of(model: Any) -> int | None:
    """Return the number of positions a model was made for, or None where its config has none."""
    found = getattr(model.config, "max_position_embeddings", None)
    return found if isinstance(found, int) and found > 0 else None


def _looked_at(base: Pretrained) -> Path | None:
    """Return the folder of the model, or None where it is on a hub, after a look at what it brings.

    Raises:
        FairforgetError: it cannot be found, or brings something that nobody asked for.
    """
    folder = local_model(base)
    if folder is not None:
        return folder
    from transformers.utils.hub import cached_file

    def find(name: str) -> Path | None:
        # Only the configuration has to be there; what is missing besides is None.
        needed, revision = name == "config.json", base.revision or "main"
        found = cached_file(base.path, name, revision=revision, _raise_exceptions_for_missing_entries=needed)
        return None if found is None else Path(found)

    try:
        check_model(find, base.path, trusted=base.trust_remote_code, weights=base.gguf_file is None)
    except OSError as error:
        raise FairforgetError(unreachable(base.path, base.revision, error)) from error
    return None


def _check_float(model: Any, path: str) -> None:
    """Refuse quantised weights now and not when a target has been trained: they can be neither trained nor saved.

    Raises:
        FairforgetError: they are.
    """
    quantizer = getattr(model, "hf_quantizer", None)
    if quantizer is None:
        return
    method = getattr(quantizer.quantization_config, "quant_method", "")
    msg = (
        f"model {path!r} is quantised ({getattr(method, 'value', method)}), as quantization_config in its config.json "
        "says, and its weights cannot be changed; give one with float weights"
    )
    raise FairforgetError(msg)


def _fresh_copy(model: Any, dtype: Any) -> Any:
    from transformers import AutoModelForCausalLM

    config = model.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    fresh = AutoModelForCausalLM.from_config(config, dtype=dtype)
    fresh.load_state_dict(model.state_dict())
    fresh.generation_config = model.generation_config
    return fresh

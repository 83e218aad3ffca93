"""Which weights a model of known architecture has, from its config: for models that are not there yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fairforget.run.memory.tensors import Tensor

_LLAMA: Final = frozenset({"llama", "mistral", "qwen2", "qwen3"})


_MOST_BLOCKS: Final = 10_000
"""What has more is no model that anybody has, but a config of somebody who wants us to count for ever."""


def tensors_of_config(config: Mapping[str, Any]) -> tuple[Tensor, ...] | None:
    """Return the weights of a model by the keys of its config.json; None for an architecture that is not known here.

    Known are ``llama``, ``mistral``, ``qwen2``, ``qwen3``, ``gpt2`` and ``gpt_neox``. What a config leaves out is what
    transformers takes for it where that follows from other keys, and else a reason not to know.
    """
    kind = config.get("model_type")
    try:
        if int(config.get("num_hidden_layers", config.get("n_layer", 0))) > _MOST_BLOCKS:
            return None
        if kind in _LLAMA:
            return tuple(_llama(str(kind), config))
        if kind == "gpt2":
            return tuple(_gpt2(config))
        if kind == "gpt_neox":
            return tuple(_gpt_neox(config))
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
    return None


def _llama(kind: str, config: Mapping[str, Any]) -> Iterator[Tensor]:
    width, inner, vocabulary = (int(config[key]) for key in ("hidden_size", "intermediate_size", "vocab_size"))
    heads = int(config["num_attention_heads"])
    own = config.get("num_key_value_heads")
    size = int(config.get("head_dim") or (128 if kind == "qwen3" else width // heads))
    queries, keys = heads * size, int(heads if own is None else own) * size
    yield Tensor("model.embed_tokens.weight", (vocabulary, width))
    bias = bool(config.get("attention_bias", False))
    for i in range(int(config["num_hidden_layers"])):
        block = f"model.layers.{i}"
        for name, out in (("q_proj", queries), ("k_proj", keys), ("v_proj", keys)):
            yield Tensor(f"{block}.self_attn.{name}.weight", (out, width))
            if bias or kind == "qwen2":
                yield Tensor(f"{block}.self_attn.{name}.bias", (out,))
        yield Tensor(f"{block}.self_attn.o_proj.weight", (width, queries))
        if bias and kind != "qwen2":
            yield Tensor(f"{block}.self_attn.o_proj.bias", (width,))
        if kind == "qwen3":
            yield from (Tensor(f"{block}.self_attn.{name}.weight", (size,)) for name in ("q_norm", "k_norm"))
        for name, shape in (("gate_proj", (inner, width)), ("up_proj", (inner, width)), ("down_proj", (width, inner))):
            yield Tensor(f"{block}.mlp.{name}.weight", shape)
        yield from (
            Tensor(f"{block}.{name}.weight", (width,)) for name in ("input_layernorm", "post_attention_layernorm")
        )
    yield Tensor("model.norm.weight", (width,))
    if not config.get("tie_word_embeddings", False):
        yield Tensor("lm_head.weight", (vocabulary, width))


def _gpt2(config: Mapping[str, Any]) -> Iterator[Tensor]:
    width, vocabulary = (int(config[key]) for key in ("n_embd", "vocab_size"))
    inner = int(config.get("n_inner") or 4 * width)
    yield Tensor("transformer.wte.weight", (vocabulary, width))
    yield Tensor("transformer.wpe.weight", (int(config["n_positions"]), width))
    for i in range(int(config["n_layer"])):
        block = f"transformer.h.{i}"
        matrices = {
            "attn.c_attn": (width, 3 * width),
            "attn.c_proj": (width, width),
            "mlp.c_fc": (width, inner),
            "mlp.c_proj": (inner, width),
        }
        for name, shape in matrices.items():
            yield Tensor(f"{block}.{name}.weight", shape)
            yield Tensor(f"{block}.{name}.bias", shape[1:])
        yield from _norms(block, ("ln_1", "ln_2"), width)
    yield from _norms("transformer", ("ln_f",), width)
    if not config.get("tie_word_embeddings", True):
        yield Tensor("lm_head.weight", (vocabulary, width))


def _gpt_neox(config: Mapping[str, Any]) -> Iterator[Tensor]:
    width, inner, vocabulary = (int(config[key]) for key in ("hidden_size", "intermediate_size", "vocab_size"))
    bias = bool(config.get("attention_bias", True))
    yield Tensor("gpt_neox.embed_in.weight", (vocabulary, width))
    for i in range(int(config["num_hidden_layers"])):
        block = f"gpt_neox.layers.{i}"
        matrices = {
            "attention.query_key_value": (3 * width, width),
            "attention.dense": (width, width),
            "mlp.dense_h_to_4h": (inner, width),
            "mlp.dense_4h_to_h": (width, inner),
        }
        for name, shape in matrices.items():
            yield Tensor(f"{block}.{name}.weight", shape)
            if bias or name.startswith("mlp"):
                yield Tensor(f"{block}.{name}.bias", shape[:1])
        yield from _norms(block, ("input_layernorm", "post_attention_layernorm"), width)
    yield from _norms("gpt_neox", ("final_layer_norm",), width)
    if not config.get("tie_word_embeddings", False):
        yield Tensor("lm_head.weight", (vocabulary, width))


def _norms(place: str, names: tuple[str, ...], width: int) -> Iterator[Tensor]:
    for name in names:
        yield from (Tensor(f"{place}.{name}.{part}", (width,)) for part in ("weight", "bias"))

"""Greedy decoding in batches."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import torch

from fairforget.errors import FairforgetError
from fairforget.lm.forward import accepts, evaluating

BATCH_TOKENS = 4096
"""Tokens of one batch where nothing is said, at least."""
CACHE = 1 << 28
"""Bytes of keys and values that one batch may hold where nothing is said: small models decode in large batches."""
KEEP = 0.75
"""Rows that are done leave the batch when no more than this share of it is still going: leaving copies the cache."""


def stop_tokens(model: Any, tokenizer: Any = None) -> frozenset[int]:
    """Return the ids that end a text, by the model's generation config, its config and its tokenizer."""
    places = (getattr(model, "generation_config", None), getattr(model, "config", None), tokenizer)
    found: set[int] = set()
    for place in places:
        ids = getattr(place, "eos_token_id", None)
        found.update(ids if isinstance(ids, list | tuple) else [] if ids is None else [ids])
    return frozenset(found)


def greedy(
    model: Any,
    prompts: Sequence[Sequence[int]],
    limits: Sequence[int],
    *,
    stop: Collection[int] = (),
    batch_tokens: int | None = None,
) -> list[list[int]]:
    """Continue each prompt by the model's first choices, as ``model.generate(do_sample=False)`` would one by one.

    Only the logits decide: penalties and forced tokens of a generation config are not applied. Among equal logits the
    lowest id is chosen. Padding goes to the left and is masked, so no token stands for it.

    Args:
        model: a causal language model with a key-value cache; left in the mode it was in.
        prompts: token ids, at least one each.
        limits: new tokens of each prompt, at most; fewer where the model has no positions for more.
        stop: ids that end a text; they are not part of what is returned.
        batch_tokens: padded tokens, prompt and continuation, of one batch, at most; bounds the memory. None = as many
            as a moderate cache has room for.

    Raises:
        FairforgetError: the model returns no key-value cache.
        ValueError: a prompt is empty.
    """
    if not all(prompts):
        msg = "a continuation needs at least one token to start from"
        raise ValueError(msg)
    if not accepts(model, "past_key_values"):
        raise _no_cache(model)
    room = _room(model)
    limits = [min(limit, room - len(prompt)) for prompt, limit in zip(prompts, limits, strict=True)]
    answers: list[list[int]] = [[] for _ in prompts]
    going = [i for i, limit in enumerate(limits) if limit > 0]
    tokens = _batch_tokens(model) if batch_tokens is None else batch_tokens
    with evaluating(model):
        for rows in _buckets(going, prompts, limits, tokens):
            found = _decode(model, [prompts[i] for i in rows], [limits[i] for i in rows], frozenset(stop))
            for i, answer in zip(rows, found, strict=True):
                answers[i] = answer
    return answers


def cut_short(
    model: Any, prompts: Sequence[Sequence[int]], limits: Sequence[int], answers: Sequence[Sequence[int]]
) -> int:
    """Return how many answers end only because the model has no positions for more.

    Args:
        model: that gave the answers.
        prompts: token ids.
        limits: new tokens of each prompt that were asked for.
        answers: what `greedy` returned for these.
    """
    rooms = [max(0, _room(model) - len(prompt)) for prompt in prompts]
    return sum(len(answer) == room < limit for room, limit, answer in zip(rooms, limits, answers, strict=True))


def _buckets(
    going: list[int], prompts: Sequence[Sequence[int]], limits: Sequence[int], tokens: int
) -> Iterator[list[int]]:
    """Yield positions of prompts of like length, longest first."""
    rows: list[int] = []
    width = most = 0
    for i in sorted(going, key=lambda i: (-len(prompts[i]), -limits[i], i)):
        wider, longer = max(width, len(prompts[i])), max(most, limits[i])
        if rows and (len(rows) + 1) * (wider + longer) > tokens:
            yield rows
            rows, wider, longer = [], len(prompts[i]), limits[i]
        rows.append(i)
        width, most = wider, longer
    if rows:
        yield rows


def _decode(
    model: Any, prompts: Sequence[Sequence[int]], limits: Sequence[int], stop: frozenset[int]
) -> list[list[int]]:
    device = next(model.parameters()).device
    width, most = max(map(len, prompts)), max(limits)
    tokens = torch.zeros((len(prompts), width), dtype=torch.long)
    mask = torch.ones((len(prompts), width + most), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        tokens[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, : width - len(prompt)] = 0
    tokens, mask = tokens.to(device), mask.to(device)
    fixed: dict[str, Any] = {"use_cache": True}
    if accepts(model, "logits_to_keep"):
        fixed["logits_to_keep"] = 1
    positioned = accepts(model, "position_ids")
    # A row that is done but still in the batch must not run out of positions.
    positions = (mask.cumsum(-1) - 1).clamp(0, _room(model) - 1)

    answers: list[list[int]] = [[] for _ in prompts]
    rows = list(range(len(prompts)))  # the answers that the rows of the batch belong to
    going = set(rows)
    cache = None
    seen = 0
    while going:
        until = seen + tokens.shape[1]
        where = {"position_ids": positions[:, seen:until]} if positioned else {}
        out = model(input_ids=tokens, attention_mask=mask[:, :until], past_key_values=cache, **where, **fixed)
        cache, seen = getattr(out, "past_key_values", None), until
        if cache is None:
            raise _no_cache(model)
        first = out.logits[:, -1].argmax(-1)
        for row, token in zip(rows, first.tolist(), strict=True):
            if row in going and token not in stop:
                answers[row].append(token)
            if token in stop or len(answers[row]) == limits[row]:
                going.discard(row)
        if 0 < len(going) <= KEEP * len(rows):
            left = [place for place, row in enumerate(rows) if row in going]
            index = torch.tensor(left, device=device)
            cache.batch_select_indices(index)
            first, mask, positions = first[index], mask[index], positions[index]
            rows = [rows[place] for place in left]
        tokens = first.unsqueeze(-1)
    return answers


def _batch_tokens(model: Any) -> int:
    """Return how many tokens fit `CACHE`, as if every head had keys and values of its own."""
    layers, width = (getattr(model.config, name, None) for name in ("num_hidden_layers", "hidden_size"))
    if not layers or not width:
        return BATCH_TOKENS
    return max(BATCH_TOKENS, CACHE // int(2 * layers * width * next(model.parameters()).element_size()))


def _room(model: Any) -> int:
    return getattr(model.config, "max_position_embeddings", None) or sys.maxsize


def _no_cache(model: Any) -> FairforgetError:
    return FairforgetError(
        f"{type(model).__name__} keeps no key-value cache, so fairforget cannot generate with it; use a causal "
        "language model that supports use_cache, or leave out the metrics that generate"
    )

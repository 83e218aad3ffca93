from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from transformers import GenerationConfig

from fairforget.errors import FairforgetError
from fairforget.lm.generate import greedy, stop_tokens


def alone(model, prompt, limit, stop=()):
    """What transformers generates from one prompt without its stop token."""
    config = GenerationConfig(
        do_sample=False, max_new_tokens=limit, eos_token_id=list(stop) or None, pad_token_id=0, use_cache=True
    )
    out = model.generate(torch.tensor([prompt]), generation_config=config, attention_mask=torch.ones(1, len(prompt)))
    answer = out[0, len(prompt) :].tolist()
    return answer[:-1] if answer and answer[-1] in stop else answer


@pytest.fixture
def prompts(texts):
    return [before for before, _ in texts(12, seed=3)]


@pytest.mark.parametrize("batch_tokens", [1, 100, 4096])
def test_equals_generate_one_prompt_at_a_time(model, prompts, batch_tokens):
    found = greedy(model, prompts, [20] * len(prompts), batch_tokens=batch_tokens)
    assert found == [alone(model, prompt, 20) for prompt in prompts]
    assert len({tuple(answer) for answer in found}) > 6


@pytest.mark.parametrize("batch_tokens", [100, 4096])
def test_rows_stop_at_their_own_limit_and_end_of_text(model, prompts, batch_tokens):
    free = greedy(model, prompts, [20] * len(prompts))
    stop = {free[0][4], free[1][9], free[2][0]}
    limits = [1 + i % 7 * 3 for i in range(len(prompts))]
    found = greedy(model, prompts, limits, stop=stop, batch_tokens=batch_tokens)
    assert found == [alone(model, prompt, limit, stop) for prompt, limit in zip(prompts, limits, strict=True)]
    ended = [len(answer) < limit for answer, limit in zip(found, limits, strict=True)]
    assert any(ended)
    assert not all(ended)


def test_batches_keep_to_their_size(llama, prompts):
    sizes = []
    llama.register_forward_pre_hook(
        lambda _, _args, kwargs: sizes.append(kwargs["attention_mask"].numel()), with_kwargs=True
    )
    greedy(llama, prompts, [7] * len(prompts), batch_tokens=40)
    assert max(sizes) <= 40


def test_small_models_decode_in_large_batches(llama, prompts, monkeypatch):
    def batches():
        rows = []
        handle = llama.register_forward_pre_hook(
            lambda _, _args, kwargs: rows.append(len(kwargs["input_ids"])), with_kwargs=True
        )
        greedy(llama, prompts * 50, [1] * len(prompts) * 50)
        handle.remove()
        return len(rows)

    assert batches() == 1
    # Two layers of 32, keys and values, 8 bytes a number: 1 KiB a token.
    monkeypatch.setattr("fairforget.lm.generate.CACHE", 1 << 20)
    monkeypatch.setattr("fairforget.lm.generate.BATCH_TOKENS", 10)
    tokens = sum(len(p) + 1 for p in prompts) * 50
    assert batches() >= tokens / 1024


def test_done_rows_leave_the_batch(llama, prompts):
    rows = []
    llama.register_forward_pre_hook(lambda _, _args, kwargs: rows.append(len(kwargs["input_ids"])), with_kwargs=True)
    greedy(llama, prompts[:8], [2, 2, 2, 2, 2, 2, 2, 30])
    assert len(rows) == 30
    assert rows[0] == rows[1] == 8
    assert set(rows[2:]) == {1}


def test_equal_logits_choose_the_lowest_id(llama):
    llama.lm_head.weight.data.zero_()
    assert greedy(llama, [[5, 6]], [3]) == [[0, 0, 0]]


def test_positions_of_the_model_are_not_exceeded():
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=97, n_embd=16, n_layer=1, n_head=2, n_positions=12))
    model.config.eos_token_id = None
    found = greedy(model, [[3] * 11, [4] * 5, [5] * 12], [50, 50, 50])
    assert [len(answer) for answer in found] == [1, 7, 0]


def test_nothing_asked(llama):
    assert greedy(llama, [], []) == []
    assert greedy(llama, [[3]], [0]) == [[]]
    with pytest.raises(ValueError, match="at least one token"):
        greedy(llama, [[]], [3])


def test_mode_and_gradients(llama, prompts):
    llama.train()
    greedy(llama, prompts, [2] * len(prompts))
    assert all(m.training for m in llama.modules())
    # What a forward pass caches without gradients must not get in the way of a later one with them.
    llama(input_ids=torch.tensor([prompts[0]])).logits.sum().backward()


def test_stop_tokens_come_from_every_place(llama):
    class Tokenizer:
        eos_token_id = 9

    model = copy.deepcopy(llama)
    assert stop_tokens(model) == frozenset()
    model.generation_config.eos_token_id = [3, 4]
    model.config.eos_token_id = 5
    assert stop_tokens(model, Tokenizer()) == {3, 4, 5, 9}


def test_a_model_without_a_cache_is_named():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, input_ids):
            return self.layer(input_ids)

    with pytest.raises(FairforgetError, match=r"Recurrent keeps no key-value cache"):
        greedy(Recurrent(), [[1]], [2])

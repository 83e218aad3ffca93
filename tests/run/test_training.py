from __future__ import annotations

import math

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from fairforget import FairforgetError
from fairforget.api import Sample, Training
from fairforget.lm.tokens import EncodedSample, SampleSet
from fairforget.run.targets.training import _loss, rate, train

TRAINING = Training(epochs=3, learning_rate=1e-2, batch_size=2)


def model(**changes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=50, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                num_key_value_heads=4, bos_token_id=None, eos_token_id=1, **changes,
            )
        )  # fmt: skip


def texts(count=7):
    generator = torch.Generator().manual_seed(0)
    made = []
    for i in range(count):
        ids = tuple(torch.randint(2, 50, (4 + i,), generator=generator).tolist())
        made.append(EncodedSample(Sample(f"s{i}", "", ""), (*ids, 1), 2, len(ids)))
    return SampleSet(made, pad_id=0)


def weights(trained):
    return torch.cat([p.detach().flatten() for p in trained.parameters()])


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_the_loss_is_what_transformers_says(architecture):
    if architecture == "llama":
        one = model()
    else:
        one = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=32, n_layer=1, n_head=2, n_positions=32))
    one.eval()
    batch = texts().batch(eos=True)
    want = one(input_ids=batch.input_ids, attention_mask=batch.attention_mask, labels=batch.labels).loss
    torch.testing.assert_close(_loss(one, batch), want)


def test_training_lowers_the_loss_and_leaves_eval_mode():
    one, batch = model(), texts().batch(eos=True)
    before = _loss(one, batch).item()
    done = train(one, texts(), TRAINING, seed=0)
    assert _loss(one, batch).item() < before / 1.1
    assert done.updates == 3 * 4
    assert not one.training
    assert all(p.grad is None for p in one.parameters())


def test_the_same_seed_gives_the_same_bytes_and_touches_no_global_state():
    found = []
    for start in (1, 2):
        torch.manual_seed(start)
        before = torch.get_rng_state()
        one = model(attention_dropout=0.2)
        train(one, texts(), TRAINING, seed=5)
        assert torch.equal(torch.get_rng_state(), before)
        found.append(weights(one))
    assert torch.equal(*found)
    other = model(attention_dropout=0.2)
    train(other, texts(), TRAINING, seed=6)
    assert not torch.equal(found[0], weights(other))


def test_a_small_model_gets_the_same_bytes_whatever_the_number_of_threads():
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            one = model()
            assert train(one, texts(), TRAINING, seed=0).threads == 1
            assert torch.get_num_threads() == threads
            found.append(weights(one))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)


def test_every_text_is_seen_once_an_epoch(monkeypatch):
    seen = []
    real = SampleSet.batch

    def spy(self, **options):
        seen.append([s.sample.id for s in self])
        return real(self, **options)

    monkeypatch.setattr(SampleSet, "batch", spy)
    train(model(), texts(), TRAINING, seed=0)
    epochs = [sorted(name for batch in seen[i : i + 4] for name in batch) for i in (0, 4, 8)]
    assert epochs == [sorted(f"s{i}" for i in range(7))] * 3
    assert seen[:4] != seen[4:8]
    assert max(map(len, seen)) == 2


def test_progress_counts_to_the_end_and_estimates_what_is_left():
    told = []
    train(model(), texts(), TRAINING, seed=0, progress=told.append)
    assert [p.update for p in told] == list(range(1, 13))
    assert {p.updates for p in told} == {12}
    assert told[-1].remaining == 0
    assert all(math.isfinite(p.loss) and p.remaining >= 0 and p.seconds > 0 for p in told)


def test_a_loss_that_is_not_finite_says_the_mend():
    one = model()
    with torch.no_grad():
        one.lm_head.weight.fill_(float("nan"))
    with pytest.raises(
        FairforgetError, match=r"diverged: the loss is nan at update 1 of 12; lower its learning rate \(now 0.01"
    ):
        train(one, texts(), TRAINING, seed=0)


def test_nothing_to_train_on_or_nothing_to_train_is_an_error():
    with pytest.raises(FairforgetError, match="no training text is left"):
        train(model(), texts(0), TRAINING, seed=0)
    with pytest.raises(FairforgetError, match="no parameter to train"):
        train(model().requires_grad_(False), texts(), TRAINING, seed=0)


@pytest.mark.parametrize(("schedule", "halfway", "end"), [("constant", 1, 1), ("linear", 0.5, 0), ("cosine", 0.5, 0)])
def test_schedules(schedule, halfway, end):
    training = Training(1, 1.0, 1, warmup=0.2, schedule=schedule)
    assert [rate(training, update, 100) for update in (0, 9, 19)] == pytest.approx([1 / 20, 0.5, 1])
    assert rate(training, 20, 100) == pytest.approx(1)
    assert rate(training, 60, 100) == pytest.approx(halfway)
    assert rate(training, 100, 100) == pytest.approx(end, abs=1e-12)


def test_decay_is_for_matrices_alone():
    one = model()
    with torch.no_grad():
        for p in one.parameters():
            p.fill_(1.0)
    # A rate of zero gradient: only decay moves weights, and it must not touch the norms.
    for p in one.parameters():
        p.requires_grad_(p.ndim < 2)
    before = weights(one)
    train(one, texts(1), Training(1, 1e-9, 1, weight_decay=0.5), seed=0)
    torch.testing.assert_close(weights(one), before, atol=1e-7, rtol=0)

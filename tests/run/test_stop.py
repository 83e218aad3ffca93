"""The stop rule: MA and EL at or below a level."""

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.api import Sample
from fairforget.lm.memory import memory
from fairforget.lm.tokens import EncodedSample, SampleSet
from fairforget.run.ledger import Ledger
from fairforget.run.stop import Level, MemorizationRule, measure_level

N = 2


@pytest.fixture(scope="module")
def model():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        sizes = {"vocab_size": 30, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
        return LlamaForCausalLM(
            LlamaConfig(**sizes, num_attention_heads=2, initializer_range=0.4, eos_token_id=None)
        ).eval()


@pytest.fixture(scope="module")
def recited(model):
    """Samples whose completion is what the model says anyway (MA = EL = 1), and random ones."""
    said, random = [], []
    rng = np.random.default_rng(0)
    for i in range(4):
        prompt = [int(t) for t in rng.integers(3, 30, size=3)]
        start = torch.tensor([prompt])
        ids = model.generate(start, max_new_tokens=8, do_sample=False, pad_token_id=0)
        said.append(EncodedSample(Sample(f"said{i}", "p", "c"), tuple(ids[0].tolist()), 3, 11))
        other = (*prompt, *(int(t) for t in rng.integers(3, 30, size=8)))
        random.append(EncodedSample(Sample(f"random{i}", "p", "c"), other, 3, 11))
    return SampleSet(said, pad_id=0), SampleSet(random, pad_id=0)


def rule(ma, el, **changes):
    return MemorizationRule(Level(ma, el), **{"every": None, "n": N, "stride": 1, **changes})


def test_the_level_is_the_mean_of_what_memory_measures(model, recited):
    _, random = recited
    found, level = memory(model, random, n=N), measure_level(model, random, n=N, stride=1)
    assert level.memorization_accuracy == pytest.approx(found.memorization_accuracy.mean())
    assert level.extraction_likelihood == pytest.approx(np.nanmean(found.extraction_likelihood))


def test_what_is_recited_is_not_forgotten_and_what_is_not_is(model, recited):
    said, random = recited
    assert measure_level(model, said, n=N, stride=1) == Level(1.0, 1.0)
    assert not rule(0.5, 0.5).met(model, said, Ledger())
    assert rule(0.5, 0.5).met(model, random, Ledger())
    assert rule(1.0, 1.0).met(model, said, Ledger()), "at the level counts as forgotten"


def test_both_have_to_be_low(model, recited):
    said, random = recited
    ma = measure_level(model, random, n=N, stride=1).memorization_accuracy
    assert not rule(ma - 0.01, 1.0).met(model, random, Ledger()), "MA alone is above its level"
    assert not rule(1.0, 0.99).met(model, said, Ledger()), "EL alone is above its level"


def test_texts_too_short_for_an_el_are_judged_by_ma_alone(model, recited):
    _, random = recited
    short = rule(0.5, float("nan"), n=20)
    assert np.isnan(measure_level(model, random, n=20, stride=1).extraction_likelihood)
    assert short.met(model, random, Ledger())


@pytest.mark.parametrize(("every", "expected"), [(None, [5, 10, 15]), (1, list(range(1, 16))), (4, [4, 8, 12])])
def test_when_it_looks(every, expected):
    made = rule(0.5, 0.5, every=every)
    assert [u for u in range(16) if made.due(u, updates_per_epoch=5)] == expected


def test_its_passes_are_booked_apart(model, recited):
    said, _ = recited
    ledger = Ledger()
    with ledger.watch(model):
        rule(0.5, 0.5).met(model, said, ledger)
    assert ledger.phases["stopping"].forward_sequences >= len(said)
    assert ledger.forward_equivalents == 0

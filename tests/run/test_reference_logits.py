"""The logits of the target that predict labels are those among all of them, and are booked alike."""

from __future__ import annotations

import copy

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.api import Sample
from fairforget.lm.tokens import EncodedSample, SampleSet
from fairforget.run.counting.ledger import Ledger
from fairforget.run.updates.reference import Reference


def test_scored_logits_are_the_targets_own_whatever_the_model_has_become() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        sizes = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 16}
        model = LlamaForCausalLM(LlamaConfig(**sizes, num_hidden_layers=1, num_attention_heads=2)).eval()
    untouched = copy.deepcopy(model)
    texts = [EncodedSample(Sample(str(n), "", ""), tuple(range(2, 3 + n)), 2, n) for n in (5, 9)]
    tokens = SampleSet(texts, pad_id=0).batch(eos=True)
    expected = tokens.logits(model)[:, :-1][tokens.scored].detach()
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(0.1)
    ledger = Ledger()
    with ledger.watch(model):
        reference = Reference(lambda: untouched, ledger)
        found, every = reference.scored_logits(tokens), reference.logits(tokens)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(found, every[:, :-1][tokens.scored])
    assert found.shape == (len(tokens.targets), 40)
    assert not found.requires_grad
    assert ledger.phases["reference"].forward_sequences == 4
    assert ledger.phases["reference"].backward_sequences == 0

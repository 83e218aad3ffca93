"""What the gated benchmarks measure on: small enough that what the harness adds to a pass shows.

Only what other versions of fairforget have too is used, so that a gate can compare with them.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

VOCABULARY = 600


@pytest.fixture(scope="session")
def synthetic():
    """``synthetic.py`` of the folder above: records of a study that was never run."""
    spec = importlib.util.spec_from_file_location("synthetic", Path(__file__).parents[1] / "synthetic.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def corpus():
    """200 questions about 50 invented people to draw from, and some to keep."""
    from fairforget_tasks.biographies import Biographies

    return Biographies(people=50, retain_people=8, holdout_people=8, samples=4, world_facts=8).corpus()


@pytest.fixture(scope="session")
def tokenizer(corpus):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<end>"], initial_alphabet=letters, show_progress=False
    )
    backend.train_from_iterator([f"{s.prompt} {s.completion}" for s in (*corpus.pool, *corpus.retain)], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=backend, clean_up_tokenization_spaces=False)


@pytest.fixture(scope="session")
def model():
    """A Llama of two layers that was never trained, and never ends a text: what it says costs the same every time."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
        config = LlamaConfig(
            vocab_size=VOCABULARY, **sizes, initializer_range=0.1, bos_token_id=None, eos_token_id=None
        )
        return LlamaForCausalLM(config).eval()


@pytest.fixture(scope="session")
def encode(tokenizer):
    from fairforget.api import Template
    from fairforget.lm.encode import Encoder

    return Encoder(tokenizer, Template(), max_length=256).encode

"""The models that benchmarks measure on.

``embedded`` is the target of the task ``biographies``, made once and kept in the cache. ``pretrained`` is
SmolLM2-135M-Instruct on questions of TOFU, where FAIRFORGET_SMOLLM2 names a folder with its safetensors or GGUF file
and FAIRFORGET_REAL_DATA one that holds ``tofu/``; it is skipped elsewhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from fairforget.api import Pretrained, Template
from fairforget.lm.encode import Encoder
from fairforget.lm.models import load_pretrained
from fairforget.lm.tokens import SampleSet
from fairforget.paths import cache_folder
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.target import load_target, make_target
from fairforget_tasks.biographies import Biographies
from fairforget_tasks.tofu import Tofu


@dataclass(frozen=True)
class Subject:
    """A model with what it is measured on."""

    name: str
    model: torch.nn.Module
    samples: SampleSet


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def embedded():
    """400 questions about 100 invented people, on the model that knows them."""
    task = Biographies(people=100, retain_people=20, holdout_people=20, samples=4)
    corpus, recipe = task.corpus(), task.target()
    identity = target_identity(recipe, corpus, 0)
    target = load_target(make_target(identity, recipe, corpus, cache_folder(), seed=0), recipe)
    return Subject("biographies", target.model, target.encode(corpus.pool, corpus))


@pytest.fixture(scope="session")
def pretrained():
    """40 questions of TOFU's forget01, on a model that was never trained on them."""
    folder, data = os.environ.get("FAIRFORGET_SMOLLM2"), os.environ.get("FAIRFORGET_REAL_DATA")
    if not folder or not data:
        pytest.skip("FAIRFORGET_SMOLLM2 and FAIRFORGET_REAL_DATA do not name the model and the data")
    gguf = next((file.name for file in Path(folder).glob("*.gguf")), None)
    model, tokenizer = load_pretrained(Pretrained(folder, gguf_file=gguf))
    corpus = Tofu(split="forget01", data=str(Path(data) / "tofu")).corpus()
    encoder = Encoder(tokenizer, Template(chat=True), max_length=512)
    return Subject("SmolLM2-135M", model, encoder.encode(corpus.pool, corpus))


@pytest.fixture(params=["embedded", "pretrained"])
def subject(request):
    return request.getfixturevalue(request.param)

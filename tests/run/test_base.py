"""A base that has to be converted is converted once a cache, and is the same model as one converted at every load."""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
import time

import pytest
import torch
from safetensors import safe_open

from fairforget import FairforgetError
from fairforget.api import Corpus, Pretrained, Sample, Scratch, TargetRecipe, Template, Training
from fairforget.lm.models import load_pretrained
from fairforget.lm.scratch import build_model, train_tokenizer
from fairforget.lm.sources import content
from fairforget.run.targets.base import load_base
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.target import load_target, make_target
from fairforget.run.targets.target_folder import intact, weights_digest

CORPUS = Corpus((Sample("a", "Who?", "Ada."), Sample("b", "Where?", "Rome.")), (Sample("r", "When?", "Now."),))
CONFIG = {
    "model_type": "llama", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
    "num_attention_heads": 4, "num_key_value_heads": 4, "tie_word_embeddings": True, "max_position_embeddings": 64,
}  # fmt: skip
TRAINING = Training(1, 1e-3, 2)


@pytest.fixture(params=["bfloat16", "float16"])
def half(request, tmp_path):
    """A checkpoint stored in half precision."""
    return saved(tmp_path / "base", getattr(torch, request.param))


def saved(folder, dtype, **options):
    tokenizer = train_tokenizer(CORPUS, Template(), 300)
    build_model(Scratch(CONFIG), tokenizer, seed=0).to(dtype).save_pretrained(folder, **options)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def reads(monkeypatch):
    """The paths from which models are read."""
    found = []

    def load(base, **options):
        found.append(base.path)
        return load_pretrained(base, **options)

    monkeypatch.setattr("fairforget.run.targets.base.load_pretrained", load)
    return found


def recipe(folder, training=None, **base):
    return TargetRecipe(Pretrained(str(folder), **base), training)


def made(recipe, cache, without=()):
    return make_target(target_identity(recipe, CORPUS, 0), recipe, CORPUS, cache, seed=0, without=without)


def copies(cache):
    return sorted((cache / "bases").glob("[!.]*"))


def stored(folder):
    with safe_open(folder / "model.safetensors", "pt") as opened:
        return {opened.get_slice(name).get_dtype() for name in opened.keys()}  # noqa: SIM118


def test_it_is_read_once_for_the_target_as_it_stands_its_loads_and_every_training(half, tmp_path, reads):
    cache, bare, tuned = tmp_path / "cache", recipe(half), recipe(half, TRAINING)
    folder = made(bare, cache)
    for _ in range(3):
        target = load_target(folder, bare)
    made(tuned, cache)
    for sample in CORPUS.pool:
        made(tuned, cache, without=[sample.id])
    assert reads.count(str(half)) == 1
    (copy,) = copies(cache)
    assert set(reads) == {str(half), str(copy)}
    assert stored(copy) == {"F32"}
    assert not list(folder.glob("*.safetensors"))
    # The same model as one that is converted while it is read.
    plain, tokenizer = load_pretrained(Pretrained(str(half)))
    assert target.digest == weights_digest(plain) == weights_digest(target.model)
    assert target.tokenizer("Ada Who?").input_ids == tokenizer("Ada Who?").input_ids


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_base_of_the_wanted_type_is_not_copied(tmp_path, reads, dtype):
    folder = saved(tmp_path / "base", getattr(torch, dtype))
    one = recipe(folder, dtype=dtype)
    load_target(made(one, tmp_path / "cache"), one)
    assert set(reads) == {str(folder)}
    assert not copies(tmp_path / "cache")


def test_a_base_in_float32_that_is_wanted_smaller_is_converted_too(tmp_path):
    one = recipe(saved(tmp_path / "base", torch.float32), dtype="bfloat16")
    target = load_target(made(one, tmp_path / "cache"), one)
    assert {p.dtype for p in target.model.parameters()} == {torch.bfloat16}
    assert [stored(copy) for copy in copies(tmp_path / "cache")] == [{"BF16"}]


def test_every_wanted_type_has_a_copy_of_its_own(tmp_path):
    folder = saved(tmp_path / "base", torch.bfloat16)
    for dtype in ("float32", "float16"):
        one = recipe(folder, dtype=dtype)
        assert {p.dtype for p in load_target(made(one, tmp_path / "cache"), one).model.parameters()} == {
            getattr(torch, dtype)
        }
    assert len(copies(tmp_path / "cache")) == 2


def test_the_identity_is_that_of_the_bases_own_files(half, tmp_path):
    one = recipe(half, TRAINING)
    before = target_identity(one, CORPUS, 0)
    digest = load_target(made(one, tmp_path / "cache"), one).digest
    assert target_identity(one, CORPUS, 0) == before
    shutil.rmtree(tmp_path / "cache" / "bases")
    shutil.rmtree(tmp_path / "cache" / "targets")
    assert load_target(made(one, tmp_path / "cache"), one).digest == digest
    # Another base is another copy.
    config = json.loads((half / "config.json").read_text())
    (half / "config.json").write_text(json.dumps({**config, "rms_norm_eps": 1e-3}))
    made(one, tmp_path / "cache")
    assert len(copies(tmp_path / "cache")) == 2


@pytest.mark.parametrize("spoil", ["cut", "gone", "folder"])
def test_a_torn_copy_is_made_again(half, tmp_path, reads, spoil):
    cache, one = tmp_path / "cache", recipe(half)
    folder = made(one, cache)
    (copy,) = copies(cache)
    weights = (copy / "model.safetensors").read_bytes()
    if spoil == "cut":
        (copy / "model.safetensors").write_bytes(weights[:-40])
    elif spoil == "gone":
        (copy / "config.json").unlink()
    else:
        shutil.rmtree(copy)
    reads.clear()
    assert load_target(folder, one).digest == weights_digest(load_pretrained(one.base)[0])
    assert reads == [str(half), str(copy)]
    assert intact(copy)
    assert (copy / "model.safetensors").read_bytes() == weights


def test_an_interrupted_conversion_leaves_nothing_half_made(half, tmp_path, monkeypatch):
    def interrupted(model, tokenizer, folder):
        (folder / "model.safetensors").write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("fairforget.run.targets.base.save_model", interrupted)
        with pytest.raises(KeyboardInterrupt):
            made(recipe(half), tmp_path)
    assert [file.name for file in (tmp_path / "bases").iterdir() if file.is_dir()] == []
    made(recipe(half), tmp_path)
    assert len(copies(tmp_path)) == 1


def test_of_two_at_once_one_converts(half, tmp_path, monkeypatch):
    base, reads, one_at_a_time = Pretrained(str(half)), [], threading.Lock()

    def load(base, **options):
        reads.append(base.path)
        time.sleep(0.05)  # for the other one to come
        with one_at_a_time:  # transformers cannot load in two threads
            return load_pretrained(base, **options)

    monkeypatch.setattr("fairforget.run.targets.base.load_pretrained", load)
    described, found = content(base), []
    threads = [threading.Thread(target=lambda: found.append(load_base(base, described, tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads.count(str(half)) == 1
    assert len({weights_digest(model) for model, _ in found}) == 1


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
def test_adapters_are_no_part_of_the_copy(half, tmp_path, reads):
    from peft import LoraConfig, get_peft_model

    plain, _ = load_pretrained(Pretrained(str(half)))
    torch.manual_seed(0)
    wrapped = get_peft_model(plain, LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False))
    wrapped.save_pretrained(str(tmp_path / "adapter"))
    merged = recipe(half, adapter={"path": str(tmp_path / "adapter")})
    target = load_target(made(merged, tmp_path / "cache"), merged)
    assert weights_digest(target.model) == weights_digest(load_pretrained(merged.base)[0])
    trained = recipe(half, TRAINING, adapter={"r": 2, "target_modules": ["q_proj"]})
    made(trained, tmp_path / "cache")
    made(recipe(half), tmp_path / "cache")
    assert reads.count(str(half)) == 1
    assert len(copies(tmp_path / "cache")) == 1


def test_a_base_whose_generation_config_names_sampling_is_kept(half, tmp_path):
    # As published models have it; transformers reads it with a warning and refuses to write it.
    file = half / "generation_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "temperature": 0.6, "top_p": 0.9}))
    one = recipe(half)
    assert load_target(made(one, tmp_path / "cache"), one).digest == weights_digest(load_pretrained(one.base)[0])


def test_a_cache_that_cannot_be_written_says_the_mend(half, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FairforgetError, match=r"cannot be written: .*FAIRFORGET_CACHE"):
        load_base(Pretrained(str(half)), content(Pretrained(str(half))), tmp_path / "file")


def test_a_checkpoint_target_needs_no_training_recipe_to_be_loaded_from_the_copy(half, tmp_path):
    one = recipe(half)
    folder = made(one, tmp_path / "cache")
    moved = dataclasses.replace(one, base=dataclasses.replace(one.base, path=str(half.rename(tmp_path / "moved"))))
    (tmp_path / "moved" / "model.safetensors").unlink()
    # What is read is the copy, whatever has become of the base since.
    assert load_target(folder, moved).digest


def test_a_hubs_base_is_read_at_the_commit_of_its_identity_and_converted_once(tmp_path, monkeypatch, reads):
    from huggingface_hub import constants

    old, new = "0" * 40, "1" * 40
    cached = tmp_path / "hub" / "models--some--model"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text(old)
    saved(cached / "snapshots" / old, torch.bfloat16)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    base = Pretrained("some/model")
    described = content(base)
    (cached / "refs" / "main").write_text(new)  # the branch moves on
    for _ in range(2):
        model, _ = load_base(base, described, tmp_path / "cache")
    assert reads.count("some/model") == 1
    plain, _ = load_pretrained(Pretrained(str(cached / "snapshots" / old)))
    assert weights_digest(model) == weights_digest(plain)

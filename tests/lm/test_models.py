from __future__ import annotations

import json

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import GPT2Config, GPT2LMHeadModel

from fairforget import FairforgetError
from fairforget.api import Corpus, Pretrained, Sample, Scratch, TargetRecipe, Template, Training
from fairforget.lm.lora import attach_adapter, new_adapter
from fairforget.lm.models import load_pretrained
from fairforget.lm.scratch import build_model, train_tokenizer
from fairforget.lm.sources import content, find_folder
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.target import load_target, make_target

CORPUS = Corpus((Sample("s", "Who?", "Ada."),), ())
CONFIG = {
    "model_type": "llama", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
    "num_attention_heads": 4, "num_key_value_heads": 4, "tie_word_embeddings": True, "max_position_embeddings": 64,
}  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(CORPUS, Template(), 300)


@pytest.fixture
def folder(tmp_path, tokenizer):
    model = build_model(Scratch(CONFIG), tokenizer, seed=0)
    model.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_scratch_depends_on_the_seed_alone(tokenizer):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = build_model(Scratch(CONFIG), tokenizer, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert same(weights(one), weights(build_model(Scratch(CONFIG), tokenizer, seed=3)))
    assert not same(weights(one), weights(build_model(Scratch(CONFIG), tokenizer, seed=4)))


@pytest.mark.parametrize(("config", "message"), [
    ({"model_type": "lama"}, "unknown model_type 'lama'.*'llama'"),
    ({**CONFIG, "num_attention_heads": 5}, "cannot be made"),
])  # fmt: skip
def test_an_impossible_architecture_is_an_error(tokenizer, config, message):
    with pytest.raises(FairforgetError, match=message):
        build_model(Scratch(config), tokenizer, seed=0)


def test_a_folder_loads_as_it_was_saved(folder, tokenizer):
    model, loaded = load_pretrained(Pretrained(str(folder)))
    assert same(weights(model), weights(build_model(Scratch(CONFIG), tokenizer, seed=0)))
    assert not model.training
    assert loaded("Ada Who?").input_ids == tokenizer("Ada Who?").input_ids
    half, _ = load_pretrained(Pretrained(str(folder), dtype="bfloat16"))
    assert {p.dtype for p in half.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize(("path", "message"), [
    ("./nowhere", "'./nowhere' does not exist"),
    ("/nowhere/at/all", "does not exist; check the path"),
    ("a/b/c", "does not exist"),
    ("{folder}/config.json", "is a file; name the folder"),
])  # fmt: skip
def test_a_path_that_is_no_model_is_an_error(folder, path, message):
    with pytest.raises(FairforgetError, match=message):
        find_folder(path.format(folder=folder))


@pytest.mark.parametrize("hub_id", ["some/model", "x" * 200, "a--b", "x.git"])  # the last three no hub would have
@pytest.mark.parametrize("revision", [None, "x" * 300, "a\0b"])
def test_a_hub_id_without_a_network_says_the_mend(hub_id, revision):
    for call in (load_pretrained, content):
        with pytest.raises(
            FairforgetError, match=rf"'{hub_id}'.*cannot be had from the hub.*without a network give a folder"
        ):
            call(Pretrained(hub_id, revision=revision))


def test_pickles_are_refused(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(FairforgetError, match=r"pickle \(pytorch_model.bin\).*save_pretrained"):
        load_pretrained(Pretrained(str(folder)))


def test_an_empty_folder_and_a_forgotten_gguf_file(tmp_path):
    with pytest.raises(FairforgetError, match="holds no"):
        load_pretrained(Pretrained(str(tmp_path)))
    (tmp_path / "model.q4.gguf").write_bytes(b"GGUF")
    with pytest.raises(FairforgetError, match=r"gguf_file: model.q4.gguf"):
        load_pretrained(Pretrained(str(tmp_path)))
    with pytest.raises(FairforgetError, match=r"Did you mean 'model.q4.gguf'"):
        load_pretrained(Pretrained(str(tmp_path), gguf_file="model.q5.gguf"))
    with pytest.raises(FairforgetError, match="has no gguf_file"):
        load_pretrained(Pretrained(str(tmp_path), gguf_file="../model.q4.gguf"))


@pytest.mark.parametrize("spoil", ["truncate", "garbage"])
def test_broken_weights_are_an_error(folder, spoil):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:100] if spoil == "truncate" else b"\x00" * 64)
    with pytest.raises(FairforgetError, match="cannot be loaded"):
        load_pretrained(Pretrained(str(folder)))


def test_a_quantised_model_is_an_error_before_anything_trains(folder):
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "gguf", "gguf_file": "model.gguf", "dequantize": False}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        FairforgetError, match=r"is quantised \(gguf\).*its weights cannot be changed; give one with float"
    ):
        load_pretrained(Pretrained(str(folder)))


def test_a_missing_config_is_an_error(folder):
    (folder / "config.json").unlink()
    with pytest.raises(FairforgetError, match="cannot be loaded"):
        load_pretrained(Pretrained(str(folder)))


def test_content_is_about_the_files_and_not_the_place(folder, tmp_path):
    before = content(Pretrained(str(folder)))
    moved = folder.rename(tmp_path / "elsewhere")
    assert content(Pretrained(str(moved))) == before
    config = json.loads((moved / "config.json").read_text())
    (moved / "config.json").write_text(json.dumps({**config, "rms_norm_eps": 0.5}))
    assert content(Pretrained(str(moved))) != before


def test_a_hub_commit_is_known_without_a_network():
    sha = "0123456789abcdef0123456789abcdef01234567"
    assert content(Pretrained("some/model", revision=sha))["commit"] == sha


def test_a_cached_hub_revision_is_known_without_a_network(tmp_path, monkeypatch):
    from huggingface_hub import constants

    sha = "0123456789abcdef0123456789abcdef01234567"
    cached = tmp_path / "models--some--model"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs/main").write_text(sha)
    (cached / "snapshots" / sha).mkdir(parents=True)
    (cached / "snapshots" / sha / "config.json").write_text("{}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert content(Pretrained("some/model"))["commit"] == sha


HUSHED = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")


@pytest.fixture
def adapter(folder, tmp_path):
    model, _ = load_pretrained(Pretrained(str(folder)))
    torch.manual_seed(0)
    wrapped = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False))
    wrapped.save_pretrained(str(tmp_path / "adapter"))
    return tmp_path / "adapter"


@HUSHED
def test_an_adapter_that_exists_is_merged(folder, adapter):
    plain, _ = load_pretrained(Pretrained(str(folder)))
    merged, _ = load_pretrained(Pretrained(str(folder), adapter={"path": str(adapter), "r": None, "dropout": 0.0}))
    assert type(merged) is type(plain)
    changed = {name for name, tensor in weights(plain).items() if not torch.equal(tensor, merged.state_dict()[name])}
    assert changed == {"model.layers.0.self_attn.q_proj.weight"}
    found = content(Pretrained(str(folder), adapter={"path": str(adapter)}))
    assert "adapter_model.safetensors" in found["adapter"]["files"]


@HUSHED
def test_a_pickled_adapter_is_refused(folder, adapter):
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    with pytest.raises(FairforgetError, match="pickle"):
        load_pretrained(Pretrained(str(folder), adapter={"path": str(adapter)}))


@HUSHED
def test_an_adapter_of_another_model_is_an_error(folder, adapter):
    settings = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**settings, "target_modules": ["nothing"]}))
    with pytest.raises(FairforgetError, match="does not fit the model"):
        load_pretrained(Pretrained(str(folder), adapter={"path": str(adapter)}))


def test_a_new_adapter_trains_alone_and_changes_nothing_yet(folder):
    plain, _ = load_pretrained(Pretrained(str(folder)))
    ids = torch.tensor([[5, 6, 7]])
    before = plain(input_ids=ids).logits.detach()
    torch.manual_seed(9)
    state = torch.get_rng_state()
    wrapped = attach_adapter(plain, {"path": None, "r": 2, "alpha": None, "target_modules": None}, seed=1).eval()
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(wrapped(input_ids=ids).logits.detach(), before)
    trained = [name for name, p in wrapped.named_parameters() if p.requires_grad]
    assert trained
    assert all("lora_" in name for name in trained)
    assert new_adapter({"r": 2}) == {"r": 2, "alpha": 4, "dropout": 0.0, "target_modules": None}
    # The same text, for the identity of a target is a digest of it.
    assert repr(new_adapter({"r": 2, "alpha": 8.0})) == repr(new_adapter({"r": 2, "alpha": 8}))
    assert new_adapter({"r": 2, "alpha": 8.5})["alpha"] == 8.5


@pytest.mark.parametrize(("settings", "message"), [
    ({"rank": 2}, "unknown setting 'rank'"),
    ({"alpha": 2}, "needs `path`.*or `r`"),
    ({"r": 2, "target_modules": ["nothing"]}, "cannot be attached"),
])  # fmt: skip
def test_an_impossible_new_adapter_is_an_error(folder, settings, message):
    model, _ = load_pretrained(Pretrained(str(folder)))
    with pytest.raises(FairforgetError, match=message):
        attach_adapter(model, settings, seed=0)


def test_gguf_weights_are_dequantised_into_a_model_that_trains(tmp_path):
    gguf = pytest.importorskip("gguf")
    # The smallest GGUF file that transformers knows how to read whole: GPT-2 with its tokenizer left to a folder.
    path = tmp_path / "tiny.gguf"
    write_gguf(gguf, path)
    model, tokenizer = load_pretrained(Pretrained(str(tmp_path), gguf_file="tiny.gguf"))
    assert all(p.requires_grad and p.dtype == torch.float32 for p in model.parameters())
    ids = torch.tensor([tokenizer("ab").input_ids])
    model(input_ids=ids, labels=ids).loss.backward()
    assert all(p.grad is not None for p in model.parameters())


def test_a_gguf_base_is_read_once_for_a_target_and_its_oracles(tmp_path, monkeypatch):
    read = []

    def load(base, **options):
        read.append(base.gguf_file)
        return load_pretrained(base, **options)

    monkeypatch.setattr("fairforget.run.targets.base.load_pretrained", load)
    write_gguf(pytest.importorskip("gguf"), tmp_path / "tiny.gguf")
    corpus = Corpus((Sample("a", "a", "b"), Sample("b", "b", "a")), (Sample("c", "ab", "ab"),))
    base = Pretrained(str(tmp_path), gguf_file="tiny.gguf")
    plain = Template("{prompt}", "{completion}")
    bare, tuned = (TargetRecipe(base, training, plain) for training in (None, Training(1, 1e-3, 2)))
    for recipe, without in ((bare, ()), (tuned, ()), (tuned, ("a",))):
        identity = target_identity(recipe, corpus, 0)
        folder = make_target(identity, recipe, corpus, tmp_path / "cache", seed=0, without=without)
        target = load_target(folder, recipe)
        if recipe is bare:
            assert same(weights(target.model), weights(load_pretrained(base)[0]))
    assert [name for name in read if name is not None] == ["tiny.gguf"]


def write_gguf(gguf, path):
    import numpy as np

    rng = np.random.default_rng(0)
    width, heads, inner, words = 32, 4, 64, ["<unk>", "<s>", "</s>", "a", "b", "ab"]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_rope_dimension_count(width // heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(words))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(words)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    shapes = {
        "token_embd.weight": (len(words), width), "output_norm.weight": (width,), "output.weight": (len(words), width),
        "blk.0.attn_norm.weight": (width,), "blk.0.ffn_norm.weight": (width,),
        "blk.0.attn_q.weight": (width, width), "blk.0.attn_k.weight": (width, width),
        "blk.0.attn_v.weight": (width, width), "blk.0.attn_output.weight": (width, width),
        "blk.0.ffn_gate.weight": (inner, width), "blk.0.ffn_up.weight": (inner, width),
        "blk.0.ffn_down.weight": (width, inner),
    }  # fmt: skip
    for name, shape in shapes.items():
        writer.add_tensor(name, rng.normal(size=shape, scale=0.1).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_other_architectures_load(tmp_path, tokenizer):
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_embd=32, n_layer=1, n_head=2, n_positions=32))
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    loaded, _ = load_pretrained(Pretrained(str(tmp_path)))
    assert same(weights(loaded), weights(model))


def test_loading_and_saving_put_nothing_on_the_screen(folder, tmp_path, capfd):
    pytest.importorskip("gguf")
    from transformers.utils import logging

    (tmp_path / "q").mkdir()
    write_gguf(pytest.importorskip("gguf"), tmp_path / "q" / "tiny.gguf")
    capfd.readouterr()
    load_pretrained(Pretrained(str(folder)))
    load_pretrained(Pretrained(str(tmp_path / "q"), gguf_file="tiny.gguf"))
    out, err = capfd.readouterr()
    assert (out, [line for line in err.splitlines() if "%|" in line]) == ("", [])
    assert logging.is_progress_bar_enabled()

"""Models of strangers: nothing in their folders runs, and no pickle is opened, unless the study says so by a key."""

from __future__ import annotations

import builtins
import contextlib
import json
import pickle
import shutil
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.api import Pretrained
from fairforget.errors import FairforgetError
from fairforget.lm.models import load_pretrained
from fairforget.lm.sources import content
from fairforget.lm.strangers import nobody_asked
from fairforget_tasks.metrics.sentence_encoder import load_encoder

CODE = """
from pathlib import Path
from transformers import LlamaConfig, LlamaForCausalLM

Path({stolen!r}).write_text("ran")

class Config(LlamaConfig):
    model_type = "of-a-stranger"

class Model(LlamaForCausalLM):
    config_class = Config
"""


class Stealing:
    """A pickle that writes a file when it is opened."""

    def __init__(self, stolen):
        self.stolen = stolen

    def __reduce__(self):
        return Path.write_text, (self.stolen, "ran")


@pytest.fixture(autouse=True)
def _nobody_is_asked(monkeypatch):
    def ask(*_):
        pytest.fail("somebody was asked at a prompt")

    monkeypatch.setattr(builtins, "input", ask)


@pytest.fixture(autouse=True)
def _modules_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(tmp_path / "modules")


@pytest.fixture
def stolen(tmp_path):
    """Where code of a stranger leaves a file."""
    path = tmp_path / "stolen"
    yield path
    assert not path.exists(), "code of a stranger ran"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    config = LlamaConfig(
        vocab_size=31, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
        bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture
def folder(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "model")


def edit(file, **changes):
    """Change some keys of a JSON file, which need not be there."""
    before = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**before, **changes}))


def with_code(folder, stolen):
    """Make it a model that needs code of its own."""
    (folder / "of_a_stranger.py").write_text(CODE.format(stolen=str(stolen)))
    mapping = {"AutoConfig": "of_a_stranger.Config", "AutoModelForCausalLM": "of_a_stranger.Model"}
    edit(folder / "config.json", auto_map=mapping, model_type="of-a-stranger", architectures=["Model"])


def load(folder, **more):
    return load_pretrained(Pretrained(str(folder), **more), tokenizer_needed=False)


def refused(folder, match, **more):
    with pytest.raises(FairforgetError, match=match) as found:
        load(folder, **more)
    assert len(str(found.value)) < 1_000


def test_code_of_a_model_runs_by_the_key_alone(folder, tmp_path):
    with_code(folder, tmp_path / "asked-for")
    refused(folder, r"brings code of its own .*config.json.*model\.trust_remote_code: true")
    assert not (tmp_path / "asked-for").exists()
    model, _ = load(folder, trust_remote_code=True)
    assert type(model).__name__ == "Model"
    assert (tmp_path / "asked-for").exists()


def test_the_key_is_part_of_what_the_model_is(folder, stolen):
    with_code(folder, stolen)
    trusted = content(Pretrained(str(folder), trust_remote_code=True))
    assert trusted["trust_remote_code"] is True
    assert "of_a_stranger.py" in trusted["files"], "other code of the same name would pass for the same model"


def test_a_model_without_code_does_not_have_the_key(folder):
    plain, trusted = (content(Pretrained(str(folder), trust_remote_code=trust)) for trust in (False, True))
    assert trusted == {**plain, "trust_remote_code": True}


@pytest.mark.parametrize("file", ["tokenizer_config.json", "processor_config.json", "generation_config.json"])
def test_code_that_only_the_tokenizer_brings(folder, stolen, file):
    (folder / "of_a_stranger.py").write_text(CODE.format(stolen=str(stolen)))
    (folder / "tokenizer.json").write_text("{}")
    edit(folder / file, auto_map={"AutoTokenizer": [None, "of_a_stranger.Model"]})
    if file == "tokenizer_config.json":
        refused(folder, "trust_remote_code")


def test_own_generation_is_not_run(folder, stolen):
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(CODE.format(stolen=str(stolen)))
    load(folder)


def test_code_that_is_named_in_another_repository(folder, stolen):
    edit(folder / "config.json", auto_map={"AutoConfig": "mal/repository--code.Config"}, model_type="of-a-stranger")
    refused(folder, "trust_remote_code")


@pytest.mark.parametrize("place", ["attn_implementation", "_attn_implementation", "experts_implementation"])
def test_compiled_code_of_a_hub_is_not_fetched_for_a_config(folder, place):
    edit(folder / "config.json", **{place: "mal/kernel"})
    refused(folder, "mal/kernel.*remove that key")
    edit(folder / "config.json", **{place: None, "text_config": {place: {"": "mal/kernel@main"}}})
    refused(folder, "mal/kernel.*remove that key")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pth", "weights.pkl"])
@pytest.mark.parametrize("beside", [False, True])
def test_pickled_weights_are_refused_and_never_opened(folder, stolen, name, beside):
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(pickle.dumps(Stealing(stolen)))
    if beside:
        save_file({"x": torch.zeros(1)}, folder / "other.safetensors")
    refused(folder, rf"pickle \({name}\).*save_pretrained")


def test_a_pickle_beside_sound_weights_is_not_opened(folder, stolen):
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Stealing(stolen)))
    (folder / "training_args.bin").write_bytes(pickle.dumps(Stealing(stolen)))
    load(folder)


@pytest.mark.parametrize("part", ["../elsewhere.safetensors", "/etc/passwd", "pytorch_model.bin", 3, "a/b.safetensors"])
def test_an_index_names_files_of_its_folder(folder, sound, stolen, part):
    (folder / "model.safetensors").unlink()
    shutil.copy(sound / "model.safetensors", folder.parent / "elsewhere.safetensors")
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Stealing(stolen)))
    edit(folder / "model.safetensors.index.json", metadata={}, weight_map={"lm_head.weight": part})
    save_file({"x": torch.zeros(1)}, folder / "other.safetensors")
    refused(folder, r"model\.safetensors\.index\.json")


def test_an_adapter_is_no_model(folder):
    edit(folder / "adapter_config.json", peft_type="LORA", base_model_name_or_path="mal/model")
    refused(folder, r"adapter_config\.json.*model\.adapter\.path")


def test_an_index_that_is_none(folder):
    (folder / "model.safetensors").unlink()
    for text in ("[]", "{}", '{"weight_map": [1]}', "{", '{"weight_map": {"a": {}}}'):
        (folder / "model.safetensors.index.json").write_text(text)
        refused(folder, r"model\.safetensors\.index\.json")


def test_a_config_names_no_file_of_weights(folder, stolen):
    (folder / "adapter_model.bin").write_bytes(pickle.dumps(Stealing(stolen)))
    edit(folder / "config.json", transformers_weights="adapter_model.bin")
    refused(folder, "transformers_weights.*remove")


def test_a_repository_of_a_hub_is_looked_at_first(folder, stolen, monkeypatch):
    def cached(path, name, **_):
        return str(folder / name) if (folder / name).exists() else None

    monkeypatch.setattr("transformers.utils.hub.cached_file", cached)
    with_code(folder, stolen)
    with pytest.raises(FairforgetError, match="'mal/model' brings code of its own"):
        load_pretrained(Pretrained("mal/model"))


def test_a_sentence_encoder_brings_no_code(folder, stolen):
    with_code(folder, stolen)
    edit(folder / "config.json", auto_map={"AutoConfig": "of_a_stranger.Config", "AutoModel": "of_a_stranger.Model"})
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(FairforgetError, match=r"encoder .* cannot be loaded"):
        load_encoder(str(folder))


def test_nobody_is_asked_by_a_library_that_loads_for_us(folder, stolen):
    from transformers import AutoConfig

    with_code(folder, stolen)
    with nobody_asked(), pytest.raises(ValueError, match="custom code"):
        AutoConfig.from_pretrained(folder)


@pytest.fixture
def adapter(sound, tmp_path):
    from peft import LoraConfig, get_peft_model

    model = LlamaForCausalLM.from_pretrained(sound)
    place = tmp_path / "adapter"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft asks transformers under a name that is deprecated there
        model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=1, target_modules=["q_proj"]))
        model.save_pretrained(str(place))
    return place


def test_a_sound_adapter(folder, adapter):
    load(folder, adapter={"path": str(adapter)})


@pytest.mark.parametrize("beside", [False, True])
def test_a_pickled_adapter_is_refused_and_never_opened(folder, adapter, stolen, beside):
    (adapter / "adapter_model.safetensors").unlink()
    (adapter / "adapter_model.bin").write_bytes(pickle.dumps(Stealing(stolen)))
    if beside:
        save_file({"x": torch.zeros(1)}, adapter / "other.safetensors")
    refused(folder, r"pickle \(adapter_model\.bin\)", adapter={"path": str(adapter)})


@pytest.mark.parametrize(
    ("key", "value"),
    [("megatron_config", {"x": 1}), ("layer_replication", [[0, 1], [0, 1]])],
)
def test_an_adapter_imports_nothing_and_makes_no_other_model(folder, adapter, key, value):
    edit(adapter / "adapter_config.json", **{key: value, "megatron_core": "of_a_stranger"})
    refused(folder, rf"adapter_config\.json.*{key}", adapter={"path": str(adapter)})


@pytest.mark.parametrize(
    "spoil", [b"[]", b"{", b'"x"', b"\xff", b"[" * 5000, b'{"peft_type": "LORA"}', b'{"peft_type": 3}']
)
@pytest.mark.parametrize("name", ["config.json", "adapter_config.json", "generation_config.json"])
def test_settings_that_are_none(folder, adapter, spoil, name):
    place = adapter if name == "adapter_config.json" else folder
    (place / name).write_bytes(spoil)
    if name == "generation_config.json":  # transformers does without most that it cannot read of it
        with contextlib.suppress(FairforgetError):
            load(folder, adapter={"path": str(adapter)})
    else:
        refused(folder, ".", adapter={"path": str(adapter)})


@pytest.mark.parametrize("trust", [False, True])
def test_the_key_of_a_study_stands_in_its_cells(folder, tmp_path, trust):
    from fairforget.registry import Registry
    from fairforget.run.targets.identity import target_identity
    from fairforget.run.targets.recipe import recipe_for
    from fairforget.study.load import parse_study
    from fairforget.study.planning import make_plan

    text = f"""
    name: trusted
    task: {{name: biographies, people: 12, samples: 3}}
    model: {{path: {folder}, trust_remote_code: {str(trust).lower()}}}
    forget_size: 3
    methods: [untouched]
    budget: {{epochs: 1}}
    optimizer: {{name: adamw, lr: 1.0e-4, batch_size: 4}}
    """
    plan = make_plan(parse_study(text).study, Registry.discover())
    corpus = plan.task.plugin.corpus()
    recipe, seed = recipe_for(plan.task.plugin, plan.study.model_json())
    target = target_identity(recipe, corpus, seed)
    common = plan.common(target, data=corpus.digest())
    assert common["target"]["base"]["pretrained"].get("trust_remote_code", False) is trust

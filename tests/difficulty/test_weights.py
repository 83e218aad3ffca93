from __future__ import annotations

import pytest
import torch

from fairforget.errors import FairforgetError
from fairforget.lm.perturb import perturbation
from fairforget.lm.weights import require_full_precision, root_mean_square, squared_norm, weights


def test_parameters_that_overlap_in_part_are_refused():
    memory = torch.randn(20)
    layer = torch.nn.Module()
    layer.a = torch.nn.Parameter(memory[:12])
    layer.b = torch.nn.Parameter(memory[8:])
    with pytest.raises(FairforgetError, match="overlap in memory"):
        weights(layer)


def test_neighbours_in_one_memory_are_two_weights():
    memory = torch.randn(20)
    layer = torch.nn.Module()
    layer.a = torch.nn.Parameter(memory[:10])
    layer.b = torch.nn.Parameter(memory[10:].view(2, 5).t())
    before = memory.clone()
    assert len(weights(layer)) == 2
    with perturbation(layer) as noise:
        noise.move(1, 1.0)
        assert (memory != before).all()
    assert torch.equal(memory, before)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_refused_with_the_mend(model, dtype):
    with pytest.raises(FairforgetError, match=r"mrd needs weights in float32.*float16.*dtype: float32"):
        require_full_precision(model.to(dtype), "difficulty mrd")
    require_full_precision(model.double(), "difficulty mrd")


def test_root_mean_square_by_hand():
    assert root_mean_square([torch.tensor([3.0, 4.0]), torch.tensor([[0.0], [0.0]])]) == pytest.approx(2.5)


def test_root_mean_square_takes_little_memory(monkeypatch):
    monkeypatch.setattr("fairforget.lm.weights.CHUNK", 7)
    tensor = torch.randn(10, 11).t()
    assert float(squared_norm(tensor)) == pytest.approx(float((tensor.double() ** 2).sum()), rel=1e-12)
    assert float(squared_norm(torch.empty(0))) == 0


def test_either_name_of_a_tied_weight_chooses_it(model):
    for pattern in ("lm_head.weight", "model.embed_tokens.*"):
        with perturbation(model, [pattern]) as noise:
            assert noise.names == ("model.embed_tokens.weight",)
            assert len(noise.weights) == 1
            assert noise.weights[0] is model.lm_head.weight


def test_a_layer_is_not_its_tenfold():
    layers = torch.nn.ModuleDict({"layers": torch.nn.ModuleList(torch.nn.Linear(2, 2) for _ in range(12))})
    names = [w.names[0] for w in weights(layers, "layers.1.*")]
    assert names == ["layers.1.weight", "layers.1.bias"]
    assert len(weights(layers, ["layers.1[01].bias", "layers.?.weight", "layers.1.*"])) == 2 + 10 + 1


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ("adaptors", "named 'adaptors'. Did you mean 'adapters'"),
        (["model.layer.0.*"], r"named 'model.layer.0.\*'. Did you mean 'model.layers.0.\*'"),
        (["*", "head.weight"], "named 'head.weight'. Did you mean 'lm_head.weight'"),
        ([], "no weights are asked for"),
    ],
)
def test_names_of_nothing_are_refused_with_the_nearest(model, only, message):
    with pytest.raises(FairforgetError, match=message), perturbation(model, only):
        pass


def test_weights_that_are_not_here_are_refused():
    with torch.device("meta"):
        layer = torch.nn.Linear(3, 3)
    with pytest.raises(FairforgetError, match="weight of Linear is not here"):
        weights(layer)


def test_a_wrapper_for_training_is_looked_through(model):
    wrapped = torch.nn.DataParallel(model)
    assert [w.names for w in weights(wrapped)] == [w.names for w in weights(model)]


def test_names_are_those_inside_a_compiled_model(model):
    compiled = torch.nn.Module()
    compiled._orig_mod = model  # what torch.compile makes, without the warnings of its import
    assert [w.names for w in weights(compiled)] == [w.names for w in weights(model)]


def test_passes_in_half_precision_are_refused(model):
    with (
        torch.autocast("cpu", torch.bfloat16),
        pytest.raises(FairforgetError, match="mrd needs passes in float32, but LlamaForCausalLM runs under autocast"),
    ):
        require_full_precision(model, "mrd")
    require_full_precision(model, "mrd")


@pytest.fixture
def a_process_of_its_own(monkeypatch):
    """The state that `Accelerator` keeps for the whole process: new for one test, and as it was after it."""
    from accelerate.state import AcceleratorState, GradientState, PartialState

    for state in AcceleratorState, GradientState, PartialState:
        monkeypatch.setattr(state, "_shared_state", {})


@pytest.mark.usefixtures("a_process_of_its_own")
def test_what_accelerate_makes_half_is_refused(model):
    from accelerate import Accelerator

    prepared = Accelerator(cpu=True, mixed_precision="bf16").prepare_model(model, evaluation_mode=True)
    with pytest.raises(FairforgetError, match="under autocast"):
        require_full_precision(prepared, "mrd")

"""`memorization` and `reference-loss` against two loops over transformers' own loss."""

from __future__ import annotations

import copy
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from transformers import LlamaForCausalLM

from fairforget import FairforgetError
from fairforget.api import PluginSpec, Sample
from fairforget.lm.change import in_scope
from fairforget.lm.references import reference
from fairforget.registry import Registry
from fairforget.study.options import build
from fairforget.study.rows import PlannedCurriculum
from fairforget_samplers.difficulty.against_references import over_references
from fairforget_samplers.difficulty.memorization import Memorization
from fairforget_samplers.difficulty.reference_loss import ReferenceLoss


def rng():
    return np.random.default_rng(0)


def nll(model, sample):
    """Mean loss of the completion, by transformers, one sample alone."""
    ids = torch.tensor([sample.input_ids])
    labels = torch.full_like(ids, -100)
    labels[0, sample.start : sample.end] = ids[0, sample.start : sample.end]
    with torch.no_grad():
        return float(model(input_ids=ids, labels=labels).loss)


def accuracy(model, sample):
    """Share of the completion's tokens that greedy decoding of one token gives after the true text."""
    hits = []
    with torch.no_grad():
        for t in range(sample.start, sample.end):
            best = int(model(input_ids=torch.tensor([sample.input_ids[:t]])).logits[0, -1].argmax())
            hits.append(best == sample.input_ids[t])
    return sum(hits) / len(hits)


def paths(innocent):
    return tuple(path for path, _ in innocent)


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def test_memorization_accuracy_of_the_target_alone(target, pool):
    found = Memorization(batch_tokens=70).score(target, pool, rng())
    np.testing.assert_allclose(found.values, [accuracy(target, s) for s in pool], rtol=1e-12)
    assert (found.stderr, found.reliability) == (None, None)
    assert 0 < found.values.min() < found.values.max()


def test_log_probability_of_the_target_alone(target, pool):
    found = Memorization(of="logprob").score(target, pool, rng())
    np.testing.assert_allclose(found.values, [-nll(target, s) for s in pool], rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("of", "value"), [("accuracy", accuracy), ("logprob", lambda m, s: -nll(m, s))])
def test_counterfactual_memorization_is_feldman_s_difference(target, innocent, pool, of, value):
    found = Memorization(of=of, references=paths(innocent)).score(target, pool, rng())
    against = np.array([[value(target, s) - value(model, s) for s in pool] for _, model in innocent])
    np.testing.assert_allclose(found.values, against.mean(0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.stderr, against.std(0, ddof=1) / math.sqrt(3), rtol=2e-3, atol=1e-6)
    assert 0 < found.reliability <= 1
    assert found.details["variant"] == f"memorization.{of}.counterfactual"
    assert [one["tokenizer"] for one in found.details["references"]] == ["own"] * 3
    assert found.details["warnings"] == []
    assert found.values.mean() > 0.2  # the target did learn what the others never saw


@pytest.mark.slow
def test_reference_loss_is_the_mean_over_models_that_never_saw_the_sample(target, innocent, pool):
    found = ReferenceLoss(references=paths(innocent)).score(target, pool, rng())
    losses = np.array([[nll(model, s) for s in pool] for _, model in innocent])
    np.testing.assert_allclose(found.values, losses.mean(0), rtol=1e-4)
    np.testing.assert_allclose(found.stderr, losses.std(0, ddof=1) / math.sqrt(3), rtol=1e-2)
    total = ReferenceLoss(references=paths(innocent), normalise="sum").score(target, pool, rng())
    np.testing.assert_allclose(total.values, losses.mean(0) * [s.length for s in pool], rtol=1e-4)
    alone = ReferenceLoss(references=paths(innocent)[:1]).score(target, pool, rng())
    np.testing.assert_allclose(alone.values, losses[0], rtol=1e-4)
    assert (alone.stderr, alone.reliability) == (None, None)


@pytest.mark.slow
def test_calibrated_reference_loss_is_counterfactual_memorization_of_log_probability(target, innocent, pool):
    calibrated = ReferenceLoss(references=paths(innocent), calibrated=True).score(target, pool, rng())
    memorised = Memorization(of="logprob", references=paths(innocent)).score(target, pool, rng())
    np.testing.assert_allclose(calibrated.values, memorised.values, rtol=1e-6)
    watson = [nll(target, s) - np.mean([nll(model, s) for _, model in innocent]) for s in pool]
    np.testing.assert_allclose(calibrated.values, np.negative(watson), rtol=1e-3)
    assert ReferenceLoss.higher_is == Memorization.higher_is == "harder"


def test_the_whole_text_by_scope(target, innocent, pool):
    found = ReferenceLoss(references=paths(innocent)[:1], scope="full").score(target, pool, rng())
    ids = [torch.tensor([s.input_ids[: s.end]]) for s in pool]
    with torch.no_grad():
        expected = [float(innocent[0][1](input_ids=i, labels=i).loss) for i in ids]
    np.testing.assert_allclose(found.values, expected, rtol=1e-4)


@pytest.mark.slow
def test_reliability_rises_with_the_number_of_references(target, innocent, pool):
    signed = Memorization(of="logprob", references=paths(innocent)[:2]).score(target, pool, rng())
    one, two = ([-nll(target, s) + nll(model, s) for s in pool] for _, model in innocent[:2])
    r = spearmanr(one, two).statistic  # the only way to halve two
    assert signed.reliability == pytest.approx(2 * r / (1 + r), rel=1e-6)


def test_signed_values_are_ranked_as_such(target, innocent, pool):
    # The target as reference of an innocent model: all values negative, and the reliability is that of their ranks.
    draws = np.array([[nll(m, s) - nll(target, s) for s in pool] for _, m in innocent])
    up, down = over_references(draws, rng()), over_references(-draws, rng())
    assert up.reliability == pytest.approx(down.reliability)
    np.testing.assert_allclose(up.mean, -down.mean)


@pytest.mark.slow
def test_a_reference_with_another_tokenizer_is_asked_in_its_own_tokens(target, stranger, pool, corpus):
    path, model, encoder = stranger
    other = encoder.encode(corpus.pool)
    assert any(a.length != b.length for a, b in zip(other, pool, strict=True))
    found = ReferenceLoss(references=(path,), normalise="sum").score(target, pool, rng())
    np.testing.assert_allclose(found.values, [nll(model, s) * s.length for s in other], rtol=1e-4)
    assert found.details["references"][0]["tokens"] == sum(s.length for s in other)
    assert "makes other tokens" in found.details["warnings"][0]
    mean = ReferenceLoss(references=(path,)).score(target, pool, rng())
    assert "write normalise: sum" in mean.details["warnings"][0]
    memorised = Memorization(references=(path,)).score(target, pool, rng())
    expected = [accuracy(target, a) - accuracy(model, b) for a, b in zip(pool, other, strict=True)]
    np.testing.assert_allclose(memorised.values, expected, rtol=1e-9)
    assert "makes other tokens" in memorised.details["warnings"][0]


def test_a_folder_without_a_tokenizer_gets_the_target_s_tokens(target, innocent, pool, tmp_path):
    path, model = innocent[0]
    model.save_pretrained(tmp_path)
    found = ReferenceLoss(references=(str(tmp_path),)).score(target, pool, rng())
    assert found.details["references"][0]["tokenizer"] == "target"
    np.testing.assert_array_equal(found.values, ReferenceLoss(references=(path,)).score(target, pool, rng()).values)


def test_tokens_that_the_reference_does_not_know_are_an_error(target, pool, tmp_path, innocent):
    smaller = copy.deepcopy(innocent[0][1])
    smaller.resize_token_embeddings(40)
    smaller.save_pretrained(tmp_path)
    with pytest.raises(FairforgetError, match=r"reference-loss, option references.*knows 40 tokens.*'p\d+' has token"):
        ReferenceLoss(references=(str(tmp_path),)).score(target, pool, rng())


def test_a_reference_too_short_for_the_samples_is_an_error(target, pool, tmp_path, innocent):
    model = copy.deepcopy(innocent[0][1])
    model.config.max_position_embeddings = 8
    model.save_pretrained(tmp_path)
    with pytest.raises(FairforgetError, match=r"sample 'p\d+' has \d+ tokens.*reads 8; nothing is cut"):
        ReferenceLoss(references=(str(tmp_path),)).score(target, pool, rng())


def test_the_target_is_no_reference_of_itself(target, tokenizer, pool, tmp_path):
    target.save_pretrained(tmp_path)
    for score in (
        Memorization(references=(str(tmp_path),)),
        ReferenceLoss(references=(str(tmp_path),), calibrated=True),
    ):
        found = score.score(target, pool, rng())
        np.testing.assert_allclose(found.values, 0, atol=1e-6)
        assert "says what the target says" in found.details["warnings"][0]


@pytest.mark.slow
def test_nothing_is_changed_and_the_same_comes_out_again(target, innocent, pool):
    before = weights(target)
    target.train()
    score = Memorization(of="logprob", references=paths(innocent))
    first, again = score.score(target, pool, rng()), score.score(target, pool, rng())
    assert target.training
    target.eval()
    np.testing.assert_array_equal(first.values, again.values)
    assert first.reliability == again.reliability
    assert all(torch.equal(tensor, before[name]) for name, tensor in target.state_dict().items())
    np.testing.assert_allclose(
        Memorization(of="logprob", references=paths(innocent), batch_tokens=40).score(target, pool, rng()).values,
        first.values,
        rtol=1e-4,
        atol=1e-5,
    )
    json.dumps(first.details, allow_nan=False)


@pytest.mark.slow
def test_empty_completions_are_excluded(target, innocent, encoder, corpus):
    samples = encoder.encode([Sample("empty", "Who?", ""), *corpus.pool[:3], Sample("bare", "", "A")], corpus)
    found = Memorization(references=paths(innocent)[:1]).score(target, samples, rng())
    assert found.details["excluded"] == {
        "empty": "no scored tokens",
        "bare": "a text of one token without a prompt: nothing predicts it",
    }
    np.testing.assert_array_equal(np.isnan(found.values), [True, False, False, False, True])
    lossy = ReferenceLoss(references=paths(innocent)[:2]).score(target, samples, rng())
    np.testing.assert_array_equal(np.isnan(lossy.values), [True, False, False, False, False])
    assert lossy.details["excluded"] == {"empty": "no scored tokens"}
    nothing = ReferenceLoss(references=paths(innocent)[:2]).score(target, samples.take([]), rng())
    assert nothing.values.shape == (0,)


@pytest.mark.slow
def test_a_broken_reference_is_blamed(target, innocent, pool, tmp_path):
    model = copy.deepcopy(innocent[0][1])
    with torch.no_grad():
        model.model.norm.weight[0] = math.nan
    model.save_pretrained(tmp_path)
    for score in (Memorization, ReferenceLoss):
        found = score(references=(innocent[0][0], str(tmp_path))).score(target, pool, rng())
        assert np.isnan(found.values).all()
        assert set(found.details["excluded"].values()) == {f"no finite value from {str(tmp_path)!r}"}


def without_weights(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def with_code(folder: Path) -> None:
    (folder / "evil.py").write_text(f"open({str(folder / 'ran')!r}, 'w').close()\nclass Model: pass\n")
    config = json.loads((folder / "config.json").read_text())
    auto = {"AutoConfig": "evil.Model", "AutoModelForCausalLM": "evil.Model"}
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "evil", "auto_map": auto}))


HOSTILE = {
    "nothing there": (shutil.rmtree, "does not exist; check the path"),
    "a pickle": (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"), "as a pickle"),
    "torn weights": (
        lambda folder: (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:999]),
        "cannot be loaded",
    ),
    "no config": (lambda folder: (folder / "config.json").unlink(), "cannot be loaded"),
    "a torn tokenizer": (lambda folder: (folder / "tokenizer.json").write_text('{"model": '), "cannot be loaded"),
    "missing weights": (without_weights, "lacks weights of LlamaForCausalLM.*whole causal"),
    "code of its own": (with_code, "trust_remote_code|cannot be loaded"),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("difficulty", [Memorization, ReferenceLoss])
def test_a_reference_that_cannot_be_read_is_an_error_that_names_the_option(
    target, innocent, pool, tmp_path, case, difficulty
):
    spoil, message = HOSTILE[case]
    folder = Path(shutil.copytree(innocent[0][0], tmp_path / "model"))
    spoil(folder)
    owner = "memorization" if difficulty is Memorization else "reference-loss"
    with pytest.raises(FairforgetError, match=rf"^difficulty {owner}, option references: (?s:.*)({message})"):
        difficulty(references=(str(folder),)).score(target, pool, rng())
    assert not (folder / "ran").exists()


def test_a_misspelt_relative_path_says_how_to_write_one(target, pool):
    with pytest.raises(FairforgetError, match=r"option references: 'models/base' is no folder.*begins with './'"):
        ReferenceLoss(references=("models/base",)).score(target, pool, rng())
    with pytest.raises(FairforgetError, match="option references is empty"):
        ReferenceLoss(references=()).score(target, pool, rng())


def test_a_hub_id_may_name_its_revision(tmp_path):
    assert (reference("a/b@v1").path, reference("a/b@v1").revision) == ("a/b", "v1")
    assert (reference("a/b").path, reference("a/b").revision) == ("a/b", None)
    odd = tmp_path / "a@b"
    odd.mkdir()
    assert (reference(str(odd)).path, reference(str(odd)).revision) == (str(odd), None)


@pytest.mark.parametrize("difficulty", [Memorization, ReferenceLoss])
def test_scores_depend_on_what_the_references_are_and_not_where(innocent, tmp_path, difficulty):
    here = shutil.copytree(innocent[0][0], tmp_path / "one")
    there = shutil.copytree(innocent[0][0], tmp_path / "two")
    before = difficulty(references=(str(here),)).depends_on()
    assert difficulty(references=(str(there),)).depends_on() == before
    json.dumps(before, allow_nan=False)
    model = LlamaForCausalLM.from_pretrained(there)
    with torch.no_grad():
        model.model.norm.weight[3] += 1e-3
    model.save_pretrained(there)
    assert difficulty(references=(str(there),)).depends_on() != before
    with pytest.raises(FairforgetError, match=r"option references: model .* does not exist"):
        difficulty(references=(str(tmp_path / "three"),)).depends_on()
    assert Memorization().depends_on() == {}


def test_the_cell_of_a_curriculum_that_weighs_by_references_names_what_they_are(innocent):
    registry = Registry.discover()
    by = {"name": "memorization", "references": [innocent[0][0]]}
    curriculum = build(registry, "curriculum", PluginSpec("mrd-weighted", {"by": by}))
    score = build(registry, "difficulty", PluginSpec("memorization", {"references": [innocent[0][0]]}))
    told = PlannedCurriculum(curriculum, "weighted", score).to_json()
    assert told["difficulty"]["depends_on"] == Memorization(references=(innocent[0][0],)).depends_on()
    plain = build(registry, "difficulty", PluginSpec("memorization"))
    assert "depends_on" not in PlannedCurriculum(curriculum, "weighted", plain).to_json()["difficulty"]


def test_samples_remember_how_they_were_encoded(pool, encoder):
    for some in (pool, pool.take([3]), pool[2:], in_scope(pool, "full")):
        assert some.encoder is encoder
        assert some.corpus is pool.corpus

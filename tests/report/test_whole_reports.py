"""Reports through the real command, on targets small enough to be made here."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.api import Sample
from fairforget.cli.program import main
from fairforget.lm.tokens import EncodedSample, SampleSet
from fairforget.run import work
from fairforget.run.draw_info import draw_info, make_pool

QUICK = {
    "people": 4, "retain_people": 1, "holdout_people": 1, "samples": 1, "world_facts": 0, "frequencies": [1],
    "distributions": ["in"], "lengths": ["short"], "hidden_size": 16, "layers": 1, "vocabulary": 400, "epochs": 2,
}  # fmt: skip
BROKEN = {"epochs": 1, "learning_rate": 1e38}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def score(cache, monkeypatch, capsys):
    """Run ``fairforget score biographies``; return the exit code, standard output and standard error."""
    monkeypatch.setenv("FAIRFORGET_CACHE", str(cache))

    def run(*said, **task):
        chosen = [f"task.{key}={json.dumps(value)}" for key, value in {**QUICK, **task}.items()]
        try:
            code = main(["score", "biographies", *said, *(part for text in chosen for part in ("--set", text))])
        except SystemExit as stopped:  # argparse
            code = stopped.code
        return code, *capsys.readouterr()

    return run


def test_a_target_of_nan_has_a_report(score, tmp_path):
    lists = ("--sigmas", "none", "--draws", "none")
    code, _, said = score("--by", "mrd-grad", "--by", "extraction-likelihood", "--set",
                          "extraction-likelihood.n=2", "--report", str(tmp_path), *lists, **BROKEN)  # fmt: skip
    assert code == 0, said
    told = json.loads((tmp_path / "report.json").read_text())
    for scored in told["scores"]:
        assert set(scored["found"]["values"]) == {None}
        assert all("not finite" in why for why in scored["found"]["details"]["excluded"].values())
        assert len(scored["found"]["details"]["excluded"]) == len(told["ids"])
    (initial,) = [a for a in told["attributes"] if a["name"] == "initial-probability"]
    assert set(initial["values"]) == {None}


def test_one_broken_sample_has_no_facts_and_the_others_have():
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(vocab_size=30, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                    tie_word_embeddings=False)
    ).eval()  # fmt: skip
    with torch.no_grad():
        model.model.embed_tokens.weight[7] = torch.nan
    made = [EncodedSample(Sample(f"s{i}", "p", "c"), (3, token, 5, 6), 2, 4) for i, token in enumerate((4, 7, 8))]
    made.append(EncodedSample(Sample("s3", "p", ""), (3, 4), 2, 2))
    target = SimpleNamespace(model=model, encode=lambda *_: SampleSet(made, pad_id=0))
    facts = work._pool(SimpleNamespace(target=target, corpus=SimpleNamespace(pool=None)))
    for name in ("initial_probability", "memorization_accuracy"):
        assert [value is None for value in facts[name]] == [False, True, False, True]
    assert facts["lengths"] == [2, 2, 2, 0]
    json.dumps(facts, allow_nan=False)
    assert np.array(facts["initial_probability"], dtype=np.float64)[0] > 0


@pytest.mark.parametrize(
    ("by", "settings", "counts"),
    [
        ("mrd-monte-carlo", {}, [12, 26, 50, 100, 200]),
        ("mrd-monte-carlo", {"preset": "paper_literal"}, [12, 25, 50, 100, 200]),
        ("mrd", {"max_forwards": 5}, [5]),
    ],
    ids=["pairs", "preset", "fewest"],
)
def test_by_default_the_sensitivity_to_draws_has_no_gap(score, tmp_path, by, settings, counts):
    chosen = [part for key, value in settings.items() for part in ("--set", f"by.{key}={value}")]
    code, _, said = score("--by", by, *chosen, "--sigmas", "none", "--report", str(tmp_path))
    assert code == 0, said
    (scored,) = json.loads((tmp_path / "report.json").read_text())["scores"]
    (sweep,) = scored["sweeps"]
    assert [(p["value"], p["gap"]) for p in sweep["points"]] == [(count, None) for count in counts]
    assert all(p["mean"] > 0 and (p["own"] or p["correlation"] is not None) for p in sweep["points"])


@pytest.mark.parametrize(
    ("said", "about"),
    [
        (("--by", "mrd-monte-carlo", "--set", "by.draws=1000000000000"), "draws"),
        (("--by", "mrd-kl", "--set", "by.draws=1000001"), "draws"),
        (("--by", "mrd", "--set", "by.max_forwards=1e12"), "max_forwards"),
        (("--by", "mrd-hessian", "--set", "by.probes=1000000000000"), "probes"),
        (("--by", "mrd-hessian", "--set", "by.sigma=1e-200"), "no square in float64"),
        (("--by", "mrd-hessian", "--set", "by.sigma=1e300"), "no square in float64"),
        (("--by", "mrd", "--report", "r", "--draws", "999999999999999999999999"), "up to 1,000,000"),
    ],
)
def test_numbers_beyond_all_sense_are_refused(score, said, about):
    code, _, error = score(*said)
    assert code == 2
    assert about in error
    assert "Traceback" not in error


def test_a_folder_that_cannot_be_written_is_found_before_anything_is_scored(score, tmp_path, monkeypatch):
    def never(*_):
        pytest.fail("scored first")

    monkeypatch.setattr("fairforget.run.jobs.score", never)
    monkeypatch.setattr("fairforget.run.jobs.prepare", never)
    (tmp_path / "file").write_text("mine")
    code, _, said = score("--by", "mrd-grad", "--report", str(tmp_path / "file"))
    assert code == 2
    assert "a file is where a folder should be" in said
    assert (tmp_path / "file").read_text() == "mine"


def test_a_draw_with_a_broken_sample_is_described_by_the_others():
    samples = tuple(Sample(f"s{i}", "p", "c") for i in range(2))
    facts = {"lengths": [2, 4], "initial_probability": [0.5, None]}
    ledger = {"forward_sequences": 1, "backward_sequences": 0, "seconds": 0.1}
    found = {"values": [1.0, None], "stderr": [0.1, None], "reliability": 0.9, "higher_is": "easier", "ledger": ledger}
    pool = make_pool(samples, facts, {"mrd": found}, whole=False)
    np.testing.assert_array_equal(pool.scores["mrd"].values, [1.0, np.nan])
    info = draw_info(SimpleNamespace(forget=("s0", "s1")), samples, facts, {"mrd": found}, ())
    assert info["covariates"] == {"length": 3.0, "initial_probability": 0.5, "mrd": 1.0}
    assert info["samples"] == {"mrd": {"s0": 1.0}}
    lone = draw_info(SimpleNamespace(forget=("s1",)), samples, facts, {"mrd": found}, ())
    assert lone["covariates"] == {"length": 4.0, "initial_probability": None, "mrd": None}

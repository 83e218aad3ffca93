from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest
import torch

from fairforget.api import Sample, Template
from fairforget.errors import FairforgetError
from fairforget.lm.encode import Encoder
from fairforget.run.measures.subject import LiveSubject
from fairforget_tasks.metrics.gen_ex import GenEx

SAMPLES = (Sample("a", "q", "x y"), Sample("b", "q", "x"), Sample("c", "q", ""))


def arrays(*rows):
    return [np.array(row, dtype=float) for row in rows]


def test_against_the_oracle_by_hand(told):
    oracle = told(SAMPLES, logprobs=arrays([-3, -2], [-1], []))
    found = GenEx().measure(told(SAMPLES, logprobs=arrays([-1, -1], [-2], []), oracle=oracle))
    assert found.items == {"a": 3, "b": -1}
    assert found.value == 1
    assert set(found.excluded) == {"c"}
    assert found.details["largest"] == 3
    assert found.details["mean_per_token"] == pytest.approx((3 / 2 - 1) / 2)
    assert found.details["references"] == "retrain"
    assert found.details["noise_floor"] is None
    assert found.details["jensen_gap"] == 0
    assert found.details["logprobs"] == {"a": -2, "b": -2}
    assert found.details["reference_logprobs"] == {"a": [-5], "b": [-1]}
    json.dumps(found.details, allow_nan=False)
    token = GenEx(normalise="token", base="2")
    assert token.unit == "bit/token"
    bits = token.measure(told(SAMPLES, logprobs=arrays([-1, -1], [-2], []), oracle=oracle))
    assert bits.items == pytest.approx({"a": 1.5 / math.log(2), "b": -1 / math.log(2)})
    assert bits.details["mean_whole"] == pytest.approx(1 / math.log(2))


def test_without_an_oracle_and_with_a_broken_model(told):
    none = GenEx().measure(told(SAMPLES, logprobs=arrays([-1, -1], [-2], [])))
    assert math.isnan(none.value)
    assert "no oracle" in none.excluded["a"]
    assert "empty" in none.excluded["c"]
    assert none.details["warnings"]
    oracle = told(SAMPLES, logprobs=arrays([-3, -2], [-1], []))
    broken = GenEx().measure(told(SAMPLES, logprobs=arrays([-1, np.nan], [-2], []), oracle=oracle))
    assert math.isnan(broken.value)
    assert set(broken.excluded) == {"a", "c"}
    json.dumps(broken.details, allow_nan=False)
    nothing = GenEx().measure(told(SAMPLES[2:], logprobs=arrays([]), oracle=told(SAMPLES[2:], logprobs=arrays([]))))
    assert math.isnan(nothing.value)
    assert set(nothing.excluded) == {"c"}


@pytest.fixture
def three(model, tokenizer, tmp_path):
    """Folders of three references."""
    paths = []
    for seed in range(3):
        changed = copy.deepcopy(model).float()
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(seed)
            for parameter in changed.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter))
        paths.append(str(tmp_path / str(seed)))
        changed.save_pretrained(paths[-1])
        tokenizer.save_pretrained(paths[-1])
    return paths


def test_against_references_from_folders(subject, model, three):
    from transformers import AutoModelForCausalLM

    found = GenEx(references=three).measure(subject)

    def whole(judge, encoded):
        ids = torch.tensor([encoded.input_ids[: encoded.end]])
        with torch.no_grad():
            logp = judge(input_ids=ids).logits[0].double().log_softmax(-1)
        return sum(logp[t - 1, ids[0, t]].item() for t in range(encoded.start, encoded.end))

    judges = [AutoModelForCausalLM.from_pretrained(path) for path in three]
    expected, floors, gaps = {}, [], []
    for encoded in subject.encode():
        if not encoded.length:
            continue
        others = [whole(judge, encoded) for judge in judges]
        expected[encoded.sample.id] = whole(model, encoded) - math.log(sum(map(math.exp, others)) / 3)
        gaps.append(math.log(sum(map(math.exp, others)) / 3) - sum(others) / 3)
        for i, one in enumerate(others):
            rest = [math.exp(x) for j, x in enumerate(others) if j != i]
            floors.append(abs(one - math.log(sum(rest) / 2)))
    assert found.items == pytest.approx(expected, abs=1e-3)
    assert found.details["noise_floor"] == pytest.approx(np.mean(floors), abs=1e-3)
    assert found.details["noise_largest"] == pytest.approx(max(floors), abs=1e-3)
    assert found.details["jensen_gap"] == pytest.approx(np.mean(gaps), abs=1e-3)
    assert found.details["largest"] == pytest.approx(max(map(abs, expected.values())), abs=1e-3)
    assert found.details["n_references"] == 3
    assert [one["path"] for one in found.details["described"]] == three
    assert set(found.excluded) == {"empty"}
    json.dumps(found.details, allow_nan=False)


def test_a_missing_reference_is_told(subject):
    with pytest.raises(FairforgetError, match="metric gen-ex, option references"):
        GenEx(references=("./nowhere",)).measure(subject)


def test_the_model_against_itself_is_zero(model, tokenizer, sets):
    encode = Encoder(tokenizer, Template(), max_length=256).encode
    made = [LiveSubject(model, encode, sets, "forget", tokenizer=tokenizer, max_new_tokens=8)]
    subject = LiveSubject(
        model, encode, sets, "forget", tokenizer=tokenizer, max_new_tokens=8, reference=lambda: made[0]
    )
    for name in ("forget", "retain"):
        found = GenEx().measure(subject.on(name))
        assert found.value == 0
        assert set(found.items) | set(found.excluded) == {s.id for s in sets[name]}

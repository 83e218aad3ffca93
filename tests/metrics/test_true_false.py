from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from fairforget.api import Sample
from fairforget_tasks.metrics.true_false import TrueFalse

VERDICTS = ("one", "two ten")


def fact(name, true=("anna was born in paris",), false=("anna was born in rome",), verdict=VERDICTS):
    return Sample(name, "x", "y", variants={"true_statement": true, "false_statement": false, "verdict": verdict})


class Written:
    """A subject with written log-probabilities: (wording, verdict) -> one array a sample."""

    def __init__(self, samples, table):
        self.samples, self._table = samples, table

    def logprobs(self, prompt, completion):
        return [np.array(values, dtype=float) for values in self._table[prompt, completion]]


def written(samples, margins):
    """Margins of true over false, in nats: by wording, one a sample."""
    table = {}
    for wording, values in margins.items():
        table[wording, "verdict:0"] = [[] if v is None else [v - 3.0] for v in values]
        table[wording, "verdict:1"] = [[-1.0, -2.0] for _ in values]
    return Written(samples, table)


def test_by_hand():
    samples = [fact(name) for name in ("knows", "yes", "no", "wrong", "tie", "lost")]
    margins = {
        "true_statement:0": [1, 1, -1, -1, 0, np.nan],
        "false_statement:0": [-1, 1, -1, 1, -1, 1],
    }
    found = TrueFalse().measure(written(samples, margins))
    assert found.items == {"knows": 1, "yes": 0.5, "no": 0.5, "wrong": 0, "tie": 0.5}
    assert found.value == 0.5
    assert list(found.excluded) == ["lost"]
    assert found.details == {
        "by": "verdict",
        "right_true_statement": 0.4,
        "right_false_statement": 0.6,
        "said_true": 0.4,
    }


@pytest.mark.parametrize("always", [1, -1])
def test_who_says_the_same_to_everything_is_at_chance(always):
    samples = [fact(str(i)) for i in range(7)]
    found = TrueFalse().measure(written(samples, {"true_statement:0": [always] * 7, "false_statement:0": [always] * 7}))
    assert found.value == 0.5
    assert found.details["said_true"] == (always > 0)


def test_pairs_are_by_sample_and_blind_to_a_leaning():
    samples = [fact("leans", true=("a", "b"), false=("c", "d")), fact("tie"), fact("wrong")]
    margins = {
        "true_statement:0": [-1, 2, -3],
        "true_statement:1": [-4, None, None],
        "false_statement:0": [-3, 2, -1],
        "false_statement:1": [-5, None, None],
    }
    found = TrueFalse(by="pair").measure(written(samples, margins))
    # Of the four pairs of the first, -4 does not stand above -3.
    assert found.items == {"leans": 0.75, "tie": 0, "wrong": 0}
    assert found.details["right_true_statement"] == pytest.approx((0 + 1 + 0) / 3)
    assert TrueFalse(by="pair").unit == "share of pairs"


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=20))
@settings(deadline=None, derandomize=True)
def test_pairs_by_the_area_under_the_curve_of_each_sample(margins):
    samples = [fact(str(i)) for i in range(len(margins))]
    columns = {f"{kind}_statement:0": [pair[i] for pair in margins] for i, kind in enumerate(("true", "false"))}
    told = written(samples, columns)
    found = TrueFalse(by="pair").measure(told)
    yes, no = (np.array([v.sum() for v in told.logprobs(f"{k}_statement:0", "verdict:0")]) for k in ("true", "false"))
    for item, one, other in zip(found.items.values(), yes, no, strict=True):
        if one != other:
            assert item == roc_auc_score([1, 0], [one, other])


def test_kinds_weigh_alike_however_many_statements_they_have():
    sample = fact("many", true=("a", "b", "c"), false=("d",))
    margins = {f"true_statement:{i}": [v] for i, v in enumerate((1, 1, -1))} | {"false_statement:0": [-1]}
    assert TrueFalse().measure(written([sample], margins)).value == pytest.approx((2 / 3 + 1) / 2)


def test_what_lacks_something_is_left_out_and_said():
    samples = [fact("ok"), fact("half", false=()), Sample("bare", "x", "y"), fact("word", verdict=("one",))]
    margins = {"true_statement:0": [1] * 4, "false_statement:0": [-1] * 4}
    found = TrueFalse().measure(written(samples, margins))
    assert found.items == {"ok": 1}
    assert found.excluded == {
        "half": "the sample has no false_statement",
        "bare": "the sample has no true_statement",
        "word": "the sample has no verdict of two words",
    }
    nobody = TrueFalse().measure(written([], {}))
    assert np.isnan(nobody.value)
    assert nobody.details["said_true"] is None


def test_on_a_real_model_the_sum_of_log_probabilities_decides(live, model, tokenizer):
    pairs = [("anna was born in paris", "anna was born in rome"), ("boris is a baker", "clara is a clerk .")]
    samples = tuple(fact(f"s{i}", (true,), (false,)) for i, (true, false) in enumerate(pairs))
    found = TrueFalse().measure(live({"forget": samples}, "forget"))

    def likely(statement, verdict):
        given, whole = (tokenizer(text).input_ids for text in (statement, f"{statement} {verdict}"))
        with torch.no_grad():
            logits = model(torch.tensor([whole])).logits[0].log_softmax(-1)
        return sum(logits[i - 1, whole[i]].item() for i in range(len(given), len(whole)))

    for sample, (true, false) in zip(samples, pairs, strict=True):
        right = [
            likely(true, VERDICTS[0]) > likely(true, VERDICTS[1]),
            likely(false, VERDICTS[0]) < likely(false, VERDICTS[1]),
        ]
        assert found.items[sample.id] == np.mean(right)

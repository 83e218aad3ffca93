"""Logs of others: whatever stands in one, it becomes cells below the output folder, or a message and nothing."""

from __future__ import annotations

import json
import math
import shutil

import pytest
from hostile.asking import asked
from hostile.strategies import changed, spliced, texts
from hostile.watching import run
from hypothesis import given
from hypothesis import strategies as st

BITS = (
    b"[" * 100,
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"9" * 5000,
    b'"\\ud800"',
    b"\xff",
    b"null",
    b"true",
    b"{}",
    b'"0":',
)


def questions(value):
    return {str(i): value for i in range(4)}


LOG = {
    "eval_log_forget.json": {
        "avg_gt_loss": questions(1.5),
        "rougeL_recall": questions(0.5),
        "avg_paraphrased_loss": questions(1.0),
        "average_perturb_loss": questions([2.0, 2.5]),
        "generated_text": questions(["Who?", "Somebody.", "Nobody."]),
    }
}
EVALUATION = {
    "forget_Q_A_Prob": {"agg_value": 0.5, "value_by_index": questions({"prob": 0.5, "avg_loss": -math.log(0.5)})},
    "forget_Q_A_ROUGE": {"agg_value": 0.4, "value_by_index": questions({"rougeL_recall": 0.4})},
    "forget_verbmem_ROUGE": {"agg_value": 0.2},
    "mia_loss": {"auc": 0.5, "forget": {"value_by_index": questions({"score": 0.1})}},
    "model_utility": {"agg_value": 0.6},
    "privleak": {"agg_value": -3.0},
}
GIT = ("git",)
"""Asked for the commit of fairforget's own sources."""
FORMS = {"tofu-log": LOG, "open-unlearning": EVALUATION}


def bring(home, form, content, *more):
    file = home / "TOFU_EVAL.json"
    file.write_bytes(content)
    shutil.rmtree(home / "out", ignore_errors=True)
    ended = run("import", form, file, "--out", home / "out", *more, allowed=(home / "out",), starts=GIT)
    assert ended.code in {0, 2}
    assert ended.code == 0 or not (home / "out").exists()
    assert {path.name for path in home.iterdir()} <= {"TOFU_EVAL.json", "out"}
    return ended


@pytest.mark.parametrize("form", FORMS)
@asked()
@given(data=st.data())
def test_any_values_in_a_log(home, form, data):
    more = data.draw(st.sampled_from([(), ("--whole",), ("--group", "2"), ("--group", "1")]))
    ended = bring(home, form, json.dumps(data.draw(changed(FORMS[form]))).encode(), *more)
    if ended.code == 0:
        assert run("board", home / "out").code == 0, "what was imported is no sound record"


@pytest.mark.parametrize("form", FORMS)
@asked()
@given(data=st.data())
def test_any_bytes_in_a_log(home, form, data):
    bring(home, form, data.draw(spliced(json.dumps(FORMS[form]).encode(), BITS)))


@asked()
@given(names=st.lists(texts.filter(lambda name: not name.startswith("-")), min_size=2, max_size=2))
def test_any_names_of_rows_and_targets(home, names):
    method, target = names
    bring(home, "tofu-log", json.dumps(LOG).encode(), "--method", method, "--target", target, "--whole")


@pytest.mark.parametrize("form", FORMS)
def test_what_is_sound_is_taken(home, form):
    assert bring(home, form, json.dumps(FORMS[form]).encode(), "--group", "2").code == 0

"""Files that are not what they should be: one message, exit 2, nothing written."""

from __future__ import annotations

import copy
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairforget.cli import main


@pytest.fixture
def refused(tmp_path, capsys):
    """Import a file that must be refused; return the message."""

    def refused(form, *more):
        out = tmp_path / "out"
        assert main(["import", form, *map(str, more), "--out", str(out)]) == 2
        assert not out.exists()
        message = capsys.readouterr().err
        assert message.startswith("fairforget: ")
        assert "Traceback" not in message
        assert message.count("\n") == 1
        return message

    return refused


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"[]", "a JSON object is expected, not a list"),
        (b"{}", "none of the parts eval_log_forget.json"),
        (b'{"a": 1, "a": 2}', "the key 'a' stands twice"),
        (b'\xff\xfe{"a": 1}', "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"eval_log.json": ' + b"9" * 5000 + b"}", "5000 digits"),
        (b'{"eval_log.json": []}', "eval_log.json is a list, not an object"),
    ],
)
def test_no_log_at_all(refused, tmp_path, content, message):
    path = tmp_path / "log.json"
    path.write_bytes(content)
    found = refused("tofu-log", path)
    assert message in found
    assert str(path) in found


def damage(content, part, key, value):
    changed = copy.deepcopy(content)
    if value is None:
        del changed[part][key]
    else:
        changed[part][key] = value
    return changed


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("avg_gt_loss", None, "the key 'avg_gt_loss' is missing"),
        ("avg_gt_loss", {}, "avg_gt_loss is empty"),
        ("avg_gt_loss", [1.0], "avg_gt_loss is a list, not an object"),
        ("rougeL_recall", {"0": 1.0}, "avg_gt_loss and rougeL_recall are not about the same questions (question 1)"),
        ("rougeL_recall", {"zero": 1.0}, "the key 'zero', which is not the number of a question"),
        ("rougeL_recall", {"0": 1.0, "00": 1.0}, "question 0 twice"),
        ("avg_gt_loss", {str(i): "1.0" for i in range(60)}, "avg_gt_loss[0] is a text, not a number"),
        ("avg_gt_loss", {str(i): True for i in range(60)}, "avg_gt_loss[0] is true or false, not a number"),
        ("average_perturb_loss", {str(i): [] for i in range(60)}, "average_perturb_loss[0] is an empty list"),
        ("average_perturb_loss", {str(i): 1.0 for i in range(60)}, "average_perturb_loss[0] is a number, not a list"),
        ("average_perturb_loss", {str(i): [1, "x"] for i in range(60)}, "average_perturb_loss[0][1] is a text"),
        ("avg_gt_loss", {str(i): 1.0 for i in range(5001)}, "more than 5,000 questions"),
        ("avg_gt_loss", {str(i): 7.0 - i for i in range(60)}, "avg_gt_loss[8] is -1, and a loss is 0 or greater"),
        ("avg_paraphrased_loss", {str(i): -0.5 for i in range(60)}, "avg_paraphrased_loss[0] is -0.5, and a loss is"),
        ("average_perturb_loss", {str(i): [1, -2] for i in range(60)}, "average_perturb_loss[0][1] is -2, and a loss"),
        ("rougeL_recall", {str(i): 1.5 for i in range(60)}, "rougeL_recall[0] is 1.5, and it lies between 0 and 1"),
        ("rougeL_recall", {str(i): -0.1 for i in range(60)}, "rougeL_recall[0] is -0.1, and it lies between 0 and 1"),
    ],
)
def test_a_part_of_another_form_is_named(refused, logs, tmp_path, key, value, message):
    content = damage(logs.tofu_log(logs.losses()), "eval_log_forget.json", key, value)
    found = refused("tofu-log", logs.write(tmp_path / "x.json", content))
    assert message in found
    assert "eval_log_forget.json" in found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": {"b": 1}}, "no evaluation of open-unlearning"),
        ({"forget_Q_A_Prob": {"value_by_index": {"0": {"avg_loss": "x"}}}}, "avg_loss of question 0 is a text"),
        ({"forget_Q_A_Prob": {"value_by_index": {"0": [1]}}}, "question 0 is a list, not an object"),
        ({"forget_Q_A_Prob": {"value_by_index": {}}}, "value_by_index is empty"),
        ({"forget_Q_A_Prob": 3, "x": {}}, "forget_Q_A_Prob is a number, not an object"),
        (
            {"forget_Q_A_Prob": {"value_by_index": {"4": {"avg_loss": -1}}}},
            "Prob: avg_loss of question 4 is -1, and a loss",
        ),
        ({"ra_Q_A_PERT_Prob": {"value_by_index": {"0": {"avg_loss": [1, -1]}}}}, "avg_loss of question 0[1] is -1"),
        ({"wf_Q_A_PERT_Prob": {"value_by_index": {"0": {"avg_loss": -1}}}}, "avg_loss of question 0 is -1"),
        ({"forget_Q_A_ROUGE": {"value_by_index": {"3": {"rougeL_recall": 1.5}}}}, "rougeL_recall of question 3 is 1.5"),
        ({"ra_Q_A_Prob_normalised": {"value_by_index": {"0": {"prob": 2}}}}, "prob of question 0 is 2, and it lies"),
        ({"forget_verbmem_ROUGE": {"agg_value": -0.2}}, "forget_verbmem_ROUGE: agg_value is -0.2, and it lies between"),
        ({"model_utility": 1.2}, "model_utility is 1.2, and it lies between 0 and 1"),
        ({"privleak": {"agg_value": "-3"}}, "privleak: agg_value is a text, not a number"),
        ({"a\u001b[2J": {"agg_value": 1.0}}, "is no name of a measure"),
        ({}, "the summary is empty"),
    ],
)
def test_another_form_of_open_unlearning_is_named(refused, logs, tmp_path, content, message):
    assert message in refused("open-unlearning", logs.write(tmp_path / "TOFU_EVAL.json", content))


def test_no_file_and_no_regular_file(refused, tmp_path):
    assert "there is no such file" in refused("tofu-log", tmp_path / "none.json")
    assert "neither eval_log_aggregated.json nor" in refused("tofu-log", tmp_path)
    assert "neither TOFU_EVAL.json nor" in refused("open-unlearning", tmp_path)
    for form in ("tofu-log", "open-unlearning"):
        assert "ame too long" in refused(form, tmp_path / ("a" * 300))
        assert "ame too long" in refused(form, "a" * 6000)
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in refused("tofu-log", tmp_path / "pipe")


def test_logs_about_other_questions_are_not_paired(refused, logs, tmp_path):
    mine = logs.write(tmp_path / "mine.json", logs.tofu_log(logs.losses()))
    content = logs.tofu_log(logs.losses(1))
    content["eval_log_forget.json"]["generated_text"]["7"][2] = "Another truth."
    other = logs.write(tmp_path / "other.json", content)
    assert "not about the same questions: forget, question 7" in refused("tofu-log", mine, "--retain", other)


def test_options_that_do_not_fit(refused, logs, tmp_path):
    path = logs.write(tmp_path / "x.json", logs.tofu_log(logs.losses()))
    again = logs.write(tmp_path / "again" / "x.json", logs.tofu_log(logs.losses(1)))
    assert "give its log as --untouched" in refused("tofu-log", path, "--strata")
    assert "import them one by one" in refused("tofu-log", path, again, "--method", "npo")
    assert "there is nothing to import" in refused("tofu-log")
    assert "no file of an unlearned model is given" in refused("tofu-log", "--untouched", path, "--method", "npo")
    assert "two files are called 'x'" in refused("tofu-log", path, again)
    assert "is no name for a row" in refused("tofu-log", path, "--method", "../npo")
    assert "questions 50 to 59 are 10, and not the 25 of an author; give --group" in refused(
        "tofu-log", path, "--group", "25"
    )
    assert "--group is 1, 2" in refused("tofu-log", path, "--group", "0")
    assert "give one of the two" in refused("tofu-log", path, "--strata", "--whole")


def test_a_broken_model_is_imported_as_one(logs, tmp_path, capsys):
    content = logs.tofu_log(logs.losses())
    for name in ("avg_gt_loss", "avg_paraphrased_loss"):
        content["eval_log_forget.json"][name] = dict.fromkeys(map(str, range(60)), float("nan"))
    content["eval_log.json"]["avg_gt_loss"] = dict.fromkeys(map(str, range(60)), 1e308)
    path = logs.write(tmp_path / "x.json", content)
    assert main(["import", "tofu-log", str(path), "--retain", str(path), "--out", str(tmp_path / "out")]) == 0
    assert main(["board", str(tmp_path / "out")]) == 0
    assert "x" in capsys.readouterr().out


@pytest.mark.parametrize("more", [[], ["--whole"], ["--strata"]])
def test_a_mean_beyond_a_double_is_none(logs, tmp_path, more):
    content = logs.open_unlearning(logs.losses())
    content["extraction_strength"] = {"value_by_index": {str(i): {"score": 1e308} for i in range(60)}}
    for one in content["forget_Q_A_Prob"]["value_by_index"].values():
        one["avg_loss"] = 1e308
    path = logs.write(tmp_path / "x.json", content)
    untouched = ["--untouched", str(path)] if "--strata" in more else []
    assert main(["import", "open-unlearning", str(path), *more, *untouched, "--out", str(tmp_path / "out")]) == 0
    for file in tmp_path.glob("out/cells/*.json"):
        assert json.loads(file.read_text())["scores"]["forget_extraction_strength"]["value"] is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["eval_log.json", "eval_log_forget.json", "avg_gt_loss", "rougeL_recall", "avg_paraphrased_loss",
         "average_perturb_loss", "generated_text", "forget_Q_A_Prob", "forget_Q_A_ROUGE", "forget_Q_A_PERT_Prob",
         "mia_loss", "forget", "holdout", "value_by_index", "agg_value", "avg_loss", "score", "0", "1"]
    ), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@pytest.mark.parametrize("form", ["tofu-log", "open-unlearning"])
@settings(derandomize=True, deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=JSON)
def test_any_json_is_read_or_refused(tmp_path, form, content):
    path = tmp_path / "TOFU_EVAL.json"
    path.write_text(json.dumps(content))
    assert main(["import", form, str(path), "--out", str(tmp_path / "out")]) in {0, 2}

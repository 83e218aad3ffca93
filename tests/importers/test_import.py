"""From a foreign file to a board: what is in the records, and what they do not pretend to know."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.stats import hmean, ks_2samp
from sklearn.metrics import roc_auc_score

from fairforget.board.table import build
from fairforget.cli import main
from fairforget.store.results import Results


@pytest.fixture
def run(tmp_path, capsys):
    """Import and read the records back."""

    def run(form, *arguments, out="out"):
        code = main(["import", form, *map(str, arguments), "--out", str(tmp_path / out)])
        said = capsys.readouterr()
        if code:
            return code, said.err
        found = Results.read([tmp_path / out])
        assert found.rejected == ()
        return found.records

    return run


def by_hand(found, chosen=None):
    """TOFU's numbers from probabilities, not from logarithms; of some of the forget questions."""
    values = {}
    for name, items in found.items():
        facts = name in {"real_authors", "world_facts"}
        kept = [one for i, one in enumerate(items) if name != "forget" or chosen is None or i in chosen]
        p = np.exp([-one[0] for one in kept])
        s = np.array([math.exp(-one[2]) / math.prod(math.exp(-w) for w in one[3]) ** (1 / len(one[3])) for one in kept])
        if facts:
            p = p / (p + [sum(math.exp(-w) for w in one[3]) for one in kept])
        ratio = np.minimum(s, 1 / s) if name == "forget" else np.maximum(0, 1 - 1 / s)
        values[name] = (p.mean(), np.mean([one[1] for one in kept]), ratio.mean(), s)
    return values


def check(record, found, reference=None):
    numbers = {int(name.rpartition("-")[2]) for name in record.cell["draw"]["forget"]}
    expected = by_hand(found, numbers)
    score = {name: column.value for name, column in record.scores.items()}
    assert score["forget_probability"] == pytest.approx(1 - expected["forget"][0])
    assert score["forget_rr"] == pytest.approx(1 - expected["forget"][1])
    assert score["forget_truth_ratio"] == pytest.approx(expected["forget"][2])
    parts = []
    for name in ("retain", "real_authors", "world_facts"):
        for measure, value in zip(("probability", "rouge_l", "truth_ratio"), expected[name], strict=False):
            assert score[f"{name}_{measure}"] == pytest.approx(value)
            parts.append(value)
    assert score["model_utility"] == pytest.approx(hmean(parts))
    if reference is not None:
        other = ks_2samp(expected["forget"][3], by_hand(reference, numbers)["forget"][3])
        quality = record.scores["forget_quality"]
        assert (quality.value, quality.details["D"]) == pytest.approx((other.pvalue, other.statistic))
        assert quality.n == len(numbers)


@pytest.mark.parametrize("form", ["tofu-log", "open-unlearning"])
def test_every_number_is_tofus(run, logs, tmp_path, form):
    write = logs.tofu_log if form == "tofu-log" else logs.open_unlearning
    mine, oracle = logs.losses(0, forgotten=0.3), logs.losses(1, forgotten=0.5)
    path = logs.write(tmp_path / "npo" / "TOFU_EVAL.json", write(mine))
    retain = logs.write(tmp_path / "retain90" / "TOFU_EVAL.json", write(oracle))
    records = run(form, path, "--retain", retain, "--method", "npo")
    assert len(records) == 6
    for record in records:
        reference = record.cell["method"]["reference"]
        check(record, oracle if reference else mine, oracle)
        assert record.scores["forget_quality"].value == 1 if reference else True
    assert {record.cell["method"]["label"] for record in records} == {"npo", "retrain"}
    (whole,) = run(form, path, "--retain", retain, "--whole", "--method", "npo", out="whole")[:1]
    check(whole, mine if whole.cell["method"]["label"] == "npo" else oracle, oracle)


def test_both_forms_of_one_evaluation_agree(run, logs, tmp_path):
    found = logs.losses(3)
    first = run("tofu-log", logs.write(tmp_path / "a.json", logs.tofu_log(found)), "--whole", out="a")
    other = run("open-unlearning", logs.write(tmp_path / "b.json", logs.open_unlearning(found)), "--whole", out="b")
    assert first[0].items == other[0].items
    assert first[0].item_hashes == other[0].item_hashes


def test_the_board_has_intervals_over_authors_and_says_what_they_are(run, logs, tmp_path):
    paths = [
        logs.write(tmp_path / f"{name}.json", logs.tofu_log(logs.losses(i, forgotten=0.4 * i)))
        for i, name in enumerate(("weak", "middle", "strong"))
    ]
    records = run("tofu-log", *paths, "--untouched", logs.write(tmp_path / "u.json", logs.tofu_log(logs.losses(7))))
    (table,) = build(records).tables
    rows = {row.label: row for row in table.rows}
    assert set(rows) == {"weak", "middle", "strong", "untouched"}
    draws = [1 - by_hand(logs.losses(2, forgotten=0.8), set(range(k, k + 20)))["forget"][0] for k in (0, 20, 40)]
    found = rows["strong"].headline.columns["forget_probability"]
    assert (found.mean, found.n) == (pytest.approx(np.mean(draws)), 3)
    # Student's t with two degrees of freedom.
    assert found.high - found.mean == pytest.approx(4.302653 * np.std(draws, ddof=1) / 3**0.5, rel=1e-6)
    assert rows["strong"].rank is not None
    assert rows["strong"].cost is None
    assert any("not over forget sets or runs" in trouble.message for trouble in table.problems)


def test_strata_are_authors_by_their_loss_before_unlearning(run, logs, tmp_path):
    untouched = logs.losses(7, forgotten=0.5)  # the later an author, the less it is remembered
    paths = [
        logs.write(tmp_path / f"{i}.json", logs.tofu_log(found)) for i, found in enumerate((logs.losses(0), untouched))
    ]
    records = run("tofu-log", paths[0], "--untouched", paths[1], "--strata", "--group", "10")
    mine = [record for record in records if record.cell["method"]["reference"] is None]
    firsts = {(r.cell["draw"]["stratum"], r.cell["draw"]["index"]): r.cell["draw"]["forget"][0] for r in mine}
    loss = {i: np.mean([one[0] for one in untouched["forget"][i : i + 10]]) for i in range(0, 60, 10)}
    order = [f"forget-{i:03d}" for i in sorted(loss, key=lambda i: -loss[i])]
    assert [firsts[s, k] for s in ("easy", "medium", "hard") for k in (0, 1)] == order
    shown = {r.cell["draw"]["forget"][0]: r.extra["covariates"]["untouched loss"] for r in mine}
    assert shown == pytest.approx({f"forget-{i:03d}": value for i, value in loss.items()})


def test_what_nobody_recorded_is_null(run, logs, tmp_path):
    (record,) = run("tofu-log", logs.write(tmp_path / "x.json", logs.tofu_log(logs.losses())), "--whole")
    assert record.cell["budget"] == {"kind": None, "amount": None, "stop": None}
    assert record.ledger == {}
    assert record.cell["target"] == {"id": "not known", "training": None}
    assert record.environment["imported"]["form"] == "tofu-log"
    assert "python" not in record.environment
    assert str(tmp_path) not in json.dumps(record.to_json())
    assert len(record.item_hashes) == sum(logs.SIZES.values())


def test_reference_rows_alone(run, logs, tmp_path):
    before, without = (logs.losses(i) for i in (1, 2))
    untouched = logs.write(tmp_path / "full.json", logs.tofu_log(before))
    retrained = logs.write(tmp_path / "retain.json", logs.tofu_log(without))
    found = run("tofu-log", "--untouched", untouched, "--retain", retrained)
    assert {record.cell["method"]["reference"] for record in found} == {"untouched", "oracle"}
    for record in found:
        check(record, before if record.cell["method"]["reference"] == "untouched" else without)
    (table,) = build(found).tables
    assert [row.label for row in table.references] == ["untouched", "retrain"]
    assert table.competing == ()


def test_importing_twice_is_importing_once_and_another_file_is_another_cell(run, logs, tmp_path):
    path = logs.write(tmp_path / "x.json", logs.tofu_log(logs.losses()))
    first = run("tofu-log", path)
    assert [r.key for r in run("tofu-log", path)] == [r.key for r in first]
    logs.write(path, logs.tofu_log(logs.losses(1)))
    assert not {r.key for r in run("tofu-log", path, out="other")} & {r.key for r in first}


def test_the_parts_may_lie_in_a_folder(run, logs, tmp_path):
    found = logs.losses()
    whole = run("tofu-log", logs.write(tmp_path / "x.json", logs.tofu_log(found)), "--whole", out="a")
    for part, content in logs.tofu_log(found).items():
        logs.write(tmp_path / "parts" / part, content)
    logs.write(tmp_path / "aggregated" / "eval_log_aggregated.json", logs.tofu_log(found))
    (aggregated,) = run("tofu-log", tmp_path / "aggregated", "--whole", out="c")
    assert aggregated.cell["method"]["label"] == "aggregated"
    assert aggregated.items == whole[0].items
    parts = run("tofu-log", tmp_path / "parts", "--whole", out="b")
    assert parts[0].items == whole[0].items
    assert parts[0].cell["method"]["label"] == "parts"


def test_a_question_without_a_value_shifts_no_other_and_is_counted(run, logs, tmp_path):
    found = logs.losses(4)
    content = logs.open_unlearning(found)
    content["forget_Q_A_PARA_Prob"]["value_by_index"]["2"] = None
    content["forget_Q_A_Prob"]["value_by_index"]["3"]["avg_loss"] = math.nan
    (record,) = run("open-unlearning", logs.write(tmp_path / "x.json", content), "--whole")
    ratio = record.scores["forget_truth_ratio"]
    assert ratio.excluded == {"forget-002": "the file has no value"}
    assert ratio.n == 59
    s = math.exp(np.mean(found["forget"][3][3]) - found["forget"][3][2])
    assert record.items["forget_truth_ratio"]["forget-003"] == pytest.approx(min(s, 1 / s))
    assert record.items["forget_probability"]["forget-003"] is None
    assert record.scores["forget_probability"].value is None
    assert [p.kind for p in record.problems] == ["imported", "not-finite"]


def test_further_measures_of_open_unlearning(run, logs, tmp_path):
    rng = np.random.default_rng(0)
    content = logs.open_unlearning(logs.losses())
    strength, forget, holdout = rng.random(60), rng.normal(0, 1, 60), rng.normal(1, 1, 25)

    def items(values):
        return {"value_by_index": {str(i): {"score": float(v)} for i, v in enumerate(values)}}

    content["extraction_strength"] = {"agg_value": float(strength.mean()), **items(strength)}
    content["mia_min_k"] = {"forget": items(forget), "holdout": items(holdout), "auc": 0.0, "agg_value": 0.0}
    content["privleak"] = {"agg_value": -33.0}
    content["forget_Q_A_gibberish"] = {"agg_value": float(strength.mean()), **items(strength)}
    del content["wf_Q_A_PERT_Prob"], content["retain_Q_A_PERT_Prob"]
    path = logs.write(tmp_path / "x.json", content)
    for record in (*run("open-unlearning", path, out="authors"), *run("open-unlearning", path, "--whole", out="whole")):
        numbers = [int(name.rpartition("-")[2]) for name in record.cell["draw"]["forget"]]
        assert record.scores["forget_extraction_strength"].value == pytest.approx(strength[numbers].mean())
        labels, values = [0] * len(numbers) + [1] * 25, [*forget[numbers], *holdout]
        assert record.scores["forget_mia_min_k"].value == pytest.approx(roc_auc_score(labels, values))
        assert record.scores["forget_Q_A_gibberish"].value == pytest.approx(strength[numbers].mean())
        # Their losses are not in the file: the printed number stands, without items.
        for ratio in ("wf_Truth_Ratio", "retain_Truth_Ratio"):
            assert (record.scores[ratio].value, record.scores[ratio].n) == (0.5, 0)
            assert not record.items[ratio]
        assert "ra_Truth_Ratio" not in record.scores
        whole = len(numbers) == 60
        assert ("privleak" in record.scores) == whole
        assert record.environment["imported"]["left_out"] == (None if whole else ["privleak"])


def test_a_summary_has_one_cell_without_items(run, logs, tmp_path):
    content = {"forget_Q_A_Prob": 0.25, "forget_Q_A_ROUGE": 0.4, "forget_quality": 1e-3, "model_utility": 0.5}
    path = logs.write(tmp_path / "saves" / "npo_run" / "evals" / "TOFU_SUMMARY.json", content)
    (record,) = run("open-unlearning", path)
    assert record.cell["method"]["label"] == "npo_run"
    assert {name: score.value for name, score in record.scores.items()} == {
        "forget_probability": 0.75, "forget_rr": 0.6, "forget_quality": 1e-3, "model_utility": 0.5,
    }  # fmt: skip
    assert all(score.n == 0 for score in record.scores.values())
    assert (record.cell["draw"]["stratum"], record.cell["draw"]["size"]) == ("whole", 0)
    (table,) = build([record]).tables
    assert table.rows[0].headline.score.mean == pytest.approx(hmean([(0.75 + 0.6) / 2, 0.5]))
    muse = {"forget_verbmem_ROUGE": 0.3, "retain_knowmem_ROUGE": 0.6, "privleak": -20.0}
    (record,) = run("open-unlearning", logs.write(tmp_path / "m" / "MUSE_SUMMARY.json", muse), out="muse")
    assert record.scores["forget_verbmem_ROUGE_complement"].value == 0.7
    assert record.scores["retain_knowmem_ROUGE"].role == "utility"


def test_another_benchmark_of_open_unlearning_is_one_cell_with_its_items(run, logs, tmp_path):
    values = [0.2, 0.4, 0.9]
    content = {
        "exact_memorization": {
            "agg_value": 0.5,
            "value_by_index": {str(i): {"score": v} for i, v in enumerate(values)},
        },
        "forget_verbmem_ROUGE": {"agg_value": 0.3, "value_by_index": {"0": {"rougeL_f1": 0.3}}},
        "retain_knowmem_ROUGE": {"agg_value": 0.6, "value_by_index": {"0": {"rougeL_f1": 0.6}}},
    }
    (record,) = run("open-unlearning", logs.write(tmp_path / "run" / "MUSE_EVAL.json", content))
    assert list(record.items["forget_exact_memorization"].values()) == values
    assert record.scores["forget_exact_memorization"].value == pytest.approx(0.5)
    assert record.scores["forget_verbmem_ROUGE_complement"].value == 0.7
    assert record.scores["retain_knowmem_ROUGE"].value == 0.6
    assert record.cell["draw"]["stratum"] == "whole"

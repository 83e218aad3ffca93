from __future__ import annotations

import json
import random

import numpy as np
import pytest

from fairforget.compare.build import compare
from fairforget.compare.markdown import render_markdown
from fairforget.compare.terminal import render_terminal
from fairforget.errors import FairforgetError

RNG = np.random.default_rng(12)
DRAWS = RNG.normal(0.7, 0.05, (6, 2))


def verdicts(found):
    return {(row.label, d.stratum): d.verdict for _, row, d in found.differences()}


def only(found, stratum=None):
    (difference,) = [d for _, _, d in found.differences() if stratum in {None, d.stratum}]
    return difference


def set_to(name, **values):
    def change(record):
        record[name] = {**record[name], **values} if isinstance(record[name], dict) else values

    return change


def fail(record):
    record.update(status="failed", scores={}, items={}, problems=[{"kind": "failed", "message": "boom"}])


def at(index, seed=None):
    return lambda r: r["cell"]["draw"]["index"] == index and seed in {None, r["cell"]["seed"]}


def test_the_figures_are_those_of_the_cells(side):
    noise = RNG.normal(-0.05, 0.01, DRAWS.shape)
    found = compare(side().fill(DRAWS).read(), side().fill(DRAWS + noise).read())
    difference = only(found)
    means = noise.mean(axis=1)
    half = 2.5705818366147395 * means.std(ddof=1) / 6**0.5  # t with 5 degrees of freedom
    assert difference.difference.mean == pytest.approx(means.mean())
    assert difference.difference.half_width == pytest.approx(half)
    assert (difference.difference.n, difference.cells, found.cells) == (6, 12, 12)
    assert difference.base.mean == pytest.approx(DRAWS.mean())
    assert difference.verdict == "worse"
    assert difference.completeness.mean == pytest.approx(means.mean())
    assert len(found.fails()) == 1
    assert compare(side().fill(DRAWS + noise).read(), side().fill(DRAWS).read()).fails() == ()


def test_a_rerun_is_the_same(side):
    found = compare(side().fill(DRAWS).read(), side().fill(DRAWS).read())
    assert only(found).verdict == "same"
    assert found.fails("cannot-tell") == ()
    one = compare(side().fill(DRAWS[:1]).read(), side().fill(DRAWS[:1]).read())
    assert only(one).verdict == "same"


def test_a_gate_fails_on_what_there_is(side):
    found = compare(side().fill(DRAWS).read(), side().fill(DRAWS).read())
    with pytest.raises(FairforgetError, match="Did you mean 'cannot-tell'"):
        found.fails("cannot tell")


def test_one_bit_is_not_the_same(side):
    head = DRAWS.copy()
    head[0, 0] = np.nextafter(head[0, 0], 1)
    assert only(compare(side().fill(DRAWS).read(), side().fill(head).read())).verdict == "cannot tell"


def test_a_score_of_0_hides_nothing(side):
    """A broken model has utility 0, and so the score 0, whatever it forgot."""

    def broken(completeness):
        def change(record):
            for score in record["scores"].values():
                score["value"] = {"utility": 0.0, "completeness": completeness}.get(score["role"], score["value"])

        return change

    base, head = (side().fill(DRAWS).change(broken(c)) for c in (0.9, 0.3))
    found = compare(base.read(), head.read())
    assert only(found).verdict == "cannot tell"
    assert only(found).difference.mean == 0
    assert only(found).completeness.mean == pytest.approx(-0.6)
    assert only(compare(base.read(), base.read())).verdict == "same"
    assert only(compare(base.read(), head.read(), score="utility")).verdict == "same"


def test_two_forget_sets_tell_nothing(side):
    found = compare(side().fill(DRAWS[:2]).read(), side().fill(DRAWS[:2] - 0.3).read())
    assert only(found).verdict == "cannot tell"
    assert "fewer than 3" in only(found).reason
    assert only(found).difference.low is None
    assert found.fails() == ()
    assert "fewer than 3" in found.fails("cannot-tell")[0]


def test_each_stratum_is_judged_and_their_mean(side):
    base = side().fill(DRAWS, stratum="easy").fill(DRAWS, stratum="hard").fill(DRAWS, "idk", stratum="easy")
    head = side().fill(DRAWS, stratum="easy").fill(DRAWS - 0.1 + RNG.normal(0, 0.01, DRAWS.shape), stratum="hard")
    head.fill(DRAWS + RNG.normal(0, 0.02, DRAWS.shape), "idk", stratum="easy")
    found = compare(base.read(), head.read())
    assert verdicts(found) == {
        ("npo", "easy"): "same",
        ("npo", "hard"): "worse",
        ("npo", "all strata"): "worse",
        ("idk", "easy"): "cannot tell",
    }
    assert only(found, "all strata").difference.mean == pytest.approx(only(found, "hard").difference.mean / 2)
    assert [row.label for row in found.sections[0].rows] == ["idk", "npo"]


def test_a_cell_that_fails_now_is_worse_whatever_the_others_say(side):
    head = side().fill(DRAWS + 0.1 + RNG.normal(0, 0.01, DRAWS.shape)).change(fail, at(2, 1))
    found = compare(side().fill(DRAWS).read(), head.read())
    difference = only(found)
    assert (difference.verdict, difference.lost) == ("worse", 1)
    assert "1 cell with a value in BASE has none in HEAD, 1 failed" in difference.reason
    # Neither the gap nor the seed beside it stands for the forget set.
    assert difference.difference.n == 5
    assert difference.difference.low > 0
    back = only(compare(head.read(), side().fill(DRAWS).read()))
    assert (back.gained, back.lost, back.verdict) == (1, 0, "worse")
    both = compare(head.read(), head.read())
    assert only(both).verdict == "same"


def test_what_failed_on_both_sides_is_not_the_same(side):
    failed = side().fill(DRAWS).change(fail)
    difference = only(compare(failed.read(), failed.read()))
    assert (difference.verdict, difference.lost, difference.difference) == ("cannot tell", 0, None)


def test_not_reaching_the_goal_any_more_is_worse(side):
    def matched(reached):
        def change(record):
            record["cell"]["budget"] = {"kind": "epochs", "amount": 5, "stop": None, "completeness": 0.8}
            record["matched"] = {"reached": reached, "utility_average": 0.7 if reached else None}

        return change

    base = side().fill(DRAWS).change(matched(True))
    head = side().fill(DRAWS).change(matched(True)).change(matched(False), at(0))
    difference = only(compare(base.read(), head.read()))
    assert (difference.verdict, difference.lost, difference.difference.n) == ("worse", 2, 5)
    assert difference.base.mean == pytest.approx(0.7)
    assert "until completeness 0.8" in compare(base.read(), head.read()).sections[0].setting


def test_what_one_side_has_alone_is_listed_and_pairs_stay(side):
    base = side().fill(DRAWS).fill(DRAWS, "idk")
    head = side().fill(DRAWS[:, :1]).fill(DRAWS, "rmu")
    found = compare(base.read(), head.read())
    alone = {(u.side, u.row, u.differs): u.cells for u in found.unpaired}
    assert alone == {("BASE", "idk", "method"): 12, ("BASE", "npo", "seed"): 6, ("HEAD", "rmu", "method"): 12}
    assert only(found).cells == 6
    assert found.fails() == ()
    assert len(found.fails("cannot-tell")) == 2


def test_forget_sets_that_share_samples_widen_the_interval(side):
    def shared(record):
        record["cell"]["draw"]["forget"] = ["a", "b", "c", f"d{record['cell']['draw']['index']}"]

    def apart(record):
        record["cell"]["draw"]["forget"] = [f"{c}{record['cell']['draw']['index']}" for c in "abcd"]

    noise = RNG.normal(0, 0.03, DRAWS.shape)
    halves = []
    for change in (apart, shared):
        base, head = side().fill(DRAWS).change(change), side().fill(DRAWS + noise).change(change)
        halves.append(only(compare(base.read(), head.read())).difference.half_width)
    assert halves[1] == pytest.approx(halves[0] * (1 + 6 * 0.75 / 0.25) ** 0.5)


def test_columns_that_mean_something_else_are_not_compared(side):
    def without(record):
        del record["scores"]["forget_mia"]
        del record["items"]["forget_mia"]

    def other_samples(record):
        record["items"]["forget_mia"] = {"other": 0.5}

    def other_texts(record):
        record["item_hashes"] = dict.fromkeys(record["item_hashes"], "0" * 64)

    def diagnostic(record):
        record["scores"]["forget_perplexity"]["on"] = "elsewhere"

    base = side().fill(DRAWS)
    for change, reason in (
        (without, "columns behind it are not the same: forget_mia"),
        (other_samples, "forget_mia was measured on other samples"),
        (other_texts, "samples with other texts"),
    ):
        head = side().fill(DRAWS).change(change, at(1))
        found = compare(base.read(), head.read())
        (left,) = found.not_compared
        assert reason in left.reason
        assert (left.cells, found.cells) == (2, 10)
        assert found.fails() == ()
        assert reason in found.fails("cannot-tell")[0]
        with pytest.raises(FairforgetError, match=f"in HEAD can be compared: .*{reason}"):
            compare(base.read(), side().fill(DRAWS).change(change).read())
    assert compare(base.read(), side().fill(DRAWS).change(diagnostic).read()).not_compared == ()
    utility = compare(base.read(), side().fill(DRAWS).change(without).read(), score="utility")
    assert utility.cells == 12


def test_nothing_but_cells_that_are_there_twice_is_not_compared(side):
    base = side().fill(DRAWS)
    head = base.copy()
    head.records += base.copy().change(lambda r: r["cell"]["method"].update(dist_version="0.2.0")).records
    with pytest.raises(FairforgetError, match="several times"):
        compare(base.read(), head.read())


def test_another_score_with_its_direction(side):
    def worse(record):
        for name in ("forget_mia", "retain_accuracy"):
            record["scores"][name].update(better="lower", average=False)

    base, head = (side().fill(v).change(worse) for v in (DRAWS, DRAWS + 0.1 + RNG.normal(0, 0.01, DRAWS.shape)))
    assert only(compare(base.read(), head.read())).verdict == "better"
    assert only(compare(base.read(), head.read(), score="retain_accuracy")).verdict == "worse"
    assert only(compare(base.read(), head.read(), score="completeness")).verdict == "better"
    with pytest.raises(FairforgetError, match="Did you mean 'retain_accuracy'"):
        compare(base.read(), head.read(), score="retain_acuracy")
    with pytest.raises(FairforgetError, match="neither better nor worse"):
        compare(base.read(), head.read(), score="forget_perplexity")


@pytest.mark.parametrize("margin", [-0.1, float("nan"), float("inf")])
def test_a_margin_is_a_number_from_0(side, margin):
    with pytest.raises(FairforgetError, match="a margin is a number from 0"):
        compare(side().fill(DRAWS).read(), side().fill(DRAWS).read(), margin=margin)


def test_task_versions_never_mix(side):
    head = side().fill(DRAWS).change(lambda r: r["cell"]["task"].update(version=2))
    with pytest.raises(FairforgetError, match=r"They differ in: task version \(1 here, 2 there\)"):
        compare(side().fill(DRAWS).read(), head.read())


def test_settings_have_sections_and_references_stand_beside(side):
    def budget(amount):
        return lambda r: r["cell"]["budget"].update(amount=amount)

    def make(shift):
        made = side().fill(DRAWS + shift)
        made.records += side().fill(DRAWS + shift).change(budget(9)).records
        return made.fill(np.full((6, 1), 0.2 + shift), "untouched", curriculum=None, reference="untouched")

    found = compare(make(0.0).read(), make(0.001).read())
    assert [s.setting for s in found.sections] == [
        "forget sets of 4 samples, at most 5 epochs",
        "forget sets of 4 samples, at most 9 epochs",
    ]
    for section in found.sections:
        (control,) = section.controls
        assert (control.label, control.cells, control.changed) == ("untouched", 6, 6)
        assert control.largest == pytest.approx(0.001)
    assert {row for row, _ in verdicts(found)} == {"npo"}


def test_references_alone_are_no_comparison_but_are_shown(side):
    def make(value):
        return side().fill(np.full((4, 1), value), "untouched", curriculum=None, reference="untouched")

    found = compare(make(0.2).read(), make(0.2).read())
    assert found.sections[0].rows == ()
    assert found.sections[0].controls[0].changed == 0
    assert "no row to judge" in render_terminal(found)


def test_what_else_changed_is_told(side):
    def newer(record):
        record["environment"]["distributions"]["torch"]["version"] = "2.14.0"
        record["environment"]["cpus"] = 64
        record["ledger"]["forward_equivalents"] = 500
        record["cell"]["method"]["options"] = {"beta": 0.1, "reduction": "mean"}

    found = compare(side().fill(DRAWS).read(), side().fill(DRAWS).change(newer).read())
    changes = {change.what: (change.base, change.head) for change in found.changes}
    assert changes == {
        "torch": (("2.13.0",), ("2.14.0",)),
        "cpus": (("2",), ("64",)),
        "npo: options": ((), ('reduction="mean"',)),
        "npo: forward-equivalents of a cell": (("360",), ("500",)),
    }


def test_the_order_of_the_files_changes_no_byte(side):
    def make(shift):
        made = side().fill(DRAWS + shift, stratum="hard").fill(DRAWS, stratum="easy")
        return made.fill(DRAWS - shift, "idk").fill(DRAWS, "rmu" if shift else "dpo")

    pages = set()
    for seed in range(3):
        base, head = make(0.0).read(), make(0.02).read()
        for records in (base, head):
            random.Random(seed).shuffle(records)
        found = compare(base, head)
        pages.add((json.dumps(found.to_json()), render_markdown(found), render_terminal(found)))
    assert len(pages) == 1


def test_the_json_is_whole(side):
    found = compare(side().fill(DRAWS).read(), side().fill(DRAWS - 0.1).read(), margin=0.02)
    said = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (said["schema"], said["margin"], said["cells"]) == (1, 0.02, 12)
    assert said["sections"][0]["rows"][0]["differences"][0]["verdict"] == only(found).verdict


def test_numbers_that_overflow_break_nothing(side):
    def huge(sign):
        def change(record):
            for score in record["scores"].values():
                score["value"] = sign * 1e308

        return change

    base, head = side().fill(DRAWS).change(huge(1)), side().fill(DRAWS).change(huge(-1), at(0))
    found = compare(base.read(), head.read(), score="forget_mia")
    json.dumps(found.to_json(), allow_nan=False)
    assert render_terminal(found)
    assert render_markdown(found)


def test_hostile_names_are_text(side):
    name = "<script>alert(1)</script>|`[x](javascript:1)\x1b[31m\u202e" + "x" * 9000

    def hostile(record):
        record["cell"]["method"]["label"] = name
        record["cell"]["draw"]["stratum"] = name[::-1]
        record["environment"]["distributions"][name] = {"version": name}

    head = side().fill(DRAWS - 0.2).change(hostile)
    head.records += side().fill(DRAWS, "idk").change(hostile).records
    found = compare(side().fill(DRAWS).change(hostile).read(), head.read())
    for page in (render_terminal(found), render_markdown(found)):
        assert "\x1b" not in page
        assert "\u202e" not in page
        assert max(map(len, page.splitlines())) < 2000
    assert "\\<script\\>" in render_markdown(found)
    assert "<script>" not in render_markdown(found)


def test_the_frame_has_a_row_for_every_difference(side):
    base, head = (side().fill(v, stratum=s) for v, s in ((DRAWS, "easy"), (DRAWS - 0.1, "easy")))
    frame = compare(base.read(), head.read()).frame()
    assert list(frame["stratum"]) == ["easy"]
    assert frame["difference"][0] == pytest.approx(-0.1)

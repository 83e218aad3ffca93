"""What a check says, and the report that is made of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.errors import FairforgetError
from fairforget.testing import Case, CheckResult, ChecksFailed, Report, check
from fairforget.testing.case import smallest
from fairforget.testing.checks import CHECKS
from fairforget.testing.definition import Check, CheckFailed, NotApplicable, Skipped, missing_dependency
from fairforget.testing.resolve import examine
from fairforget.testing.runner import run_check

RESULTS = (
    CheckResult("loads", "It loads.", "ran", seconds=0.1),
    CheckResult("runs", "It runs.", "failed", "KeyError: 'a|b'\n<b>x</b>", "samples=1"),
    CheckResult("prints-nothing", "It is silent.", "failed", "it prints", expected="told to"),
    CheckResult("one-sample", "One.", "not applicable", "it does not run"),
    CheckResult("no-network", "None.", "skipped", "no module"),
)
REPORT = Report("method", "acme/sleepy", "1.0", RESULTS, {"Python": "3.11"}, {"beta": 0.5})


def test_a_report_has_what_failed_and_was_not_expected():
    assert [failure.check for failure in REPORT.failures] == ["runs"]
    assert not REPORT.passed
    assert REPORT.result("one-sample").status == "not applicable"
    with pytest.raises(KeyError):
        REPORT.result("one-sampel")


UNSEEN = CheckResult("shape", "A number a sample.", "not applicable", "it refuses: there is | no book")


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (replace(UNSEEN, status="ran"), "passed"),
        (replace(UNSEEN, status="failed"), "failed"),
        (UNSEEN, "not tested"),
        (replace(UNSEEN, status="skipped"), "not tested"),
        (replace(UNSEEN, expected="it wants a book"), "passed"),
        (replace(UNSEEN, check="one-sample"), "passed"),
    ],
)
def test_who_was_not_seen_at_work_has_not_passed(result, verdict):
    report = Report("difficulty", "acme/bookish", "1.0", (RESULTS[0], result))
    assert (report.verdict, report.passed, report.to_json()["verdict"]) == (verdict, verdict == "passed", verdict)
    loud = "**It was not seen at its work: 1 of 2 checks could be made.** shape: it refuses: there is \\| no book"
    assert (loud in report.to_markdown()) == (
        result.check == "shape" and result.status in {"not applicable", "skipped"}
    )
    assert report.to_markdown().splitlines()[2].startswith(f"{verdict.capitalize()}: ")


def test_json_says_everything():
    found = json.loads(json.dumps(REPORT.to_json()))
    assert found["passed"] is False
    assert found["options"] == {"beta": 0.5}
    assert [one["status"] for one in found["checks"]] == ["ran", "failed", "failed", "not applicable", "skipped"]
    assert found["checks"][1]["case"] == "samples=1"


def test_markdown_is_a_table_with_the_failures_below():
    text = REPORT.to_markdown()
    assert "| prints-nothing | failed as expected | told to |" in text
    assert "1 ran, 1 failed, 1 failed as expected, 1 not applicable, 1 skipped" in text
    assert "Smallest case: `run_cell(…, samples=1)`" in text
    assert "Python 3.11" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(RESULTS)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.text(max_size=60))
def test_whatever_a_plugin_says_stays_in_its_cell(text):
    result = CheckResult("runs", text, "failed", text, expected=text or None)
    shown = Report("method", "a/b", text, (result,)).to_markdown()
    (row,) = [line for line in shown.splitlines() if line.startswith("| runs |")]
    assert row.replace("\\|", "").count("|") == 4
    heading = next(line for line in shown.splitlines() if line.startswith("###"))
    assert "<" not in heading.replace("\\<", "")
    assert "\x1b" not in shown


def ask(run, expected=None, name="loads"):
    return run_check(Check(name, ("method",), run), examine("grad-ascent"), expected)


def raising(error):
    def run(examined):
        """Ask nothing."""
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (CheckFailed("no", Case(samples=1)), "failed", "no"),
        (NotApplicable("why"), "not applicable", "why"),
        (Skipped("gone"), "skipped", "gone"),
        (FairforgetError("wrong"), "failed", "wrong"),
        (KeyError("x"), "failed", "KeyError: 'x'"),
        (ModuleNotFoundError("No module named 'xyz'", name="xyz"), "skipped", "the module 'xyz' is not installed"),
        # Its own module, mistyped, is nobody else's fault.
        (ModuleNotFoundError("x", name="fairforget_methods.x"), "failed", "ModuleNotFoundError: x"),
    ],
)
def test_what_a_check_raises_is_its_result(error, status, said):
    result = ask(raising(error))
    assert (result.status, result.message, result.purpose) == (status, said, "Ask nothing.")
    assert result.wrong == (status == "failed")


def test_a_failure_that_was_expected_is_none():
    result = ask(raising(CheckFailed("no")), expected="the contract says so")
    assert (result.status, result.expected, result.wrong) == ("failed", "the contract says so", False)


def test_an_expected_failure_that_passes_is_a_failure():
    result = ask(lambda examined: None, expected="it used to fail")
    assert result.wrong
    assert "remove it" in result.message


def test_a_dependency_is_missing_only_where_that_is_the_cause():
    missing = ModuleNotFoundError("no", name="xyz")
    wrapped, another = FairforgetError("cannot be imported"), ValueError("another thing")
    wrapped.__cause__, another.__context__ = missing, missing
    assert missing_dependency(wrapped) == "the module 'xyz' is not installed"
    assert missing_dependency(another) is None


@pytest.mark.parametrize(
    ("fails", "least"),
    [
        (lambda c: c.samples >= 2, Case(samples=2, batch_size=1, updates=1)),
        (lambda c: c.batch_size >= 2 and c.updates >= 2, Case(samples=1, batch_size=2, updates=2)),
        (lambda c: c.lengths == "ragged", Case(lengths="ragged", samples=1, batch_size=1, updates=1)),
        (lambda c: c.architecture == "gpt2", Case(architecture="gpt2", samples=1, batch_size=1, updates=1)),
        (lambda c: True, Case(samples=1, batch_size=1, updates=1)),
    ],
)
def test_the_smallest_case_is_found(fails, least):
    start = Case(architecture="gpt2", lengths="ragged", samples=6, batch_size=3, updates=3)
    message, found = smallest(lambda case: "wrong" if fails(case) else None, start, tries=40)
    assert (message, found) == ("wrong", least)


def test_no_smaller_case_is_asked_for_where_nothing_is_wrong():
    asked = []
    assert smallest(asked.append, Case()) is None
    assert len(asked) == 1


def test_a_case_is_the_arguments_of_run_cell():
    assert eval(f"Case({Case(samples=3)})") == Case(samples=3)


def test_names_are_unique_in_a_kind_and_every_check_says_what_it_asks():
    for kind in {kind for one in CHECKS for kind in one.kinds}:
        names = [one.name for one in CHECKS if kind in one.kinds]
        assert len(names) == len(set(names))
    for one in CHECKS:
        assert one.name == one.name.lower().replace("_", "-")
        assert one.purpose.endswith("."), one.name
        assert "\n" not in one.purpose


def test_the_first_failure_is_raised_and_names_the_check():
    from fairforget.api import LossMethod

    class Wrong(LossMethod):
        def __init__(self, beta=1.0):
            self.beta = beta

        def loss(self, model, batch):
            return -batch.forget.nll(model)

    with pytest.raises(ChecksFailed, match=r"(?s)fails options-documented.*beta has no type") as raised:
        check(Wrong)
    assert [failure.check for failure in raised.value.failures] == ["options-documented"]

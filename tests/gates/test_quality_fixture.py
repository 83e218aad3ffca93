"""The fixture ``quality`` as a third party has it: in a project of its own, on scores of its own."""

import json
import subprocess
import sys
import textwrap

import pytest
import scipy.special  # noqa: F401 - runs inside this process forget what they imported, and numpy loads but once

pytest_plugins = ["pytester"]

SCORES = """
    import json, pathlib

    def scores():
        return json.loads(pathlib.Path(__file__).with_name("scores.json").read_text())
"""
TEST = f"""
    {SCORES}

    def test_my_thing(quality):
        quality.compare("my-thing", scores(), margin=0.05, benchmark={{"version": "1"}})
"""


def of(value, groups=4, items=10, moved=0.0):
    """Groups of items, each a little different."""
    return {f"g{g}": {f"i{i}": value + 0.01 * i + moved * (g + 1) for i in range(items)} for g in range(groups)}


@pytest.fixture
def project(pytester):
    pytester.makepyfile(test_mine=TEST)
    pytester.makeini("[pytest]\nfilterwarnings = error\n")

    def write(scores):
        pytester.path.joinpath("scores.json").write_text(json.dumps(scores))

    write(of(0.5))
    pytester.write = write
    return pytester


def run(project, *options):
    return project.runpytest("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:benchmark", *options)


@pytest.fixture
def kept(project):
    run(project, "--quality-update").assert_outcomes(passed=1)
    return project


def test_without_a_baseline_it_says_how_to_get_one(project):
    found = run(project)
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*my-thing.json: there is no baseline yet; write it with pytest --quality-update*"])
    assert not (project.path / "baselines").exists()


def test_the_same_scores_pass_bit_by_bit(kept):
    assert (kept.path / "baselines" / "my-thing.json").is_file()
    found = run(kept)
    found.assert_outcomes(passed=1)
    found.stdout.fnmatch_lines(["*quality*", "my-thing: score 0.545, the same to the last bit"])


def test_numbers_that_are_not_those_of_the_digest_are_refused(kept):
    """Half of a merge: the digest of one side, numbers of the other."""
    path = kept.path / "baselines" / "my-thing.json"
    whole = path.read_text()
    for old, new in (('"g1": 0.545', '"g1": 0.945'), ("[0.5, 0.51,", "[0.5, 0.510002,")):
        assert old in whole
        path.write_text(whole.replace(old, new))
        found = run(kept)
        found.assert_outcomes(failed=1)
        found.stdout.fnmatch_lines(["*my-thing.json: its numbers are not those of its digest*--quality-update*"])


def test_other_digits_pass_with_their_interval(kept):
    kept.write(of(0.5 + 1e-7))
    found = run(kept)
    found.assert_outcomes(passed=1)
    found.stdout.fnmatch_lines(["my-thing: score 0.545 -> 0.545, +0.0000 [[]+0.0000, +0.0000]: not worse"])


def test_a_loss_of_two_margins_is_red_and_names_items(kept):
    kept.write(of(0.4, moved=-0.001))
    found = run(kept)
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines([
        "*QualityFell: my-thing: score fell by 0.1025 [[]0.1004, 0.1046], more than 0.05, from 0.545",
        "*columns: score -0.102",
        "*worst items: i? (g3) -0.10,*",
        "*pytest --quality-update writes *my-thing.json anew; review its diff",
    ])  # fmt: skip


def test_a_small_loss_is_let_through(kept):
    kept.write(of(0.47, moved=-0.001))
    found = run(kept)
    found.assert_outcomes(passed=1)
    found.stdout.fnmatch_lines(["my-thing: score 0.545 -> 0.512, -0.0325 * not worse"])


def test_a_gain_is_a_warning_even_where_warnings_are_errors(kept):
    kept.write(of(0.7, moved=0.001))
    found = run(kept)
    found.assert_outcomes(passed=1, warnings=1)
    found.stdout.fnmatch_lines(["*QualityImproved: my-thing: score rose by +0.2025 * can be lost unseen"])


def test_what_cannot_be_told_passes_unless_asked_for(kept):
    kept.write({g: {i: v + (0.3 if g in {"g0", "g2"} else -0.35) for i, v in x.items()} for g, x in of(0.5).items()})
    run(kept).assert_outcomes(passed=1)
    kept.makepyfile(test_mine=TEST.replace("margin=0.05", 'margin=0.05, fail_on="cannot-tell"'))
    found = run(kept)
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*QualityFell: my-thing: a loss of 0.05 in score is not ruled out: -0.0250*"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda scores: scores["g0"].pop("i3"), "1 without a value (i3)"),
        (lambda scores: scores["g0"].update(i99=0.5), "1 new (i99)"),
        (lambda scores: scores.update(g9={"i1": 0.5}), "the forget sets are others"),
    ],
)
def test_another_set_of_items_is_never_compared(kept, change, why):
    scores = of(0.5)
    change(scores)
    kept.write(scores)
    found = run(kept)
    found.assert_outcomes(failed=1)
    assert why in found.stdout.str()
    assert "is not compared" in found.stdout.str()
    before = (kept.path / "baselines" / "my-thing.json").read_bytes()
    run(kept, "--quality-update").assert_outcomes(passed=1)
    assert (kept.path / "baselines" / "my-thing.json").read_bytes() != before
    run(kept).assert_outcomes(passed=1)


def test_another_version_of_the_benchmark_is_never_compared(kept):
    kept.makepyfile(test_mine=TEST.replace('"version": "1"', '"version": "2"'))
    found = run(kept)
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*is not compared: the benchmark is another one: version.*"])


def test_lower_may_be_better(kept):
    kept.makepyfile(test_mine=TEST.replace("margin=0.05", 'margin=0.05, better="lower"'))
    found = run(kept)
    found.assert_outcomes(failed=1)  # the baseline is of the other direction
    run(kept, "--quality-update").assert_outcomes(passed=1)
    kept.write(of(0.7, moved=0.001))
    found = run(kept)
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*QualityFell: my-thing: -score fell by 0.20*"])


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"g0": {"i": 0.5}, "g1": {"i": 0.5}}, "fewer than 3"),
        ({"g0": {}, "g1": {"i": 1}, "g2": {"i": 1}}, "no items in g0"),
        ({"g0": {"i": None}}, "which is no number"),
        ({"g0": {"i": float("nan")}}, "which is no number"),
    ],
)
def test_what_can_never_be_judged_is_not_written(project, bad, why):
    project.write(bad)
    found = run(project, "--quality-update")
    found.assert_outcomes(failed=1)
    assert why in found.stdout.str()
    assert not (project.path / "baselines").exists()


def test_a_folder_for_all_baselines(project):
    project.makeini("[pytest]\nquality_baselines = tests/kept\n")
    run(project, "--quality-update").assert_outcomes(passed=1)
    assert (project.path / "tests" / "kept" / "my-thing.json").is_file()
    run(project).assert_outcomes(passed=1)


def test_workers_of_xdist_report_too_and_the_report_is_a_table(kept):
    found = kept.runpytest_subprocess("-p", "no:cacheprovider", "-n", "2", "--quality-report", "summary.md")
    found.assert_outcomes(passed=1)
    found.stdout.fnmatch_lines(["my-thing: score 0.545, the same to the last bit"])
    table = (kept.path / "summary.md").read_text().splitlines()
    assert table[0].count("|") == table[1].count("|") == table[2].count("|") == 8
    assert table[2] == "| my-thing | score | 0.545 | 0.545 | +0.0000 | 0.05 | same |"


def test_it_is_quiet_where_nobody_asks_for_a_quality(pytester):
    pytester.makepyfile("def test_it(): pass")
    found = run(pytester)
    found.assert_outcomes(passed=1)
    found.stdout.no_fnmatch_line("*= quality =*")


def test_loading_it_imports_nothing_heavy(tmp_path):
    source = """
        import sys
        import fairforget.testing.quality_plugin, fairforget.testing.quality
        heavy = {"torch", "transformers", "datasets", "lm_eval", "numpy", "scipy", "pandas"} & set(sys.modules)
        assert not heavy, heavy
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(source)], check=True, cwd=tmp_path)

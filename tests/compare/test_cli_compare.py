from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import fairforget
from fairforget.cli import main

RNG = np.random.default_rng(7)
VALUES = RNG.normal(0.7, 0.05, (5, 2))
NOISE = RNG.normal(0, 0.003, (5, 2))


@pytest.fixture
def folders(tmp_path, side, factory):
    """Two runs: ``idk`` lost a tenth, ``npo`` moved in the third digit."""
    base, head = tmp_path / "base", tmp_path / "head"
    factory.write(side().fill(VALUES).fill(VALUES, "idk").records, base)
    factory.write(side().fill(VALUES + NOISE).fill(VALUES + NOISE - 0.1, "idk").records, head)
    return str(base), str(head)


def test_a_regression_is_a_failure_that_is_named(folders, capsys):
    base, head = folders
    assert main(["compare", base, head]) == 1
    out, err = capsys.readouterr()
    assert "1 worse, 1 cannot tell" in out
    assert err.startswith("fairforget: biographies v1, idk, random: worse (-0.")
    assert err.count("\n") == 1


def test_the_other_way_round_it_is_none(folders, capsys):
    base, head = folders
    assert main(["compare", head, base]) == 0
    assert capsys.readouterr().err == ""


def test_the_gate_asks_for_evidence_where_it_is_told_to(folders, capsys):
    base, head = folders
    assert main(["compare", head, base, "--fail-on", "cannot-tell"]) == 1
    assert "npo, random: cannot tell" in capsys.readouterr().err
    assert main(["compare", head, base, "--fail-on", "cannot-tell", "--margin", "0.02"]) == 0
    assert "not worse" in capsys.readouterr().out
    assert main(["compare", base, head, "--margin", "0.2", "--fail-on", "cannot-tell"]) == 0


def test_json_and_nothing_else(folders, capsys):
    base, head = folders
    assert main(["compare", base, head, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    rows = {row["label"]: row["differences"][0] for row in said["sections"][0]["rows"]}
    assert rows["idk"]["verdict"] == "worse"
    assert rows["npo"]["draws_needed"] > 5
    assert rows["npo"]["difference"]["n"] == 5
    found = fairforget.compare(base, head)
    assert found.to_json() == said
    assert list(found.frame()["verdict"]) == ["worse", "cannot tell"]


def test_markdown(folders, capsys):
    base, head = folders
    assert main(["compare", base, head, "--format", "md", "--score", "utility"]) == 1
    page = capsys.readouterr().out
    assert page.startswith("# BASE and HEAD\n")
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    assert any("idk" in line and "worse" in line for line in table)


def test_a_file_that_cannot_be_used_is_named_and_is_wrong_input(folders, capsys):
    base, head = folders
    with open(f"{head}/cells/{'0' * 24}.json", "w") as file:
        file.write("{")
    assert main(["compare", head, base]) == 2
    assert f"{'0' * 24}.json in BASE is not used: not JSON" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--margin", "-1"], "a margin is a number from 0"),
        (["--score", "utilty"], "Did you mean 'utility'"),
        (["--json", "--format", "md"], "give one of them"),
    ],
)
def test_wrong_options_are_a_message(folders, options, said, capsys):
    assert main(["compare", *folders, *options]) == 2
    assert said in capsys.readouterr().err


def test_wrong_folders_are_a_message(folders, tmp_path, side, factory, capsys):
    base, head = folders
    assert main(["compare", base, head + "s"]) == 2
    assert f"Did you mean {head}" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["compare", base, str(tmp_path / "empty")]) == 2
    assert "there are no cells in HEAD" in capsys.readouterr().err
    other = side().fill(VALUES).change(lambda r: r["cell"]["task"].update(version=2))
    factory.write(other.records, tmp_path / "other")
    assert main(["compare", base, str(tmp_path / "other")]) == 2
    assert "task version (1 here, 2 there)" in capsys.readouterr().err
    record = other.records[0]
    (tmp_path / "old" / "cells").mkdir(parents=True)
    (tmp_path / "old" / "cells" / f"{'0' * 24}.json").write_text(json.dumps({**record, "key": "0" * 24}))
    assert main(["compare", str(tmp_path / "old"), head]) == 2
    assert "made by another version" in capsys.readouterr().err


def test_comparing_needs_no_torch_and_no_pandas(folders):
    base, head = folders
    code = (
        "import sys\nfrom fairforget.cli import main\n"
        f"assert main(['compare', {head!r}, {base!r}, '--format', 'md']) == 0\n"
        "assert not {'torch', 'transformers', 'pandas', 'scipy.stats'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

"""The tutorials, followed from an empty folder in a new virtual environment, word for word.

docs/tutorial/your-first-method.md, your-first-sampler.md, your-first-task.md and your-first-difficulty.md.
"""

import re

import pytest

pytestmark = pytest.mark.slow


def board(reader, run):
    return (reader.folder / "runs" / run / "board.md").read_text()


def test_the_first_method_is_on_the_board_after_ten_minutes(reader, capsys):
    assert not list(reader.folder.iterdir())
    said = reader.follow(
        "docs/tutorial/your-first-method.md", "test_the_first_method_is_on_the_board_after_ten_minutes"
    )
    with capsys.disabled():
        print(f"\nyour first method, from an empty folder ({reader.typed} lines by hand):\n{reader.table()}")  # noqa: T201 - what the page promises
    assert reader.typed <= 20
    # Of processors: what it takes, whatever else the machine is doing.
    assert sum(cpu for _, _, cpu in reader.took) < 600
    assert re.search(r"^passed \(\d\d checks\)$", said, re.MULTILINE)
    rows = [line for line in board(reader, "sleepy").splitlines() if line.startswith("|")]
    assert sum("| sleepy |" in row for row in rows) >= 1
    assert sum("| grad-diff |" in row for row in rows) >= 1
    assert sum("| untouched |" in row for row in rows) >= 1


def test_the_first_sampler_draws_for_a_board(reader):
    said = reader.follow("docs/tutorial/your-first-sampler.md", "test_the_first_sampler_draws_for_a_board")
    # The columns are as wide as whatever else is installed asks for.
    assert re.search(r"^sampler +repetition +fairforget-repetition\b", said, re.MULTILINE)
    assert "rare (n = 3)" in board(reader, "repetition")
    assert "frequent (n = 3)" in board(reader, "repetition")


def test_the_first_task_has_a_board_of_its_own(reader):
    said = reader.follow("docs/tutorial/your-first-task.md", "test_the_first_task_has_a_board_of_its_own")
    assert "harbours v2: " in said
    assert "| untouched |" in board(reader, "harbours")


def test_the_first_difficulty_scores_and_bins(reader):
    said = reader.follow("docs/tutorial/your-first-difficulty.md", "test_the_first_difficulty_scores_and_bins")
    assert "nat" in said
    assert "hard (n = 3)" in board(reader, "surprise")

"""The tutorials, followed from an empty folder in a new virtual environment, word for word.

docs/tutorial/your-first-method.md and your-first-sampler.md; the others are in test_tutorials_further.py.
"""

import re

import pytest

pytestmark = pytest.mark.slow


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
    rows = [line for line in reader.board("sleepy").splitlines() if line.startswith("|")]
    assert sum("| sleepy |" in row for row in rows) >= 1
    assert sum("| grad-diff |" in row for row in rows) >= 1
    assert sum("| untouched |" in row for row in rows) >= 1


def test_the_first_sampler_draws_for_a_board(reader):
    said = reader.follow("docs/tutorial/your-first-sampler.md", "test_the_first_sampler_draws_for_a_board")
    # The columns are as wide as whatever else is installed asks for.
    assert re.search(r"^sampler +repetition +fairforget-repetition\b", said, re.MULTILINE)
    assert "rare (n = 3)" in reader.board("repetition")
    assert "frequent (n = 3)" in reader.board("repetition")

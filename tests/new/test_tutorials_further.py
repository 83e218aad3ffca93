"""The tutorials on a task and on a difficulty, followed as those of test_tutorials.py.

docs/tutorial/your-first-task.md and your-first-difficulty.md.
"""

import pytest

pytestmark = pytest.mark.slow


def test_the_first_task_has_a_board_of_its_own(reader):
    said = reader.follow("docs/tutorial/your-first-task.md", "test_the_first_task_has_a_board_of_its_own")
    assert "harbours v2: " in said
    assert "| untouched |" in reader.board("harbours")


def test_the_first_difficulty_scores_and_bins(reader):
    said = reader.follow("docs/tutorial/your-first-difficulty.md", "test_the_first_difficulty_scores_and_bins")
    assert "nat" in said
    assert "hard (n = 3)" in reader.board("surprise")

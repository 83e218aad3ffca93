"""Board files: whatever stands in one, there is a board or a message, and it looks nowhere else."""

from __future__ import annotations

import pytest
import yaml
from hostile.asking import asked
from hostile.strategies import changed, spliced
from hostile.watching import run
from hostile.yaml_tricks import TRICKS
from hypothesis import given
from hypothesis import strategies as st

BOARD = {
    "name": "people",
    "title": "Invented people",
    "summary": "Who forgets.",
    "results": ["results", "results/../results"],
    "task": {"name": "biographies", "version": 1, "options": {"people": 100}},
    "samplers": ["random", {"name": "binned", "by": "mrd"}],
    "strata": {"easy": 1, "hard": 2.5},
    "score": {"completeness": ["forget_mia"], "utility": ["retain_accuracy"]},
    "draws": 2,
    "seeds": 1,
    "trials": 3,
}
WORDS = (
    st.sampled_from(
        "results ../results * ? [a-z]* results/* ** */*/*/* ../../x ../boards /proc/self results/link".split()
    ),
    st.sampled_from(
        "forget_mia forget_rouge_l retain_rouge_l forget_perplexity random easy medium hard binned mrd".split()
    ),
    st.sampled_from([0.8, 0.0, 1, 0.5, None]),
)


@pytest.fixture
def place(home, factory):
    """A board, some results, and what is none of its business beside them."""
    factory.write(factory.make_study(draws=2, seeds=1, methods={"npo": (0.8, 0.84)})[:16], home / "inside" / "results")
    (home / "secret").mkdir()
    (home / "secret" / f"{'0' * 24}.json").write_text('{"it is": "not yours"}')
    (home / "inside" / "results" / "link").symlink_to(home / "secret")
    return home / "inside"


def made(place, content, form):
    file = place / "board.yaml"
    file.write_bytes(content)
    ended = run("board", "--board", file, *(("--format", form) if form else ()))
    assert ended.code in {0, 2}
    assert "not yours" not in ended.out + ended.err
    assert "0" * 24 not in ended.out + ended.err
    return ended


FORMS = st.sampled_from([None, None, "md", "html", "json", "tex"])


@asked()
@given(data=st.data())
def test_any_values_in_a_board_file(place, data):
    content = data.draw(changed(BOARD, words=WORDS))
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    made(place, text.encode(errors="surrogatepass"), data.draw(FORMS))


@asked()
@given(data=st.data())
def test_any_bytes_in_a_board_file(place, data):
    made(place, data.draw(spliced(yaml.safe_dump(BOARD, sort_keys=False).encode(), TRICKS)), data.draw(FORMS))


def test_the_board_itself_is_made(place):
    assert made(place, yaml.safe_dump({**BOARD, "strata": {"random": 1}}).encode(), "md").code == 0


@pytest.mark.parametrize("form", [None, "md", "html", "json", "tex"])
@pytest.mark.parametrize(
    "task",
    [
        {"name": "x\x0f\u202e\x9b2J", "version": 1},
        {"name": "biographies", "version": 1, "options": {"x\x8a\u202e": "\x1b"}},
    ],
)
def test_a_board_about_another_task_steers_no_terminal(place, form, task):
    content = {**BOARD, "task": task}
    assert made(place, yaml.safe_dump(content).encode(), form).code == 0

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.api import Sample
from fairforget_tasks.metrics.prefix_match import PrefixMatch, begins_with


def fact(name, answer, *, accepted=(), held_out=("and?", "or?"), prompt="where?"):
    variants = {"paraphrased_prompt": held_out}
    if accepted:
        variants["accepted_completion"] = accepted
    return Sample(name, prompt, answer, variants=variants)


SAMPLES = (
    fact("says", "Paris"),
    fact("rambles", "Paris"),
    fact("other", "Paris"),
    fact("spelling", "Kyiv", accepted=("Kiev",)),
    fact("accent", "Bogotá"),
    fact("later", "I"),
    fact("void", " "),
    fact("bare", "Paris", prompt=""),
)
ANSWERS = ["Paris", "Paris, which is in France", "Parisian", "Kiev.", "Bogota", "what I mean is I", "x", "Paris"]


def test_by_hand(told):
    found = PrefixMatch().measure(told(SAMPLES, answers={"prompt": ANSWERS}))
    assert found.items == {"says": 1, "rambles": 1, "other": 0, "spelling": 1, "accent": 1, "later": 0}
    assert found.value == pytest.approx(4 / 6)
    assert found.n == 6
    assert set(found.excluded) == {"void", "bare"}
    assert "empty" in found.excluded["void"]


def test_held_out_wordings_count_alike(told):
    samples = (SAMPLES[0], fact("once", "Oslo", held_out=("and?",)), fact("never", "Oslo", held_out=()))
    answers = {"paraphrased_prompt:0": ["Paris", "Oslo", ""], "paraphrased_prompt:1": ["Rome", "", ""]}
    found = PrefixMatch(asked="paraphrased").measure(told(samples, answers=answers))
    assert found.items == {"says": 0.5, "once": 1}
    assert found.excluded == {"never": "the sample has no paraphrased_prompt"}
    assert PrefixMatch(asked="paraphrased").prompts == ("paraphrased_prompt",)


@pytest.mark.parametrize(
    ("answer", "wanted", "right"),
    [
        ("He", "He", True),
        ("He.", "He", True),
        ("Helium", "He", False),
        ("he", "He", False),
        ("**Fe** (from Latin)", "Fe", True),
        ('"Washington, D.C."', "Washington, D.C.", True),
        ("Nuku\u02bbalofa", "Nuku'alofa", True),
        ("Nuku\u2019alofa\n", "Nuku'alofa", True),
        ("San  Jos\u00e9", "San Jose", True),
        ("C1", "C", False),
        ("", "C", False),
        ("the C", "C", False),
    ],
)
def test_what_counts_as_the_beginning(answer, wanted, right):
    assert begins_with(answer, [wanted]) is right


@given(
    st.text("aB é.'", min_size=1).filter(lambda t: t.strip(" '.")),
    st.text("aB é.'"),
    st.sampled_from(["", " ", ".", ","]),
)
@settings(deadline=None, derandomize=True)
def test_an_answer_begins_with_itself_and_with_no_word_it_does_not_have(name, rest, end):
    name = name.strip(" '")
    if not name[-1].isalnum() or end:
        assert begins_with(f" {name}{end or ' '}{rest}", [name])
    assert not begins_with(f"z{name}", [name])
    assert not begins_with(rest, [f"{name}z"])


def test_on_a_real_model_it_agrees_with_the_tokens(live):
    # The greedy answer, asked of the same model by hand, decides.
    samples = (Sample("a", "who is anna ?", "x"), Sample("b", "boris was born in", "x"))
    first, second = live({"forget": samples}, "forget").generate()
    right = (Sample("a", "who is anna ?", first), Sample("b", "boris was born in", f"{second} anna rome"))
    found = PrefixMatch().measure(live({"forget": right}, "forget"))
    assert found.items == {"a": 1, "b": 0}

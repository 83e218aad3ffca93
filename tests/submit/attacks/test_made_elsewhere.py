"""Records of models that were made elsewhere say so, with neither less nor more."""

from __future__ import annotations

import pytest


def brought(record, **changes):
    """Make a record one of a model that was made elsewhere."""
    record["cell"]["method"] |= {
        "name": "fairforget/checkpoint",
        "options": {"path": "/home/ada/models/{digest}"},
        "brought": {"made_by": "mine", "content": {"model.safetensors": "0" * 64}},
        "paths": ["path"],
    } | changes
    record["cell"]["curriculum"] = None


def test_a_model_that_was_made_elsewhere_is_submitted_as_one(attack):
    assert attack(brought) == (0, "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"paths": ["path", "label"]}, "calls options of the method paths that are none: label"),
        ({"paths": []}, "the option path of a method is a path of one machine"),
        ({"paths": "path"}, "the paths of a method are no list"),
        ({"brought": {"made_by": "mine"}}, "does not say what came back"),
        ({"brought": {"content": {"a": "b"}}}, "does not say what came back"),
        ({"brought": [1]}, "does not say what came back"),
        ({"weights": "best"}, "a method says what no cell says of one: weights"),
    ],
    ids=str,
)
def test_one_that_says_less_or_more_is_refused_by_name(attack, changes, reason):
    code, said = attack(lambda record: brought(record, **changes))
    assert code == 1, said
    assert reason in said, said

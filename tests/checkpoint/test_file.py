"""``unlearned.json``: what is believed of it, and what is not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fairforget.errors import FairforgetError
from fairforget_methods.checkpoint_file import SPENT, declared

CONTENT = {"model.safetensors": "0" * 64}


def test_what_is_declared_is_returned(tmp_path, wanted, declare):
    spent = {"updates": 3, "forward_sequences": 12.0, "seconds": 0.5}
    found = declared(declare(tmp_path, spent=spent), wanted, CONTENT, seeded=False)
    assert (found.made_by, found.content, found.spent) == ("mine", CONTENT, spent)
    assert declared(declare(tmp_path), wanted, CONTENT, seeded=False).spent == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"digest": "e" * 64}, "unlearned from another forget set"),
        ({"digest": None}, "does not say 'digest'"),
        ({"digest": 3}, "does not say 'digest'"),
        ({"target": "u" * 24}, "another model was unlearned"),
        ({"target": None}, "does not say 'target'"),
        ({"method": None}, "does not say 'method'"),
        ({"method": "  "}, "does not say 'method'"),
        ({"method": "m" * 101}, "no name of at most 100"),
        ({"method": "\u202e\u200b"}, "no name of at most 100"),
        ({"methd": "mine"}, "unknown key 'methd'. Did you mean 'method'?"),
        ({"spent": []}, "'spent' that is no object"),
        ({"spent": {"update": 3}}, "Did you mean 'updates'?"),
        *(({"spent": {name: -1}}, f"spent.{name} = -1") for name in SPENT),
        *(({"spent": {name: 1e308}}, f"spent.{name} = 1e+308") for name in SPENT),
        ({"spent": {"updates": 10**19}}, "spent.updates = 1000000"),
        ({"spent": {"updates": True}}, "spent.updates = True"),
        ({"spent": {"updates": "3"}}, "spent.updates = 3"),
        ({"spent": {"updates": 2.5}}, "spent.updates = 2.5"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_with_the_file(tmp_path, wanted, declare, changes, said):
    path = declare(tmp_path, **changes)
    with pytest.raises(FairforgetError) as refused:
        declared(path, wanted, CONTENT, seeded=False)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no plain JSON"),
        (b"[]", "is no JSON object"),
        (b'{"digest": NaN}', "is no plain JSON"),
        (b'{"digest": "a", "digest": "b"}', "stands twice"),
        (b"\xff", "is no plain JSON"),
        (b'{"a": "' + b"x" * 70_000 + b'"}', "too large"),
    ],
    ids=["empty", "list", "nan", "twice", "no text", "large"],
)
def test_a_file_that_is_no_declaration_is_refused(tmp_path, wanted, content, said):
    (tmp_path / "unlearned.json").write_bytes(content)
    with pytest.raises(FairforgetError, match=said):
        declared(tmp_path / "unlearned.json", wanted, CONTENT, seeded=False)


def test_a_folder_without_one_is_refused(tmp_path, wanted):
    with pytest.raises(FairforgetError, match=r"has no unlearned\.json"):
        declared(tmp_path / "unlearned.json", wanted, CONTENT, seeded=False)


def test_a_seed_is_compared_where_the_path_has_it(tmp_path, wanted, declare):
    second = replace(wanted, seed=1)
    for seed in (None, 0, True, "1"):
        with pytest.raises(FairforgetError, match="folder of seed 1"):
            declared(declare(tmp_path, seed=seed), second, CONTENT, seeded=True)
    assert declared(declare(tmp_path, seed=1), second, CONTENT, seeded=True).made_by == "mine"
    # One model a draw: under what seed its maker drew is nobody's concern.
    assert declared(declare(tmp_path, seed=42), wanted, CONTENT, seeded=False).made_by == "mine"


def test_characters_that_steer_a_terminal_are_left_out(tmp_path, wanted, declare):
    found = declared(declare(tmp_path, method="\x1b[31mred\x07\n and  more"), wanted, CONTENT, seeded=False)
    assert found.made_by == "[31mred and more"
    assert json.loads(json.dumps(found.made_by)) == found.made_by

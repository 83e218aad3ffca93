"""YAML of strangers: values by the core schema of YAML 1.2, lines, and one-line messages."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.study.yaml_core import MAX_DEPTH, to_yaml
from fairforget.study.yaml_lines import MAX_BYTES, YamlError, parse_yaml, read_yaml

FIXED = settings(derandomize=True, deadline=None, max_examples=300)


def value(text):
    return parse_yaml(text, "f.yaml").value


def message(text):
    with pytest.raises(YamlError) as caught:
        parse_yaml(text, "f.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-5", 1e-5),
        ("1E5", 1e5),
        ("-.5", -0.5),
        ("3.", 3.0),
        ("+1.5e+3", 1500.0),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2001-01-01", "2001-01-01"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("1e", "1e"),
        ("0b1", "0b1"),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("=", "="),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text, expected):
    found = value(f"a: {text}")["a"]
    assert found == expected
    assert type(found) is type(expected)


def test_nan_is_a_number():
    assert value("a: .nan")["a"] != value("a: .nan")["a"]


def test_every_key_and_value_has_its_line():
    document = parse_yaml("a: 1\nb:\n  - x\n  -\n    y\nc:\n  d: {e: 2,\n      f: 3}\n", "f.yaml")
    lines = {path: (place.key_line, place.value_line) for path, place in document.places.known.items()}
    assert lines == {
        (): (1, 1),
        ("a",): (1, 1),
        ("b",): (2, 3),
        ("b", 0): (3, 3),
        ("b", 1): (5, 5),
        ("c",): (6, 7),
        ("c", "d"): (7, 7),
        ("c", "d", "e"): (7, 7),
        ("c", "d", "f"): (8, 8),
    }


def test_duplicate_keys_are_an_error_with_both_lines():
    assert message("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n") == (
        "f.yaml:5: b.c: duplicate key, given in line 3 already; remove one"
    )


@pytest.mark.parametrize(
    "text", ["a: !!python/object/apply:os.system [x]", "a: !x 1", "!!str a", "- ! b", "a: !!float 1"]
)
def test_tags_are_refused(text):
    assert message(text) == "f.yaml:1: not valid YAML: tags such as '!x' are not supported"


def test_keys_are_texts():
    assert message("a: 1\n2: x") == "f.yaml:2: a key must be a text; put it in quotation marks"
    assert "a key must be a text" in message("? [a]\n: b")
    assert value("'2': x") == {"2": "x"}


def test_syntax_errors_have_their_line():
    assert message("a: 1\nb: [1,\n") == (
        "f.yaml:3: not valid YAML: while parsing a flow node: expected the node content, but found '<stream end>'"
    )
    assert message("a: 1\n\tb: 2").startswith("f.yaml:2: not valid YAML: ")
    assert message("a: 1\n--- \nb: 2").startswith("f.yaml:2: not valid YAML: ")


def test_bytes_that_are_not_utf8_have_their_line():
    assert message(b"a: 1\nb: \xe4\n") == "f.yaml:2: not UTF-8 (byte 0xE4); save the file as UTF-8"
    assert value("a: ä".encode()) == {"a": "ä"}
    assert value(b"\xef\xbb\xbfa: 1") == {"a": 1}


def test_control_characters_have_their_line():
    assert message("a: 1\nb: \x1b[2J") == "f.yaml:2: the character U+001B is not allowed in YAML"


@pytest.mark.parametrize("text", [r'a: "\ud800"', r'a: "\0"'])
def test_texts_that_no_file_name_could_have(text):
    assert message(text).startswith("f.yaml:1: a: a text with a NUL or half a surrogate pair")


@pytest.mark.parametrize("text", [r'"\UFFFFFFFF"', "%YAML 1." + "9" * 5000 + "\n---\na"])
def test_what_pyyaml_itself_stumbles_over(text):
    assert message(text).startswith("f.yaml:1: not valid YAML: ")


def test_numbers_beyond_the_machine():
    assert value(f"a: {2**63 - 1}") == {"a": 2**63 - 1}
    assert message(f"a: {2**63}") == "f.yaml:1: a: an integer beyond 64 bits"
    assert message("a: 0x" + "f" * 5000) == "f.yaml:1: a: an integer beyond 64 bits"
    assert message("a: 1e999") == "f.yaml:1: a: a number beyond the range of a double"


def test_aliases_stand_for_their_value():
    assert value("a: &x {b: 1}\nc: *x\nd: [*x, *x]") == {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}, {"b": 1}]}


def test_merge_keys_are_no_special_keys():
    assert value("<<: {a: 1}") == {"<<": {"a": 1}}


def test_an_alias_inside_itself():
    assert message("a: &x [*x]") == "f.yaml:1: a.0: an alias stands inside what it names"


def test_a_billion_laughs_are_harmless():
    rows = ["a0: &a0 [lol]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    start = time.monotonic()
    assert "more than 20000 values, aliases written out" in message("\n".join(rows))
    assert time.monotonic() - start < 2


def test_depth_and_size_have_limits():
    assert value("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert message("[" * 100_000) == f"f.yaml:1: not valid YAML: nested more than {MAX_DEPTH} levels deep"
    assert message("- " * 1000 + "a") == f"f.yaml:1: not valid YAML: nested more than {MAX_DEPTH} levels deep"
    assert message(b"#" * (MAX_BYTES + 1)) == "f.yaml: larger than 256 KiB, which no study is"


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(YamlError, match=r"missing\.yaml: cannot be read: No such file"):
        read_yaml(tmp_path / "missing.yaml")
    with pytest.raises(YamlError, match="cannot be read: Is a directory"):
        read_yaml(tmp_path)


def test_a_file_larger_than_the_limit_is_not_read_whole(tmp_path):
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(YamlError, match="larger than 256 KiB"):
        read_yaml(path)


@FIXED
@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200), st.text("[]{}:,-&*!%|>'\"\\ \n\tab01.#?", max_size=60))
)
def test_any_input_is_a_value_or_a_message(content):
    said = "f.yaml"
    try:
        parse_yaml(content, "f.yaml")
    except YamlError as error:
        said = str(error)
    assert said.startswith("f.yaml")
    assert "\n" not in said


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=20),
    st.sampled_from(
        ["1e-5", "yes", "0o7", "~", "null", "1:30", "010", "<<", "=", "1_0", ".inf", "2001-01-01", "- a", "#"]
    ),
)
KEYS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=10)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@FIXED
@given(TREES)
def test_what_is_written_is_read_again(tree):
    found = value(to_yaml(tree))
    assert found == tree
    assert repr(found) == repr(tree)

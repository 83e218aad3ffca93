"""A name is checked before anything is written, and every spelling of it is one that others take."""

import keyword
import re

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fairforget.errors import FairforgetError
from fairforget.new.naming import LONGEST, NEW_KINDS, Names, check_free, kind, names, shared
from fairforget.registry import Registry
from fairforget.study.yaml_lines import parse_yaml

written = st.text(st.sampled_from("abcz019-"), min_size=1, max_size=LONGEST)


def test_a_name_has_one_spelling_for_each_place():
    found = names("method", "half-asleep")
    assert (found.name, found.dist, found.module) == ("half-asleep", "fairforget-half-asleep", "fairforget_half_asleep")
    assert found.cls() == "HalfAsleep"


def test_the_distribution_may_be_named_instead():
    assert names("method", "fairforget-sleepy") == names("method", "sleepy")


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ("HalfAsleep", "half-asleep"),
        ("half_asleep", "half-asleep"),
        ("half asleep", "half-asleep"),
        ("-half--asleep-", "half-asleep"),
        ("../sleepy", "sleepy"),
        ("/tmp/sleepy", "tmp-sleepy"),
        ("a\x1b[31mb", "a-31mb"),
        ("half.asleep", "half-asleep"),
        ("Dösig", "dosig"),
        ("É", "e"),
        ("Null", "null-method"),
        ("1_000", "1-000"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_one_that_can(given, near):
    with pytest.raises(FairforgetError, match=f"write '{near}'"):
        names("method", given)
    assert names("method", near).name == near


@pytest.mark.parametrize("given", ["", "-", "..", "//", "睡", "fairforget-"])
def test_a_name_without_a_letter_is_refused_without_a_guess(given):
    with pytest.raises(FairforgetError) as caught:
        names("method", given)
    assert "; write" not in str(caught.value)


def test_a_name_is_not_too_long():
    assert names("task", "a" * LONGEST)
    with pytest.raises(FairforgetError, match=f"{LONGEST + 1} characters, at most {LONGEST}"):
        names("task", "a" * (LONGEST + 1))


@pytest.mark.parametrize(
    "given", ["null", "true", "false", "no", "on", "off", "yes", "7", "007", "1e3", "0x1f", "2001-12-14"]
)
def test_a_name_that_a_study_file_would_not_take_for_one_is_refused(given):
    with pytest.raises(FairforgetError, match=f"YAML takes it for something else than a name; write '{given}-sampler'"):
        names("sampler", given)
    assert names("sampler", f"{given}-sampler").name == f"{given}-sampler"


@settings(derandomize=True, deadline=None)
@given(st.text(st.sampled_from("0123456789abcdefnoux-"), min_size=1, max_size=12))
def test_a_good_name_is_a_text_to_every_reader_of_yaml(text):
    try:
        found = names("task", text).name
    except FairforgetError:
        return
    assert yaml.safe_load(f"methods: [untouched, {found}]") == {"methods": ["untouched", found]}
    assert parse_yaml(f"methods: [untouched, {found}]", "study").value == {"methods": ["untouched", found]}


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=60))
def test_what_is_written_instead_can_be_written(text):
    try:
        names("curriculum", text)
    except FairforgetError as error:
        if "; write " in str(error):
            near = str(error).rpartition("; write ")[2].strip("'")
            assert names("curriculum", near).name == near


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_good_name_or_refused(text):
    try:
        found = names("metric", text)
    except FairforgetError:
        return
    assert re.fullmatch(r"[a-z0-9-]+", found.dist)
    assert found.dist == re.sub(r"[-_.]+", "-", found.dist).lower()
    assert found.module.isidentifier()
    assert found.cls().isidentifier()


@settings(derandomize=True, deadline=None)
@given(written, st.sampled_from(NEW_KINDS), st.sets(st.sampled_from(["A", "Z", "Abc", "None", "True"])))
def test_a_class_is_never_called_as_something_else_is(text, of, taken):
    assume(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text))
    found = Names(of, text).cls(taken)
    assert found.isidentifier()
    assert not keyword.iskeyword(found)
    assert found not in taken


@pytest.mark.parametrize("text", ["none", "2nd", "sampler"])
def test_a_class_that_would_be_a_word_of_python_has_its_kind_in_it(text):
    assert "Sampler" in names("sampler", text).cls({"Sampler"})


@pytest.mark.parametrize("text", ["test-me", "tests", "testimony"])
def test_pytest_does_not_take_a_class_for_tests(text):
    assert not names("metric", text).cls().startswith("Test")


@pytest.mark.parametrize(("text", "said"), [("metod", "'method'"), ("Sampler", "'sampler'"), ("engine", "task")])
def test_a_kind_that_there_is_not_is_refused_with_those_there_are(text, said):
    with pytest.raises(FairforgetError, match=said):
        kind(text)


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


class TestFree:
    def test_a_new_name_is(self, registry):
        check_free(names("method", "sleepy"), registry)

    def test_a_name_of_another_kind_is_and_is_shared(self, registry):
        check_free(names("sampler", "npo"), registry)
        assert shared(names("sampler", "npo"), registry)
        assert not shared(names("method", "npo"), registry)
        assert not shared(names("method", "sleepy"), registry)

    def test_a_plugin_of_that_name_and_kind_is_in_the_way(self, registry):
        with pytest.raises(FairforgetError, match="there is a method 'npo' already, of fairforget "):
            check_free(names("method", "npo"), registry)

    def test_a_distribution_of_that_name_is_in_the_way_however_it_spells_itself(self, site):
        site.install("FairForget_Half.Asleep", "", version="1.2", points={})
        with pytest.raises(FairforgetError, match=r"fairforget-half-asleep 1\.2 is installed already"):
            check_free(names("method", "half-asleep"), Registry.discover())

    def test_a_module_of_that_name_is_in_the_way(self, registry):
        with pytest.raises(FairforgetError, match="'fairforget_methods' can be imported already"):
            check_free(names("curriculum", "methods"), registry)

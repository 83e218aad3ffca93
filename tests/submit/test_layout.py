from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.store.files import LAID
from fairforget.submit.layout import folder_of


def cell(task="fairforget/biographies", version=1, target="f" * 24, method="fairforget/npo"):
    return {"task": {"name": task, "version": version}, "target": {"id": target}, "method": {"name": method}}


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (cell(), f"biographies-v1/{'f' * 24}/fairforget__npo"),
        (cell("some-dist/tofu", 12), f"some-dist__tofu-v12/{'f' * 24}/fairforget__npo"),
        (cell(method="my-dist/my-method"), f"biographies-v1/{'f' * 24}/my-dist__my-method"),
        (
            cell("tofu-log", 1, "not known", "imported:grad_ascent"),
            "tofu-log-v1/not-known-f3a2bf7d/imported__grad_ascent",
        ),
    ],
)
def test_known_places(found, wanted):
    folder = str(folder_of(found))
    assert re.sub("not-known-[0-9a-f]{8}", "not-known-f3a2bf7d", folder) == wanted


hostile = st.one_of(
    st.text(min_size=1, max_size=80),
    st.sampled_from(
        ["..", "../../etc/passwd", ".", "/", "a/../../b", "CON", "con", "a\0b", "\u202egpj.exe", "~", "-rf", "a__b"]
    ),
)


@given(hostile, hostile, hostile, st.integers(0, 10**9))
@settings(derandomize=True, deadline=None)
def test_no_name_leads_out_and_what_is_laid_is_read_again(task, target, method, version):
    folder = folder_of(cell(task, version, target, method))
    assert len(folder.parts) == len(LAID)
    for part, pattern in zip(folder.parts, LAID, strict=True):
        assert pattern.fullmatch(part)
        assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,200}", part)
        assert ".." not in part
        assert not part.endswith(".")


@given(hostile, hostile)
@settings(derandomize=True, deadline=None)
def test_two_targets_have_two_folders(one, other):
    same = folder_of(cell(target=one)) == folder_of(cell(target=other))
    assert same == (one == other)


def test_names_that_a_file_system_may_take_for_the_same_have_two_folders():
    folders = {str(folder_of(cell(method=f"fairforget/{name}"))).lower() for name in ("npo", "NPO", "Npo")}
    assert len(folders) == 3

"""Every hook is documented, with its arguments, and what the page shows works."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path

import pytest

from fairforget import hookspecs
from fairforget.registry import Registry

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "hooks.md"
HOOKS = {name: spec for name, spec in vars(hookspecs).items() if name.startswith("fairforget_")}


@pytest.mark.parametrize("name", HOOKS)
def test_hook_is_documented_with_its_signature(name: str) -> None:
    arguments = ", ".join(inspect.signature(HOOKS[name]).parameters)
    assert f"### `{name}({arguments})`" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", HOOKS)
def test_hook_has_a_docstring_that_says_when_it_is_called(name: str) -> None:
    assert "Called" in (inspect.getdoc(HOOKS[name]) or "")


def test_no_hook_is_documented_that_does_not_exist() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    documented = {line.removeprefix("### `").split("(")[0] for line in lines if line.startswith("### `")}
    assert documented == set(HOOKS)


def test_the_entry_point_of_the_page_is_found(site) -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    source = '@hookimpl\ndef fairforget_methods():\n    return [Entry("sleepy", "fairforget_sleepy:Sleepy")]\n'
    site.install("fairforget-sleepy", source, points=tomllib.loads(block)["project"]["entry-points"]["fairforget"])
    found = Registry.discover().find("method", "sleepy")
    assert (found.dist, found.plugin) == ("fairforget-sleepy", "fairforget-sleepy:sleepy")

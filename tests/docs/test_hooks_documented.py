"""Every hook is documented, with its arguments, and what the page shows works."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path

import pytest

from fairforget import hookspecs
from fairforget.cli import main
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


def shown(beginning: str) -> list[str]:
    """The lines of the text block of the page that begins so."""
    blocks = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (block,) = [block for block in blocks if block.startswith(beginning)]
    return block.splitlines()


def as_printed(line: str) -> str:
    """A pattern for a line of the page: what it leaves out is anything, and folders are another's."""
    return re.escape(line).replace("…", ".*").replace(re.escape("/home/ada/fairforget-sleepy"), r"\S+")


def test_the_story_of_the_page_is_what_doctor_prints(site, capsys) -> None:
    source = "\n\n\n@hookimpl\ndef fairforget_metods():\n    return []\n"
    site.install("fairforget-sleepy", source, version="0.1.0", points={"sleepy": "fairforget_sleepy"})
    assert main(["plugins", "doctor"]) == 1
    printed = capsys.readouterr().out.splitlines()
    start = next(number for number, line in enumerate(printed) if line.startswith("problem: "))
    wanted = shown("problem: ")
    assert len(wanted) == 7
    for told, line in zip(wanted, printed[start:], strict=False):
        assert re.fullmatch(as_printed(told), line), (told, line)


def test_the_trace_of_the_page_is_what_is_printed(site, capsys) -> None:
    source = "@hookimpl\ndef fairforget_cell_started(cell):\n    pass\n"
    site.install("fairforget-sleepy", source, points={"sleepy": "fairforget_sleepy"})
    found = Registry.discover(environ={"FAIRFORGET_TRACE_PLUGINS": "1"})
    capsys.readouterr()
    found.emit("fairforget_cell_started", cell={"schema": 1})
    assert capsys.readouterr().err.splitlines() == shown("fairforget hook: ")

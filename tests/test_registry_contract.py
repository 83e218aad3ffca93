"""What plugins get wrong, and what the registry says of it."""

from __future__ import annotations

import pytest

from fairforget.registry import Registry


def problem(site, source: str) -> str:
    site.install("acme", source)
    registry = Registry.discover()
    assert not [entry for entry in registry.entries() if entry.dist == "acme"]
    [found] = registry.problems
    assert found.dist == "acme"
    return found.error


def hook(body: str, name: str = "fairforget_methods") -> str:
    return f"@hookimpl\ndef {name}():\n    {body}\n"


def test_a_misspelt_hook_is_named_with_what_was_meant(site):
    error = problem(site, hook("return []", "fairforget_method"))
    assert "unknown hook 'fairforget_method'. Did you mean 'fairforget_methods'" in error


def test_a_misspelt_hook_of_one_plugin_is_not_blamed_on_the_next(site):
    site.install("aaa", hook("return []", "fairforget_method"))
    site.install("zzz", hook("return [Entry('fine', 'zzz:Fine')]"))
    registry = Registry.discover()
    assert [p.dist for p in registry.problems] == ["aaa"]
    assert registry.find("method", "fine").dist == "zzz"


def test_a_hook_of_a_later_fairforget_may_be_marked_optional(site):
    site.install("acme", "@hookimpl(optionalhook=True)\ndef fairforget_oracles():\n    return []\n")
    assert Registry.discover().problems == ()


def test_a_hook_without_its_mark_is_named(site):
    error = problem(site, "def fairforget_methods():\n    return []\n")
    assert "fairforget_methods is not marked; put @hookimpl" in error


def test_a_plugin_without_hooks_is_told_so(site):
    assert "implements no hook" in problem(site, "x = 1\n")


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("'npo'", "fairforget_methods returned 'npo'; return a list of Entry objects"),
        ("3", "fairforget_methods returned 3; return a list of Entry objects"),
        ("Entry('a', 'b:C')", "return a list of Entry objects"),
        ("[('a', 'b:C')]", "fairforget_methods returned ('a', 'b:C') among its entries"),
        ("[Entry('a', 'b:C'), Entry('a', 'b:D')]", "fairforget_methods names 'a' twice"),
        ("[Entry(3, 'b:C')]", "the name of Entry(name=3"),
        ("[Entry('a', None)]", "the target of Entry(name='a'"),
        ("[Entry('a', 'b:C', summary=None)]", "the summary of Entry(name='a'"),
        ("[Entry('GradAscent', 'b:C')]", "'GradAscent' is no name for a method; use lower-case letters"),
        ("[Entry('grad_ascent', 'b:C')]", "'grad_ascent' is no name"),
        ("[Entry('-a', 'b:C')]", "'-a' is no name"),
        ("[Entry('a/b', 'b:C')]", "'a/b' is no name"),
        ("[Entry('a\\n', 'b:C')]", "is no name"),
        ("[Entry('', 'b:C')]", "'' is no name"),
        ("[Entry('a', 'b.C')]", "the target 'b.C' of 'a' is not of the form module:Class"),
        ("[Entry('a', 'b:C()')]", "is not of the form module:Class"),
        ("[Entry('a', ':C')]", "is not of the form module:Class"),
    ],
)
def test_a_broken_contract_is_named_with_hook_and_value(site, returned, message):
    error = problem(site, hook(f"return {returned}"))
    assert error.startswith("ContractError: fairforget_methods")
    assert message in error


def test_one_name_in_two_kinds_is_fine(site):
    site.install(
        "acme", hook("return [Entry('same', 'a:B')]") + hook("return [Entry('same', 'a:C')]", "fairforget_samplers")
    )
    registry = Registry.discover()
    assert registry.problems == ()
    assert registry.find("method", "same").target == "a:B"
    assert registry.find("sampler", "same").target == "a:C"


def test_names_are_unique_in_a_distribution(site):
    site.install("acme", hook("return [Entry('same', 'a:B')]"), points={"a": "acme", "b": "acme_more"})
    (site.folder / "acme_more.py").write_text((site.folder / "acme.py").read_text())
    registry = Registry.discover()
    assert "acme:a adds a method 'same' already" in registry.problems[0].error
    assert registry.find("method", "acme/same").plugin == "acme:a"


def test_one_module_behind_two_entry_points_is_a_problem_of_the_second(site):
    site.install("acme", hook("return [Entry('same', 'a:B')]"), points={"a": "acme", "b": "acme"})
    registry = Registry.discover()
    assert [(p.entry_point, "registered already, as acme:a" in p.error) for p in registry.problems] == [("b", True)]
    assert registry.find("method", "same").plugin == "acme:a"

"""From an entry to the class or file behind it."""

from __future__ import annotations

import re

import pytest

from fairforget.api import Curriculum
from fairforget.errors import FairforgetError
from fairforget.registry import Registry


def registry_with(site, target: str, kind: str = "curricula", module: str = "") -> Registry:
    site.install("acme", f"@hookimpl\ndef fairforget_{kind}():\n    return [Entry('sleepy', {target!r})]\n{module}")
    return Registry.discover()


def test_the_class_is_loaded(site):
    source = "from fairforget.api import Curriculum\nclass Outer:\n    class Sleepy(Curriculum): ...\n"
    registry = registry_with(site, "acme:Outer.Sleepy", module=source)
    cls = registry.load(registry.find("curriculum", "sleepy"))
    assert issubclass(cls, Curriculum)
    assert cls.__qualname__ == "Outer.Sleepy"


def test_listing_imports_no_target(site):
    (site.folder / "acme_heavy.py").write_text("raise AssertionError('imported')")
    registry = registry_with(site, "acme_heavy:Sleepy")
    with pytest.raises(
        FairforgetError, match=re.escape("plugin acme:methods cannot be imported: AssertionError: imported")
    ):
        registry.load(registry.find("curriculum", "sleepy"))


@pytest.mark.parametrize(
    ("target", "module", "message"),
    [
        ("acme_missing:Sleepy", "", "'acme_missing:Sleepy' of plugin acme:methods cannot be imported: ModuleNotFound"),
        ("acme:Slepy", "class Sleepy: ...", "there is no 'Slepy'. Did you mean 'Sleepy'"),
        ("acme:Sleepy", "class Sleepy: ...", "is not a subclass of fairforget.api.Curriculum"),
        ("acme:Sleepy", "def Sleepy(): ...", "is not a subclass of fairforget.api.Curriculum"),
        (
            "acme:Sleepy",
            "from abc import ABC, abstractmethod\nfrom fairforget.api import Curriculum\n"
            "class Sleepy(Curriculum, ABC):\n    @abstractmethod\n    def sleep(self): ...",
            "does not define sleep",
        ),
    ],
)
def test_a_wrong_target_is_named_with_its_plugin(site, target, module, message):
    registry = registry_with(site, target, module=module)
    with pytest.raises(FairforgetError) as caught:
        registry.load(registry.find("curriculum", "sleepy"))
    assert "curriculum acme/sleepy" in str(caught.value)
    assert message in str(caught.value)


def test_a_study_is_a_file_of_its_package(site):
    registry = registry_with(site, "acme_data:studies/sleepy.yaml", "studies")
    studies = site.folder / "acme_data" / "studies"
    studies.mkdir(parents=True)
    (site.folder / "acme_data" / "__init__.py").touch()
    (studies / "sleepy.yaml").write_text("name: sleepy\n")
    entry = registry.find("study", "sleepy")
    assert registry.path(entry).read_text() == "name: sleepy\n"
    with pytest.raises(ValueError, match="a study is a file"):
        registry.load(entry)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("acme_data:../secret.yaml", "leaves the folder of its package"),
        ("acme_data:/etc/passwd", "leaves the folder of its package"),
        ("acme_data:link.yaml", "leaves the folder of its package"),
        ("acme_data:missing.yaml", "there is no file"),
        ("acme_data:studies", "there is no file"),
        ("nowhere:a.yaml", "there is no package 'nowhere'"),
        ("nowhere.inside:a.yaml", "No module named 'nowhere'"),
    ],
)
def test_a_study_that_is_not_there_is_named_with_its_plugin(site, target, message):
    registry = registry_with(site, target, "studies")
    (site.folder / "secret.yaml").touch()
    (site.folder / "acme_data" / "studies").mkdir(parents=True)
    (site.folder / "acme_data" / "__init__.py").touch()
    (site.folder / "acme_data" / "link.yaml").symlink_to(site.folder / "secret.yaml")
    with pytest.raises(FairforgetError) as caught:
        registry.path(registry.find("study", "sleepy"))
    assert "study acme/sleepy" in str(caught.value)
    assert message in str(caught.value)

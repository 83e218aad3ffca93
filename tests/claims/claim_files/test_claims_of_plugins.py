"""Claims that plugins ship."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fairforget.claims.open import open_claim
from fairforget.claims.read import read_claim
from fairforget.errors import FairforgetError
from fairforget.registry import Registry

from .a_claim import STUDY, wrong


def plugin(folder: Path, entries: str) -> Path:
    file = folder / "my_claims.py"
    file.write_text(
        f"from fairforget import Entry, hookimpl\n\n@hookimpl\ndef fairforget_claims():\n    return [{entries}]\n"
    )
    return file


def test_a_plugin_file_ships_claims(write, tmp_path, site):
    write(study="./tiny.yaml").with_name("tiny.yaml").write_text(yaml.safe_dump(STUDY))
    found = Registry.discover([plugin(tmp_path, "Entry('first', 'claims/c1.yaml', summary='one')")])
    assert found.problems == ()
    for name in ("first", "my_claims/first", "my-claims/first"):
        claim = open_claim(name, found)
        assert claim.name == "my_claims/first"
        assert claim.sites[0].study.study.name == "tiny"
    # Paths may go through the package, and not out of it.
    write(study="../tiny.yaml")
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(STUDY))
    assert open_claim("first", found).sites[0].study.study.name == "tiny"
    path = write(study="../../tiny.yaml")
    assert f"study: '../../tiny.yaml' leads out of the folder {tmp_path}" in wrong("first", found)[0]
    assert read_claim("first", found).path == path


def test_a_package_ships_claims(site, write, tmp_path):
    site.install("acme", "@hookimpl\ndef fairforget_claims():\n    return [Entry('c1', 'acme:claims/c1.yaml')]\n")
    (site.folder / "claims").mkdir()
    write().rename(site.folder / "claims" / "c1.yaml")
    claim = open_claim("acme/c1", Registry.discover())
    assert (claim.name, claim.sites[0].name) == ("acme/c1", "small")
    with pytest.raises(FairforgetError, match=r"two distributions|ambiguous|2 distributions"):
        open_claim("c1", Registry.discover([plugin(tmp_path, "Entry('c1', '../x')")]))


def test_an_entry_leads_into_its_package_only(site, write, tmp_path):
    write()
    inner = tmp_path / "inner"
    inner.mkdir()
    found = Registry.discover([plugin(inner, "Entry('first', '../claims/c1.yaml'), Entry('second', 'none.yaml')")])
    assert "leaves the folder of its package" in wrong("first", found)[0]
    assert "there is no file" in wrong("second", found)[0]

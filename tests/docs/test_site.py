"""The site is built strictly, has every page and everything public, and needs nobody else."""

from __future__ import annotations

import configparser
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import fairforget
import fairforget.api
import fairforget.stats
import fairforget.testing

ROOT = Path(__file__).parents[2]
CONFIG = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
WRITTEN = ("docs", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "zensical.toml")


class Copy:
    """The repository as the builder sees it, with pages that a test may spoil."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path in ROOT.iterdir():
            if path.name in WRITTEN:
                (shutil.copytree if path.is_dir() else shutil.copyfile)(path, folder / path.name)
            elif not path.name.startswith(".") and path.name != "build":
                (folder / path.name).symlink_to(path)
        self.site = folder / "build" / "site" / "html"

    def build(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(self.folder / "docs" / "build.py")]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    pytest.importorskip("zensical", reason="the extra docs is not installed")
    copy = Copy(tmp_path_factory.mktemp("site"))
    done = copy.build()
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


def entries(nav):
    for entry in nav:
        if isinstance(entry, str):
            yield entry
        else:
            for value in entry.values():
                yield from entries([value] if isinstance(value, str) else value)


def test_every_page_has_its_place_in_the_navigation():
    listed = list(entries(CONFIG["nav"]))
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert len(listed) == len(set(listed))
    assert sorted(pages - set(listed)) == [], "put them into nav in zensical.toml"
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= set(listed)
    assert [page for page in listed if not (ROOT / page).is_file()] == []


def test_the_environment_installs_what_the_extra_names():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    assert tox["testenv:docs"]["deps"].split() == project["optional-dependencies"]["docs"]
    assert 'step "python docs/build.py"' in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def anchors(built, page):
    text = (built.site / "docs" / "reference" / "api" / page / "index.html").read_text(encoding="utf-8")
    return set(re.findall(r' id="([^"]+)"', text))


@pytest.mark.slow
def test_everything_public_is_in_the_reference(built):
    assert {f"fairforget.api.{name}" for name in fairforget.api.__all__} <= anchors(built, "plugins")
    assert {f"fairforget.testing.{name}" for name in fairforget.testing.__all__} <= anchors(built, "testing")
    verbs = set(fairforget.__all__) - {"Entry", "FairforgetError", "hookimpl"}
    wanted = {f"fairforget.verbs.{name}" for name in verbs} | {"fairforget.Entry", "fairforget.FairforgetError"}
    assert wanted <= anchors(built, "fairforget")
    hooks = {name for name in vars(importlib.import_module("fairforget.hookspecs")) if name.startswith("fairforget_")}
    assert {f"fairforget.hookspecs.{name}" for name in hooks} <= anchors(built, "hookspecs")
    rooms = {f"fairforget.stats.{module.name}" for module in pkgutil.iter_modules(fairforget.stats.__path__)}
    assert len(rooms) > 20
    assert rooms <= anchors(built, "stats")


@pytest.mark.slow
def test_readers_ask_nobody_else_for_anything(built):
    pages = list(built.site.rglob("*.html"))
    assert len(pages) > 30
    asked = r"<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=[\"']?((?:https?:)?//[^\"'\s>]+)"
    for page in pages:
        assert re.findall(asked, page.read_text(encoding="utf-8")) == [], page


@pytest.mark.slow
def test_formulas_need_no_script(built):
    text = (built.site / "docs" / "explanation" / "mrd" / "index.html").read_text(encoding="utf-8")
    assert text.count("<math ") > 10
    assert 'mathvariant="double-struck"' not in text
    assert "\N{MATHEMATICAL DOUBLE-STRUCK CAPITAL E}" in text
    (line,) = [line for line in text.splitlines() if "are gradient and Hessian of" in line]
    assert line.startswith('<p><span class="formula"><math')  # one paragraph, formulas and words
    assert "$P_t" not in text
    assert "$ pytest" in re.sub("<[^>]+>", "", text)  # a prompt is no formula


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "spoilt", "said"),
    [
        ("docs/reference/hooks.md", "[x](../how-to/no-such-page.md)", "no-such-page.md does not exist"),
        ("README.md", "[x](docs/tasks)", "docs/tasks is a folder"),
        ("docs/how-to/tune.md", "[x](../../examples/no_such_script.py)", "no_such_script.py does not exist"),
        ("docs/how-to/tune.md", "[x](../reference/hooks.md#no-such-anchor)", "anchor does not exist"),
        ("CONTRIBUTING.md", "[x][fairforget.api.NoSuchClass]", "unresolved autoref"),
        ("docs/reference/api/stats.md", "::: fairforget.no_such_module", "Could not collect"),
        ("zensical.toml", ("CHANGELOG.md", "CHANGES.md"), "CHANGES.md leads nowhere"),
        ("docs/how-to/tune.md", '<a href="../no-such-file.csv">x</a>', "no-such-file.csv leads nowhere"),
    ],
)
def test_what_leads_nowhere_fails_the_build(tmp_path, page, spoilt, said):
    pytest.importorskip("zensical", reason="the extra docs is not installed")
    copy = Copy(tmp_path)
    file = copy.folder / page
    text = file.read_text(encoding="utf-8")
    file.write_text(text + f"\n\n{spoilt}\n" if isinstance(spoilt, str) else text.replace(*spoilt), encoding="utf-8")
    done = copy.build()
    assert done.returncode != 0
    assert said in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)

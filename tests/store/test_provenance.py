from __future__ import annotations

import getpass
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from fairforget.store.provenance import describe_distribution, environment


@pytest.fixture
def installed(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path / "site")

    def install(name, direct_url=None):
        info = tmp_path / "site" / f"{name}-1.5.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
        if direct_url is not None:
            (info / "direct_url.json").write_text(direct_url if isinstance(direct_url, str) else json.dumps(direct_url))
        return describe_distribution(name)

    return install


def test_a_release_has_a_version(installed):
    assert installed("acme") == {"version": "1.5"}
    assert describe_distribution("no-such-distribution") is None


def test_a_git_install_has_its_commit_and_no_password(installed):
    url = "https://someone:secret@example.org/acme.git?token=secret"
    found = installed("acme", {"url": url, "vcs_info": {"vcs": "git", "commit_id": "abc123"}})
    assert found == {"version": "1.5", "vcs": "git", "commit": "abc123", "url": "https://example.org/acme.git"}


def test_an_archive_has_its_hash(installed):
    found = installed("acme", {"url": "file:///home/someone/acme.whl", "archive_info": {"hashes": {"sha256": "ff"}}})
    assert found == {"version": "1.5", "url": None, "hashes": {"sha256": "ff"}}


def test_an_editable_install_has_the_commit_of_its_repository(installed, tmp_path):
    project = tmp_path / "pro ject"
    project.mkdir()

    def git(*arguments):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)

    git("init", "-q")
    (project / "a.py").write_text("")
    git("add", "a.py")
    git("commit", "-q", "-m", "x")
    about = {"url": project.as_uri(), "dir_info": {"editable": True}}
    clean = installed("acme", about)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, check=True, capture_output=True, text=True)
    assert clean == {"version": "1.5", "editable": True, "commit": head.stdout.strip(), "dirty": False}
    (project / "untracked.txt").write_text("")
    assert describe_distribution("acme")["dirty"] is False
    (project / "a.py").write_text("changed = True")
    assert describe_distribution("acme")["dirty"] is True


def test_git_is_not_asked_about_another_repository(installed, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(Path(__file__).parents[2] / ".git"))
    plain = tmp_path / "plain"
    plain.mkdir()
    found = installed("acme", {"url": plain.as_uri(), "dir_info": {"editable": True}})
    assert found == {"version": "1.5", "editable": True}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"url": 3}', '{"url": "x", "dir_info": 5}', '{"vcs_info": {}}', "[" * 9999]
)
def test_metadata_of_any_kind_is_survived(installed, text):
    assert installed("acme", text)["version"] == "1.5"


def test_the_environment_names_versions_and_nobody(monkeypatch):
    found = environment(threads=2, distributions=["pytest"])
    assert found["python"] == platform.python_version()
    assert found["distributions"]["pytest"]["version"] == pytest.__version__
    assert {"fairforget", "torch", "numpy", "transformers"} <= set(found["distributions"])
    text = json.dumps(found, allow_nan=False)
    for private in (str(Path.home()), os.getcwd(), platform.node(), getpass.getuser() + "@"):
        assert private not in text


def test_torch_is_described_if_it_is_there_and_never_imported():
    code = """
import sys
from fairforget.store.provenance import environment
assert "torch" not in environment() and "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    import torch

    found = environment(threads=3)["torch"]
    assert found["threads"] == 3
    assert found["deterministic_algorithms"] == torch.are_deterministic_algorithms_enabled()
    assert environment()["torch"]["threads"] == torch.get_num_threads()

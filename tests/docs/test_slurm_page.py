"""What the page on Slurm says is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from fairforget.cli import main
from fairforget.engines.local import Local
from fairforget.registry import Registry
from fairforget.study.load import open_study
from fairforget.study.option_types import options_of
from fairforget.study.options import build
from fairforget_engines.submitit import Submitit

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "slurm.md").read_text(encoding="utf-8")
COMMANDS = [line.removeprefix("$ fairforget ") for line in PAGE.splitlines() if line.startswith("$ fairforget ")]


def engine_of(command: str):
    words = shlex.split(command)
    settings = [f"engine={words[words.index('--engine') + 1]}"]
    settings += [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    registry = Registry.discover()
    study = open_study(words[1], registry, settings).study
    return build(registry, "engine", study.engine).plugin


def test_the_command_of_the_page_runs(capsys):
    assert engine_of(COMMANDS[0]) == Submitit(workers=50, partition="gpu", gpus=1, minutes=120)
    assert main([*shlex.split(COMMANDS[0]), "--dry-run"]) == 0
    assert "cells" in capsys.readouterr().out


def test_devices_are_options_of_local():
    assert engine_of(COMMANDS[1]) == Local(devices="0,1", cells_per_device=2)
    assert engine_of(COMMANDS[1]).slots() == 4


def test_every_option_is_on_the_page_and_no_other():
    cells = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}
    assert named == set(options_of(Submitit))


@pytest.mark.parametrize("name", ["engine.minutes", "--retry-failed", "problems[0].log"])
def test_what_messages_and_records_call_it_is_on_the_page(name):
    assert name in PAGE

"""The watch itself: what it is there to see, it sees."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys

import pytest
from hostile import watching
from hostile.watching import run

from fairforget.cli.commands import Command


class Stolen:
    def __reduce__(self):
        return os.getenv, ("HOME",)


def write(folder):
    (folder / "stolen").write_text("x")


def load_module(folder):
    sys.path.insert(0, str(folder))
    try:
        __import__("hostile_module_of_a_stranger")
    finally:
        sys.path.remove(str(folder))
        del sys.modules["hostile_module_of_a_stranger"]


DEEDS = {
    "evaluates": (lambda folder: eval("1 + 1"), "it ran"),
    "executes": (lambda folder: exec(compile("x = 1", "<string>", "exec"), {}), "it ran"),
    "unpickles": (lambda folder: pickle.loads(pickle.dumps(Stolen())), "it ran .*find_class"),
    "imports": (load_module, "it ran .*hostile_module"),
    "writes": (write, "it wrote"),
    "writes beside": (lambda folder: (folder / "out" / ".." / "stolen").mkdir(parents=True), "it wrote .*stolen"),
    "links": (lambda folder: os.symlink("/etc", folder / "link"), "it wrote"),
    "asks": (lambda folder: socket.getaddrinfo("example.org", 80), "it asked|reaches no network"),
    "starts": (lambda folder: subprocess.run(["true"], check=True), "it started"),
    "shell": (lambda folder: os.system("true"), "it started"),
    "steers": (lambda folder: sys.stdout.write("\x1b[2J"), "reached the terminal"),
    "turns": (lambda folder: sys.stderr.write("\u202ex"), "reached the terminal"),
    "shows": (lambda folder: sys.stderr.write("Traceback"), "it shows a traceback"),
    "breaks": (lambda folder: {}["x"], "'x'"),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_each_deed_is_seen(home, monkeypatch, deed):
    do, seen = DEEDS[deed]
    (home / "hostile_module_of_a_stranger.py").write_text("x = 1\n")

    class Hostile:
        @staticmethod
        def configure(parser):
            pass

        @staticmethod
        def execute(args):
            do(home)
            return 0

    monkeypatch.setattr(Command, "load", lambda self: Hostile)
    with pytest.raises((AssertionError, KeyError, PermissionError), match=seen):
        run("status", allowed=(home / "out",))


def test_what_the_program_does_itself_is_let_pass(home):
    assert run("plugins", "list").code == 0
    assert watching.TRUSTED

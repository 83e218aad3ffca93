from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys

import pytest

from fairforget.cli import main
from fairforget.cli.commands import COMMANDS, Command
from fairforget.errors import FairforgetError
from fairforget.version import version


class Raising:
    """A command that ends by an exception."""

    def __init__(self, error: BaseException):
        self.error = error

    def configure(self, parser):
        parser.add_argument("rest", nargs="*")

    def execute(self, args):
        raise self.error


@pytest.fixture
def ending(monkeypatch):
    """Make ``fairforget studies`` end by an exception."""

    def install(error):
        monkeypatch.setattr(Command, "load", lambda self: Raising(error))

    return install


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for command in COMMANDS:
        assert f"    {command.name} " in said


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_help(command, capsys):
    assert main([command.name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: fairforget {command.name}")


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"fairforget {version()}\n"


def test_an_unknown_command_is_answered_with_a_guess(capsys):
    assert main(["studys"]) == 2
    assert capsys.readouterr().err.startswith("fairforget: there is no command 'studys'. Did you mean 'studies'")


@pytest.mark.parametrize("arguments", [[], ["studies", "--nonsense"], ["--nonsense"], ["plugins"], ["plugins", "lst"]])
def test_wrong_arguments_are_told_the_usage(arguments, capsys):
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "usage: fairforget" in said.err


def test_a_mistake_of_the_user_is_a_message_without_traceback(ending, capsys):
    ending(FairforgetError("study.yaml, line 3: no\x1b[2Jthing\n\tmend it"))
    assert main(["studies"]) == 2
    assert capsys.readouterr().err == "fairforget: study.yaml, line 3: no[2Jthing\n\tmend it\n"


def test_an_interrupt_is_one_line(ending, capsys):
    ending(KeyboardInterrupt())
    assert main(["studies"]) == 130
    assert capsys.readouterr().err == "fairforget: interrupted\n"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_what_the_user_can_mend_about_a_disk_is_a_message(ending, capsys, code):
    ending(OSError(code, os.strerror(code), "runs/x/board.md"))
    assert main(["studies"]) == 2
    assert "runs/x/board.md" in capsys.readouterr().err


def test_a_mistake_of_ours_keeps_its_traceback(ending):
    ending(OSError(errno.EBADF, "bad file descriptor"))
    with pytest.raises(OSError, match="bad file"):
        main(["studies"])


def test_python_m_fairforget_is_the_same_program():
    done = subprocess.run([sys.executable, "-m", "fairforget", "studys"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Did you mean 'studies'" in done.stderr


def test_a_reader_that_leaves_early_is_no_traceback():
    process = subprocess.Popen(
        [sys.executable, "-m", "fairforget", "plugins", "list", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),
    )
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert error == b""


@pytest.mark.parametrize("command", ["run", "status", "board"])
@pytest.mark.parametrize(
    ("name", "said"), [("x" * 300, "File name too long"), ("a\0b", "holds a NUL"), ("\ud800", "half of a surrogate")]
)
def test_a_name_that_no_file_can_have_is_a_message(command, name, said, capsys):
    assert main([command, name]) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1

"""``fairforget COMMAND …``: finds the command, runs it, and turns what goes wrong into a message and an exit code."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import sys
from collections.abc import Sequence
from typing import Final

from fairforget.cli.commands import COMMANDS, Command
from fairforget.cli.signals import Asked, heard_as_interrupts
from fairforget.cli.told import ToldError, ToldInterrupt
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.interrupted import interrupts_heeded
from fairforget.terminal import printable

WRONG_INPUT: Final = 2
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141

# What the user can mend: no space, no rights, a read-only disk, a name that no file can have.
_MENDABLE: Final = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS),
        *(errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EILSEQ),
    }
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments without the program's name; those of the process by default.

    Returns:
        0 done; 1 it ran and something in it failed; 2 the input is wrong; 129, 130, 143 interrupted by SIGHUP, Ctrl-C,
        SIGTERM; 141 nobody reads the output.
    """
    with heard_as_interrupts() as asked:
        return _guarded(argv, asked)


def _guarded(argv: Sequence[str] | None, asked: Asked) -> int:
    """Run one command and turn what goes wrong into a message and an exit code."""
    try:
        with interrupts_heeded():
            code = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except ToldError:
        return WRONG_INPUT
    except FairforgetError as error:
        return _fail(str(error), WRONG_INPUT)
    except ToldInterrupt:
        return asked.code or INTERRUPTED
    except KeyboardInterrupt as interrupt:
        return _fail(str(interrupt) or "interrupted", asked.code or INTERRUPTED)
    except BrokenPipeError:
        # The interpreter flushes standard output once more on its way out, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        if error.errno not in _MENDABLE:
            raise
        return _fail(f"{str(error.filename)[:200]}: {error.strerror}" if error.filename else str(error), WRONG_INPUT)
    return code


def _fail(message: str, code: int) -> int:
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):  # the terminal may have gone
        print("fairforget:", printable(message, keep="\n\t"), file=sys.stderr, flush=True)
    return code


def _run(arguments: list[str]) -> int:
    for argument in arguments:
        _check(argument)
    chosen = _chosen(arguments)
    try:
        args = _parser(chosen).parse_args(arguments)
    except SystemExit as stop:  # argparse has printed help, version or its complaint
        return stop.code if isinstance(stop.code, int) else 0
    if chosen is None:
        _parser(None).print_help(sys.stderr)
        return WRONG_INPUT
    return chosen.load().execute(args)


def _check(argument: str) -> None:
    """Refuse what no shell can give and no name can hold; who calls `main` may."""
    try:
        odd = "a NUL" if b"\0" in os.fsencode(argument) else ""
    except UnicodeEncodeError:
        odd = "half of a surrogate pair"
    if odd:
        msg = f"the argument {argument[:60]!r} holds {odd}, which no name does; remove it"
        raise FairforgetError(msg)


def _chosen(arguments: list[str]) -> Command | None:
    """Return the command the arguments name.

    Raises:
        FairforgetError: there is no such command.
    """
    name = next((argument for argument in arguments if not argument.startswith("-")), None)
    if name is None:
        return None
    for command in COMMANDS:
        if command.name == name:
            return command
    msg = f"there is no command {name!r}. {did_you_mean(name, [command.name for command in COMMANDS])}"
    raise FairforgetError(msg)


def _parser(chosen: Command | None) -> argparse.ArgumentParser:
    """Return a parser that knows every command by name and the chosen one in full."""
    parser = argparse.ArgumentParser(
        prog="fairforget",
        description="A benchmark harness for LLM unlearning that is fair about which samples were forgotten.",
        epilog="'fairforget COMMAND --help' tells more. First steps: 'fairforget run quickstart'.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, help="print the version and leave")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name, help=command.summary, description=_sentence(command.summary), allow_abbrev=False
        )
        if command is chosen:
            command.load().configure(sub)
    return parser


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **kwargs: str | None) -> None:
        super().__init__(option_strings, dest, nargs=0, help=kwargs.get("help"))

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        del namespace, values, option_string
        from fairforget.version import version

        print(printable(f"fairforget {version()}"))
        parser.exit()

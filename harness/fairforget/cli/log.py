"""``--log text|json|none``: how a command that works for long says what it does, on standard error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

from fairforget.cli.told import ToldError, ToldInterrupt
from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    import argparse

    from fairforget.registry import Registry
    from fairforget.run.watcher import Watcher

    class Log(Watcher, AbstractContextManager["Log"], Protocol):
        """A watcher that also hears of warnings, of the run's beginning and of its end."""

        def warned(self, text: str, source: str) -> None:
            """Tell of a warning of a part of the program."""

        def opened(self, about: Mapping[str, Any]) -> None:
            """Tell what runs."""

        def closed(self, about: Mapping[str, Any]) -> None:
            """Tell that the run has come to its end, and with what."""

        def stopped(self, reason: str, message: str) -> bool:
            """Tell that it ended before; return whether nobody needs to say that again."""


FORMS: Final = ("text", "json", "none")


def add_log(parser: argparse.ArgumentParser) -> None:
    """Add ``--log``."""
    parser.add_argument(
        "--log",
        choices=FORMS,
        default="text",
        help="what goes to standard error: text (default), json = an object a line, none = only why it ends",
    )


@contextmanager
def open_log(form: str) -> Iterator[Log]:
    """Yield the log; what warns meanwhile is heard by it, and what ends the command too.

    Raises:
        ToldError: an error that the user can mend came through, and the log has said it.
        ToldInterrupt: likewise Ctrl-C.
    """
    from fairforget.cli.heard import heard

    with _made(form) as log, heard(log, everything=form == "json"):
        try:
            yield log
        except FairforgetError as error:
            if log.stopped("error", str(error)):
                raise ToldError(str(error)) from error
            raise
        except KeyboardInterrupt as interrupt:
            if log.stopped("interrupted", str(interrupt)):
                raise ToldInterrupt(str(interrupt)) from None
            raise
        except Exception as error:
            log.stopped("crash", f"{type(error).__name__}: {error}")
            raise


def tell_problems(log: Log, registry: Registry) -> None:
    """Say which plugins did not load."""
    for problem in registry.problems:
        log.warned(f"plugin {problem.plugin} did not load: {problem.error}", "fairforget.registry")
    if registry.problems:
        log.note("'fairforget plugins doctor' says more")


def _made(form: str) -> Log:
    if form == "json":
        from fairforget.cli.json_log import JsonLog

        return JsonLog()
    from rich.console import Console

    from fairforget.cli.display import Display

    return Display(Console(stderr=True, quiet=True, force_terminal=False)) if form == "none" else Display()

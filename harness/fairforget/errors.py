"""What can go wrong in a way the user can mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class FairforgetError(Exception):
    """The user's input is wrong, or the machine cannot do what was asked.

    The command line prints the message alone, without a traceback, and exits with code 2. So the message has to
    name the file, key or plugin, and say the mend.
    """


class MachineFault(FairforgetError):
    """The machine could not do it: a full disk, a folder that is not the user's. It says nothing of what was computed.

    A cell that meets it has no record, and the next run computes it.
    """


class WorkerDied(FairforgetError):
    """The process that ran a job ended before the job did; other jobs are not affected."""


def did_you_mean(name: str, choices: Iterable[str], *, most: int = 20, heading: str = "Available") -> str:
    """Return "Did you mean 'x'? Available: a, b." for an unknown `name`; at most `most` choices are listed."""
    known = sorted(set(choices))
    if not known:
        return "There are none to choose from."
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    guess = f"Did you mean {' or '.join(repr(n) for n in near)}? " if near else ""
    more = f" … ({len(known)} in all)" if len(known) > most else ""
    return f"{guess}{heading}: {', '.join(known[:most])}{more}."

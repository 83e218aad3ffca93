"""What a method does beside unlearning."""

from __future__ import annotations

from typing import Final

from fairforget.testing.case import Case
from fairforget.testing.checks.observed import BOTH, judge, once_more, plain
from fairforget.testing.definition import Check, CheckFailed
from fairforget.testing.examined import Examined
from fairforget.testing.watch.observe import Observation

_IDLE_SECONDS: Final = 0.1
_IDLE_SHARE: Final = 0.2


def keeps_global_random_state(examined: Examined) -> None:
    """It neither draws from nor seeds the global random generators of Python, numpy and torch."""
    judge(examined, _generators)


def writes_only_in_its_folder(examined: Examined) -> None:
    """It writes no files but temporary ones, and removes those."""
    judge(examined, lambda found: _first("it writes", found.manners.written()))


def no_network(examined: Examined) -> None:
    """It does not reach for the network."""
    judge(examined, lambda found: _first("it uses the network:", found.manners.heard.network))


def starts_no_process(examined: Examined) -> None:
    """It starts no other process, whose work nobody would count."""
    judge(examined, lambda found: _first("it starts a process:", found.manners.heard.processes))


def prints_nothing(examined: Examined) -> None:
    """It writes nothing to standard output, where results go."""
    judge(examined, lambda found: f"it prints {found.manners.printed[:120]!r}" if found.manners.printed else None)


def restores_modes(examined: Examined) -> None:
    """Hooks, flags, types and settings are as they were before, of the model and of the process; no thread goes on."""
    judge(examined, _modes)


def does_not_idle(examined: Examined) -> None:
    """It does not wait: the time it takes is time it works."""
    if _idle(plain(examined)) is None:
        return
    # Once more: a machine may have waited for its disk.
    again = once_more(examined)
    if again.problem is None and (message := _idle(again)) is not None:
        raise CheckFailed(message, _least_idle(examined))


def _least_idle(examined: Examined) -> Case:
    case = Case(samples=1, batch_size=1, updates=1)
    found = once_more(examined, case)
    return case if found.problem is None and _idle(found) is not None else Case()


def _generators(found: Observation) -> str | None:
    if not found.manners.generators:
        return None
    names = ", ".join(found.manners.generators)
    return f"the global random state of {names} is another afterwards; draw from run.rng, or a generator of your own"


def _modes(found: Observation) -> str | None:
    told = [*found.form, *(f"{name} of the process changed" for name in found.manners.settings)]
    told += [f"the thread {name!r} goes on" for name in found.manners.running]
    if found.training:
        told.append(f"stays in training mode: {', '.join(found.training[:2])}")
    return "; ".join(told) or None


def _idle(found: Observation) -> str | None:
    spell = found.spell
    # Where the system does not tell waiting for a processor from waiting for nothing, only long waits count.
    least = _IDLE_SECONDS if spell.exact else max(1.0, 0.6 * spell.wall)
    if spell.idle < max(least, _IDLE_SHARE * spell.wall):
        return None
    return f"{spell.idle:.2f} of {spell.wall:.2f} seconds it neither ran nor wanted to"


def _first(verb: str, found: list[str]) -> str | None:
    if not found:
        return None
    return f"{verb} {found[0]}" + (f" and {len(found) - 1} more" if len(found) > 1 else "")


MANNERS: Final = (
    Check("keeps-global-random-state", BOTH, keeps_global_random_state),
    Check("writes-only-in-its-folder", BOTH, writes_only_in_its_folder),
    Check("no-network", BOTH, no_network),
    Check("starts-no-process", BOTH, starts_no_process),
    Check("prints-nothing", BOTH, prints_nothing),
    Check("restores-modes", BOTH, restores_modes),
    Check("does-not-idle", BOTH, does_not_idle),
)

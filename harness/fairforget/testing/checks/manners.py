"""What samplers, tasks, difficulties and metrics do beside their work."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairforget.testing.definition import Check, CheckFailed
from fairforget.testing.examined import Examined

if TYPE_CHECKING:
    from fairforget.testing.watch.clock import Spell
    from fairforget.testing.watch.manners import Manners

_IDLE_SECONDS: Final = 0.1
_IDLE_SHARE: Final = 0.2


@dataclass(frozen=True)
class Seen:
    """What was seen of a plugin at work."""

    manners: Manners
    spell: Spell


def keeps_global_random_state(examined: Examined) -> None:
    """It neither draws from nor seeds the global random generators of Python, numpy and torch."""
    if names := seen(examined).manners.generators:
        raise CheckFailed(f"the global random state of {', '.join(names)} is another afterwards")


def writes_only_in_its_folder(examined: Examined) -> None:
    """It writes no files but temporary ones, and removes those."""
    if files := seen(examined).manners.written():
        raise CheckFailed(f"it writes {files[0]}" + (f" and {len(files) - 1} more" if len(files) > 1 else ""))


def no_network(examined: Examined) -> None:
    """It does not reach for the network."""
    if asked := seen(examined).manners.heard.network:
        raise CheckFailed(f"it uses the network: {asked[0]}")


def prints_nothing(examined: Examined) -> None:
    """It writes nothing to standard output, where results go."""
    if text := seen(examined).manners.printed:
        raise CheckFailed(f"it prints {text[:120]!r}")


def changes_no_settings(examined: Examined) -> None:
    """It changes no setting of the process (default types, environment, working folder) and leaves no thread behind."""
    if names := seen(examined).manners.settings:
        raise CheckFailed(f"it changes {', '.join(names)} of the process")
    if names := seen(examined).manners.running:
        raise CheckFailed(f"the thread {names[0]!r} goes on")


def starts_no_process(examined: Examined) -> None:
    """It starts no other process, whose work nobody would count."""
    if started := seen(examined).manners.heard.processes:
        raise CheckFailed(f"it starts a process: {started[0]}")


def does_not_idle(examined: Examined) -> None:
    """It does not wait: the time it takes is time it works."""
    if not _idle(seen(examined).spell):
        return
    # Once more: a machine may have waited for its disk.
    again = _watch(examined, 3).spell
    if _idle(again):
        raise CheckFailed(f"{again.idle:.2f} of {again.wall:.2f} seconds it neither ran nor wanted to")


def seen(examined: Examined) -> Seen:
    """Return what was seen of the plugin at work, once for all checks: the second time, so that imports are done.

    Raises:
        NotApplicable: it cannot do its work here.
    """

    def watch() -> Seen:
        first = _watch(examined, 1)
        # Of the first time only what it asked the network for counts: it imports, and makes what is kept.
        again = _watch(examined, 2)
        again.manners.heard.network[:0] = first.manners.heard.network
        return again

    return examined.once("manners", watch)


def _watch(examined: Examined, seed: int) -> Seen:
    from fairforget.testing.checks.scoring import other_global_state
    from fairforget.testing.watch.clock import timing
    from fairforget.testing.watch.manners import manners_of

    # In a state of its own each time: what seeds a generator again and again would leave it as it was.
    with other_global_state(seed), timing() as spell:
        found, error = manners_of(
            lambda: EXERCISES[examined.kind](examined), [*examined.lab.folders(), *_hub_folders()]
        )
    if error is not None and not found.heard.network:  # what it did about the network is refused, which is an error
        raise error
    return Seen(found, spell)


def _hub_folders() -> list[Path]:
    """Return the folders in which the libraries of the hub keep what they have fetched."""
    home = os.environ.get("HF_HOME", "~/.cache/huggingface")
    named = [os.environ[name] for name in ("HF_HUB_CACHE", "HF_DATASETS_CACHE") if name in os.environ]
    return [Path(folder).expanduser() for folder in (home, *named)]


def _idle(spell: Spell) -> bool:
    # Where the system does not tell waiting for a processor from waiting for nothing, only long waits count.
    least = _IDLE_SECONDS if spell.exact else max(1.0, 0.6 * spell.wall)
    return spell.idle >= max(least, _IDLE_SHARE * spell.wall)


def _draw(examined: Examined) -> None:
    from fairforget.testing.checks.drawing import draws, large

    list(draws(examined, [large(examined)]))


def _ask(examined: Examined) -> None:
    from fairforget.testing.checks.corpora import corpus_of

    corpus_of(examined, again=True)
    task = examined.make()
    task.target()
    task.metrics()


def _score(examined: Examined) -> None:
    from fairforget.testing.checks.scoring import samples, score, usual

    usual(examined)
    score(examined, samples(examined))


def _measure(examined: Examined) -> None:
    from fairforget.testing.checks.measuring import measured, sets, subject, usual

    usual(examined)
    measured(examined, subject(examined, sets(examined)))


EXERCISES: Final[Mapping[str, Callable[[Examined], None]]] = {
    "sampler": _draw,
    "task": _ask,
    "difficulty": _score,
    "metric": _measure,
}
"""What each kind of plugin is watched at."""

_KINDS: Final = tuple(EXERCISES)
_ALONE: Final = tuple(kind for kind in EXERCISES if kind != "task")
"""Kinds that have no business with the network and other processes; a task may fetch its data."""

MANNERS_OF_OTHERS: Final = (
    Check("keeps-global-random-state", _KINDS, keeps_global_random_state),
    Check("writes-only-in-its-folder", _KINDS, writes_only_in_its_folder),
    Check("no-network", _ALONE, no_network),
    Check("starts-no-process", _ALONE, starts_no_process),
    Check("prints-nothing", _KINDS, prints_nothing),
    Check("changes-no-settings", _KINDS, changes_no_settings),
    Check("does-not-idle", _KINDS, does_not_idle),
)

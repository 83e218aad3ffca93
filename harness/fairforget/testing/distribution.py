"""The checks of a distribution: whether its plugins are found, under names that are theirs alone."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fairforget.candidates import Candidate, from_files, installed
from fairforget.discovery import discover
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.registry import Registry
from fairforget.switches import Switches, same_distribution
from fairforget.testing.definition import CheckFailed, NotApplicable, Skipped, missing_dependency
from fairforget.testing.results import CheckResult, ChecksFailed, Report, Status
from fairforget.testing.runner import versions

Say = Callable[[CheckResult, int, int], None]


@dataclass(frozen=True)
class Distribution:
    """A distribution under examination."""

    name: str
    candidates: tuple[Candidate, ...]
    """Its plugins, not loaded yet."""
    others: tuple[Candidate, ...]
    """What else is installed."""
    plugin_files: tuple[Path, ...]

    @cached_property
    def registry(self) -> Registry:
        """Its own plugins, and no others."""
        return Registry(discover(self.candidates, Switches()), self.plugin_files)

    @cached_property
    def rest(self) -> Registry:
        """Everybody else's plugins."""
        return Registry(discover(self.others, Switches()))


@dataclass(frozen=True, slots=True)
class DistributionCheck:
    """A named question to a distribution."""

    name: str
    run: Callable[[Distribution], None]
    """Returns where the distribution passes; raises as `fairforget.testing.definition.Check.run`."""


def find_distribution(name: str, plugin_files: Sequence[Path] = ()) -> Distribution | None:
    """Return the distribution of this name, or the plugin file whose stem it is; None where there is none.

    Raises:
        FairforgetError: a plugin file cannot be read.
    """
    given, paths = from_files(plugin_files)
    candidates = [*installed(), *given]
    mine = tuple(c for c in candidates if same_distribution(c.dist, name))
    if not mine:
        return None
    others = tuple(c for c in candidates if not same_distribution(c.dist, name))
    return Distribution(mine[0].dist, mine, others, paths)


def check_distribution(
    name: str,
    *,
    plugin_files: Sequence[Path] = (),
    expected_failures: Mapping[str, str] | None = None,
    only: Collection[str] = (),
    on_fail: str = "raise",
    progress: Say | None = None,
) -> Report:
    """Check that the plugins of a distribution are found: its module loads, its hooks and targets exist.

    Args:
        name: of the distribution, or of a plugin file without its ending.
        plugin_files: Python files with hooks that belong to no distribution.
        expected_failures: why a check is expected to fail, by its name. One that passes then is a failure.
        only: names of the checks to run; all where empty.
        on_fail: ``raise`` where a check failed, or ``report`` it.
        progress: hears of every check that has ended.

    Raises:
        ChecksFailed: a check failed, and `on_fail` is ``raise``.
        FairforgetError: there is no such distribution with plugins, or no such check.
    """
    from fairforget.testing.checks.discovery import DISCOVERY

    found = find_distribution(name, plugin_files)
    if found is None:
        msg = f"no distribution {name!r} with plugins is installed. {did_you_mean(name, {c.dist for c in installed()})}"
        raise FairforgetError(msg)
    reasons = dict(expected_failures or {})
    names = [check.name for check in DISCOVERY]
    for one in (*reasons, *only):
        if one not in names:
            msg = f"there is no check {one!r} for a distribution. {did_you_mean(one, names)}"
            raise FairforgetError(msg)
    chosen = [check for check in DISCOVERY if not only or check.name in only]
    results: list[CheckResult] = []
    for check in chosen:
        results.append(_run(check, found, reasons.get(check.name)))
        if progress is not None:
            progress(results[-1], len(results), len(chosen))
    report = Report("distribution", found.name, found.candidates[0].version, tuple(results), versions())
    if on_fail == "raise" and report.failures:
        raise ChecksFailed(f"distribution {found.name}", report.failures)
    return report


def _run(check: DistributionCheck, found: Distribution, expected: str | None) -> CheckResult:
    begin = time.perf_counter()
    status: Status = "ran"
    message = ""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            check.run(found)
    except NotApplicable as why:
        status, message = "not applicable", str(why)
    except Skipped as why:
        status, message = "skipped", str(why)
    except CheckFailed as failure:
        status, message = "failed", str(failure)
    except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises is what the check found
        absent = missing_dependency(error, "")
        status, message = ("skipped", absent) if absent else ("failed", f"{type(error).__name__}: {error}")
    if expected is not None and status == "ran":
        status, message, expected = "failed", f"it passes now; remove it from the expected failures ({expected})", None
    purpose = (check.run.__doc__ or "").strip().partition("\n")[0]
    reason = expected if status == "failed" else None
    return CheckResult(check.name, purpose, status, message, None, reason, time.perf_counter() - begin)

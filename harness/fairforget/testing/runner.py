"""Running the checks of one plugin."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from fairforget.errors import FairforgetError, did_you_mean
from fairforget.testing.checks import CHECKS
from fairforget.testing.definition import Check, CheckFailed, NotApplicable, Skipped, missing_dependency
from fairforget.testing.examined import Examined
from fairforget.testing.results import CheckResult, Report, Status

_MATTER: Final = ("fairforget", "torch", "transformers", "numpy")
"""Distributions whose versions a report states."""

Progress = Callable[[CheckResult, int, int], None]
"""Hears of a check that has ended: its result, how many have, and how many there are."""


def checks_for(kind: str, only: Collection[str] = ()) -> list[Check]:
    """Return the checks of a kind, in their order.

    Args:
        kind: of the plugin.
        only: names of the wanted ones; all of them where empty.

    Raises:
        FairforgetError: there is no check of such a name for this kind.
    """
    mine = [check for check in CHECKS if kind in check.kinds]
    for name in only:
        known(name, kind)
    return [check for check in mine if not only or check.name in only]


def known(name: str, kind: str) -> None:
    """Raise where no check of a kind is called so.

    Raises:
        FairforgetError: the message names the nearest.
    """
    names = [check.name for check in CHECKS if kind in check.kinds]
    if name not in names:
        msg = f"there is no check {name!r} for a {kind}. {did_you_mean(name, names, most=40)}"
        raise FairforgetError(msg)


def run_checks(
    examined: Examined,
    *,
    expected_failures: Mapping[str, str] | None = None,
    only: Collection[str] = (),
    stop: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Run the checks of a plugin, one after another; what they print goes to standard error.

    Args:
        examined: the plugin.
        expected_failures: why a check is expected to fail, by its name; one that passes then is a failure.
        only: names of the wanted checks; all where empty.
        stop: whether to stop at the first failure that was not expected.
        progress: hears of every check that has ended.

    Raises:
        FairforgetError: a name is that of no check.
    """
    reasons = dict(expected_failures or {})
    for name in reasons:
        known(name, examined.kind)
    chosen = checks_for(examined.kind, only)
    results: list[CheckResult] = []
    for check in chosen:
        result = run_check(check, examined, reasons.get(check.name))
        results.append(result)
        if progress is not None:
            progress(result, len(results), len(chosen))
        if stop and result.wrong:
            break
    return report_of(examined, results)


def report_of(examined: Examined, results: Sequence[CheckResult]) -> Report:
    """Return the report of these results."""
    return Report(
        examined.kind, examined.name, examined.entry.version, tuple(results), versions(), dict(examined.options)
    )


def run_check(check: Check, examined: Examined, expected: str | None = None) -> CheckResult:
    """Run one check; whatever it raises is its result.

    Args:
        check: the question.
        examined: the plugin.
        expected: why it is expected to fail; None where it is not.
    """
    begin = time.perf_counter()

    def ended(status: Status, message: str = "", case: object = None, reason: str | None = None) -> CheckResult:
        seconds = time.perf_counter() - begin
        shown = None if case is None else str(case)
        return CheckResult(check.name, check.purpose, status, message, shown, reason, seconds)

    try:
        with _settings_kept():
            if check.name != "loads":
                _loaded(examined)
            check.run(examined)
    except NotApplicable as why:
        return ended("not applicable", str(why), None, expected)
    except Skipped as why:
        return ended("skipped", str(why), None, expected)
    except CheckFailed as failure:
        return ended("failed", str(failure), failure.case, expected)
    except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises is what the check found
        if missing := missing_dependency(error, examined.entry.target.partition(":")[0]):
            return ended("skipped", missing, None, expected)
        message = str(error) if isinstance(error, FairforgetError) else f"{type(error).__name__}: {error}"
        return ended("failed", message, None, expected)
    if expected is not None:
        return ended("failed", f"it passes now; remove it from the expected failures (was: {expected})")
    return ended("ran")


def _loaded(examined: Examined) -> None:
    """Raise where there is nothing to ask.

    Raises:
        NotApplicable: the plugin cannot be loaded, which the check ``loads`` says.
        Skipped: a module that it needs is not installed.
    """
    try:
        _ = examined.cls
    except FairforgetError as error:
        if missing := missing_dependency(error, examined.entry.target.partition(":")[0]):
            raise Skipped(missing) from error
        raise NotApplicable("it cannot be loaded; see loads") from error


def versions() -> dict[str, str]:
    """Return the versions of what decides how checks end."""
    found = {"Python": platform.python_version()}
    for name in _MATTER:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return {**found, "system": f"{platform.system()} {platform.machine()}"}


@contextlib.contextmanager
def _settings_kept() -> Iterator[None]:
    """Run on one thread, which makes sums the same everywhere; what is printed goes to standard error.

    Settings of the process and its random generators are afterwards what they were, whatever a plugin did: one check
    disturbs neither the next nor the tests around it.
    """
    import torch

    from fairforget.run.generators import lent_generators
    from fairforget.testing.watch import outside, shared

    settings, code = outside.settings(), shared.code()
    torch.set_num_threads(1)
    try:
        with lent_generators(), contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        shared.patched(code)
        outside.restore(settings)

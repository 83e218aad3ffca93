"""The checks as calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

from fairforget.testing.resolve import Asked, examine
from fairforget.testing.results import ChecksFailed, Report
from fairforget.testing.runner import Progress, run_checks

if TYPE_CHECKING:
    from fairforget.kinds import Kind
    from fairforget.registry import Registry

OnFail = Literal["raise", "report"]


def check(
    entry: Asked,
    *,
    kind: Kind | None = None,
    expected_failures: Mapping[str, str] | None = None,
    on_fail: OnFail = "raise",
    options: Mapping[str, Any] | None = None,
    only: Collection[str] = (),
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run the conformance checks of a plugin.

    Args:
        entry: a class derived from one in `fairforget.api`, an instance of one, an `Entry`, an entry of a registry, or
            a name, bare or as ``distribution/name``.
        kind: of the plugin, where `entry` is a name that two kinds have, or an `Entry`.
        expected_failures: why a check is expected to fail, or cannot be made, by its name. One that passes then is a
            failure.
        on_fail: ``raise`` at the first check that fails, or ``report`` them all.
        options: for the plugin's constructor; an instance brings its own.
        only: names of the checks to run; all where empty.
        registry: what is installed; found by discovery by default.
        progress: hears of every check that has ended.

    Raises:
        ChecksFailed: a check failed, or the plugin could not be seen at its work, and `on_fail` is ``raise``.
        FairforgetError: there is no such plugin, or no such check.
    """
    examined = examine(entry, kind, options=options, registry=registry)
    report = run_checks(
        examined, expected_failures=expected_failures, only=only, stop=on_fail == "raise", progress=progress
    )
    if on_fail == "raise" and not report.passed:
        wrong = report.failures or tuple(result for result in report.results if result is report.unseen)
        raise ChecksFailed(f"{report.kind} {report.name}", wrong)
    return report


def check_method(entry: Asked, **settings: Any) -> Report:
    """Run the checks of a method; the settings are those of `check`."""
    return check(entry, kind="method", **settings)


def check_curriculum(entry: Asked, **settings: Any) -> Report:
    """Run the checks of a curriculum; the settings are those of `check`."""
    return check(entry, kind="curriculum", **settings)


def check_sampler(entry: Asked, **settings: Any) -> Report:
    """Run the checks of a sampler; the settings are those of `check`."""
    return check(entry, kind="sampler", **settings)


def check_task(entry: Asked, **settings: Any) -> Report:
    """Run the checks of a task; the settings are those of `check`."""
    return check(entry, kind="task", **settings)


def check_difficulty(entry: Asked, **settings: Any) -> Report:
    """Run the checks of a difficulty; the settings are those of `check`."""
    return check(entry, kind="difficulty", **settings)


def check_metric(entry: Asked, **settings: Any) -> Report:
    """Run the checks of a metric; the settings are those of `check`."""
    return check(entry, kind="metric", **settings)

"""The conformance kit: named checks that a plugin passes before it stands on anybody's board.

::

    from fairforget.testing import check_method, parametrize_with_checks

    check_method(Sleepy)                      # raises at the first check that fails
    report = check_method("sleepy", on_fail="report")

    @parametrize_with_checks([Sleepy])        # one test a check
    def test_conforms(entry, check):
        check(entry)

``fairforget check NAME`` is the same on the command line. With fairforget installed pytest has the fixtures
``tiny_target``, ``tiny_task`` and ``run_cell``. Importing this imports no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairforget.testing.case import Case
    from fairforget.testing.definition import Check, CheckFailed, NotApplicable, Skipped
    from fairforget.testing.distribution import check_distribution
    from fairforget.testing.parametrize import parametrize_with_checks
    from fairforget.testing.results import CheckResult, ChecksFailed, Report
    from fairforget.testing.verbs import (
        check,
        check_curriculum,
        check_difficulty,
        check_method,
        check_metric,
        check_sampler,
        check_task,
    )

__all__ = [
    "Case",
    "Check",
    "CheckFailed",
    "CheckResult",
    "ChecksFailed",
    "NotApplicable",
    "Report",
    "Skipped",
    "check",
    "check_curriculum",
    "check_difficulty",
    "check_distribution",
    "check_method",
    "check_metric",
    "check_sampler",
    "check_task",
    "parametrize_with_checks",
]

_ROOMS = {
    "Case": "case",
    "Check": "definition",
    "CheckFailed": "definition",
    "NotApplicable": "definition",
    "Skipped": "definition",
    "check_distribution": "distribution",
    "CheckResult": "results",
    "ChecksFailed": "results",
    "Report": "results",
    "parametrize_with_checks": "parametrize",
}


def __getattr__(name: str) -> Any:
    # pytest loads the plugin in this package in everybody's test runs; what checks need comes when it is asked for.
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_ROOMS.get(name, 'verbs')}"), name)

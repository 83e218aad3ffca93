"""One test a check."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from fairforget.testing.definition import Check
from fairforget.testing.resolve import Asked, examine
from fairforget.testing.runner import checks_for, known, run_check

if TYPE_CHECKING:
    from fairforget.kinds import Kind
    from fairforget.testing.examined import Examined


@dataclass(frozen=True, eq=False)
class BoundCheck:
    """A check with the plugin it is about; calling it runs it as a test."""

    check: Check
    examined: Examined
    expected: str | None

    def __call__(self, entry: object = None) -> None:
        """Run the check; the argument is for the reader, and may be left out."""
        del entry
        result = run_check(self.check, self.examined, self.expected)
        if result.status in {"not applicable", "skipped"}:
            pytest.skip(f"{result.status}: {result.message}")
        if result.status == "failed" and result.expected is not None:
            pytest.xfail(f"{result.expected}: {result.message}")
        if result.status == "failed":
            case = f"\nsmallest case: run_cell(…, {result.case})" if result.case else ""
            pytest.fail(f"{self.check.name}: {result.message}{case}", pytrace=False)


def parametrize_with_checks(
    entries: Sequence[Asked],
    *,
    kind: Kind | None = None,
    expected_failures: Mapping[str, str] | None = None,
    only: Collection[str] = (),
    options: Mapping[str, Any] | None = None,
) -> pytest.MarkDecorator:
    """Return a decorator for a test with the parameters ``entry`` and ``check``: one test a plugin and check.

    So::

        @parametrize_with_checks([Sleepy])
        def test_conforms(entry, check):
            check(entry)

    Args:
        entries: what `fairforget.testing.check` takes.
        kind: of the plugins, where their names do not tell.
        expected_failures: why a check is expected to fail, by its name; one that passes then fails the test.
        only: names of the checks to run; all where empty.
        options: for the constructors.

    Raises:
        FairforgetError: there is no such plugin, or no such check.
    """
    reasons = dict(expected_failures or {})
    cases = []
    for entry in entries:
        examined = examine(entry, kind, options=options)
        for name in reasons:
            known(name, examined.kind)
        for check in checks_for(examined.kind, only):
            bound = BoundCheck(check, examined, reasons.get(check.name))
            cases.append(pytest.param(entry, bound, id=f"{examined.entry.name}-{check.name}"))
    return pytest.mark.parametrize(("entry", "check"), cases)

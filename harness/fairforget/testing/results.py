"""What came of the checks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Status = Literal["ran", "failed", "not applicable", "skipped"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check ended."""

    check: str
    purpose: str
    status: Status
    """``ran``: the plugin passed. A failure that was expected is ``failed`` with a reason in `expected`."""
    message: str = ""
    """Why it failed, does not apply, or was skipped."""
    case: str | None = None
    """The smallest cell that shows the failure, as arguments of the fixture ``run_cell``."""
    expected: str | None = None
    """Why this failure was expected; None where it was not."""
    seconds: float = 0.0

    @property
    def wrong(self) -> bool:
        """Whether somebody has to do something."""
        return self.status == "failed" and self.expected is None


@dataclass(frozen=True, slots=True)
class Report:
    """The results of all checks of one plugin."""

    kind: str
    name: str
    """Canonical name, or module and class."""
    version: str
    results: tuple[CheckResult, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of what matters for the result: Python, fairforget, torch, …"""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options that were given to the plugin; the others have their defaults."""

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The checks that failed and were not expected to."""
        return tuple(result for result in self.results if result.wrong)

    @property
    def passed(self) -> bool:
        """Whether there are no such failures."""
        return not self.failures

    def result(self, check: str) -> CheckResult:
        """Return the result of one check.

        Raises:
            KeyError: it was not among the checks.
        """
        for result in self.results:
            if result.check == check:
                return result
        raise KeyError(check)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "kind": self.kind,
            "name": self.name,
            "version": self.version,
            "passed": self.passed,
            "options": json.loads(json.dumps(dict(self.options), default=str)),
            "versions": dict(self.versions),
            "checks": [asdict(result) for result in self.results],
        }

    def to_markdown(self) -> str:
        """Return a report to paste into a pull request."""
        from fairforget.testing.markdown import to_markdown

        return to_markdown(self)


class ChecksFailed(AssertionError):
    """A check failed that was not expected to."""

    def __init__(self, title: str, failures: Sequence[CheckResult]) -> None:
        self.failures = tuple(failures)
        lines = [f"{title} fails {', '.join(f.check for f in failures)}"]
        lines += [f"  {f.check}: {f.message}" + (f"\n    run_cell(…, {f.case})" if f.case else "") for f in failures]
        super().__init__("\n".join(lines))

"""What came of the checks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

Status = Literal["ran", "failed", "not applicable", "skipped"]
Verdict = Literal["passed", "failed", "not tested"]

AT_WORK: Final[Mapping[str, str]] = {
    "method": "runs",
    "curriculum": "runs",
    "sampler": "draws-what-it-says",
    "task": "items-hashed",
    "difficulty": "shape",
    "metric": "accounts-for-every-sample",
}
"""The check of each kind that sees the plugin at its work; where it cannot be made, most others cannot either."""


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
    """Why this was expected to fail, or not to be possible; None where it was not."""
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
    def unseen(self) -> CheckResult | None:
        """The check that should have seen the plugin at its work and could not be; None where it was or nobody asked.

        A plugin that refuses the tiny task, or whose data is not here, fails nothing, and little is known of it.
        """
        found = [result for result in self.results if result.check == AT_WORK.get(self.kind)]
        return next((result for result in found if result.status in {"not applicable", "skipped"}), None)

    @property
    def verdict(self) -> Verdict:
        """``failed``; ``not tested`` where the plugin was not seen at its work and nobody expected that; ``passed``."""
        if self.failures:
            return "failed"
        return "not tested" if self.unseen is not None and self.unseen.expected is None else "passed"

    @property
    def passed(self) -> bool:
        """Whether the verdict is ``passed``."""
        return self.verdict == "passed"

    @property
    def ran(self) -> str:
        """How many of the checks could be made, in words."""
        made = sum(result.status in {"ran", "failed"} for result in self.results)
        count = len(self.results)
        return f"{count} checks" if made == count else f"{made} of {count} checks could be made"

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
            "verdict": self.verdict,
            "options": json.loads(json.dumps(dict(self.options), default=str)),
            "versions": dict(self.versions),
            "checks": [asdict(result) for result in self.results],
        }

    def to_markdown(self) -> str:
        """Return a report to paste into a pull request."""
        from fairforget.testing.markdown import to_markdown

        return to_markdown(self)


class ChecksFailed(AssertionError):
    """A check failed that was not expected to, or the plugin could not be tested."""

    def __init__(self, title: str, failures: Sequence[CheckResult]) -> None:
        self.failures = tuple(failures)
        verb = "fails" if any(f.status == "failed" for f in failures) else "was not tested:"
        lines = [f"{title} {verb} {', '.join(f.check for f in failures)}"]
        lines += [f"  {f.check}: {f.message}" + (f"\n    run_cell(…, {f.case})" if f.case else "") for f in failures]
        super().__init__("\n".join(lines))

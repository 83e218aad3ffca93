"""Every check there is, in the order in which they run."""

from __future__ import annotations

from typing import Final

from fairforget.testing.checks.answers import ANSWERS
from fairforget.testing.checks.common import COMMON, FIRST
from fairforget.testing.checks.curricula import CURRICULA
from fairforget.testing.checks.difficulties import DIFFICULTIES
from fairforget.testing.checks.manners import MANNERS_OF_OTHERS
from fairforget.testing.checks.method_fairness import FAIRNESS
from fairforget.testing.checks.method_manners import MANNERS
from fairforget.testing.checks.method_runs import RUNS
from fairforget.testing.checks.metrics import METRICS
from fairforget.testing.checks.samplers import SAMPLERS
from fairforget.testing.checks.task_runs import TASK_RUNS
from fairforget.testing.checks.tasks import TASK_DATA
from fairforget.testing.definition import Check

CHECKS: Final[tuple[Check, ...]] = (
    *FIRST,
    *COMMON,
    *CURRICULA,
    *RUNS,
    *FAIRNESS,
    *MANNERS,
    *SAMPLERS,
    *DIFFICULTIES,
    *METRICS,
    *TASK_DATA,
    *TASK_RUNS,
    *ANSWERS,
    *MANNERS_OF_OTHERS,
)

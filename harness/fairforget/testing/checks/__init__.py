"""Every check there is, in the order in which they run."""

from __future__ import annotations

from typing import Final

from fairforget.testing.checks.common import COMMON
from fairforget.testing.checks.samplers import SAMPLERS
from fairforget.testing.definition import Check

CHECKS: Final[tuple[Check, ...]] = (*COMMON, *SAMPLERS)

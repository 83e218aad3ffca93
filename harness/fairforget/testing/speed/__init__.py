"""Gate the speed of a plugin: base and head in one job, each benchmark beside a control.

``python -m fairforget.testing.speed BASE`` runs the tests below ``benchmarks/speed`` that use the fixture ``speed`` on
both versions in turns and fails where one is slower, and those that use ``counts`` on the head.
"""

from __future__ import annotations

from fairforget.testing.speed.gate import Outcome, Settings, run_gate
from fairforget.testing.speed.verdict import Judged, Ratio

__all__ = ["Judged", "Outcome", "Ratio", "Settings", "run_gate"]

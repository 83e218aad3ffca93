"""How many questions are asked."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def asked(few: int = 100) -> settings:
    """Return settings for `few` examples, always the same ones.

    Where a profile asks for more, it is as many as that, and others at every run; ``--hypothesis-seed`` repeats a run.
    """
    most = settings.default.max_examples
    return settings(
        max_examples=max(few, most),
        derandomize=most <= few,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )

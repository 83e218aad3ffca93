"""Trackers hear also of a study that ends before its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fairforget.registry import Registry
    from fairforget.study.schema import Study

INTERRUPTED: Final = "interrupted"


@contextmanager
def told_when_stopped(registry: Registry, study: Study) -> Iterator[None]:
    """Tell trackers where what is done inside ends by an exception, Ctrl-C among them."""
    try:
        yield
    except BaseException as error:
        reason = INTERRUPTED if isinstance(error, KeyboardInterrupt) else str(error) or type(error).__name__
        registry.emit("fairforget_study_stopped", study=study, reason=reason)
        raise

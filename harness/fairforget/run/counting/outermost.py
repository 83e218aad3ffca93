"""Watching a block of transformers without switching its checkpointing off."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import update_wrapper
from types import CodeType
from typing import Any, Final

_WRAPPER: Final = "forward_with_checkpointing"
"""The function that transformers puts around the ``forward`` of its blocks; older versions have none."""


def wraps_blocks(forward: Any) -> bool:
    """Return whether a ``forward`` is, or another `Outermost` stands for, what checkpoints a block."""
    code = _code(forward)
    return code is not None and code.co_name == _WRAPPER


class Outermost:
    """Stands on a class for the watched ``forward`` of a block.

    A block may be wrapped more than once, and the outermost wrapper checkpoints: the one that its class has as
    ``forward``. Where the class has one that watches, none finds itself there, and nothing is checkpointed any more. So
    that wrapper, when it asks, is shown itself; everybody else gets the ``forward`` that watches.
    """

    def __init__(self, wrapper: Any, watched: Callable[..., Any]) -> None:
        """Stand for `watched`, which calls `wrapper`."""
        self.wrapper: Any = getattr(wrapper, "wrapper", wrapper)
        self._watched: Any = watched
        update_wrapper(self, watched)

    def __get__(self, block: Any, kind: type | None = None) -> Any:
        """Return the ``forward`` of a block, or of the class."""
        if block is None and sys._getframe(1).f_code is _code(self.wrapper):  # noqa: SLF001 - who asks matters
            return self.wrapper
        return self._watched.__get__(block, kind)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call what watches, as one that is watched twice does."""
        return self._watched(*args, **kwargs)


def _code(forward: Any) -> CodeType | None:
    found: CodeType | None = getattr(getattr(forward, "wrapper", forward), "__code__", None)
    return found

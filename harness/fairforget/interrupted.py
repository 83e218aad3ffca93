"""Ctrl-C that came into the middle of a library is still Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def heed_interrupt(error: BaseException) -> None:
    """Raise KeyboardInterrupt where an error came of one.

    An interrupt that falls between the two halves of what a library does (torch has pushed a mode and not yet noted
    it, say) can end as an error of the library, with the interrupt behind it. Taken for what it says, a model would be
    broken or a cell would have failed, and the run would go on.

    Raises:
        KeyboardInterrupt: from `error`.
    """
    seen: set[int] = set()
    rest: list[BaseException | None] = [error]
    while rest:
        one = rest.pop()
        if one is None or id(one) in seen:
            continue
        if isinstance(one, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        seen.add(id(one))
        rest += [one.__cause__, one.__context__]


@contextmanager
def interrupts_heeded() -> Iterator[None]:
    """Have errors that came of an interrupt end what is inside as the interrupt."""
    try:
        yield
    except Exception as error:
        heed_interrupt(error)
        raise

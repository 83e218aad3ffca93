"""One benchmark: a piece of work in rounds, each beside its control."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from .clock import processor_seconds
from .controls import CONTROLS
from .foreign import foreign_module
from .turns import wait_for_turn

ROUNDS = "FAIRFORGET_SPEED_ROUNDS"
"""How many rounds; 15 where it is not set."""


class Speed:
    """What the fixture ``speed`` gives."""

    def __init__(self, benchmark: Any) -> None:
        self._benchmark = benchmark

    def __call__(
        self,
        work: Callable[..., Any],
        control: str | Callable[[], Any] = "interpreter",
        *,
        setup: Callable[[], Any] | None = None,
        margin: float = 0.10,
    ) -> None:
        """Measure `work` beside `control`, processor time of this process and its children.

        Args:
            work: called once a round; some 20 … 200 ms are best. It gets what `setup` returns, unless that is None.
            control: a fixed piece of work of like kind: one of `controls.CONTROLS` or a function without arguments,
                which must not call what is measured.
            setup: called before each round, and not measured.
            margin: how much slower the head may be. A gate fails where it is sure of more.
        """
        beside = CONTROLS[control] if isinstance(control, str) else control
        prepared = setup or (lambda: None)
        if self._benchmark.disabled:
            beside()
            given = prepared()
            self._benchmark(*((work,) if given is None else (work, given)))
            return
        controls: list[float] = []
        wall: list[float] = []

        def before() -> tuple[tuple[Any, ...], dict[str, Any]]:
            given = prepared()
            wait_for_turn()
            begin = processor_seconds()
            beside()
            controls.append(processor_seconds() - begin)
            return () if given is None else (given,), {}

        def timed(*given: Any) -> None:
            begin = time.perf_counter()
            work(*given)
            wall.append(time.perf_counter() - begin)

        rounds = int(os.environ.get(ROUNDS, "15"))
        self._benchmark.pedantic(timed, setup=before, rounds=rounds, warmup_rounds=1)
        self._benchmark.extra_info.update(control=controls[1:], wall=wall[1:], margin=margin, foreign=foreign_module())

"""Seeing every pass through a language model, whoever makes it and on whatever copy."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

import torch

from fairforget.run.counting.outermost import Outermost, wraps_blocks

Parts = Mapping[type, float]
"""What a call uses of a model: the share of its modules of each kind."""

See = Callable[[tuple[Any, ...], dict[str, Any], Any, "Parts | None", bool], None]
"""Hears of a call: its arguments, what it returned (None where it raised), its parts (None = the whole model), and
whether it is one that checkpointing runs again."""


class Tap:
    """Stands in the ``forward`` of the classes that models are made of, and tells of every outermost call.

    A hook on one model is passed by where somebody calls ``model.forward``, a module inside the model, or a copy that
    was read from a file. A class has one ``forward`` for all its instances, and a call inside a call is part of it.

    Watched are the classes of the model that hold matrices, except torch's own (they stand in everybody's models, and
    an embedding or a projection alone is no pass), and every class of transformers that generates text, also where it
    is imported later. While nothing is watched, every class is as it was.
    """

    def __init__(self, see: See) -> None:
        """Prepare to tell `see`."""
        self._see = torch.compiler.disable(see)
        self._parts: dict[type, Parts | None] = {}
        self.busy = False
        """Whether calls are part of one that will be told, or are not to be told."""
        # What is inside may be compiled; counting is not.
        self.call = torch.compiler.disable(self._call, recursive=False)

    @contextmanager
    def on(self, model: torch.nn.Module) -> Iterator[None]:
        """Watch while inside; may be nested."""
        outermost = not self._parts
        with ExitStack() as undo:
            self._watch_model(model, undo)
            if outermost:
                self._watch_others(undo)
            yield

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Tell of no call while inside."""
        before, self.busy = self.busy, True
        try:
            yield
        finally:
            self.busy = before

    def _call(self, original: Callable[..., Any], module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make an outermost call, and tell of it; a call that raises has run, too."""
        kind = next((c for c in type(module).__mro__ if c in self._parts), None)
        again = _runs_again()
        # What holds the parts that run again has told of them.
        if kind is None or (again and self._parts[kind] is not None):
            return original(module, *args, **kwargs)
        output = None
        self.busy = True
        try:
            output = original(module, *args, **kwargs)
        finally:
            self.busy = False
            self._see(args, kwargs, output, self._parts[kind], again)
        return output

    def _watch_model(self, model: torch.nn.Module, undo: ExitStack) -> None:
        kinds = {
            type(m) for m in model.modules() if not _of_torch(type(m)) and any(p.dim() > 1 for p in m.parameters())
        }
        total = _count(model, kinds)
        for module in model.modules():
            kind = type(module)
            if kind in kinds and kind not in self._parts:
                whole = module is model or _generates(kind)
                own = {} if whole else _count(module, kinds)
                self._watch(kind, None if whole else {k: n / total[k] for k, n in own.items()}, undo)

    def _watch_others(self, undo: ExitStack) -> None:
        base: Any = getattr(sys.modules.get("transformers.modeling_utils"), "PreTrainedModel", None)
        if base is None:
            return  # and so there is no model of another class
        for kind in _below(base):
            if _generates(kind) and kind not in self._parts:
                self._watch(kind, None, undo)
        tap, begin = self, base.__init__

        @wraps(begin)
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            if _generates(type(self)) and type(self) not in tap._parts:
                tap._watch(type(self), None, undo)
            begin(self, *args, **kwargs)

        undo.enter_context(_replaced(base, "__init__", init))

    def _watch(self, kind: type, parts: Parts | None, undo: ExitStack) -> None:
        owner = next((c for c in kind.__mro__ if "forward" in vars(c)), None)
        if owner is None or owner is torch.nn.Module:
            return  # a container, which nobody can call
        self._parts[kind] = parts
        undo.callback(self._parts.pop, kind)
        forward = vars(owner)["forward"]
        if getattr(forward, "tap", None) is not self:
            tapped = _tapped(forward, self)
            undo.enter_context(
                _replaced(owner, "forward", Outermost(forward, tapped) if wraps_blocks(forward) else tapped)
            )


def _tapped(original: Callable[..., Any], tap: Tap) -> Callable[..., Any]:
    @wraps(original)
    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        if tap.busy:
            return original(self, *args, **kwargs)
        return tap.call(original, self, args, kwargs)

    forward.tap = tap  # type: ignore[attr-defined]
    return forward


def _runs_again() -> bool:
    """Return whether this is a backward pass in which torch's checkpointing makes up for what it did not keep."""
    if torch._C._current_graph_task_id() == -1:  # noqa: SLF001 - checkpointing itself asks so
        return False
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") != "torch.utils.checkpoint":
        frame = frame.f_back
    return frame is not None


def _of_torch(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "torch"


def _count(module: torch.nn.Module, kinds: set[type]) -> Counter[type]:
    return Counter(type(m) for m in module.modules() if type(m) in kinds)


def _generates(kind: type) -> bool:
    known: Any = getattr(sys.modules.get("transformers.generation.utils"), "GenerationMixin", None)
    return known is not None and issubclass(kind, known)


def _below(kind: type) -> Iterator[type]:
    below: list[type] = kind.__subclasses__()
    for one in below:
        yield one
        yield from _below(one)


@contextmanager
def _replaced(owner: type, name: str, value: Any) -> Iterator[None]:
    before = vars(owner)[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)

"""Progress for people, on standard error: a bar on a terminal, a line a minute elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from fairforget.cli.heartbeat import MINUTE, Heartbeat
from fairforget.cli.words import SHOWN, how_far, line, of_all, one_at_work, part_begins, remaining, spell
from fairforget.run.now import Moment, Now, describe
from fairforget.run.watcher import Look
from fairforget.terminal import printable

_FRAMES: Final = 2
"""Times a second that the bar is drawn."""


class Display:
    """A `fairforget.run.watcher.Watcher` for people; use it as a context manager."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare it.

        Args:
            console: where it prints; standard error by default.
            clock: seconds.
        """
        self._console = console or _Lasting(stderr=True)
        self._clock, self._now = clock, Now(clock)
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._spoke = clock()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar = _Bar(self._now.moment, self._console)
            self._open.enter_context(self._bar)
        else:
            self._open.enter_context(Heartbeat(self.beat))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        self._bar = None

    def beat(self) -> float:
        """Print how it stands where nothing was printed for a minute; return the seconds until that may be so."""
        if (silent := self._clock() - self._spoke) < MINUTE:
            return MINUTE - silent
        if (text := line(self._now.moment())) is not None:
            self._print(text)
        return MINUTE

    def stage(self, text: str, look: Look | None = None) -> None:
        """Print what is done now."""
        self._now.stage(text, look)
        self._print(text)

    def note(self, text: str) -> None:
        """Print a line the user should read."""
        self._print(text)

    def warned(self, text: str, source: str) -> None:
        """Print what a part of the program warns of."""
        del source
        self._print(f"warning: {text}")

    def part(self, text: str, whole: float | None, later: float | None, known: float) -> None:
        """Print which part begins, and how long it and those after it take."""
        self._now.part(text, whole, later, known)
        if (begun := self._now.moment().part) is not None:
            self._print(part_begins(begun))
        if self._bar is not None and self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None

    def cells(self, total: int, done: int) -> None:
        """Start the bar; in a study that is tuned once a round of trials, and once for its own cells."""
        self._now.cells(total, done)
        if done == total:
            self._print(f"0 cells to run: all {total} are there")
        elif done:
            self._print(f"{total - done} cells to run, {done} of {total} are there already")
        else:
            self._print(f"{total} cells to run")
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task("cells", total=total, completed=done, left="")

    def started(self, key: str, cell: Mapping[str, Any], expected: float | None) -> None:
        """Show the cell until it ends."""
        self._now.started(key, cell, expected)

    def finished(self, cell: Mapping[str, Any], record: Mapping[str, Any], left: float | None, known: float) -> None:
        """Move the bar; without a terminal print a line when the last one is a minute old, and at the end."""
        self._now.finished(record, left, known)
        if record.get("status") != "ok":
            problem: Mapping[str, Any] = next(iter(record.get("problems", [])), {})
            self._print(f"failed: {describe(cell)}: {problem.get('message', 'no reason recorded')}")
        moment = self._now.moment()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=moment.done)
        elif moment.done == moment.total:
            self._print(f"{moment.done} of {moment.total} cells")
        else:
            self.beat()

    def opened(self, about: Mapping[str, Any]) -> None:
        """Say nothing of the beginning."""

    def closed(self, about: Mapping[str, Any]) -> None:
        """Say nothing of the end: the board does."""

    def stopped(self, reason: str, message: str) -> bool:
        """Leave it to the program to say why it ends."""
        del reason, message
        return False

    def _print(self, text: str) -> None:
        self._spoke = self._clock()
        self._console.print(escape(printable(text)), highlight=False, soft_wrap=True)


class _Bar(Progress):
    """The bar, and under it what is at work."""

    def __init__(self, moment: Callable[[], Moment], console: Console) -> None:
        self._moment = moment
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            transient=True,
            refresh_per_second=_FRAMES,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield the bar with the time left as of now, the stage, and the cells at work, a line each."""
        moment = self._moment()
        for task in self.tasks:
            task.fields["left"] = remaining(moment.left, moment.known)
        yield from super().get_renderables()
        lines = [one_at_work(cell) for cell in moment.at_work[:SHOWN]]
        if len(moment.at_work) > SHOWN:
            lines.append(f"and {len(moment.at_work) - SHOWN} more")
        if moment.stage is not None:
            far = how_far(moment.seen())
            lines.append(f"{spell(moment.stage_seconds)} so far" + (f", {far}" if far else ""))
        if moment.part is not None:
            lines.append(moment.part.text + (f", {left}" if (left := of_all(moment)) else ""))
        for text in lines:
            yield Text(f"  {printable(text)}", style="dim", no_wrap=True, overflow="ellipsis")


class _Lasting(Console):
    """A console whose reader may go away: the work goes on, unheard."""

    def on_broken_pipe(self) -> None:
        """Say no more."""
        self.quiet = True

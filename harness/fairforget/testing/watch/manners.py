"""What a call does to the process it runs in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from fairforget.testing.watch import outside, shared
from fairforget.testing.watch.audit import Heard, hearing


@dataclass
class Manners:
    """What was seen of a call."""

    heard: Heard = field(default_factory=Heard)
    printed: str = ""
    """On standard output."""
    left: list[str] = field(default_factory=list)
    """Files that lie in the working folder or among the temporary ones afterwards."""
    generators: list[str] = field(default_factory=list)
    """Global random generators whose state changed."""
    settings: list[str] = field(default_factory=list)
    """Settings of the process that changed, they are put back; and functions of libraries that were replaced."""
    running: list[str] = field(default_factory=list)
    """Names of the threads that it started and that go on."""

    def written(self) -> list[str]:
        """Return the files that were written where none should be."""
        return list(dict.fromkeys([*self.left, *self.heard.written]))


def manners_of(call: Callable[[], None], allowed: Sequence[Path] = ()) -> tuple[Manners, Exception | None]:
    """Make a call in an empty working folder; return what it did, and what it raised.

    Args:
        call: what is watched.
        allowed: folders in which files may be written, beside that for temporary files.
    """
    found, raised = Manners(), None
    with ExitStack() as stack:
        here, temporary = stack.enter_context(outside.empty_folders())
        settings, generators = outside.settings(), outside.generators()
        code, threads = shared.code(), shared.threads()
        with outside.printing() as printed, hearing([temporary, *allowed]) as found.heard:
            try:
                call()
            except Exception as error:  # noqa: BLE001 - what a plugin raises is what the caller asks for
                raised = error
        found.printed = printed.text
        found.generators = outside.changed(generators, outside.generators())
        found.settings = outside.changed(settings, outside.settings())
        found.settings += shared.patched(code)
        found.running = shared.left_running(threads)
        outside.restore(settings)
        left = [p.relative_to(f) for f in (here, temporary) for p in f.rglob("*")]
        # Torch's compiler makes itself a folder when it is first imported, whoever asked for it.
        found.left = sorted(str(p) for p in left if not p.parts[0].startswith("torchinductor_"))
        found.heard.written[:] = [w for w in found.heard.written if not Path(w).is_relative_to(here) or not found.left]
    return found, raised

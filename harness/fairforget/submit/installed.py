"""Whether records fit the plugins that are installed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fairforget.api import MadeElsewhere, Method, Task
from fairforget.board.loose import items, mapping
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.store.record import Record
from fairforget.study.option_types import options_of
from fairforget.submit.claims import plugins_of
from fairforget.submit.digests import is_import
from fairforget.submit.layout import OWN


class Installed:
    """The tasks and methods that are installed, each looked up once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[tuple[str, str], type | str] = {}
        self._places: dict[type, frozenset[str]] = {}
        self._options: dict[type, frozenset[str]] = {}

    def faults_of(self, record: Record) -> Iterator[str]:
        """Yield what does not fit: a task of another version, options called paths, a reference that is none."""
        cell = record.cell
        if is_import(cell):
            yield from _of_import(cell)
            return
        yield from self._of_task(cell["task"])
        for kind, plugin in plugins_of(cell):
            yield from self._of_options(kind, plugin)
        method = cell["method"]
        found = self._class("method", method["name"])
        wanted = found.reference if isinstance(found, type) and issubclass(found, Method) else None
        if method.get("reference") != wanted:
            yield f"the method {method['name'][:80]} calls itself the reference {str(method.get('reference'))[:20]!r}"
        if isinstance(found, type):
            yield from _of_elsewhere(method, found)

    def missing(self, record: Record) -> str | None:
        """Return the name of the method where it is not installed, so that nobody here could run it."""
        name = record.cell["method"]["name"]
        return name if not is_import(record.cell) and isinstance(self._class("method", name), str) else None

    def _of_options(self, kind: Any, plugin: Mapping[str, Any]) -> Iterator[str]:
        """Yield what a plugin of fairforget's own, or of the version that is installed here, has no option for."""
        name = str(plugin.get("name"))
        found = self._class(kind, name)
        if isinstance(found, str):
            if kind != "task" and name.startswith(f"{OWN}/"):
                yield f"there is no {kind} {name[:80]} in this version of {OWN}"
            return
        if found not in self._options:
            self._options[found] = frozenset(options_of(found))
        known, version = self._options[found], self._registry.find(kind, name).version
        odd = [str(option) for option in mapping(plugin.get("options")) if option not in known]
        if odd and version == plugin.get("dist_version"):
            yield f"the {kind} {name[:80]} has no option {', '.join(sorted(odd))[:100]}"

    def _of_task(self, task: Mapping[str, Any]) -> Iterator[str]:
        found = self._class("task", task["name"])
        if not (isinstance(found, type) and issubclass(found, Task)):
            yield f"its task cannot be looked at: {found}. Install the distribution of the task"
            return
        if task["version"] != found.version:
            yield (
                f"made with version {task['version']} of the task {task['name'][:80]}, and version {found.version} is "
                "current; run it again"
            )
        allowed = self._places_of(found)
        named = items(task.get("paths"))
        if odd := sorted(str(name) for name in named if not (isinstance(name, str) and name in allowed)):
            yield f"it calls options of the task paths that are none: {', '.join(odd)[:100]}"

    def _places_of(self, task: type[Task]) -> frozenset[str]:
        """Return the options of a task that say where its data lie."""
        if task not in self._places:
            paths = {option.name for option in options_of(task).values() if option.is_path}
            self._places[task] = frozenset({*paths, *task.places})
        return self._places[task]

    def _class(self, kind: Any, name: str) -> type | str:
        """Return the class of a plugin, or why there is none."""
        if (kind, name) not in self._known:
            self._known[kind, name] = self._find(kind, name)
        return self._known[kind, name]

    def _find(self, kind: Any, name: str) -> type | str:
        if "/" not in name:
            return f"{name[:80]!r} does not say which distribution it is of"
        try:
            entry = self._registry.find(kind, name)
            return self._registry.load(entry)
        except FairforgetError as error:
            return str(error)[:300]


def _of_elsewhere(method: Mapping[str, Any], found: type) -> Iterator[str]:
    """Yield what a cell says of where its model was made that its method does not do."""
    brought = mapping(method.get("brought"))
    if not issubclass(found, MadeElsewhere):
        if "brought" in method:
            yield f"the method {method['name'][:80]} runs here, and the cell says that its model was made elsewhere"
    elif not (isinstance(brought.get("made_by"), str) and mapping(brought.get("content"))):
        yield f"the method {method['name'][:80]} runs no model, and the cell does not say what came back"
    places = found.places if issubclass(found, MadeElsewhere) else ()
    if odd := [str(name) for name in items(method.get("paths")) if name not in places]:
        yield f"it calls options of the method paths that are none: {', '.join(sorted(odd))[:100]}"


def _of_import(cell: Mapping[str, Any]) -> Iterator[str]:
    from fairforget.importers.cells import VERSION

    task = cell["task"]
    if task["version"] != VERSION:
        yield f"imported by version {task['version']}, and version {VERSION} is current; import it again"
    if items(task.get("paths")):
        yield "an import has no paths"

"""What is asked of every kind of plugin."""

from __future__ import annotations

import importlib
import json
from typing import Any, Final

from fairforget.api.plugin import option_parameters
from fairforget.errors import FairforgetError
from fairforget.study.options import describe
from fairforget.testing.definition import Check, CheckFailed, NotApplicable, Skipped
from fairforget.testing.examined import Examined
from fairforget.testing.fresh import import_report

KINDS: Final = ("method", "sampler", "task", "difficulty", "curriculum", "metric")


def loads(examined: Examined) -> None:
    """The class behind the entry can be imported and is of its kind."""
    _ = examined.cls


def imports_quietly(examined: Examined) -> None:
    """Importing its module prints nothing, writes no file and leaves the random generators alone (a fresh process)."""
    module = examined.entry.target.partition(":")[0]
    if not _importable(module):
        msg = f"the module {module!r} cannot be imported by its name"
        raise NotApplicable(msg)
    found = import_report(examined.entry.target, [str(file) for file in examined.registry.plugin_files])
    if found["error"] is not None:
        if found["error"].startswith("ModuleNotFoundError"):
            raise Skipped(found["error"])
        msg = f"importing {module} raises {found['error']}"
        raise CheckFailed(msg)
    faults = []
    if found["printed"].strip():
        faults.append(f"it prints {found['printed'].strip()[:200]!r}")
    if written := [*found["left"], *found["written"]]:
        faults.append(f"it writes {', '.join(sorted(set(written))[:3])}")
    if found["generators"]:
        faults.append(f"it changes the random generators of {', '.join(found['generators'])}")
    faults += [f"it uses the network: {text}" for text in found["network"][:1]]
    faults += [f"it starts a process: {text}" for text in found["processes"][:1]]
    if faults:
        raise CheckFailed(f"importing {module}: {'; '.join(faults)}")


def options_documented(examined: Examined) -> None:
    """Every option has a type, a text and a default."""
    faults = []
    parameters = option_parameters(examined.cls)
    for option in describe(examined.cls):
        parameter = parameters[option.name]
        if parameter.annotation is parameter.empty:
            faults.append(f"{option.name} has no type")
        elif not option.doc:
            faults.append(f'{option.name} is not described; write Annotated[{option.type}, "what it is"]')
        if option.default is None and option.name not in examined.options:
            faults.append(f"{option.name} has no default")
    if faults:
        raise CheckFailed("\n".join(faults))


def clones_without_running(examined: Examined) -> None:
    """It can be made, described and made again from its options, and nothing runs meanwhile."""
    from fairforget.testing.watch.manners import manners_of
    from fairforget.testing.watch.passes import Operations

    made: list[Any] = []
    examined.described()  # imports what validation needs, and says what is wrong with the options

    operations = Operations()

    def twice() -> None:
        with operations:
            first = examined.build()
            made.extend((first, type(first.plugin)(**first.plugin.options())))

    found, error = manners_of(twice)
    if error is not None:
        raise error
    first, again = made
    faults = [f"its constructor changes the random generator of {name}" for name in found.generators]
    faults += [f"its constructor changes {name}" for name in found.settings]
    faults += [f"its constructor writes {name}" for name in found.written()[:1]]
    faults += [f"its constructor reads {name}" for name in found.heard.read[:1]]
    faults += [f"its constructor uses the network: {text}" for text in found.heard.network[:1]]
    faults += [f"its constructor starts a process: {text}" for text in found.heard.processes[:1]]
    if found.printed:
        faults.append(f"its constructor prints {found.printed.strip()[:80]!r}")
    if operations.count:
        faults.append(f"its constructor computes with torch ({operations.count} operations)")
    options = first.plugin.options()
    extra = [name for name in vars(first.plugin) if name not in options]
    faults += [f"its constructor keeps {name!r}, which is no option" for name in extra[:1]]
    if again.options() != options:
        changed = [name for name in options if again.options()[name] != options[name]]
        faults.append(f"made again from its options it has another {', '.join(changed)}")
    rebuilt = _rebuilt(examined, first.to_json()["options"])
    if rebuilt != first.to_json():
        faults.append(f"made again from what a result says of it, it is {json.dumps(rebuilt)[:200]}")
    if faults:
        raise CheckFailed("\n".join(faults))


def _rebuilt(examined: Examined, options: dict[str, Any]) -> dict[str, Any]:
    from fairforget.api import PluginSpec
    from fairforget.study.options import build

    spec = PluginSpec(examined.entry.canonical, options)
    try:
        return build(examined.registry, examined.entry.kind, spec).to_json()
    except FairforgetError as error:
        msg = f"what a result says of it cannot be read back: {error}"
        raise CheckFailed(msg) from error


def _importable(module: str) -> bool:
    if module == "__main__" or module.startswith("fairforget_plugin_"):
        return module != "__main__"
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


FIRST: Final = (Check("loads", KINDS, loads),)
COMMON: Final = (
    Check("imports-quietly", KINDS, imports_quietly),
    Check("options-documented", KINDS, options_documented),
    Check("clones-without-running", KINDS, clones_without_running),
)

"""What a record claims of its plugins, its tuning and its scores that cannot be so, from the record alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fairforget.board.loose import items, mapping
from fairforget.stats.averages import enters_average
from fairforget.store.record import Record
from fairforget.submit.layout import OWN
from fairforget.switches import normal, same_distribution

FILE: Final = "sha256:"
"""What the version of a plugin begins with that is a file and no distribution."""
_DESCRIBED: Final = frozenset({"name", "dist_version", "options"})
_MORE: Final = {
    "task": frozenset({"version", "data", "paths"}),
    "sampler": frozenset(),
    "method": frozenset({"label", "reference", "tuned"}),
    "curriculum": frozenset({"label", "difficulty"}),
    "difficulty": frozenset({"depends_on", "paths"}),
    "metric": frozenset({"depends_on", "paths"}),
}
"""Keys that only plugins of a kind have in a cell."""
_BROUGHT: Final = frozenset({"brought", "paths"})
"""Keys of a method whose model was made elsewhere."""
_ROOTED: Final = re.compile(r"(?:~[^/\\\s]{0,60}|[A-Za-z]:)?[/\\]+[^/\\\s]")
"""How a path begins that leads somewhere else on every machine."""


def plugins_of(cell: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield kind and description of every plugin that took part in a cell."""
    yield "task", cell["task"]
    yield "sampler", cell["draw"]["sampler"]
    yield "method", cell["method"]
    if cell["curriculum"] is not None:
        yield "curriculum", cell["curriculum"]
        if difficulty := mapping(cell["curriculum"].get("difficulty")):
            yield "difficulty", difficulty
    for use in items(cell["evaluation"].get("metrics")):
        if metric := mapping(mapping(use).get("metric")):
            yield "metric", metric


def odd_claims(record: Record) -> Iterator[str]:
    """Yield what a record that was not imported claims and cannot be."""
    installed = mapping(record.environment.get("distributions"))
    for kind, plugin in plugins_of(record.cell):
        more = _BROUGHT if kind == "method" and "brought" in plugin else frozenset()
        if odd := sorted(plugin.keys() - _DESCRIBED - _MORE[kind] - more):
            yield f"a {kind} says what no cell says of one: {', '.join(odd)[:100]}"
        if not isinstance(plugin.get("paths", []), list):
            yield f"the paths of a {kind} are no list"
        yield from _local(kind, plugin)
        if isinstance(mapping(installed.get(OWN)).get("version"), str):
            yield from _version(kind, plugin, installed)


def odd_tuning(record: Record) -> Iterator[str]:
    """Yield what speaks against how a record says it was tuned."""
    tuned = record.cell["method"].get("tuned")
    if tuned:
        trials = mapping(record.extra.get("tuning")).get("trials")
        if type(trials) is not int or trials < 1:
            yield "tuned, but it does not say by how many trials"
    elif "tuning" in record.extra:
        yield "it says how it was tuned, and its cell does not say that it was"


def odd_scores(record: Record) -> Iterator[str]:
    """Yield columns that cannot be averaged into completeness or utility: these are shares, from 0 to 1."""
    for name, score in record.scores.items():
        averaged = any(enters_average(score, role) for role in ("completeness", "utility"))
        if averaged and score.value is not None and not 0 <= score.value <= 1:
            yield f"the column {name[:60]} is averaged and is {score.value:g}, no share from 0 to 1"


def _local(kind: str, plugin: Mapping[str, Any]) -> Iterator[str]:
    """Yield options that are paths of one machine; of those in ``paths`` the key has the content."""
    placed = items(plugin.get("paths"))
    for name, value in mapping(plugin.get("options")).items():
        if name not in placed and any(map(_is_local, _texts(value))):
            yield f"the option {str(name)[:40]} of a {kind} is a path of one machine; nobody knows what lay there"


def _is_local(text: str) -> bool:
    if "\n" in text:
        return False
    parts = re.split(r"[/\\]", text)
    return _ROOTED.match(text) is not None or (len(parts) > 1 and ".." in parts)


def _texts(value: Any) -> Iterator[str]:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping | list):
            left.extend(one.values() if isinstance(one, Mapping) else one)


def _version(kind: str, plugin: Mapping[str, Any], installed: Mapping[str, Any]) -> Iterator[str]:
    """Yield a version that is not the one of the distribution that the plugin says it is of."""
    dist, _, name = str(plugin.get("name")).rpartition("/")
    version = plugin.get("dist_version")
    if not dist or not isinstance(version, str):
        if not dist and kind in {"task", "method", "metric", "difficulty"}:  # looked at elsewhere, or read by nobody
            return
        yield f"a {kind} does not say of which version of which distribution it is: {name[:60]}"
    elif version.startswith(FILE):
        if same_distribution(dist, OWN):
            yield f"the {kind} {dist[:40]}/{name[:60]} is a file that calls itself {OWN}"
    else:
        known = {normal(str(one)): mapping(about).get("version") for one, about in installed.items()}
        if (there := known.get(normal(dist))) != version:
            has = f"version {str(there)[:40]}" if isinstance(there, str) else "none"
            yield f"the {kind} {dist[:40]}/{name[:60]} is of version {version[:40]}, and its environment had {has}"

"""What has to hold of the files of a run: after a fault, and at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from client import Place

from fairforget.run.targets.target_folder import intact
from fairforget.store.reading import read_record
from fairforget.store.record import Rejected

UNLIKE = frozenset({"seconds", "peak_memory_bytes", "environment", "provenance"})
"""Parts of records and boards that differ from run to run."""

_ANOTHER_STATE = "The cells were made with 2 states of fairforget"
"""A note of a board whose cells were made before and after a commit; somebody may commit while this runs."""


def comparable(found: Any) -> Any:
    """Return a record or a board without what differs between two undisturbed runs."""
    if isinstance(found, dict):
        return {name: comparable(value) for name, value in found.items() if name not in UNLIKE}
    if isinstance(found, list):
        return [comparable(value) for value in found if not str(value).startswith(_ANOTHER_STATE)]
    return found


def result(place: Place) -> dict[str, Any]:
    """Return everything that a finished study says: its records, those of tuning, its board, plan, draws and trials."""
    found = {str(path.relative_to(place.out)): path.read_bytes() for path in _records(place)}
    for name in ("board.json", "plan.json", "draws.json", "tuning/trials.json"):
        if (place.out / name).exists():
            found[name] = (place.out / name).read_bytes()
    plain = {name: comparable(_json(content)) for name, content in found.items()}
    for name in ("draws.json", "tuning/trials.json"):
        if isinstance(plain.get(name), dict):
            plain[name] = {key: value for key, value in plain[name].items() if key != "sha256"}  # of seconds, too
    return plain


def records(place: Place) -> dict[str, bytes]:
    """Return the records that the folder has, by their keys; torn ones are none."""
    return {path.stem: path.read_bytes() for path in _records(place) if not isinstance(read_record(path), Rejected)}


def lost(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> set[str]:
    """Return the keys of the records that are not there any more, or are of another run of their cell."""
    return {key for key, content in before.items() if _ran(after.get(key, b"{}")) != _ran(content)}


def retold(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> set[str]:
    """Return the keys of the records of which only what they say of tuning has changed.

    A trial that was damaged runs again, and takes other seconds; the records that tell what tuning cost are told anew.
    """
    return {key for key in before.keys() & after.keys() if before[key] != after[key]} - lost(before, after)


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Return the places where two results differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted({*one, *other})
        return [line for name in names for line in differences(one.get(name), other.get(name), f"{where}/{name}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [line for i, (a, b) in pairs for line in differences(a, b, f"{where}/{i}")]
    return [] if one == other else [f"{where}: {str(one)[:200]!r} and {str(other)[:200]!r}"]


def half_written(place: Place) -> dict[str, str]:
    """Return the files under their final names that are not whole, and why; a kill leaves none."""
    faults = {}
    for path in _records(place):
        if isinstance(found := read_record(path), Rejected):
            faults[path.name] = f"{path.name}: {found.reason}"
    names = ("plan.json", "draws.json", "board.json", "tuning/trials.json")
    kept = [*place.cache.glob("pools/*.json"), *place.cache.glob("scores/*.json")]
    for path in [*(place.out / name for name in names), *kept]:
        try:
            json.loads(path.read_bytes())
        except FileNotFoundError:
            continue
        except ValueError as error:
            faults[path.name] = f"{path.name}: {error}"
    for path in (place.out / "study.yaml", place.out / "board.md"):  # they end with a line
        if path.exists() and not path.read_bytes().endswith(b"\n"):
            faults[path.name] = f"{path.name} is cut"
    html = place.out / "board.html"
    if html.exists() and not html.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        faults[html.name] = "board.html is cut"
    torn = {path.name: "a torn target" for path in place.cache.glob("targets/[!.]*") if not intact(path)}
    return faults | torn


def leftovers(place: Place) -> list[str]:
    """Return the temporary files and folders below the folders of a run and of its cache."""
    return sorted(
        str(path.relative_to(place.root))
        for folder in (place.out, place.cache)
        for path in folder.rglob(".*")
        if path.suffix in {".partial", ".part", ".order", ".work"}
    )


def _ran(content: bytes) -> Any:
    """Return what a record says of its cell, without what it says of the search before it."""
    found = json.loads(content)
    return {**found, "tuning": None, "ledger": {**found.get("ledger", {}), "tuning": None}}


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        return f"no JSON: {error}"


def _records(place: Place) -> list[Path]:
    return sorted([*place.out.glob("cells/*.json"), *place.out.glob("tuning/cells/*.json")])

"""Whether the record of a cell says of itself what can be computed again from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fairforget.api.sample import digest_of
from fairforget.board.loose import items, mapping
from fairforget.store.record import Record
from fairforget.study.draws import forget_digest
from fairforget.submit.claims import odd_claims, odd_scores, odd_tuning
from fairforget.submit.layout import IMPORTED

MAX_CELL: Final = 4 * 1024 * 1024
"""Bytes of a published record."""
FORMS: Final = frozenset({"open-unlearning", "tofu-log"})
"""What ``fairforget import`` writes where the name of a task would stand."""
_OF_TARGET: Final = ("base", "training", "template", "data", "training_version", "seed")


def is_import(cell: Mapping[str, Any]) -> bool:
    """Return whether a cell was made by ``fairforget import``."""
    return cell["task"]["name"] in FORMS and bool(mapping(cell.get("source")))


def faults_of(record: Record, size: int) -> Iterator[str]:
    """Yield what is wrong with a record, from itself alone; its schema and its key were looked at when it was read."""
    if size > MAX_CELL:
        yield f"larger than {MAX_CELL // 1024**2} MiB"
    yield from _draw(record)
    yield from _paths(record.cell)
    method = record.cell["method"]["name"]
    if not is_import(record.cell):
        yield from _target(record.cell)
        if "/" not in method:
            yield f"the method {method[:80]!r} does not say which distribution it is of"
        yield from odd_claims(record)
    elif not method.startswith(f"{IMPORTED}:"):
        yield f"imported, and its method {method[:80]!r} is not called so"
    if record.status == "ok" and not record.scores:
        yield "it went well and has no score"
    if record.status == "failed" and record.scores:
        yield "it failed and has scores"
    yield from odd_tuning(record)
    yield from odd_scores(record)
    if not isinstance(mapping(mapping(record.environment.get("distributions")).get("fairforget")).get("version"), str):
        yield "its environment does not say by which version of fairforget it was made"


def _draw(record: Record) -> Iterator[str]:
    draw = record.cell["draw"]
    forget = draw["forget"]
    if not forget or len(set(forget)) < len(forget):
        yield "a forget set that is empty or has a sample twice"
        return
    if record.status == "failed":  # nothing was measured, so there is no digest of a sample
        return
    fallback = is_import(record.cell)
    hashes = {name: record.item_hashes.get(name, name if fallback else None) for name in forget}
    known = {name: digest for name, digest in hashes.items() if digest is not None}
    if len(known) < len(forget):
        yield "no digest for some of the samples it forgets"
    elif forget_digest(known) != draw["digest"]:
        yield "the digest of its forget set is not that of the samples"


def _target(cell: Mapping[str, Any]) -> Iterator[str]:
    target = cell["target"]
    identity = {name: target.get(name) for name in _OF_TARGET}
    if "pretrained" in mapping(identity["base"]):
        identity["base"] = {"pretrained": identity["base"]["pretrained"]}
    if digest_of(identity)[:24] != target["id"]:
        yield "the id of its target is not that of what it says about the target"


def _paths(cell: Mapping[str, Any]) -> Iterator[str]:
    """Yield options that are kept out of the key without what stands for their content.

    Those of the task are for `fairforget.submit.installed` to judge.
    """
    metrics = [("metric", mapping(use).get("metric")) for use in items(cell["evaluation"].get("metrics"))]
    for kind, found in (*metrics, ("difficulty", mapping(cell["curriculum"]).get("difficulty"))):
        plugin = mapping(found)
        known = mapping(plugin.get("options")).keys() & mapping(plugin.get("depends_on")).keys()
        if odd := [str(name) for name in items(plugin.get("paths")) if not (isinstance(name, str) and name in known)]:
            yield f"a {kind} calls options paths without saying what lies there: {', '.join(sorted(odd))[:100]}"

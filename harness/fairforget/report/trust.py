"""How far the scores of one difficulty can be trusted, and what they cost; from the scores alone, without numpy."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from fairforget.board.text import count, number, seconds, share

UNEXPLAINED = "no reason given"


def trust_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of trust of what the job ``score`` found, JSON-able; None where the difficulty tells nothing.

    Keys:
        ``samples``, ``scored``; ``excluded`` (reason -> number of samples); ``random`` (whether there were draws);
        ``reliability``; ``stderr_median`` and ``relative_stderr_median`` (of the standard error over the absolute
        score); ``near_zero_share`` (of the scored tokens, those with a probability so near 1 that the ratio is most
        delicate); ``clamped_tokens``, ``clamped_share``; ``non_finite_draws``; ``forward_sequences``,
        ``backward_sequences``, ``seconds``; ``warnings``.
    """
    details, ledger = found["details"], found["ledger"]
    values = found["values"]
    errors = found["stderr"] or []
    paired = [(v, e) for v, e in zip(values, errors, strict=False) if v is not None and e is not None]
    clamped, tokens = details.get("clamped_tokens"), details.get("tokens", found.get("tokens"))
    clamped_share = details.get("clamped_share")
    if clamped_share is None and clamped is not None and tokens:
        clamped_share = clamped / tokens
    return {
        "samples": len(values),
        "scored": sum(v is not None for v in values),
        "excluded": _excluded(found),
        "random": found["stderr"] is not None,
        "reliability": found["reliability"],
        "stderr_median": statistics.median(e for _, e in paired) if paired else None,
        "relative_stderr_median": _median([e / abs(v) for v, e in paired if v]),
        "near_zero_share": details.get("near_zero_share"),
        "clamped_tokens": clamped,
        "clamped_share": clamped_share,
        "non_finite_draws": details.get("non_finite_draws"),
        "forward_sequences": ledger["forward_sequences"],
        "backward_sequences": ledger["backward_sequences"],
        "seconds": ledger["seconds"],
        "warnings": [str(line) for line in (*found.get("notes", ()), *(details.get("warnings") or ()))],
    }


def reasons(found: Mapping[str, Any]) -> dict[str, str]:
    """Return why samples have no score, by id."""
    told = found["details"].get("excluded") or {}
    without = [name for name, value in zip(found["ids"], found["values"], strict=True) if value is None]
    return {name: str(told.get(name, UNEXPLAINED)) for name in without}


def trust_lines(trust: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the figures as rows of text, warnings last."""
    return list(_lines(trust))


def _lines(trust: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "samples", f"{count(trust['samples'])}, of which {count(trust['scored'])} have a score"
    for reason, times in trust["excluded"].items():
        yield "excluded", f"{count(times)}: {reason}"
    yield "split-half reliability", _reliability(trust)
    if trust["random"]:
        relative = trust["relative_stderr_median"]
        of_value = "" if relative is None else f" ({share(relative)} of the score)"
        yield "standard error, median", f"{_figure(trust['stderr_median'])}{of_value}"
    if trust["random"] or trust["near_zero_share"] is not None:
        yield "near-zero tokens", _share(trust["near_zero_share"])
    if trust["random"] or trust["clamped_tokens"] is not None:
        yield "clamped tokens", _clamped(trust)
    if trust["random"]:
        yield "non-finite draws", "not told" if trust["non_finite_draws"] is None else count(trust["non_finite_draws"])
    yield (
        "cost",
        f"{count(trust['forward_sequences'])} forward and {count(trust['backward_sequences'])} backward sequences, "
        f"{seconds(trust['seconds'])}",
    )
    for line in trust["warnings"]:
        yield "warning", line


def _reliability(trust: Mapping[str, Any]) -> str:
    if trust["reliability"] is not None:
        return f"{trust['reliability']:.3f}"
    if not trust["random"]:
        return "none needed: no draws"
    alone = trust["scored"] and trust["stderr_median"] is None
    return "unknown: " + ("one draw has no error bar" if alone else "it has draws, but too few samples, or all alike")


def _clamped(trust: Mapping[str, Any]) -> str:
    if trust["clamped_tokens"] is None and trust["clamped_share"] is None:
        return "not told"
    tokens = "" if trust["clamped_tokens"] is None else count(trust["clamped_tokens"])
    part = "" if trust["clamped_share"] is None else _share(trust["clamped_share"])
    return f"{tokens} ({part})" if tokens and part else tokens or part


def _share(value: float | None) -> str:
    if value is None:
        return "not told"
    return "0 %" if value == 0 else f"{100 * value:.2g} %"


def _figure(value: float | None) -> str:
    return number(value) if value is None or value == 0 else f"{value:.3g}"


def _excluded(found: Mapping[str, Any]) -> dict[str, int]:
    return dict(Counter(reasons(found).values()).most_common())


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None

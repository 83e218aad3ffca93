"""What a plugin answers to questions that it should answer the same way wherever and whenever it is asked."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from fairforget.testing.case import Case
from fairforget.testing.definition import Check, CheckFailed, NotApplicable, Skipped
from fairforget.testing.examined import Examined
from fairforget.testing.importing import importable

Questions = Sequence[tuple[str, Callable[[], Any]]]
"""What is asked, in words, with a call that returns the answer as plain data."""

_CELLS: Final = (Case(), Case(architecture="gpt2", samples=2, batch_size=1, updates=2, seed=1))
_ROUNDING: Final = 1e-6

_OWNERS: Final[Mapping[str, str]] = {
    "method": "deterministic",
    "curriculum": "deterministic",
    "sampler": "reproducible",
    "difficulty": "deterministic-for-rng",
    "metric": "same-twice",
}
"""The check that says where the answers are not the same in one process."""


def answers(examined: Examined, *, backwards: bool = False) -> dict[str, Any]:
    """Return a plugin's answers to the questions for its kind, as plain data.

    Args:
        examined: the plugin.
        backwards: ask the last one first.
    """
    asked = list(_QUESTIONS[examined.kind](examined))
    return {name: ask() for name, ask in (reversed(asked) if backwards else asked)}


def fresh(examined: Examined) -> dict[str, Any]:
    """Return the answers of a fresh process, asked once for all checks.

    Raises:
        NotApplicable: another process cannot import the plugin.
    """
    from fairforget.testing.fresh_answers import fresh_answers

    if not importable(examined.entry.target):
        msg = f"another process cannot import {examined.entry.target!r}"
        raise NotApplicable(msg)
    return examined.once("fresh answers", lambda: fresh_answers(examined))


def same_in_another_process(examined: Examined) -> None:
    """A fresh process, with other hash values and asked in another order, gets the same from it."""
    if not importable(examined.entry.target):
        raise NotApplicable(f"another process cannot import {examined.entry.target!r}")
    _able(examined)
    try:
        here, again = answers(examined), answers(examined)
    except (NotApplicable, Skipped):
        raise
    except Exception as error:
        raise NotApplicable("it does not answer all that is asked; another check says why") from error
    if name := _other(here, again):
        if examined.kind not in _OWNERS:
            raise CheckFailed(f"{name}: {_short(here[name])}, and {_short(again[name])} when asked again")
        raise NotApplicable(f"it is not the same twice in one process; see {_OWNERS[examined.kind]}")
    there = fresh(examined)
    if name := _other(here, there):
        raise CheckFailed(
            f"{name}: {_short(here[name])}, and in a fresh process {_short(there.get(name))}; does something depend on "
            "the order of a set, on hash(), or on what the class or its module kept from another call?"
        )


def _able(examined: Examined) -> None:
    """Raise where it refuses the tiny task.

    Raises:
        NotApplicable: it does.
    """
    from fairforget.testing.checks import measuring, observed, scoring

    if examined.kind in {"method", "curriculum"}:
        observed.plain(examined)
    elif examined.kind == "difficulty":
        scoring.usual(examined)
    elif examined.kind == "metric":
        measuring.usual(examined)


def _other(one: Mapping[str, Any], other: Mapping[str, Any]) -> str | None:
    return next((name for name in one if not _alike(one[name], other.get(name))), None)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=_ROUNDING, abs_tol=1e-9)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_alike(one[key], other[key]) for key in one)
    return bool(one == other)


def _short(answer: Any) -> str:
    text = json.dumps(answer)
    return text if len(text) <= 160 else f"{text[:150]} …"


def _cells(examined: Examined) -> Questions:
    return [(f"run_cell(…, {case})", partial(_cell, examined, case)) for case in _CELLS]


def _cell(examined: Examined, case: Case) -> Any:
    from fairforget.testing.checks.observed import once_more

    found = once_more(examined, case)
    if found.problem is not None:
        return {"problem": found.problem}
    whole = hashlib.sha256()
    for name, tensor in sorted(found.weights.items()):
        whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} {tensor.flatten().tolist()}".encode())
    return {"weights": whole.hexdigest()[:16], "visits": dict(found.visits), "ledger": _plain(found.ledger)}


def _draws(examined: Examined) -> Questions:
    from fairforget.testing.checks.drawing import cases, draw, large, where

    def ask(case: Any, stratum: str) -> Any:
        found = draw(examined.make(), case, stratum, 0)
        return None if found is None else sorted(found)

    pools = [*cases(examined), large(examined)]
    return [(where(case, s, 0), partial(ask, case, s)) for case in pools for s in examined.make().strata]


def _scores(examined: Examined) -> Questions:
    from fairforget.testing.checks.scoring import samples, score

    def ask(architecture: Any) -> Any:
        return score(examined, samples(examined, architecture), architecture=architecture).values.tolist()

    return [(f"the scores of six samples by a {name}", partial(ask, name)) for name in ("llama", "gpt2")]


def _measurements(examined: Examined) -> Questions:
    from fairforget.testing.checks.measuring import measured, oracle, sets, subject

    def ask(architecture: Any, *, never: bool) -> Any:
        on = oracle(examined, architecture) if never else None
        found = measured(examined, subject(examined, sets(examined), architecture=architecture, on=on))
        return {"value": float(found.value), "items": {name: float(item) for name, item in found.items.items()}}

    return [
        ("a Llama that was trained on the samples", partial(ask, "llama", never=False)),
        ("a Llama that never saw them", partial(ask, "llama", never=True)),
        ("a GPT-2 that was trained on them", partial(ask, "gpt2", never=False)),
    ]


def _task(examined: Examined) -> Questions:
    from fairforget.testing.checks.corpora import corpus_of

    def ask(what: Callable[[Any], Any]) -> Any:
        return _plain(what(examined.make()))

    return [
        ("corpus", lambda: corpus_of(examined, again=True).digest()),
        ("target()", partial(ask, lambda task: asdict(task.target()))),
        ("metrics()", partial(ask, lambda task: [asdict(use) for use in task.metrics()])),
        ("max_new_tokens()", partial(ask, lambda task: task.max_new_tokens())),
    ]


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


_QUESTIONS: Final[Mapping[str, Callable[[Examined], Questions]]] = {
    "method": _cells,
    "curriculum": _cells,
    "sampler": _draws,
    "difficulty": _scores,
    "metric": _measurements,
    "task": _task,
}

ANSWERS: Final = (Check("same-in-another-process", tuple(_QUESTIONS), same_in_another_process),)

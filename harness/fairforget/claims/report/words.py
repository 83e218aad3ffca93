"""Effects, expectations and verdicts in words and numbers."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fairforget.board import text
from fairforget.board.sheets.sheet import Cell
from fairforget.claims.expectation import Expectation
from fairforget.claims.outcome import Cost
from fairforget.claims.report.told import Told
from fairforget.claims.values import Effect, Verdict
from fairforget.stats.intervals import Estimate

SIGNS: Final[Mapping[Verdict, str]] = {"supported": "✓", "contradicted": "✗", "undecided": "?"}
"""Beside the word, never instead of it."""
FAMILIES: Final[Mapping[str, str]] = {
    "selection": "how forget sets are selected",
    "difficulty": "how difficulty is measured",
    "forgotten": "what is forgotten",
}
"""Of claims, as `fairforget.claims.claim_file.ClaimFile.family` has them."""
_HUGE: Final = 10**15
_TINY: Final = 1e-6


def number(value: float, size: float | None = None) -> str:
    """Return a number; an interval without an end has ∞, and what is all but 0 a power of ten."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if 0 < (abs(value) if size is None else size) < _TINY:
        return f"{value:.3g}"
    return text.number(value, size)


def interval(effect: Effect) -> str:
    """Return ``0.712 to 0.837``; empty without an interval."""
    if not effect.known:
        return ""
    size = _size(effect)
    return f"{number(effect.low, size)} to {number(effect.high, size)}"


def effect_text(effect: Effect) -> str:
    """Return ``0.772 (0.712 to 0.837)``."""
    return effect_cell(effect).whole


def effect_cell(effect: Effect) -> Cell:
    """Return the effect with its interval below it, and with every digit for those who take it along."""
    if not math.isfinite(effect.value):
        return Cell("not known")
    shown = number(effect.value, _size(effect))
    if not effect.known:
        return Cell(shown, effect.value, "(no interval)")
    ends = math.isfinite(effect.low) and math.isfinite(effect.high)
    estimate = Estimate(effect.value, effect.low, effect.high, effect.n, None) if ends else None
    return Cell(shown, effect.value, f"({interval(effect)})", estimate)


def count(n: int) -> str:
    """Return a count; of one that nothing could have, its first digits."""
    return f"{n:,}" if n < _HUGE else text.shown(n, 20)


def units(effect: Effect) -> str:
    """Return ``36 samples``."""
    return f"{count(effect.n)} {text.shown(effect.unit, 40)}"


def verdict(found: Verdict) -> str:
    """Return the verdict with its sign."""
    return f"{SIGNS[found]} {found}"


def of_control(found: Verdict) -> str:
    """Return whether a control meets the expectation of its claim; no verdict, for nothing is claimed of it."""
    return {"supported": "meets it", "contradicted": "does not meet it", "undecided": "not decided"}[found]


def expected(expect: Expectation) -> str:
    """Return where the effect lies if the claim is true."""
    if expect.within is not None:
        return f"between {expect.within[0]:g} and {expect.within[1]:g}"
    return f"above {expect.above:g}" if expect.above is not None else f"below {expect.below:g}"


def certainty(told: Told) -> str:
    """Return how sure the verdict is: interval, units, where the interval lies, what would decide."""
    whole, effect = told.outcome, told.outcome.judged.effect
    if not effect.known:
        return "Nothing could be estimated; the notes say why."
    targets = f" on {text.plural(len(whole.targets), 'target')}"
    said = [
        f"The effect is {effect_text(effect).partition(' ')[0]}; its {text.share(effect.level)} interval goes from "
        f"{interval(effect)}. It rests on {units(effect)}{targets}. The interval speaks for other "
        f"{text.shown(effect.unit, 40)} on {'these targets' if len(whole.targets) > 1 else 'this target'}, not for "
        "other models."
    ]
    if told.read is not None:
        expect = told.read.file.expect
        said.append(_lies(expect, effect))
        if whole.judged.verdict == "undecided" != expect.verdict(effect):
            said.append("The verdict is undecided all the same; the notes say why.")
    if (units_to_decide := whole.units_to_decide) is not None:
        unit = text.shown(effect.unit, 40)
        said.append(
            f"If effect and spread stay as they are, {count(units_to_decide)} {unit} a target would decide it"
            f"{_which(told)} (at 80 % power)."
        )
    return " ".join(said)


def _which(told: Told) -> str:
    """Return which way more units would decide."""
    if told.read is None:
        return ""
    value = told.outcome.judged.effect.value
    found = told.read.file.expect.verdict(replace(told.outcome.judged.effect, low=value, high=value))
    return "" if found == "undecided" else f", as {found}"


def _lies(expect: Expectation, effect: Effect) -> str:
    where = expected(expect)
    found = expect.verdict(effect)
    if found == "supported":
        return f"All of it lies {where}, as expected."
    if found == "contradicted":
        return f"None of it lies {where}, where the claim expects it."
    inside = [border for border in expect.borders if effect.low <= border <= effect.high]
    return f"The border {' and '.join(f'{border:g}' for border in inside)} lies in it: either side is possible."


def cost(spent: Cost) -> str:
    """Return what the evidence has cost."""
    lost = [
        f"{count(n)} {what}" for n, what in ((spent.missing, "more are missing"), (spent.failed, "of them failed")) if n
    ]
    cells = "1 cell" if spent.cells == 1 else f"{count(spent.cells)} cells" if spent.cells else "No cells"
    if lost:
        cells += f" ({', '.join(lost)})"
    return (
        f"{cells}, {text.count(spent.forward_equivalents)} forward-equivalents (passes of one sample through the "
        f"model; a backward pass counts as two), {text.seconds(spent.seconds)} of computing. "
        "Claims that share runs count them each."
    )


def command(told: Told) -> str:
    """Return the command that runs the claim again."""
    claim = told.outcome.claim
    name = claim.removeprefix("fairforget/") if "/" in claim else f"{claim}.yaml"
    return f"fairforget claims run {shlex.quote(text.shown(name, 120))}"


def settings(given: Mapping[str, Any]) -> str:
    """Return ``task.hidden_size: 64, model.seed: 0``; ``as the study has it`` where nothing is set."""
    return ", ".join(f"{key}: {flow(value)}" for key, value in given.items()) or "as the study has it"


def flow(value: Any) -> str:
    """Return a value of a study or of options on one line: ``npo (beta: 0.1)``."""
    if isinstance(value, Mapping):
        rest = {key: one for key, one in value.items() if key != "name" and (key, one) != ("label", value.get("name"))}
        inner = ", ".join(f"{key}: {_within(one)}" for key, one in rest.items())
        if "name" not in value:
            return f"{{{inner}}}"
        return f"{flow(value['name'])} ({inner})" if inner else flow(value["name"])
    if isinstance(value, list | tuple):
        return ", ".join(map(flow, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _within(value: Any) -> str:
    """Return a value among others: of several the ends are seen."""
    return f"[{flow(value)}]" if isinstance(value, list | tuple) and len(value) > 1 else flow(value)


def _size(effect: Effect) -> float:
    """Return what decides how many decimals an effect has: its interval, where that is narrow."""
    half = (effect.high - effect.low) / 2
    if not math.isfinite(half) or half <= 0:
        return abs(effect.value)
    # An interval of ± 0.0001 about 0.5 takes five decimals; `text.number` would know only of the 0.5.
    return min(max(abs(effect.value), half), max(10 * half, 0.01 * abs(effect.value)))

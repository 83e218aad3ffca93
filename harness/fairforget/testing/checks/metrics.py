"""What is asked of a metric."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

from fairforget.api import Measurement, Metric
from fairforget.errors import FairforgetError
from fairforget.store.jsonable import jsonable
from fairforget.testing.checks.measuring import measured, oracle, sets, subject, usual
from fairforget.testing.checks.metric_items import ITEMS, close, same
from fairforget.testing.checks.model_state import changed, modes_of, passes_through, tokenizer_of, weights_of
from fairforget.testing.definition import Check, CheckFailed, NotApplicable
from fairforget.testing.examined import Examined

DIRECTIONS: Final = ("more memory", "less memory", "better", "worse")
_UNIT_INTERVAL: Final = ("probability", "accuracy", "p-value", "share", "AUC", "ROUGE", "F1")
"""Beginnings of units whose values lie between 0 and 1."""


def states_direction(examined: Examined) -> None:
    """It says what a higher value means, and in which unit the value is."""
    metric: Metric = examined.make()
    way = getattr(metric, "higher_is", None)
    if way not in DIRECTIONS:
        raise CheckFailed(f"higher_is is {way!r}; it is one of {', '.join(map(repr, DIRECTIONS))}")
    unit: Any = metric.unit
    if not isinstance(unit, str):
        raise CheckFailed(f"unit is {unit!r}; it is a text, empty for a pure number")


def direction_is_true(examined: Examined) -> None:
    """What measures memory finds more in a model that was trained on the samples than in one that never saw them."""
    metric: Metric = examined.make()
    if metric.higher_is not in {"more memory", "less memory"}:
        raise NotApplicable("it does not say that it measures memory")
    knows = usual(examined).value
    never = measured(examined, subject(examined, sets(examined), on=oracle(examined))).value
    if not abs(knows - never) > 0.25 * max(abs(knows), abs(never)):  # not finite, or too alike on so few samples
        raise NotApplicable(f"it does not tell the two models apart: {knows:.4g} and {never:.4g}")
    if (knows > never) != (metric.higher_is == "more memory"):
        raise CheckFailed(
            f"higher is {metric.higher_is!r}, and it gives {knows:.4g} to a model trained on the samples and "
            f"{never:.4g} to one that never saw them"
        )


def says_what_it_depends_on(examined: Examined) -> None:
    """depends_on returns plain data, the same at every call."""
    first, second = examined.make().depends_on(), examined.make().depends_on()
    plain, lost = jsonable(first)
    if lost or not isinstance(plain, dict):
        raise CheckFailed(f"depends_on returns {first!r}, which cannot be written as JSON")
    if plain != jsonable(second)[0]:
        raise CheckFailed(f"depends_on says {first!r} once and {second!r} the next time; cells are found by it")


def accounts_for_every_sample(examined: Examined) -> None:
    """Every sample has an item, in the order of the samples, or stands in excluded with the reason."""
    _account(usual(examined), [sample.id for sample in sets(examined)["forget"]])
    try:
        kept = measured(examined, subject(examined, sets(examined), "retain"))
    except FairforgetError:
        return  # it may be about the forget set alone
    _account(kept, [sample.id for sample in sets(examined)["retain"]], "the set 'retain'")


def details_are_plain(examined: Examined) -> None:
    """Its details can be written as JSON."""
    found = usual(examined)
    if lost := jsonable(found.details)[1].get("not-json"):
        raise CheckFailed(f"details['{lost[0]}'] cannot be written as JSON; it would be lost in the record")


def within_its_unit(examined: Examined) -> None:
    """A value whose unit says probability, share, accuracy, AUC or p-value lies between 0 and 1."""
    metric: Metric = examined.make()
    if not metric.unit.startswith(_UNIT_INTERVAL):
        raise NotApplicable(f"its unit {metric.unit!r} states no bounds")
    for title, model in (("the target", None), ("the oracle", oracle(examined))):
        found = usual(examined) if model is None else measured(examined, subject(examined, sets(examined), on=model))
        if found.n and not -1e-9 <= found.value <= 1 + 1e-9:
            raise CheckFailed(f"on {title} the value is {found.value!r}, and its unit is {metric.unit!r}")


def same_twice(examined: Examined) -> None:
    """The same model and samples give the same value and items, bit by bit."""
    first, second = usual(examined), measured(examined, subject(examined, sets(examined)))
    for name, one in first.items.items():
        other = second.items.get(name)
        if not same(one, other):
            raise CheckFailed(f"the item of {name} is {one!r} once and {other!r} again")
    if not same(first.value, second.value):
        raise CheckFailed(f"the value is {first.value!r} once and {second.value!r} again, of equal items")


def hints_are_hints(examined: Examined) -> None:
    """What it announces computes nothing, and changes no value."""
    without = usual(examined)
    metric: Metric = examined.make()
    under = subject(examined, sets(examined))
    if count := passes_through(under.model, lambda: metric.announce(under)):
        raise CheckFailed(f"announce makes {count} forward passes; it only says what measure will ask for")
    told = measured(examined, subject(examined, sets(examined)), told=True)
    if not close(told.value, without.value):
        raise CheckFailed(f"the value is {without.value!r}, and {told.value!r} where its hints were heard")


def one_item(examined: Examined) -> None:
    """It measures one sample alone."""
    usual(examined)
    for sample in sets(examined)["forget"][:2]:
        of = {**sets(examined), "forget": (sample,)}
        try:
            found = measured(examined, subject(examined, of))
        except FairforgetError as error:
            raise CheckFailed(f"it refuses the sample {sample.id} alone: {error}") from error
        _account(found, [sample.id])


def copes_with_nothing(examined: Examined) -> None:
    """Samples with nothing to score are excluded with a reason, and an empty set has the value NaN."""
    usual(examined)
    known = sets(examined)
    blank = replace(known["forget"][0], id="blank", completion="", variants={})
    for title, chosen in (
        ("one sample without a completion", (blank,)),
        ("a sample without a completion among others", (*known["forget"], blank)),
        ("no samples", ()),
    ):
        try:
            found = measured(examined, subject(examined, {**known, "forget": chosen}))
        except FairforgetError:
            continue
        except Exception as error:
            raise CheckFailed(f"of {title} it raises {type(error).__name__}: {error}") from error
        _account(found, [sample.id for sample in chosen], title)


def second_architecture(examined: Examined) -> None:
    """It measures a GPT-2 as it does a Llama."""
    usual(examined)
    found = measured(examined, subject(examined, sets(examined), architecture="gpt2"))
    _account(found, [sample.id for sample in sets(examined)["forget"]], "a GPT-2")


def leaves_model_alone(examined: Examined) -> None:
    """The model is bit by bit what it was (weights, mode, gradients, hooks, config), and so is its tokenizer."""
    usual(examined)
    model = examined.lab.bench("llama").fresh_model()
    weights, modes = weights_of(model), modes_of(model)
    under = subject(examined, sets(examined), on=model)
    tokenizer = tokenizer_of(under.tokenizer)
    measured(examined, under)
    if names := changed(weights, weights_of(model)):
        raise CheckFailed(f"it changes {len(names)} weights of the model, {names[0]} among them")
    if names := changed(modes, modes_of(model)):
        raise CheckFailed(f"it changes the model's {', '.join(names)}")
    if names := changed(tokenizer, tokenizer_of(under.tokenizer)):
        raise CheckFailed(f"it changes the tokenizer's {', '.join(names)}")


def _account(found: Measurement, ids: list[str], title: str = "the tiny task") -> None:
    items = list(found.items)
    excluded: dict[str, Any] = dict(found.excluded)
    if strange := [name for name in (*items, *excluded) if name not in ids]:
        raise CheckFailed(f"of {title} it returns an item for {strange[0]!r}, which is no sample of the set")
    if lost := [name for name in ids if name not in found.items and name not in excluded]:
        raise CheckFailed(f"of {title} it drops {lost[0]!r} and {len(lost) - 1} others: no item, and not in excluded")
    if items != [name for name in ids if name in found.items]:
        raise CheckFailed(f"of {title} its items are in the order {items}; they are in that of the samples")
    if found.n != len(items):
        raise CheckFailed(f"of {title} it returns {len(items)} items, and n is {found.n}")
    if broken := [name for name, item in found.items.items() if not math.isfinite(item) and name not in excluded]:
        value = found.items[broken[0]]
        raise CheckFailed(f"of {title} the item of {broken[0]} is {value}, and excluded does not say why")
    if reasons := [name for name, why in excluded.items() if not (isinstance(why, str) and why)]:
        raise CheckFailed(f"of {title} it excludes {reasons[0]} without a reason")


_KIND: Final = ("metric",)

METRICS: Final = (
    *ITEMS,
    Check("states-direction", _KIND, states_direction),
    Check("says-what-it-depends-on", _KIND, says_what_it_depends_on),
    Check("accounts-for-every-sample", _KIND, accounts_for_every_sample),
    Check("details-are-plain", _KIND, details_are_plain),
    Check("within-its-unit", _KIND, within_its_unit),
    Check("direction-is-true", _KIND, direction_is_true),
    Check("same-twice", _KIND, same_twice),
    Check("hints-are-hints", _KIND, hints_are_hints),
    Check("one-item", _KIND, one_item),
    Check("copes-with-nothing", _KIND, copes_with_nothing),
    Check("second-architecture", _KIND, second_architecture),
    Check("leaves-model-alone", _KIND, leaves_model_alone),
)
"""What is asked of metrics, beside what is asked of every plugin."""

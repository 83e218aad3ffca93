"""A loss of a batch follows from the losses of its samples alone: neither padding nor company matters."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget_methods.ce_u import CeU
from fairforget_methods.dpo import Dpo
from fairforget_methods.flat import Flat
from fairforget_methods.grad_ascent import GradAscent
from fairforget_methods.grad_diff import GradDiff
from fairforget_methods.idk import Idk
from fairforget_methods.kl_min import KlMin
from fairforget_methods.npo import Npo
from fairforget_methods.pdu import Pdu, _Multiplier
from fairforget_methods.rmu import Rmu, _direction
from fairforget_methods.satimp import SatImp
from fairforget_methods.simnpo import SimNpo
from fairforget_methods.undial import Undial
from fairforget_methods.wga import Wga
from fairforget_methods.who_is_harry_potter import WhoIsHarryPotter, generic_loss

LENGTHS = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 8)), min_size=1, max_size=4)

SAMPLES_ALIKE = [
    GradAscent("sum"),
    GradAscent("mean"),
    GradDiff(reduction="mean", retain_loss="none"),
    Npo(retain_loss="none"),
    Npo(reduction="mean", retain_loss="none"),
    Dpo(retain_loss="none"),
    SimNpo(retain_loss="none"),
    Wga(reduction="mean", retain_loss="none"),
    SatImp(reduction="mean", retain_loss="none"),
    Undial(reduction="mean"),
    CeU(skip_first=0, reduction="mean"),
    CeU(reduction="mean"),
    *(Flat(divergence) for divergence in ("total-variation", "jensen-shannon", "pearson", "kl")),
]
TOKENS_ALIKE = [
    GradAscent(),
    GradDiff(retain_loss="none"),
    Wga(retain_loss="none"),
    SatImp(retain_loss="none"),
    Undial(),
    CeU(skip_first=0),
]
RETAIN = [
    GradDiff(forget_weight=0.0),
    GradDiff(forget_weight=0.0, retain_loss="kl"),
    KlMin(forget_weight=0.0),
    KlMin(forget_weight=0.0, direction="reverse"),
    Idk(forget_weight=0.0),
]
RMU = [Rmu(alpha=0.0), Rmu(), Rmu(scaling="adaptive"), Rmu(steering=3.0, layer=1)]
PDU = [Pdu(), Pdu(eps=0.3, forget_weight=0.2), Pdu(eps=0.0, shift=False)]
CONTROL = _direction(np.random.default_rng(5), 16)


def name(method: Any) -> str:
    return f"{type(method).__name__}-{'-'.join(str(v) for v in method.options().values())}"


def alone(on_logits: ModuleType, batch: Any, row: int) -> Any:
    """A sample by itself, its padding cut off."""
    parts = {}
    for part in ("forget", "retain", "refusal"):
        tokens = getattr(batch, part)
        width = int(tokens.attention_mask[row].sum())
        fields = (tokens.input_ids, tokens.attention_mask, tokens.labels)
        parts[part] = type(tokens)((tokens.ids[row],), *(t[row : row + 1, :width] for t in fields))
    return on_logits.Batch(**parts, frozen=batch.frozen)


@settings(max_examples=12, derandomize=True, deadline=None)
@given(lengths=LENGTHS)
def test_the_mean_of_what_its_samples_have(on_logits: ModuleType, lengths: Any) -> None:
    model, batch = on_logits.llama(3), on_logits.make_batch(lengths, lengths)
    singles = [alone(on_logits, batch, row) for row in range(len(lengths))]
    for method in SAMPLES_ALIKE:
        each = [on_logits.value(method.loss(model, single)) for single in singles]
        together = on_logits.value(method.loss(model, batch))
        assert together == pytest.approx(sum(each) / len(each), rel=1e-9), name(method)


@settings(max_examples=12, derandomize=True, deadline=None)
@given(lengths=LENGTHS)
def test_the_mean_of_what_its_tokens_have(on_logits: ModuleType, lengths: Any) -> None:
    model, batch = on_logits.llama(3), on_logits.make_batch(lengths, lengths)
    singles = [alone(on_logits, batch, row) for row in range(len(lengths))]
    for method in (*TOKENS_ALIKE, *RETAIN):
        each = [on_logits.value(method.loss(model, single)) for single in singles]
        together = on_logits.value(method.loss(model, batch))
        assert together == pytest.approx(by_tokens(lengths, each), rel=1e-9, abs=1e-12), name(method)


def by_tokens(lengths: Any, each: list[float]) -> float:
    """The mean of what samples have, each as often as it has labels; the end of its text is one."""
    tokens = [completion + 1 for _, completion in lengths]
    return sum(n * x for n, x in zip(tokens, each, strict=True)) / sum(tokens)


@settings(max_examples=12, derandomize=True, deadline=None)
@given(lengths=LENGTHS)
def test_rmu(on_logits: ModuleType, lengths: Any) -> None:
    model, batch = on_logits.llama(3), on_logits.make_batch(lengths, lengths)
    singles = [alone(on_logits, batch, row) for row in range(len(lengths))]
    for method in RMU:
        layer = method.layer or 0
        each = [on_logits.value(method.loss(model, single, CONTROL, layer)) for single in singles]
        together = on_logits.value(method.loss(model, batch, CONTROL, layer))
        assert together == pytest.approx(sum(each) / len(each), rel=1e-5), name(method)


@settings(max_examples=12, derandomize=True, deadline=None)
@given(lengths=LENGTHS)
def test_rmu_as_open_unlearning_broadcasts_it(on_logits: ModuleType, lengths: Any) -> None:
    """The mean of the samples' sums times the mean of their 1 / length."""
    model, batch, method = on_logits.llama(3), on_logits.make_batch(lengths, lengths), Rmu(alpha=0.0, normalise="ou")
    tokens = [completion + 1 for _, completion in lengths]
    singles = [alone(on_logits, batch, row) for row in range(len(lengths))]
    each = [on_logits.value(method.loss(model, single, CONTROL, 0)) for single in singles]
    expected = np.mean([n * x for n, x in zip(tokens, each, strict=True)]) * np.mean([1 / n for n in tokens])
    assert on_logits.value(method.loss(model, batch, CONTROL, 0)) == pytest.approx(expected, rel=1e-5)


@settings(max_examples=12, derandomize=True, deadline=None)
@given(lengths=LENGTHS)
def test_pdu_and_where_its_multiplier_goes(on_logits: ModuleType, lengths: Any) -> None:
    model, batch = on_logits.llama(3), on_logits.make_batch(lengths, lengths)
    singles = [alone(on_logits, batch, row) for row in range(len(lengths))]
    for method in PDU:
        apart, at_once = _Multiplier(1.7, 1.0), _Multiplier(1.7, 1.0)
        each = [on_logits.value(method.loss(model, single, apart)) for single in singles]
        together = on_logits.value(method.loss(model, batch, at_once))
        assert together == pytest.approx(by_tokens(lengths, each), rel=1e-9, abs=1e-9), name(method)
        apart.move(held=False)
        at_once.move(held=False)
        assert at_once.value == pytest.approx(apart.value, rel=1e-9), name(method)


@settings(max_examples=12, derandomize=True, deadline=None)
@given(lengths=LENGTHS)
def test_generic_labels_and_their_loss(on_logits: ModuleType, lengths: Any) -> None:
    model, reinforced = on_logits.llama(3), on_logits.llama(5)
    batch, method = on_logits.make_batch(lengths, lengths), WhoIsHarryPotter()
    singles = [alone(on_logits, batch, row) for row in range(len(lengths))]
    labels: dict[str, torch.Tensor] = {}
    method._find_labels(batch, reinforced, labels)
    each = []
    for single in singles:
        own: dict[str, torch.Tensor] = {}
        method._find_labels(single, reinforced, own)
        ((name_of, found),) = own.items()
        assert torch.equal(labels[name_of], found)
        each.append(on_logits.value(generic_loss(model, single.forget, own)))
    together = on_logits.value(generic_loss(model, batch.forget, labels))
    assert together == pytest.approx(by_tokens(lengths, each), rel=1e-9)


@pytest.mark.parametrize("method", [KlMin(forget_weight=0.0, positions="all"), Undial(positions="all")], ids=name)
def test_all_positions_depend_on_the_company(on_logits: ModuleType, method: Any) -> None:
    """Which is why they are no default."""
    model = on_logits.llama(3)
    short, long = (on_logits.make_batch(lengths, lengths) for lengths in ([(2, 2)], [(2, 2), (2, 9)]))
    cut = on_logits.Batch(*(_first(getattr(long, part)) for part in ("forget", "retain", "refusal")), long.frozen)
    assert on_logits.value(method.loss(model, cut)) != pytest.approx(
        on_logits.value(method.loss(model, short)), rel=1e-3
    )


def _first(tokens: Any) -> Any:
    """The first row with the padding that its company brought."""
    fields = (tokens.input_ids, tokens.attention_mask, tokens.labels)
    return type(tokens)(tokens.ids[:1], *(t[:1] for t in fields))

"""KL on retain: direction, positions, and what the sources call the same."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
import torch

from fairforget_methods.kl_min import KlMin


def divergences(model: Any, frozen: Any, tokens: Any, direction: str, positions: str) -> list[float]:
    """One text at a time; ``all`` needs the padding, so there the batch is forwarded as it is."""
    found = []
    for row in range(len(tokens.ids)):
        if positions == "all":
            feed = {"input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask}
            now, ref = (m(**feed).logits[row].double().softmax(-1) for m in (model, frozen))
            places = range(tokens.input_ids.shape[1])
        else:
            ids = tokens.input_ids[row][tokens.attention_mask[row].bool()]
            now, ref = (m(input_ids=ids[None]).logits[0].double().softmax(-1) for m in (model, frozen))
            places = [t - 1 for t in range(1, len(ids)) if tokens.labels[row][t] != -100]
        for t in places:
            p, q = (ref[t], now[t]) if direction == "forward" else (now[t], ref[t])
            entropy = 0.0 if direction == "reverse_cross_entropy" else float((p * p.log()).sum().detach())
            found.append(entropy - float((p * q.log()).sum().detach()))
    return found


@pytest.mark.parametrize("positions", ["labelled", "all"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "reverse_cross_entropy"])
def test_kl_min(on_logits: ModuleType, model: Any, batch: Any, direction: Any, positions: Any) -> None:
    each = divergences(model, batch.frozen, batch.retain, direction, positions)
    expected = -0.7 * on_logits.mean_nll(model, batch.forget) + 1.3 * sum(each) / len(each)
    method = KlMin(forget_weight=0.7, retain_weight=1.3, direction=direction, positions=positions)
    assert on_logits.value(method.loss(model, batch)) == pytest.approx(expected, rel=1e-9)


def test_all_positions_forward_is_the_flattened_kl_div_of_tofu(on_logits: ModuleType, model: Any, batch: Any) -> None:
    """TOFU, NPO's code and open-unlearning: ``batchmean`` over a tensor flattened to (batch · time, vocabulary)."""
    feed = {"input_ids": batch.retain.input_ids, "attention_mask": batch.retain.attention_mask}
    now, ref = (m(**feed).logits.log_softmax(-1).flatten(0, 1) for m in (model, batch.frozen))
    flat = torch.nn.functional.kl_div(now, ref, reduction="batchmean", log_target=True)
    loss = KlMin(forget_weight=0.0, positions="all").loss(model, batch)
    assert on_logits.value(loss) == pytest.approx(on_logits.value(flat), rel=1e-9)


def test_forward_kl_has_the_gradient_of_the_forward_cross_entropy(
    on_logits: ModuleType, model: Any, batch: Any
) -> None:
    """So Yao et al.'s −Σ p_ref log p_θ trains the same."""
    kl = on_logits.gradient(model, KlMin(forget_weight=0.0).loss(model, batch))
    texts = zip(on_logits.rows(batch.frozen, batch.retain), on_logits.rows(model, batch.retain), strict=True)
    crossed = torch.cat([-(ref.exp().detach() * now).sum(-1) for (ref, _), (now, _) in texts]).mean()
    torch.testing.assert_close(kl, on_logits.gradient(model, crossed), rtol=1e-7, atol=1e-10)


def test_a_model_that_is_still_the_target_feels_no_pull(on_logits: ModuleType, batch: Any) -> None:
    for direction in ("forward", "reverse"):
        loss = KlMin(forget_weight=0.0, direction=direction).loss(batch.frozen, batch)
        assert on_logits.value(loss) == pytest.approx(0.0, abs=1e-12)
        assert float(on_logits.gradient(batch.frozen, loss).norm()) < 1e-9

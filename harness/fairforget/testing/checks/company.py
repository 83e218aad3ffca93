"""Whether the company in which a sample is scored makes a difference."""

from __future__ import annotations

from typing import Final

from fairforget.api import Difficulty
from fairforget.testing.checks.scoring import differ, samples, score, tolerance, usual
from fairforget.testing.definition import Check, CheckFailed, NotApplicable
from fairforget.testing.examined import Examined


def batching_changes_nothing(examined: Examined) -> None:
    """How samples are put into batches, and with what they are padded, changes no score."""
    encoded, known = samples(examined), usual(examined)
    difficulty: Difficulty = examined.make()
    if not difficulty.needs_model:
        raise NotApplicable("it looks at no model")
    for option in ("batch_tokens", "batch_size"):
        if option not in difficulty.options():
            continue
        single = type(difficulty)(**{**difficulty.options(), option: 1})
        one_by_one = score(examined, encoded, by=single).values
        if bad := differ(known.values, one_by_one, tolerance(known.values)):
            name, one, other = encoded[bad[0]].sample.id, known.values[bad[0]], one_by_one[bad[0]]
            raise CheckFailed(f"{name} scores {one:.6g}, and {other:.6g} with {option}=1")
        return
    _padding_changes_nothing(examined)


def _padding_changes_nothing(examined: Examined) -> None:
    """Compare the score of the shortest sample beside one of like length, and beside the longest."""
    encoded = samples(examined)
    by_length = sorted(range(len(encoded)), key=lambda i: len(encoded[i].input_ids))
    short, longest = by_length[0], by_length[-1]
    alone = score(examined, encoded.take([short])).values
    like = score(examined, encoded.take([short, short])).values[:1]
    padded = score(examined, encoded.take([short, longest])).values[:1]
    allowed = tolerance(usual(examined).values)
    if differ(alone, like, allowed):
        raise NotApplicable("the score of a sample depends on which others are scored, so batches cannot be told apart")
    if differ(alone, padded, allowed):
        name, other = encoded[short].sample.id, encoded[longest].sample.id
        raise CheckFailed(
            f"{name} scores {alone[0]:.6g} alone and {padded[0]:.6g} beside {other}, which is longer: padding counts"
        )


def order_holds_for_fewer(examined: Examined) -> None:
    """Of samples that are scored with fewer others, the harder ones are not all turned into the easier ones."""
    import numpy as np

    encoded, known = samples(examined), usual(examined).values
    allowed = tolerance(known)
    for count in range(3, len(encoded)):
        fewer = score(examined, encoded.take(range(count))).values
        pairs = [(i, j) for i in range(count) for j in range(i) if abs(known[i] - known[j]) > allowed]
        turned = [np.sign(fewer[i] - fewer[j]) == -np.sign(known[i] - known[j]) for i, j in pairs]
        if len(turned) > 1 and all(turned):
            one, other = np.round(fewer, 4).tolist(), np.round(known[:count], 4).tolist()
            raise CheckFailed(
                f"the first {count} samples score {one}, and {other} among {len(encoded)}: every order is turned round"
            )


_KIND: Final = ("difficulty",)

COMPANY: Final = (
    Check("batching-changes-nothing", _KIND, batching_changes_nothing),
    Check("order-holds-for-fewer", _KIND, order_holds_for_fewer),
)

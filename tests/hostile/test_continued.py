"""Records that lie in the folder of a run before it goes on."""

from __future__ import annotations

import math

from hostile.asking import asked
from hostile.strategies import texts, values
from hypothesis import given
from hypothesis import strategies as st

from fairforget.run.progress import seconds_of

PHASES = st.sampled_from(["unlearning", "difficulty", "tuning", "declared"]) | texts
LEDGERS = st.dictionaries(PHASES, st.dictionaries(st.just("seconds") | texts, values | st.just(10**400)) | values)


@asked()
@given(ledger=LEDGERS)
def test_the_time_of_any_record_is_a_time(ledger):
    seconds = seconds_of({"ledger": ledger})
    assert math.isfinite(seconds)
    assert seconds >= 0


def test_the_time_of_a_sound_record_is_that_of_its_own_work():
    phases = {"unlearning": {"seconds": 2}, "evaluation": {"seconds": 0.5}, "tuning": {"seconds": 9}, "updates": 3}
    assert seconds_of({"ledger": phases}) == 2.5

"""Whether first-party methods are as good as they were: each against its baseline in ``baselines/``.

    pytest benchmarks/quality                      # or: tox -e quality
    pytest benchmarks/quality --quality-update     # after a change that is meant; the diff is reviewed

``untouched`` stands for the task, the target and the metrics: where it changed, every other change may come from there.
"""

from __future__ import annotations

import pytest

METHODS = ("untouched", "grad-ascent", "grad-diff", "npo", "idk")


@pytest.mark.bench
@pytest.mark.parametrize("method", METHODS)
def test_no_method_is_worse_than_its_baseline(quality, method):
    quality(method)

"""Planted truths over forget sets: with a known effect, each judge gives the verdict that is right.

1,000 studies of 20 forget sets each, more where 20 cannot decide. Of 1,000, a share of 95 % or of 5 % is told to ± 2.1
percentage points (three standard errors), so right verdicts are at least 93 % where 95 % are asked, and verdicts at the
border at most 7.1 %, and at least 2.9 % where the interval is exact.
"""

from __future__ import annotations

import numpy as np

from fairforget.claims.expectation import Expectation
from fairforget.claims.open import statistic
from fairforget.study.spec import parse_spec

STUDIES, SETS = 1000, 20
RIGHT, MOST, LEAST = 0.93, 0.071, 0.029
NPO_GRAD_DIFF = {"first": {"method": "npo"}, "second": {"method": "grad-diff"}}


def judged(planted, name, options, studies, targets=1, **border):
    """Return the shares of verdicts over studies, or over the means of so many of them as a claim has targets."""
    made = statistic(parse_spec({"name": name, **options}))
    counts = planted.verdicts(made, Expectation(**border, because="planted"), studies, targets)
    return {verdict: count / sum(counts.values()) for verdict, count in counts.items()}


class Ways:
    """Runs of one row in strata, with looks at completeness, utility, generation and probability."""

    def __init__(self, planted, strata):
        self.planted = planted
        self.records = [[planted.record(stratum=s, index=i) for i in range(SETS)] for s in strata]
        for row in self.records:
            for one in row:
                one.scores.update(
                    {
                        planted.COMPLETENESS: planted.score(0.9),
                        planted.UTILITY: planted.score(0.5, "utility"),
                        "said": planted.score(0.1, "diagnostic"),
                        "likely": planted.score(0.1, "diagnostic"),
                    }
                )
        self.evidence = planted.evidence([one for row in self.records for one in row])

    def told(self, looks):
        """Return the evidence with other looks: column -> (strata, sets, looks)."""
        columns = {name: np.asarray(values).tolist() for name, values in looks.items()}
        for i, row in enumerate(self.records):
            for j, one in enumerate(row):
                paths = {name: values[i][j] for name, values in columns.items()}
                count = len(next(iter(paths.values())))
                one.extra["trajectory"] = [
                    {"update": 4 * k, "scores": {name: path[k] for name, path in paths.items()}} for k in range(count)
                ]
        return self.evidence

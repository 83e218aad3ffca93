"""One study and its board; read them, do not change them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from fairforget.board.table import build


@pytest.fixture(scope="session")
def study(factory):
    return factory.make_study()


@pytest.fixture(scope="session")
def board(factory, study):
    return build(factory.read(study))


@pytest.fixture(scope="session")
def frame(study, factory):
    """The same numbers by pandas, from the raw records."""
    rows = []
    for record in study:
        cell = record["cell"]
        value = {name: score["value"] for name, score in record["scores"].items()}
        completeness = np.mean([value[name] for name in factory.COMPLETENESS])
        utility = np.mean([value[name] for name in factory.UTILITY])
        label = cell["method"]["label"]
        if cell["curriculum"]:
            label += f" + {cell['curriculum']['label']}"
        rows.append(
            {
                "label": label,
                "stratum": cell["draw"]["stratum"],
                "draw": cell["draw"]["index"],
                "completeness": completeness,
                "utility": utility,
                "score": scipy.stats.hmean([completeness, utility]),
                "by_probability": value["forget_mia"],
                "by_generation": value["forget_rouge_l"],
                "forget_perplexity": value["forget_perplexity"],
            }
        )
    return pd.DataFrame(rows)

"""One study whose rows are compared; read it, do not change it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fairforget.board.table import build


def frame_of(study, factory):
    rows = []
    for record in study:
        cell = record["cell"]
        if cell["curriculum"] is None:
            continue
        value = {name: score["value"] for name, score in record["scores"].items()}
        parts = [np.mean([value[name] for name in names]) for names in (factory.COMPLETENESS, factory.UTILITY)]
        rows.append(
            {
                "row": f"{cell['method']['label']} + {cell['curriculum']['label']}",
                "stratum": cell["draw"]["stratum"],
                "draw": cell["draw"]["index"],
                "seed": cell["seed"],
                "score": stats.hmean(parts),
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def study(factory):
    return factory.make_study(draws=6)


@pytest.fixture(scope="session")
def table(factory, study):
    return build(factory.read(study)).tables[0]


@pytest.fixture(scope="session")
def compared(table):
    return table.compared


@pytest.fixture(scope="session")
def names(table):
    return {row.id: row.label for row in table.rows}


@pytest.fixture(scope="session")
def frame(study, factory):
    return frame_of(study, factory)


@pytest.fixture(scope="session")
def random_draws(frame, compared, names):
    """(rows, draws) of the stratum that counts, in the order of the board."""
    found = frame[frame["stratum"] == "random"].groupby(["row", "draw"])["score"].mean().unstack()
    return found.loc[[names[row] for row in compared.order]].to_numpy()


@pytest.fixture(scope="session")
def cells(frame, compared, names):
    """(rows, draws, seeds) of the stratum that counts."""
    found = frame[frame["stratum"] == "random"].set_index(["row", "draw", "seed"])["score"].unstack()
    return np.stack([found.loc[names[row]].to_numpy() for row in compared.order])

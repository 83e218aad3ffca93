"""How far draws, strata and seeds agree on the order of rows, beside pandas and scipy."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from fairforget.board.table import build


@pytest.mark.parametrize("stratum", ["random", "easy", "medium", "hard"])
def test_ranks_in_a_stratum_are_those_of_a_board_of_it_alone(factory, study, compared, stratum):
    alone = build(factory.read(study), weights={stratum: 1}).tables[0]
    for row in alone.competing:
        assert compared.rows[row.id].strata[stratum] == row.rank


def test_draws_agree_as_scipy_says(compared, random_draws):
    taus = [stats.kendalltau(random_draws[:, f], random_draws[:, g]).statistic for f, g in combinations(range(6), 2)]
    found = compared.agreement
    assert (found.tau_median, found.tau_low) == pytest.approx((np.median(taus), min(taus)))
    # Friedman's χ² is m (n − 1) W.
    assert found.w == pytest.approx(stats.friedmanchisquare(*random_draws).statistic / (6 * (len(random_draws) - 1)))
    rhos = [stats.spearmanr(random_draws[:, f], random_draws[:, g]).statistic for f, g in combinations(range(6), 2)]
    assert found.rho == pytest.approx(np.mean(rhos))
    winners = random_draws.argmax(axis=0)
    assert found.winners == {compared.order[i]: float((winners == i).sum()) for i in sorted(set(winners))}
    assert found.top_changes == pytest.approx(np.mean([a != b for a, b in combinations(winners, 2)]))
    assert compared.strata["random"].agreement == found


def test_every_draw_has_its_ranks(compared, random_draws):
    draws = [draw for draw in compared.draws if draw.stratum == "random"]
    assert [draw.index for draw in draws] == list(range(6))
    for f, draw in enumerate(draws):
        assert list(draw.ranks.values()) == list(stats.rankdata(-random_draws[:, f]))
        assert draw.winners == (compared.order[random_draws[:, f].argmax()],)
        assert draw.tau == pytest.approx(stats.kendalltau(random_draws[:, f], random_draws.mean(axis=1)).statistic)
    assert {draw.stratum for draw in compared.draws} == {"random", "easy", "medium", "hard"}


def test_strata_are_held_against_each_other(compared, frame, names):
    means = frame.groupby(["stratum", "row"])["score"].mean()
    assert len(compared.between) == 6
    for one in compared.between:
        rows = [names[row] for row in compared.order]
        assert one.tau == pytest.approx(
            stats.kendalltau(means[one.first].loc[rows], means[one.second].loc[rows]).statistic
        )
    by_draw = frame.groupby(["stratum", "draw", "row"])["score"].mean()
    for pair in compared.pairs:
        assert [one.stratum for one in pair.strata] == ["random", "easy", "medium", "hard"]
        for one in pair.strata:
            apart = (
                by_draw[one.stratum].unstack()[names[pair.first]] - by_draw[one.stratum].unstack()[names[pair.second]]
            )
            assert one.difference.mean == pytest.approx(apart.mean())
            assert one.contradicts == (apart.mean() < 0)
            assert one.reversals.count == (apart < 0).sum()


def test_variance_is_parted_as_in_a_table_of_analysis_of_variance(compared, cells):
    m, f, s = cells.shape
    grand, rows, draws, both = cells.mean(), cells.mean(axis=(1, 2)), cells.mean(axis=(0, 2)), cells.mean(axis=2)
    ms_rows = f * s * ((rows - grand) ** 2).sum() / (m - 1)
    ms_draws = m * s * ((draws - grand) ** 2).sum() / (f - 1)
    ms_both = s * ((both - rows[:, None] - draws + grand) ** 2).sum() / ((m - 1) * (f - 1))
    ms_seeds = ((cells - both[..., None]) ** 2).sum() / (m * f * (s - 1))
    method, draw, mixed = (ms_rows - ms_both) / (f * s), (ms_draws - ms_both) / (m * s), (ms_both - ms_seeds) / s
    found = compared.strata["random"].components
    assert (found.method, found.draw, found.method_draw, found.seed) == pytest.approx((method, draw, mixed, ms_seeds))
    assert found.selection == pytest.approx((draw + mixed) / (method + draw + mixed + ms_seeds))
    assert found.ranking.value == pytest.approx(method / (method + mixed / f + ms_seeds / (f * s)))
    assert found.absolute == pytest.approx(method / (method + draw / f + mixed / f + ms_seeds / (f * s)))
    assert found.ranking.low < found.ranking.value < found.ranking.high
    assert (found.rows, found.draws, found.seeds, found.truncated) == (8, 6, 2, ())


def test_the_null_control_is_a_method_beside_itself(compared, cells):
    apart = cells[:, :, 0] - cells[:, :, 1]
    shares = (np.sign(apart) == -np.sign(apart.mean(axis=1))[:, None]).mean(axis=1)
    found = compared.null
    assert found.reversals.value == pytest.approx(shares.mean())
    assert (found.pairs, found.draws, found.reversals.n) == (8, 6, 8)
    assert found.significant == sum(stats.ttest_1samp(one, 0).pvalue < 0.05 for one in apart)
    assert found.median == np.median([pair.reversals.value for pair in compared.pairs])

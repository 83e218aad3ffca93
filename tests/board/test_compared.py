"""How rows compare, beside the same from the raw records by pandas and scipy."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fairforget.board.sheets.order import all_sheets
from fairforget.board.table import build
from fairforget.stats.bootstrap import bootstrap
from fairforget.stats.cube import PairedCube
from fairforget.stats.improvement import improvement
from fairforget.stats.ranks import rank
from fairforget.stats.reversal import observed_reversals, reversal_model
from fairforget.stats.reversal_interval import reversal_intervals
from fairforget.stats.simpson import stratum_reversals


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


@pytest.fixture(scope="module")
def study(factory):
    return factory.make_study(draws=6)


@pytest.fixture(scope="module")
def table(factory, study):
    return build(factory.read(study)).tables[0]


@pytest.fixture(scope="module")
def compared(table):
    return table.compared


@pytest.fixture(scope="module")
def names(table):
    return {row.id: row.label for row in table.rows}


@pytest.fixture(scope="module")
def frame(study, factory):
    return frame_of(study, factory)


@pytest.fixture(scope="module")
def random_draws(frame, compared, names):
    """(rows, draws) of the stratum that counts, in the order of the board."""
    found = frame[frame["stratum"] == "random"].groupby(["row", "draw"])["score"].mean().unstack()
    return found.loc[[names[row] for row in compared.order]].to_numpy()


@pytest.fixture(scope="module")
def cells(frame, compared, names):
    """(rows, draws, seeds) of the stratum that counts."""
    found = frame[frame["stratum"] == "random"].set_index(["row", "draw", "seed"])["score"].unstack()
    return np.stack([found.loc[names[row]].to_numpy() for row in compared.order])


def test_rows_are_in_the_order_of_the_board(table, compared):
    assert compared.order == tuple(row.id for row in table.competing)
    assert tuple(compared.rows) == compared.order
    assert [(pair.first, pair.second) for pair in compared.pairs] == list(combinations(compared.order, 2))


def test_differences_are_paired(compared, random_draws):
    for pair, (i, j) in zip(compared.pairs, combinations(range(len(random_draws)), 2), strict=True):
        tested = stats.ttest_rel(random_draws[i], random_draws[j])
        low, high = tested.confidence_interval()
        found = pair.difference
        assert (found.mean, found.low, found.high) == pytest.approx(
            ((random_draws[i] - random_draws[j]).mean(), low, high)
        )
        assert found.mean > 0
        assert found.n == 6


def test_the_p_of_pairs_makes_the_ranks_of_the_board(table, compared):
    for row in table.competing:
        better = sum(pair.second == row.id and pair.p <= 0.05 for pair in compared.pairs)
        assert row.rank.rank == 1 + better
        worse = sum(pair.first == row.id and pair.p <= 0.05 for pair in compared.pairs)
        assert row.rank.high == len(table.competing) - worse
    told = {(pair.first, pair.second): pair.p <= 0.05 for pair in compared.pairs}
    assert compared.separable == sum(told[pair] for pair in zip(compared.order, compared.order[1:], strict=False))
    assert 0 < compared.separable < len(compared.order) - 1


def test_signs_are_flipped_exactly(compared, random_draws):
    for pair, (i, j) in zip(compared.pairs, combinations(range(len(random_draws)), 2), strict=True):
        tested = stats.permutation_test(
            (random_draws[i] - random_draws[j],), np.mean, permutation_type="samples", n_resamples=np.inf
        )
        assert pair.p_flip == pytest.approx(tested.pvalue)


def test_improvement_and_reversals_are_counted(compared, random_draws, cells):
    for pair, (i, j) in zip(compared.pairs, combinations(range(len(cells)), 2), strict=True):
        assert pair.improvement.value == pytest.approx((cells[i] > cells[j]).mean())
        assert pair.improvement.low <= pair.improvement.value <= pair.improvement.high
        count = int((random_draws[i] < random_draws[j]).sum())
        tested = stats.binomtest(count, 6).proportion_ci()
        found = pair.reversals
        assert (found.count, found.n, found.value) == (count, 6, count / 6)
        assert (found.low, found.high) == pytest.approx((tested.low, tested.high))


def test_reversal_is_told_with_and_without_the_noise_of_seeds(compared, cells):
    for pair, (i, j) in zip(compared.pairs, combinations(range(len(cells)), 2), strict=True):
        apart = cells[i] - cells[j]
        means = apart.mean(axis=1)
        noise = apart.var(axis=1, ddof=1).mean() / 2
        between = means.var(ddof=1)
        assert pair.reversal.value == pytest.approx(stats.norm.cdf(-means.mean() / between**0.5))
        tau = max(between - noise, 0) ** 0.5
        true = stats.norm.cdf(-means.mean() / tau) if tau else 0.0
        assert pair.reversal_true.value == pytest.approx(true)
        assert pair.reversal.low - 1e-6 <= pair.reversal.value <= pair.reversal.high + 1e-6 <= 0.5 + 1e-6
        see = np.log(0.05) / np.log1p(-pair.reversal.value) if pair.reversal.value > 1e-12 else np.inf
        assert pair.draws_to_see == (np.ceil(see) if see < 998_000 else None)


def test_standings_say_how_far_seeds_and_draws_spread(compared, random_draws, cells):
    for i, standing in enumerate(compared.rows.values()):
        assert standing.sd_draws == pytest.approx(random_draws[i].std(ddof=1))
        assert standing.sd_seeds == pytest.approx(cells[i].var(axis=1, ddof=1).mean() ** 0.5)
        assert 1 <= standing.low <= standing.high <= len(cells)
    best, *others = compared.rows.values()
    assert best.to_best is None
    assert [one.to_best.mean for one in others] == pytest.approx(
        [draws.mean() - random_draws[0].mean() for draws in random_draws[1:]]
    )
    assert sum(one.first for one in compared.rows.values()) == pytest.approx(1, abs=1e-5)
    assert list(compared.rows.values())[-1].beats_next is None
    for one, (i, j) in zip(compared.rows.values(), zip(range(7), range(1, 8), strict=True), strict=False):
        assert one.beats_next.value == pytest.approx((cells[i] > cells[j]).mean())


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


def test_the_order_of_records_changes_nothing(factory, study, compared):
    shuffled = factory.read(study)
    random.Random(4).shuffle(shuffled)
    assert build(shuffled).tables[0].compared == compared


def test_other_scores_are_resampled_otherwise(factory, study, compared):
    """The generator comes from what is compared, so nobody can look for a lucky one."""
    other = build(factory.read([r for r in study if r["cell"]["draw"]["index"] < 5])).tables[0].compared
    assert [one.first for one in other.rows.values()] != [one.first for one in compared.rows.values()]


def test_a_row_with_gaps_elsewhere_is_left_out_there_alone(factory, study, compared, names):
    label = names[compared.order[0]].partition(" + ")[0]

    def gone(record):
        cell = record["cell"]
        return (cell["method"]["label"], cell["draw"]["stratum"], cell["draw"]["index"]) == (label, "hard", 0)

    found = build(factory.read([r for r in study if not gone(r)])).tables[0].compared
    assert found.order == compared.order
    missing = [row for row in found.order if names[row].startswith(label)]
    assert [("hard" in found.rows[row].strata) for row in found.order] == [row not in missing for row in found.order]
    assert found.strata["hard"].agreement.rows == 6
    assert all(set(draw.ranks).isdisjoint(missing) for draw in found.draws if draw.stratum == "hard")
    assert {(one.first, one.second): one.rows for one in found.between}["random", "hard"] == 6
    pair = found.pairs[0]
    assert [one.stratum for one in pair.strata] == ["random", "easy", "medium"]
    assert pair.difference == compared.pairs[0].difference


def test_a_gap_in_one_kind_of_forget_set_hides_no_contradiction_in_another(factory):
    rng = np.random.default_rng(3)
    records = []
    for stratum, gain in (("random", 0.05), ("easy", 0.05), ("hard", -0.05)):
        for index in range(5):
            for method, more in (("npo", gain), ("idk", 0.0), ("dpo", -0.2)):
                if (method, stratum, index) != ("npo", "easy", 2):
                    cell = factory.make_cell(method, stratum=stratum, index=index)
                    records.append(factory.make_record(cell, 0.7 + more + rng.normal(0, 0.003), 0.7 + more))
    compared = build(factory.read(records)).tables[0].compared
    pair = compared.pairs[0]
    assert [(one.stratum, one.contradicts, one.significant) for one in pair.strata] == [
        ("random", False, False),
        ("hard", True, True),
    ]
    assert [one.stratum for one in compared.pairs[2].strata] == ["random", "easy", "hard"]


def test_contradictions_are_those_of_the_test_of_all_strata_together(factory):
    """Where every row is whole everywhere, as `stratum_reversals` says."""
    rng = np.random.default_rng(12)
    strata, methods = ("random", "easy", "hard"), ("npo", "idk", "dpo", "simnpo")
    scores = rng.normal(0.7, 0.03, (3, 4, 1)) + rng.normal(0, 0.02, (3, 4, 5))
    records = [
        factory.make_record(factory.make_cell(m, stratum=stratum, index=i), scores[h, j, i], scores[h, j, i])
        for h, stratum in enumerate(strata)
        for j, m in enumerate(methods)
        for i in range(5)
    ]
    table = build(factory.read(records)).tables[0]
    order = [methods.index(row.label) for row in table.competing]
    expected = {
        (one.leader, one.other, strata[one.stratum]): (one.p, one.significant)
        for one in stratum_reversals([scores[h, order] for h in range(3)], [1, 0, 0])
    }
    places = {row: i for i, row in enumerate(table.compared.order)}
    found = {
        (places[pair.first], places[pair.second], one.stratum): (one.p, one.significant)
        for pair in table.compared.pairs
        for one in pair.strata
        if one.contradicts
    }
    assert found.keys() == expected.keys()
    assert len(found) > 3
    assert {significant for _, significant in found.values()} == {True, False}
    for key, (p, significant) in found.items():
        assert (p, significant) == (pytest.approx(expected[key][0]), expected[key][1])


def test_how_many_forget_sets_would_tell_counts_all_rows(compared):
    """With 8 rows 56 ordered pairs are tested, one-sided, at 5 % together."""
    z = stats.norm.isf(0.05 / 56)
    untold = [pair for pair in compared.pairs if pair.p > 0.05]
    assert 0 < len(untold) < len(compared.pairs)
    for pair in compared.pairs:
        needed = (z + stats.norm.ppf(0.8)) ** 2 * (pair.difference.sd / pair.difference.mean) ** 2 + z**2 / 2
        expected = None if pair.p <= 0.05 else max(7, np.ceil(needed))
        assert pair.draws_to_tell == pair.draws_apart == expected


@pytest.mark.parametrize("drop", ["rows", "draws", "one row's cell"])
def test_too_little_is_not_compared(factory, drop):
    records = factory.make_study(draws=2 if drop == "draws" else 3, methods={"npo": (0.8, 0.8)})
    if drop != "draws":
        records = [
            r
            for r in records
            if (r["cell"]["curriculum"] or {}).get("label") == "uniform" or (drop != "rows" and r["cell"]["seed"] == 0)
        ]
    assert build(factory.read(records)).tables[0].compared is None


def test_a_stratum_that_contradicts_is_flagged(factory):
    rng = np.random.default_rng(3)
    records = []
    for stratum, gain in (("random", 0.05), ("easy", 0.1), ("hard", -0.05)):
        for index in range(5):
            for method, more in (("npo", gain), ("idk", 0.0)):
                cell = factory.make_cell(method, stratum=stratum, index=index)
                records.append(factory.make_record(cell, 0.7 + more + rng.normal(0, 0.003), 0.7 + more))
    table = build(factory.read(records)).tables[0]
    (pair,) = table.compared.pairs
    assert [row.label for row in table.rows] == ["npo", "idk"]
    assert {one.stratum: (one.contradicts, one.significant) for one in pair.strata} == {
        "random": (False, False),
        "easy": (False, False),
        "hard": (True, True),
    }
    assert [one.p is None for one in pair.strata] == [True, True, False]
    assert [table.compared.rows[row].strata["hard"].rank for row in table.compared.order] == [2, 1]
    assert {(one.first, one.second): one.tau for one in table.compared.between} == {
        ("random", "easy"): 1.0,
        ("random", "hard"): -1.0,
        ("easy", "hard"): -1.0,
    }


def test_strata_that_count_together_are_weighed(factory, study, frame, names):
    found = build(factory.read(study), weights={"easy": 1, "hard": 3}).tables[0].compared
    labels = {label: row for row, label in names.items()}
    means = frame.groupby(["stratum", "row"])["score"].mean()
    score = {labels[row]: 0.25 * means["easy"][row] + 0.75 * means["hard"][row] for row in means["easy"].index}
    assert list(found.order) == sorted(score, key=lambda row: -score[row])
    for pair in found.pairs:
        assert pair.difference.mean == pytest.approx(score[pair.first] - score[pair.second])
        assert pair.difference.n == pair.reversals.n == pair.improvement.n == 12
    assert found.agreement.draws == 12
    assert found.null.draws == 12


def test_seeds_that_only_some_draws_have(factory, study, compared):
    """Seed 1 on the draws 0, 1 and 2 alone: those three tell the noise of seeds, and all six the rest."""
    ragged = [
        r
        for r in study
        if not (r["cell"]["seed"] == 1 and r["cell"]["draw"]["index"] > 2 and r["cell"]["curriculum"] is not None)
    ]
    found = build(factory.read(ragged)).tables[0].compared
    assert found.agreement.draws == 6
    assert found.strata["random"].components.seeds == 1
    assert found.strata["random"].components.seed is None
    assert found.null.draws == 3
    assert all(one.sd_seeds is not None for one in found.rows.values())
    assert all(pair.reversal_true is None for pair in found.pairs)


def test_overlap_widens_differences_and_leaves_permutations_out(factory):
    rng = np.random.default_rng(8)
    sets = {"apart": [[f"{i}-{j}" for j in range(4)] for i in range(4)], "alike": [["a", "b", i, "c"] for i in "wxyz"]}
    found = {}
    noise = rng.normal(0, 0.01, (4, 2))
    for kind, draws in sets.items():
        records = [
            factory.make_record(factory.make_cell(m, index=i, draw__forget=forget), 0.8 + noise[i, j] + 0.02 * j, 0.8)
            for i, forget in enumerate(draws)
            for j, m in enumerate(("npo", "idk"))
        ]
        (found[kind],) = build(factory.read(records)).tables[0].compared.pairs
    # ρ = 3/4: the variance is s² (1/4 + 3) in place of s² / 4.
    assert found["alike"].difference.half_width == pytest.approx(13**0.5 * found["apart"].difference.half_width)
    assert found["apart"].p_flip is not None
    assert found["alike"].p_flip is None
    assert found["alike"].improvement.value == found["apart"].improvement.value
    assert found["alike"].improvement.low < found["apart"].improvement.low
    # Sets that share nothing spread by 1 / (1 − ρ) more than these; of these no number is enough.
    size, sd = found["alike"].difference.mean, found["alike"].difference.sd
    needed = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) ** 2 * sd**2 * 4 / size**2 + stats.norm.ppf(0.975) ** 2 / 2
    assert found["alike"].draws_to_tell is None
    assert found["alike"].draws_apart == max(5, np.ceil(needed))


def test_what_it_takes_to_tell_counts_weights_and_what_each_stratum_shares(factory):
    rng = np.random.default_rng(5)
    sets = {
        "easy": [["a", *(f"{i}-{j}" for j in range(9))] for i in range(5)],
        "hard": [[f"{i}-{j}" for j in range(10)] for i in range(5, 10)],
    }
    apart = {stratum: 0.01 + 0.03 * rng.normal(size=5) for stratum in sets}
    records = [
        factory.make_record(factory.make_cell(m, stratum=s, index=i, draw__forget=forget), v, v)
        for s, draws in sets.items()
        for i, forget in enumerate(draws)
        for m, v in (("npo", 0.7 + apart[s][i]), ("idk", 0.7))
    ]
    (pair,) = build(factory.read(records), weights={"easy": 1, "hard": 3}).tables[0].compared.pairs
    weights, rhos = {"easy": 0.25, "hard": 0.75}, {"easy": 0.1, "hard": 0.0}
    size = abs(sum(weights[s] * apart[s].mean() for s in sets))
    assert pair.difference.mean == pytest.approx(size)
    assert pair.p > 0.05
    z = stats.norm.ppf(0.975)
    # Of n draws a stratum has n / 2.
    passing = {s: 2 * weights[s] ** 2 * apart[s].var(ddof=1) for s in sets}
    lasting = sum(passing[s] / 2 * rhos[s] / (1 - rhos[s]) for s in sets)
    room = (size / (z + stats.norm.ppf(0.8))) ** 2
    expected = np.ceil(sum(passing.values()) / (room - lasting) + z**2 / 2)
    others = np.ceil(sum(passing[s] / (1 - rhos[s]) for s in sets) / room + z**2 / 2)
    assert (pair.draws_to_tell, pair.draws_apart) == (expected, others)
    assert expected > others > 11


@pytest.fixture(scope="module")
def weighed(factory):
    """Three rows over two strata of unlike weight and overlap: the comparison, and (rows, draws, seeds) of each."""
    rng = np.random.default_rng(19)
    forget = {
        "easy": [["a", *(f"{i}-{j}" for j in range(9))] for i in range(4)],
        "hard": [["w", "x", *(f"{i}-{j}" for j in range(8))] for i in range(4, 8)],
    }
    means = {"easy": (0.7, 0.68, 0.6), "hard": (0.5, 0.515, 0.45)}  # who leads first and second is for weights to say
    cells = {
        s: np.array(m)[:, None, None] + rng.normal(0, 0.015, (3, 4, 1)) + rng.normal(0, 0.015, (3, 4, 2))
        for s, m in means.items()
    }
    records = [
        factory.make_record(
            factory.make_cell(m, stratum=s, index=i, seed=seed, draw__forget=forget[s][i]),
            *[float(cells[s][k, i, seed])] * 2,
        )
        for s in forget
        for k, m in enumerate(("npo", "idk", "dpo"))
        for i in range(4)
        for seed in range(2)
    ]
    table = build(factory.read(records), weights={"easy": 1, "hard": 3}).tables[0]
    labels = {row.id: row.label for row in table.rows}
    order = [("npo", "idk", "dpo").index(labels[row]) for row in table.compared.order]
    overlap = [
        np.mean([len(set(a) & set(b)) / (len(a) * len(b)) ** 0.5 for a, b in combinations(draws, 2)])
        for draws in forget.values()
    ]
    return table.compared, [cells[s][order] for s in forget], overlap


def test_weights_and_overlap_reach_every_number_of_a_pair(weighed):
    compared, cells, overlap = weighed
    weights = [0.25, 0.75]
    assert overlap == pytest.approx([0.1, 0.2])
    ranking = rank([values.mean(axis=2) for values in cells], weights, overlap=overlap)
    cube = PairedCube(np.concatenate(cells, axis=1), np.repeat([0, 1], 4))
    improved = improvement(cube, weights, overlap)
    for pair, (i, j) in zip(compared.pairs, combinations(range(3), 2), strict=True):
        apart = [values[i] - values[j] for values in cells]
        model = reversal_model(apart, weights, overlap)
        ends = reversal_intervals(apart, weights, rng=np.random.default_rng(0), resamples=50_000)
        seen = observed_reversals([d.mean(axis=1) for d in apart], weights)
        assert pair.p == pytest.approx(ranking.p[i, j])
        assert (pair.improvement.value, pair.improvement.low) == pytest.approx(
            (improved.value[i, j], improved.low[i, j])
        )
        assert (pair.reversals.count, pair.reversals.n) == (seen.count, 8)
        assert (pair.reversal.value, pair.reversal_true.value) == pytest.approx((model.observed, model.true))
        assert (pair.reversal.low, pair.reversal.high) == pytest.approx(ends.observed, abs=0.02)
        assert pair.wrong_winner == pytest.approx(model.wrong_winner)
    assert min(pair.p for pair in compared.pairs) < 1


def test_weights_and_overlap_reach_the_bootstrap(weighed):
    compared, cells, overlap = weighed
    cube = PairedCube(np.concatenate(cells, axis=1), np.repeat([0, 1], 4))
    found = bootstrap(cube, np.random.default_rng(1), 40_000, [1, 3], overlap)
    told = [row.first for row in compared.rows.values()]
    assert told == pytest.approx(found.first, abs=0.02)
    for weights, shared in (([1, 1], overlap), ([1, 3], [0.0, 0.0])):
        other = bootstrap(cube, np.random.default_rng(1), 40_000, weights, shared)
        assert told != pytest.approx(other.first, abs=0.02)


def test_a_score_that_is_no_measurement_is_named_and_not_ranked(factory):
    rng = np.random.default_rng(2)
    records = [
        factory.make_record(factory.make_cell(m, index=i), *(([1e99] * 2) if (m, i) == ("dpo", 1) else rng.random(2)))
        for m in ("npo", "idk", "dpo")
        for i in range(4)
    ]
    table = build(factory.read(records)).tables[0]
    row = next(row for row in table.rows if row.label == "dpo")
    assert (row.rank, row.unranked) == (None, "a score that is no measurement")
    assert len(table.compared.order) == 2
    assert row.id not in table.compared.order


def test_of_very_many_rows_those_below_are_held_against_the_best_alone(factory, study, compared, monkeypatch):
    monkeypatch.setattr("fairforget.board.comparing.pairs.MOST_ROWS", 3)
    table = build(factory.read(study)).tables[0]
    found = table.compared
    best, second, third, *below = found.order
    assert [(pair.first, pair.second) for pair in found.pairs] == [
        (best, second),
        (best, third),
        *((best, row) for row in below),
        (second, third),
    ]
    assert [one.to_best for one in found.rows.values()] == [one.to_best for one in compared.rows.values()]
    assert found.separable == compared.separable
    assert {sheet.name for sheet in all_sheets(table)} >= {"standing", "pairs"}

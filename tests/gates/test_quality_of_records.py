"""From the records of a study to the item scores of a gate."""

import math

import pytest

from fairforget.errors import FairforgetError
from fairforget.store.reading import record_from_json
from fairforget.testing.quality.judging import judge
from fairforget.testing.quality.of_records import scores_of
from fairforget.testing.quality.unlike import unlike


@pytest.fixture
def records(factory):
    """Make records of npo; `change` gets each as JSON before it is read."""

    def make(change=lambda record: None, *, draws=4, seeds=(0,), cell=None, completeness=0.8, **cells):
        found = []
        for index in range(draws):
            for seed in seeds:
                made = factory.make_cell("npo", index=index, seed=seed, **cells)
                if cell is not None:
                    cell(made)
                record = factory.make_record(made, completeness, 0.9)
                change(record)
                found.append(record_from_json(record))
        return found

    return make


def read(records):
    return scores_of("npo", {"name": "npo"}, records)


def test_columns_that_enter_an_average_are_taken_with_their_items(records, factory):
    found = read(records())
    assert tuple(found.columns) == factory.COMPLETENESS + factory.UTILITY
    assert found.roles == ("completeness", "utility")
    assert found.strata == {"random": ["random 0", "random 1", "random 2", "random 3"]}
    column = found.columns["forget_rouge_l"]
    assert column.averaged
    assert column.values["random 0"] == pytest.approx(0.82)
    assert column.items["random 0"] == pytest.approx(dict.fromkeys(("s0", "s1", "s2", "s3"), 0.82))


def test_a_column_whose_number_is_no_mean_of_its_items_says_so(records):
    def raw(record):
        record["items"]["forget_mia"] = {f"s{i}": 3.5 + i for i in range(4)}

    column = read(records(raw)).columns["forget_mia"]
    assert not column.averaged
    assert column.values["random 0"] == pytest.approx(0.78)


def test_seeds_of_a_draw_are_averaged(records):
    def by_seed(record):
        shift = 0.1 * record["cell"]["seed"]
        record["scores"]["forget_rouge_l"]["value"] = 0.5 + shift
        record["items"]["forget_rouge_l"] = {"s0": 0.4 + shift, "s1": 0.6 + shift}

    column = read(records(by_seed, seeds=(0, 1))).columns["forget_rouge_l"]
    assert column.values == pytest.approx(dict.fromkeys(column.values, 0.55))
    assert column.items["random 1"] == pytest.approx({"s0": 0.45, "s1": 0.65})


def test_a_sample_without_a_value_is_no_item(records):
    def excluded(record):
        record["items"]["forget_rouge_l"] = {"s0": 0.82, "s1": None}

    column = read(records(excluded)).columns["forget_rouge_l"]
    assert column.items["random 0"] == {"s0": 0.82}
    assert unlike(read(records()), read(records(excluded))) == (
        "the items of column forget_rouge_l on random 0 are others: 3 without a value (s1, s2, s3)"
    )


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("task version", lambda cell: cell["task"].update(version=2)),
        ("task data", lambda cell: cell["task"].update(data="0" * 64)),
        ("target", lambda cell: cell["target"].update(id="0" * 24)),
        ("budget", lambda cell: cell["budget"].update(amount=6)),
        ("optimizer", lambda cell: cell["optimizer"].update(lr=0.1)),
        ("evaluation", lambda cell: cell["evaluation"].update(max_new_tokens=8)),
        ("curriculum", lambda cell: cell["curriculum"].update(name="fairforget/mrd-weighted")),
        ("forget sets and seeds", lambda cell: cell["draw"].update(digest="0" * 64)),
    ],
)
def test_what_makes_another_benchmark(records, part, change):
    assert part in unlike(read(records()), read(records(cell=change)))


@pytest.mark.parametrize(
    "change",
    [
        lambda cell: cell["method"].update(dist_version="9"),
        lambda cell: cell["task"].update(dist_version="9"),
        lambda cell: cell["method"]["options"].update(beta=0.2),  # a default that changed is what a gate is for
        lambda cell: cell["evaluation"].update(batch_tokens=8),
    ],
)
def test_what_a_gate_is_there_to_judge_makes_no_other_benchmark(records, change):
    assert unlike(read(records()), read(records(cell=change))) is None


def test_texts_that_changed_make_another_benchmark(records):
    def reworded(record):
        record["item_hashes"]["s0"] = "0" * 64

    assert unlike(read(records()), read(records(reworded))) == "the benchmark is another one: texts of the items"


def test_forget_sets_that_share_samples_are_known_to(records):
    def shared(cell):
        cell["draw"]["forget"] = ["a", "b", f"c{cell['draw']['index']}", f"d{cell['draw']['index']}"]

    found = read(records(cell=shared))
    assert found.overlap == pytest.approx({"random": 0.5})
    assert read(records()).overlap == {}


def test_strata_of_several_samplers_are_told_apart(records):
    found = read([*records(), *records(stratum="easy")])
    assert list(found.strata) == ["binned easy", "random random"]
    assert math.isclose(judge(found, found, 0.05)[0].change, 0)


def test_a_cell_that_failed_is_red(records):
    def failed(record):
        if record["cell"]["draw"]["index"] == 2:
            record.update(status="failed", problems=[{"kind": "exception", "message": "ValueError: too sleepy"}])

    with pytest.raises(FairforgetError, match="npo: 1 of 4 cells failed: ValueError: too sleepy"):
        read(records(failed))


def test_a_column_without_a_value_is_red(records):
    def empty(record):
        record["scores"]["forget_mia"]["value"] = None

    with pytest.raises(FairforgetError, match="column forget_mia has no value on random 0"):
        read(records(empty))


def test_no_cell_is_an_error():
    with pytest.raises(FairforgetError, match="the study has no cell of it"):
        read([])

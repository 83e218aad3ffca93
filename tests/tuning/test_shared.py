"""Two runs of a tuned study in one folder at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor


def test_trials_are_shared_and_both_choose_the_same(make_bench, oracle):
    alone = oracle()
    wanted = make_bench("alone").run(alone)
    engines, benches = [oracle(), oracle()], [make_bench("shared"), make_bench("shared")]
    with ThreadPoolExecutor(2) as threads:  # two locks on one file keep each other out in one process too
        jobs = [threads.submit(bench.run, engine, slots=2) for bench, engine in zip(benches, engines, strict=True)]
        tuned = [job.result(timeout=300) for job in jobs]
    assert Counter(engines[0].ran) + Counter(engines[1].ran) == Counter(alone.ran)
    assert tuned[0].said == tuned[1].said == wanted.said
    assert benches[0].file() == make_bench("alone").file()
    assert not list((benches[0].folder / "cells").glob(".*"))


def test_a_run_that_comes_later_runs_nothing(make_bench, oracle):
    first, second = oracle(), oracle()
    tuned = make_bench("shared").run(first)
    assert make_bench("shared").run(second).said == tuned.said
    assert second.ran == []

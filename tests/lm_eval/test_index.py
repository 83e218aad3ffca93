from __future__ import annotations

import pytest

from fairforget.errors import FairforgetError
from fairforget_tasks.lm_eval.index import manager_for, parts_of, task_manager
from fairforget_tasks.metrics.zero_shot import EIGHT

LOCAL = """
task: {name}
dataset_path: json
output_type: {kind}
test_split: test
doc_to_text: "{{{{question}}}}"
doc_to_target: 0
doc_to_choice: ["a", "b"]
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
"""
PAPER = (*EIGHT, "truthfulqa_mc1", "truthfulqa_mc2", "mmlu", "wmdp", "wikitext")


@pytest.mark.slow
def test_the_short_index_finds_the_files_of_the_long_one():
    short, everything = task_manager(None, "common").task_index, task_manager(None, "all").task_index
    leaves = [task for name in PAPER for part in parts_of(manager_for([name]), name) for task in part.tasks]
    assert len(leaves) == len(set(leaves)) == 8 + 2 + 57 + 3 + 1
    assert {short[name].yaml_path for name in leaves} == {everything[name].yaml_path for name in leaves}


def test_a_process_indexes_once():
    assert manager_for(["boolq", "mmlu"]) is manager_for(["wikitext"])


def test_local_task_files_come_first_and_alone(tmp_path):
    (tmp_path / "mine.yaml").write_text(LOCAL.format(name="mine", kind="multiple_choice"))
    (tmp_path / "boolq.yaml").write_text(LOCAL.format(name="boolq", kind="multiple_choice"))
    alone = manager_for(["mine", "boolq"], str(tmp_path))
    assert sorted(alone.task_index) == ["boolq", "mine"]
    both = manager_for(["mine", "boolq", "piqa"], str(tmp_path))
    assert both.task_index["boolq"].yaml_path.parent == tmp_path
    assert len(both.task_index) < 1000


def test_an_unknown_name_brings_the_nearest(tmp_path):
    with pytest.raises(FairforgetError, match=r"has no task 'bolq'\. Did you mean 'boolq'"):
        manager_for(["piqa", "bolq"])
    with pytest.raises(FairforgetError, match=r"include_path '.*nowhere' is no folder"):
        manager_for(["piqa"], str(tmp_path / "nowhere"))


def test_a_folder_of_task_files_that_changes_is_read_again(tmp_path):
    for kind in ("multiple_choice", "loglikelihood"):
        (tmp_path / "mine.yaml").write_text(LOCAL.format(name="mine", kind=kind))
        assert manager_for(["mine"], str(tmp_path)).task_index["mine"].cfg["output_type"] == kind

"""Methods that go behind the harness's back: what can be counted is, and the rest is a problem of the cell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fairforget.api import PluginSpec
from fairforget.run.cell import compute_cell
from fairforget.run.counting.escapes import KIND
from fairforget.run.workbench import open_workbench
from fairforget.study.options import build

from .tiny_study import OPTIMIZER, OPTIONS

PLUGIN = '''
import copy
import tempfile

import torch

from fairforget import Entry, hookimpl
from fairforget.api import Method


def descend(model, optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


class Behind(Method):
    """Trains a copy read from a file, by its inner modules, and takes its weights."""

    def unlearn(self, run):
        with tempfile.TemporaryDirectory() as folder:
            run.model.save_pretrained(folder)
            twin = type(run.model).from_pretrained(folder)
        optimizer = torch.optim.SGD(twin.parameters(), lr=1e-2)
        for batch in run.batches():
            ids = batch.forget.input_ids
            states = twin.model.forward(input_ids=ids).last_hidden_state
            logits = twin.lm_head(states)[:, :-1]
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
            descend(twin, optimizer, -loss)
        run.model.load_state_dict(twin.state_dict())


class ByHand(Method):
    """Writes the products with the weights out, so that no module of the model is called."""

    def unlearn(self, run):
        optimizer = run.optimizer()
        embed, head = run.model.get_input_embeddings().weight, run.model.lm_head.weight
        for batch in run.batches():
            ids = batch.forget.input_ids
            logits = torch.nn.functional.linear(torch.nn.functional.embedding(ids, embed), head)[:, :-1]
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
            descend(run.model, optimizer, -loss)


class Arithmetic(Method):
    """Shrinks the weights, without a batch or a pass."""

    def unlearn(self, run):
        with torch.no_grad():
            for parameter in run.model.parameters():
                parameter.mul_(0.99)


class Idle(Method):
    """Takes batches and changes nothing."""

    def unlearn(self, run):
        for batch in run.batches():
            batch.forget


class Packed(Method):
    """Puts all texts of a batch into one row."""

    def unlearn(self, run):
        optimizer = run.optimizer()
        for batch in run.batches():
            ids = batch.forget.input_ids.reshape(1, -1)
            logits = run.model(input_ids=ids, use_cache=False).logits[:, :-1]
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
            descend(run.model, optimizer, -loss)


class Token(Method):
    """Writes its products out by hand, many times a batch, and shows one token that changes nothing."""

    def unlearn(self, run):
        embed, head = run.model.get_input_embeddings().weight, run.model.lm_head.weight
        for batch in run.batches():
            ids = batch.forget.input_ids
            run.model(input_ids=ids[:1, :1]).logits.sum().mul(0).backward()
            for _ in range(5):
                logits = torch.nn.functional.linear(torch.nn.functional.embedding(ids, embed), head)[:, :-1]
                loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
                gradients = torch.autograd.grad(loss, [embed, head], allow_unused=True)
                with torch.no_grad():
                    for weight, gradient in zip((embed, head), gradients):
                        if gradient is not None:
                            weight.add_(gradient, alpha=1e-3)


class RetainOnly(Method):
    """Learns the partners for an epoch, and then each forget sample once that a batch has."""

    def unlearn(self, run):
        trainer = run.trainer()
        for update, batch in enumerate(run.batches()):
            texts = "retain" if update < run.updates_per_epoch else "forget"
            trainer.update(lambda model, part: getattr(part, texts).nll(model), batch)


class Thief(Method):
    """Takes an update, and then the oracle."""

    def unlearn(self, run):
        run.descend(lambda model, batch: -batch.forget.nll(model))
        run.retrain()


@hookimpl
def fairforget_methods():
    kinds = (Behind, ByHand, Arithmetic, Idle, Packed, Token, RetainOnly, Thief)
    return [Entry(kind.__name__.lower(), f"{__name__}:{kind.__name__}") for kind in kinds]
'''


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("bench")
    (folder / "behind_plugin.py").write_text(PLUGIN)
    task = json.dumps({"name": "biographies", "options": OPTIONS})
    return open_workbench(task, "null", str(folder / "cache"), (str(folder / "behind_plugin.py"),))


def computed(bench: Any, method: str) -> tuple[dict[str, Any], list[str]]:
    """Run a method for 3 updates of 4, 2 and 4 samples; return the record and what it says of escapes."""
    record = recorded(bench, method)
    assert record["status"] == "ok", record["problems"]
    return record, [problem["message"] for problem in record["problems"] if problem["kind"] == KIND]


def recorded(bench: Any, method: str) -> dict[str, Any]:
    settings = {"retain": 4, "holdout": None, "others": None, "max_new_tokens": 4, "batch_tokens": None}
    described = {
        "task": {"data": bench.data},
        "target": {"id": bench.identity["id"]},
        "draw": {"forget": [s.id for s in bench.corpus.pool[:6]], "digest": "a draw"},
        "method": build(bench.registry, "method", PluginSpec(method)).to_json(),
        "curriculum": None,
        "seed": 0,
        "budget": {"kind": "updates", "amount": 3, "stop": None},
        "optimizer": OPTIMIZER,
        "evaluation": {"metrics": [], **settings},
    }
    return compute_cell(bench, described)


def test_a_copy_read_from_a_file_and_run_by_its_inner_modules_is_counted(bench: Any) -> None:
    record, told = computed(bench, "behind")
    counts = record["ledger"]["unlearning"]
    assert (counts["forward_sequences"], counts["backward_sequences"]) == (10, 10)
    assert record["ledger"]["forward_equivalents"] == 30
    assert told == []


def test_updates_without_a_pass_that_was_seen_are_a_problem(bench: Any) -> None:
    record, told = computed(bench, "byhand")
    assert record["ledger"]["forward_equivalents"] == 0
    assert len(told) == 1
    assert told[0].startswith("3 of 3 updates were made without any pass that could be seen")


def test_weights_that_change_without_a_backward_pass_are_a_problem(bench: Any) -> None:
    _, told = computed(bench, "arithmetic")
    assert len(told) == 1
    assert told[0].startswith("the weights changed without any backward pass that could be seen")


def test_packed_texts_are_a_problem(bench: Any) -> None:
    record, told = computed(bench, "packed")
    assert record["ledger"]["unlearning"]["forward_sequences"] == 3
    assert len(told) == 1
    assert "tokens in 3 sequences" in told[0]


def test_a_token_that_is_shown_hides_no_work(bench: Any) -> None:
    record, told = computed(bench, "token")
    assert record["ledger"]["forward_equivalents"] == 9
    assert len(told) == 1
    assert told[0].startswith("10 samples were to be forgotten by no more than 3 backward sequences")


def test_the_oracle_is_for_its_own_row(bench: Any) -> None:
    record = recorded(bench, "thief")
    assert (record["status"], record["scores"]) == ("failed", {})
    assert record["problems"][0]["kind"] == "refused"
    assert 'only a method with reference = "oracle"' in record["problems"][0]["message"]
    assert recorded(bench, "retrain")["ledger"]["stopped"] == "oracle"


@pytest.mark.parametrize("method", ["idle", "retainonly", "untouched", "retrain", "grad-ascent", "npo"])
def test_who_hides_nothing_has_no_such_problem(bench: Any, method: str) -> None:
    assert computed(bench, method)[1] == []

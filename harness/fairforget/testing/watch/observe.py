"""One cell, run as the harness runs it, with everything watched."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from fairforget.api import Method
from fairforget.errors import FairforgetError
from fairforget.run.cell import open_run
from fairforget.run.counting.escapes import uncounted
from fairforget.run.counting.ledger import PAID
from fairforget.run.generators import devices_of, lent_generators, seed_generators
from fairforget.run.updates.budget import Budget
from fairforget.run.updates.failure import UnlearningFailed
from fairforget.run.updates.follow import follow
from fairforget.run.updates.reference import Reference
from fairforget.testing.definition import Skipped, missing_dependency
from fairforget.testing.watch import inside
from fairforget.testing.watch.clock import Spell, timing
from fairforget.testing.watch.manners import Manners, manners_of
from fairforget.testing.watch.passes import Embedded, ToldLedger
from fairforget.testing.watch.run import Seen, WatchedRun

if TYPE_CHECKING:
    from fairforget.run.workbench import Workbench


@dataclass
class Observation:
    """What was seen of a method at work on one cell."""

    problem: str | None = None
    """The kind of failure, as in a record; None where it went well."""
    message: str = ""
    told: str = ""
    """The traceback of a failure."""
    weights: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """Of the model that was delivered."""
    moved: list[str] = field(default_factory=list)
    """Names of the tensors that differ from the target's."""
    ledger: Mapping[str, Any] = field(default_factory=dict)
    """Without its seconds."""
    visits: Mapping[str, int] = field(default_factory=dict)
    """How often each forget sample was met."""
    paid: tuple[int, int] = (0, 0)
    """Sequences forward and backward that the ledger has under what a method pays for."""
    embedded: tuple[int, int] = (0, 0)
    """The same as torch saw them."""
    uncounted: list[str] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    manners: Manners = field(default_factory=Manners)
    """What it did to the process."""
    spell: Spell = field(default_factory=Spell)
    form: list[str] = field(default_factory=list)
    """What became of the model beside its weights."""
    training: list[str] = field(default_factory=list)
    """Modules of the model that stay in training mode."""
    reference: list[str] = field(default_factory=list)
    """Tensors of the target or the reference that changed."""
    data: list[str] = field(default_factory=list)
    """Texts that changed."""
    budget: list[str] = field(default_factory=list)
    """What changed of the run's own settings."""


def observe(bench: Workbench, cell: Mapping[str, Any], allowed: Sequence[Path] = ()) -> Observation:
    """Let the method of a cell unlearn, and watch.

    Nothing is measured afterwards. What the method leaves behind in the process is put back.

    Args:
        bench: the task and its target.
        cell: as a study describes it.
        allowed: folders in which files may be written.

    Raises:
        Skipped: a module that the method needs is not installed.
    """
    found = Observation()
    target = inside.copied(bench.weights)
    corpus = bench.corpus.digest()
    with ExitStack() as stack:
        model = stack.enter_context(bench.model())
        stack.enter_context(lent_generators(devices_of(model)))
        references: list[Any] = []
        run = _watched(bench, cell, model, references)
        texts = _texts(run)
        form = inside.form(model)
        seed_generators(cell["draw"]["digest"], cell["seed"])
        _unlearn(bench, cell, run, found, allowed)
        found.training = inside.training(model)
        found.form = inside.difference(form, inside.form(model))
        found.weights = inside.copied(model.state_dict())
        found.moved = inside.differing(target, found.weights)
        found.reference = [f"the target's {name}" for name in inside.differing(target, bench.weights)]
        for one in references:
            found.reference += [f"the reference's {n}" for n in inside.differing(target, one.state_dict())]
        found.data = _data(run, texts) + (["the corpus"] if bench.corpus.digest() != corpus else [])
        found.data += list(dict.fromkeys(run.seen.altered))
        found.uncounted = [p["message"] for p in uncounted(run, target)] if found.problem is None else []
        _close(run, cell, found)
    return found


def _watched(bench: Workbench, cell: Mapping[str, Any], model: Any, references: list[Any]) -> WatchedRun:
    ledger = ToldLedger()
    opened = open_run(bench, cell, model, ledger)

    def reference() -> Any:
        references.append(bench.fresh_model())
        return references[-1]

    opened.reference = Reference(reference, ledger)
    run = WatchedRun.of(opened, bench.target.encode(bench.corpus.holdout, bench.corpus))
    ledger.hear.append(run.hear)
    return run


def _unlearn(
    bench: Workbench, cell: Mapping[str, Any], run: WatchedRun, found: Observation, allowed: Sequence[Path]
) -> None:
    def work() -> None:
        with run.ledger.watch(run.model), timing() as found.spell:
            method = bench.build("method", cell["method"]).of(Method)  # type: ignore[type-abstract]
            follow(method, run)

    with Embedded(run.model) as embedded:
        found.manners, error = manners_of(work, allowed)
    found.embedded = (embedded.forward, embedded.backward)
    if error is not None:
        _failed(error, found)


def _failed(error: Exception, found: Observation) -> None:
    if missing := missing_dependency(error):
        raise Skipped(missing) from error
    kind = error.kind if isinstance(error, UnlearningFailed) else "refused"
    if not isinstance(error, UnlearningFailed | FairforgetError):
        kind = "exception"
    found.problem, found.told = kind, "".join(traceback.format_exception(error))
    found.message = str(error) if kind != "exception" else f"{type(error).__name__}: {error}"


def _close(run: WatchedRun, cell: Mapping[str, Any], found: Observation) -> None:
    run.close()
    found.seen = run.seen
    phases = [run.ledger.phases[name] for name in PAID if name in run.ledger.phases]
    found.paid = (sum(p.forward_sequences for p in phases), sum(p.backward_sequences for p in phases))
    found.ledger = _timeless(run.ledger.to_json())
    found.visits = {s.id: int(v) for s, v in zip(run.samples, run.order.visits, strict=True)}
    if run.budget != Budget.from_json(cell["budget"]) or run.settings != dict(cell["optimizer"]):
        found.budget.append("the run's budget or optimizer was changed")


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k != "seconds"}
    return value


def _texts(run: WatchedRun) -> dict[str, Any]:
    return {
        f"{name} {s.sample.id}": (s.input_ids, s.start, s.end, s.sample.digest())
        for name, samples in (("forget", run.forget), ("retain", run.retain))
        for s in samples
    }


def _data(run: WatchedRun, before: Mapping[str, Any]) -> list[str]:
    after = _texts(run)
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]

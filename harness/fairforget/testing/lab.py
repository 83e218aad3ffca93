"""Where checks run cells: the harness's own workbench on the tiny task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairforget.api import PluginSpec, Task
from fairforget.paths import cache_folder
from fairforget.testing.case import Architecture, Case, Lengths
from fairforget.testing.tiny import ASCENT, TASK

if TYPE_CHECKING:
    from fairforget.api import Sample
    from fairforget.registry import Registry
    from fairforget.run.workbench import Workbench

OPTIMIZER: Final[Mapping[str, Any]] = {
    "name": "adamw", "lr": 1e-3, "batch_size": 2, "weight_decay": 0.0, "betas": [0.9, 0.999], "eps": 1e-8,
    "max_grad_norm": 1.0, "warmup": 0,
}  # fmt: skip
EVALUATION: Final[Mapping[str, Any]] = {"retain": None, "holdout": None, "others": None, "batch_tokens": None}


class Lab:
    """Workbenches of the tiny task, and the cells that a case stands for. Targets are made once a cache."""

    def __init__(self, registry: Registry, cache_at: Path | None = None) -> None:
        """Prepare; nothing is made before it is asked for.

        Args:
            registry: a `KitRegistry`, which knows the tiny task.
            cache_at: where targets and oracles are kept; the user's cache by default.
        """
        self.registry = registry
        self.cache = cache_folder() if cache_at is None else cache_at
        self.bench = cache(self._bench)

    def task(self, architecture: Architecture = "llama") -> Task:
        """Return the tiny task."""
        spec = PluginSpec(TASK, {"architecture": architecture})
        from fairforget.study.options import build

        return build(self.registry, "task", spec).of(Task)  # type: ignore[type-abstract]

    def folders(self) -> list[Path]:
        """Return the folders in the cache that the harness itself writes into while a plugin is at work."""
        return [self.cache / name for name in ("targets", "scores", "pools")]

    def _bench(self, architecture: Architecture = "llama", lengths: Lengths = "ragged") -> Workbench:
        """Return the workbench of a target; with lengths ``equal`` its corpus has texts of one length alone."""
        from fairforget.run.targets.identity import target_identity
        from fairforget.run.targets.target import load_target, make_target
        from fairforget.run.workbench import Workbench

        if lengths == "equal":
            return _of_one_length(self.bench(architecture, "ragged"))
        task = self.task(architecture)
        corpus, recipe = task.corpus(), task.target()
        identity = target_identity(recipe, corpus, 0)
        target = load_target(make_target(identity, recipe, corpus, self.cache, seed=0), recipe)
        return Workbench(self.registry, corpus, recipe, target, identity, self.cache, ())

    def cell(
        self,
        case: Case,
        method: Mapping[str, Any],
        curriculum: Mapping[str, Any] | None = None,
        *,
        budget: Mapping[str, Any] | None = None,
        optimizer: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the cell that a case stands for, as a study would describe it.

        Args:
            case: its size.
            method: as in a cell: name, version, options.
            curriculum: likewise; None for the uniform order.
            budget: instead of the case's updates.
            optimizer: settings that differ from the kit's.
        """
        from fairforget.study.options import build

        bench = self.bench(case.architecture, case.lengths)
        task = self.task(case.architecture)
        ids = [sample.id for sample in bench.corpus.pool[: case.samples]]
        uses = [
            {**asdict(use), "metric": build(self.registry, "metric", use.metric).to_json()} for use in task.metrics()
        ]
        return {
            "task": {"name": TASK, "data": bench.data},
            "target": {"id": bench.identity["id"]},
            "draw": {"forget": sorted(ids), "digest": f"the kit's draw of {len(ids)}", "sampler": {}, "index": 0},
            "method": dict(method),
            "curriculum": None if curriculum is None else dict(curriculum),
            "seed": case.seed,
            "budget": dict(budget or {"kind": "updates", "amount": case.updates, "stop": None}),
            "optimizer": {**OPTIMIZER, "batch_size": case.batch_size, **(optimizer or {})},
            "evaluation": {"metrics": uses, "max_new_tokens": task.max_new_tokens(), **EVALUATION},
        }

    def ascent(self) -> dict[str, Any]:
        """Return the kit's own method as it stands in a cell."""
        from fairforget.study.options import build

        return build(self.registry, "method", PluginSpec(ASCENT)).to_json()

    def bench_of(self, case: Case) -> Workbench:
        """Return the workbench that a case runs on."""
        return self.bench(case.architecture, case.lengths)


def _of_one_length(bench: Workbench) -> Workbench:
    """Return the bench with the texts of the commonest shape alone; the target is the same."""

    def shapes(samples: Sequence[Sample]) -> dict[tuple[int, int], list[Sample]]:
        found = defaultdict(list)
        for encoded in bench.target.encode(samples, bench.corpus):
            found[len(encoded.input_ids), encoded.start].append(encoded.sample)
        return found

    pool, retain = shapes(bench.corpus.pool), shapes(bench.corpus.retain)
    shape = max(pool, key=lambda s: (min(len(pool[s]), len(retain.get(s, ()))), len(pool[s])))
    corpus = replace(
        bench.corpus, pool=tuple(pool[shape]), retain=tuple(retain[shape]), training=bench.corpus.training_texts()
    )
    return replace(bench, corpus=corpus)

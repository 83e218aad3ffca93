"""What the cells of one process share: the plugins, the corpus, the target model."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch

from fairforget.api import Corpus, PluginSpec, Pretrained, Sample, TargetRecipe, Task
from fairforget.lm import sources
from fairforget.lm.checkpointing import checkpointed
from fairforget.lm.split import copied, split
from fairforget.lm.tokens import SampleSet
from fairforget.registry import Registry
from fairforget.run import group
from fairforget.run.kept import keep
from fairforget.run.placing import placed
from fairforget.run.pool_identity import known_identity
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.recipe import recipe_for
from fairforget.run.targets.seal import seal
from fairforget.run.targets.target import Target, load_target, make_target
from fairforget.run.unknown import unknown_samples
from fairforget.study.options import Built, build


@dataclass(frozen=True, eq=False)
class Workbench:
    """One task with its target, loaded once a process."""

    registry: Registry
    corpus: Corpus
    recipe: TargetRecipe
    target: Target
    """Its model stays as it was loaded: it is copied, and lent to nobody."""
    identity: Mapping[str, Any]
    cache: Path
    stamp: tuple[object, ...]
    """Of the local files of the base, and of the plugin files, as they were when the target was opened."""
    checkpointing: bool = False
    """Whether the models of cells keep only the inputs of their blocks for the backward pass."""
    known_only: bool = False
    """Whether what the target does not know is left out, of draws and of what is kept."""

    @cached_property
    def data(self) -> str:
        """Digest of the corpus."""
        return self.corpus.digest()

    @cached_property
    def unknown(self) -> frozenset[str]:
        """Ids of the samples that nothing is kept by and nothing is measured on; empty unless `known_only`."""
        if not self.known_only:
            return frozenset()
        identity = known_identity(self.identity, self.target.digest, self.data)
        found = keep(self.cache / "pools", identity, lambda: unknown_samples(self.target, self.corpus))
        return frozenset(found["unknown"])

    @cached_property
    def _seal(self) -> str:
        return seal(self.target.model)

    def intact(self) -> bool:
        """Return whether the target is what it was at the first call."""
        return seal(self.target.model) == self._seal

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        """The target's weights; they are the model's own, to be read only."""
        found: dict[str, torch.Tensor] = self.target.model.state_dict()
        return found

    def fresh_model(self) -> Any:
        """Return a copy of the target's model, in eval mode; split, where a group of processes computes a cell."""
        model = copy.deepcopy(self.target.model)
        if self.checkpointing:
            checkpointed(model)
        return model if group.size() == 1 else split(model)

    def frozen_model(self) -> Any:
        """Return the target's model, to pass texts through and for nothing else.

        It is the one that copies are made of. Where a group of processes computes a cell it is a split copy: the whole
        lies in the memory of the machine, and need not fit on a device.
        """
        return self.target.model if group.size() == 1 else self.fresh_model()

    def copy_of(self, model: Any) -> Any:
        """Return a copy of a model that was lent, as it now is."""
        return copy.deepcopy(model) if group.size() == 1 else copied(model, self.fresh_model())

    @contextmanager
    def model(self) -> Iterator[Any]:
        """Lend a copy of the target's model for one job.

        Weights, hooks, flags, config, buffers and modules of a model are the borrower's to change: the next job gets a
        copy of its own. This one has no weights afterwards: a hook that refers to it would keep their memory.
        """
        model = self.fresh_model()
        try:
            yield model
        finally:
            with suppress(Exception):  # whatever a plugin has made of it, the job is done
                model.to_empty(device="meta")

    def oracle_folder(self, without: Sequence[str]) -> Path:
        """Return the folder of the oracle that never saw these samples; trains it where it is not in the cache."""
        seed = self.identity["seed"]
        return group.from_first(
            lambda: make_target(
                self.identity,
                self.recipe,
                self.corpus,
                self.cache,
                seed=seed,
                without=without,
                checkpointing=self.checkpointing,
            )
        )

    def retrained(self, without: Collection[str]) -> Any:
        """Return the model of `oracle_folder`, in eval mode, where this process computes."""
        folder = self.oracle_folder(sorted(without))
        return placed(load_target(folder, self.recipe).model)

    def to_score(self, samples: Sequence[Sample]) -> SampleSet:
        """Return samples as a difficulty is given them: encoded, and with models that never saw them to be had."""
        return self.target.encode(samples, self.corpus).with_retrained(self.retrained)

    def build(self, kind: Any, described: Mapping[str, Any]) -> Built:
        """Return the plugin that a part of a cell describes."""
        return build(self.registry, kind, PluginSpec(described["name"], described["options"]))


def open_workbench(task: str, model: str, cache: str, plugin_files: tuple[str, ...]) -> Workbench:
    """Return the workbench of this process, made at the first call: cells of one study share it.

    The one thing a process keeps between jobs, because reading a target again for every cell would cost more than
    many a cell. A job for another study replaces it, and so does a change in the files of the base or of a plugin.

    Args:
        task: JSON of the task as in a cell, with the digest of its data.
        model: JSON of the study's ``model``.
        cache: where targets, oracles and scores are kept.
        plugin_files: files given with ``--plugin``.
    """
    bench = _open(task, model, cache, plugin_files)
    if bench.stamp != _stamp(bench.recipe, plugin_files):
        _open.cache_clear()
        bench = _open(task, model, cache, plugin_files)
    return bench


def close_workbench() -> None:
    """Forget the workbench of this process; the next job makes its own."""
    _open.cache_clear()


@lru_cache(maxsize=1)
def _open(task: str, model: str, cache: str, plugin_files: tuple[str, ...]) -> Workbench:
    registry = Registry.discover([Path(file) for file in plugin_files])
    described = json.loads(task)
    found = build(registry, "task", PluginSpec(described["name"], described["options"])).of(Task)  # type: ignore[type-abstract]
    corpus = found.corpus()
    wanted = json.loads(model)
    recipe, seed = recipe_for(found, wanted)
    checkpointing = bool(wanted and wanted.get("gradient_checkpointing"))
    stamp = _stamp(recipe, plugin_files)  # before anything is read: what changes meanwhile is noticed at the next job
    identity = target_identity(recipe, corpus, seed)
    folder = group.from_first(
        lambda: make_target(identity, recipe, corpus, Path(cache), seed=seed, checkpointing=checkpointing)
    )
    target = load_target(folder, recipe)
    placed(target.model)
    known_only = found.unknown_samples() == "leave out"
    return Workbench(registry, corpus, recipe, target, identity, Path(cache), stamp, checkpointing, known_only)


def _stamp(recipe: TargetRecipe, plugin_files: tuple[str, ...]) -> tuple[object, ...]:
    base = sources.stamp(recipe.base) if isinstance(recipe.base, Pretrained) else ()
    return base, sources.stamp_files(map(Path, plugin_files))

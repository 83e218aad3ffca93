"""Cells on a cluster that runs Ray."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from fairforget.api import Engine, Executor
from fairforget.paths import cache_folder
from fairforget_engines.extras import needed
from fairforget_engines.ray_cluster import connected, devices_there, fitting, marked, passed_on
from fairforget_engines.ray_crew import Crew
from fairforget_engines.ray_worker import RayWorker, Surroundings

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class Ray(Engine):
    """Workers of a Ray cluster, each with its share of a node; a worker does one cell after another.

    A cell whose worker or node dies is run again on another one, `retries` times. All nodes have the same fairforget,
    and see the run's folder and the cache under the same paths as this machine.
    """

    workers: Annotated[
        int, Field(ge=0), "cells side by side; 0 = as many as the nodes hold when the study is started"
    ] = 0
    address: Annotated[
        str,
        Field(min_length=1),
        "of the cluster, HOST:PORT; auto = RAY_ADDRESS, or the cluster of this machine; local = start Ray here",
    ] = "auto"
    num_cpus: Annotated[Amount, "CPUs of a worker; its threads are as many, at least one"] = 1
    num_gpus: Annotated[
        Amount | None, "GPUs of a worker, 0.5 = two share one; null = 1 where the cluster has any, else 0"
    ] = None
    resources: Annotated[Mapping[str, Amount], "further resources of a worker, by the names the cluster gives them"] = (
        field(default_factory=dict)
    )
    retries: Annotated[int, Field(ge=0), "how often a cell runs again whose worker or node has died"] = 3
    patience: Annotated[
        float, Field(gt=0, allow_inf_nan=False), "seconds without any worker after which the study stops"
    ] = 600.0
    environment: Annotated[
        tuple[str, ...], "variables of this process that workers get too; * = any ending, but no token"
    ] = ("FAIRFORGET_*", "HF_*", "TRANSFORMERS_*")

    def __post_init__(self) -> None:
        """Refuse what Ray would refuse later."""
        if self.address not in {"auto", "local"} and ":" not in self.address:
            msg = f"address is HOST:PORT, auto or local, not {self.address!r}"
            raise ValueError(msg)
        for name, amount in self._amounts(self.num_gpus or 0).items():
            if amount > 1 and amount != int(amount):
                msg = f"a worker takes {amount:g} of {name}; more than one has to be a whole number"
                raise ValueError(msg)
        if taken := {"CPU", "GPU", "memory", "object_store_memory"} & set(self.resources):
            msg = f"resources cannot name {', '.join(sorted(taken))}; write num_cpus and num_gpus"
            raise ValueError(msg)
        if not self.workers and not any(self._amounts(self.num_gpus or 0).values()):
            msg = "a worker takes no resources, so no number of workers follows from them; give one, as in ray:4"
            raise ValueError(msg)

    def open(self) -> AbstractContextManager[Executor]:
        """Return workers that are hired when they are first needed."""
        return self._opened(())

    def open_in(self, folder: Path) -> AbstractContextManager[Executor]:
        """Do what `open` does, with workers that see the folder of the run and the cache."""
        return self._opened((folder, cache_folder()))

    def slots(self) -> int:
        """Return `workers`, or what the cluster holds; 1 as long as nobody knows, because it is not connected yet."""
        ray = sys.modules.get("ray")
        if self.workers or ray is None or not ray.is_initialized():
            return self.workers or 1
        return fitting(ray.nodes(), self._needs(ray))

    def threads(self) -> int:
        """Return the threads of a worker."""
        return max(1, int(self.num_cpus))

    def threads_alone(self) -> int:
        """Return the threads of a worker, which may be on another machine than this one."""
        return self.threads()

    @contextmanager
    def _opened(self, folders: tuple[Path, ...]) -> Iterator[Executor]:
        ray = needed("ray", extra="ray", wanted_by="engine ray")
        with marked(folders) as marks, connected(ray, self.address):
            needs = self._needs(ray)
            workers = self.workers or fitting(ray.nodes(), needs)
            around = Surroundings.here(marks, passed_on(self.environment, self.threads()))
            kind = ray.remote(RayWorker).options(
                num_cpus=needs["CPU"], num_gpus=needs["GPU"], resources=dict(self.resources)
            )

            def hire() -> Any:
                for mark in marks:
                    Path(mark).touch()  # after a day another run may have taken it for a left one
                return kind.remote(around)

            with Crew(ray, hire, workers, self.retries, self.patience) as crew:
                yield crew

    def _needs(self, ray: Any) -> dict[str, float]:
        """Return the resources of a worker under Ray's names; `ray` is connected."""
        if self.num_gpus is None:
            return self._amounts(1.0 if devices_there(ray.nodes()) else 0.0)
        return self._amounts(self.num_gpus)

    def _amounts(self, gpus: float) -> dict[str, float]:
        return {"CPU": self.num_cpus, "GPU": gpus, **self.resources}

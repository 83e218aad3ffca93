"""One study in MLflow."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any, Final

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

from fairforget.api.sample import digest_of
from fairforget_mlflow.flat import board_metrics, cell_metrics, cell_parameters, flat, name_of, numbers

EXPERIMENT: Final = "MLFLOW_EXPERIMENT_NAME"
"""MLflow's own variable; without it the experiment is ``fairforget/<name of the study>``."""
STUDY, ENGINE, KEY, PROBLEM = "fairforget.study", "fairforget.engine", "fairforget.key", "fairforget.problem"
"""Tags: the digest of the study, what ran it last, the key of the cell, and what went wrong in it."""
TOLD_APART: Final = ("name", "methods", "curricula", "samplers", "engine")
"""Of a study, what its cells say one by one, lists that are of no use in a table, and the engine: MLflow changes no
parameter, and a study may go on under another one."""


class StudyLog:
    """The run of a study and those of its cells.

    All is found again by tags, so that a study that is continued goes on where it was, also from another process: the
    study by its digest, a cell by its key. MLflow's own choice of an active run is neither used nor changed. Where the
    store is, and that it may be a server, is said as MLflow wants it: ``MLFLOW_TRACKING_URI``.
    """

    def __init__(self, client: MlflowClient, experiment: str, run: str) -> None:
        self._client = client
        self._experiment = experiment
        self._run = run

    @classmethod
    def open(cls, study: Mapping[str, Any], *, cells: int) -> StudyLog:
        """Find the run of a study, or begin one.

        Args:
            study: as plain data, every default written out.
            cells: how many it has.
        """
        client = MlflowClient()
        name = os.environ.get(EXPERIMENT) or f"fairforget/{study['name']}"
        known = client.get_experiment_by_name(name)
        experiment = client.create_experiment(name) if known is None else known.experiment_id
        digest = digest_of({key: value for key, value in study.items() if key != "engine"})
        log = cls(client, experiment, "")
        engine = study["engine"]
        told = engine if isinstance(engine, str) else json.dumps(engine)
        log._run = log._begin({STUDY: digest, ENGINE: told}, study["name"])
        client.set_tag(log._run, PROBLEM, "")  # what stopped it before is over
        described = {key: value for key, value in study.items() if key not in TOLD_APART}
        client.log_batch(log._run, params=[Param(*pair) for pair in flat({**described, "cells": cells})])
        client.log_dict(log._run, dict(study), "study.json")
        return log

    def cell(self, record: Mapping[str, Any]) -> None:
        """Log a cell that has ended; one that was logged before is replaced."""
        cell = record["cell"]
        draw, method = cell["draw"], cell["method"]
        label = method.get("label") or method["name"].rpartition("/")[2]
        name = f"{label} {draw['stratum']} {draw['index']} seed {cell['seed']}"
        run = self._begin({KEY: record["key"], MLFLOW_PARENT_RUN_ID: self._run}, name)
        now = int(time.time() * 1000)
        metrics = [Metric(key, value, now, 0) for key, value in cell_metrics(record).items()]
        for look in record.get("trajectory") or ():
            found = numbers({f"way/{column}": value for column, value in look["scores"].items()})
            metrics += [Metric(key, value, now, look["update"]) for key, value in found.items()]
        self._client.log_batch(run, metrics=metrics, params=[Param(*p) for p in cell_parameters(cell).items()])
        problems = " ".join(problem["message"] for problem in record["problems"])
        self._client.set_tag(run, PROBLEM, problems[:500])
        self._client.set_terminated(run, "FAILED" if record["status"] == "failed" else "FINISHED")

    def progress(self, far: Mapping[str, Any]) -> None:
        """Log how far the study is, by the number of its cells that are done.

        Args:
            far: what ``fairforget_cell_finished`` tells of it.
        """
        now = int(time.time() * 1000)
        found = numbers({f"progress/{name}": far[name] for name in ("done", "total", "failed", "seconds_left")})
        self._client.log_batch(
            self._run, metrics=[Metric(key, value, now, far["done"]) for key, value in found.items()]
        )

    def stop(self, reason: str) -> None:
        """End the study's run where it was interrupted or met an error."""
        self._client.set_tag(self._run, PROBLEM, reason[:500])
        self._client.set_terminated(self._run, "KILLED")

    def finish(self, results: Mapping[str, Any]) -> None:
        """Log the board, as the artifact ``board.json`` and as numbers, and end the study's run."""
        now = int(time.time() * 1000)
        metrics = [Metric(key, value, now, results["cells"]) for key, value in board_metrics(results).items()]
        self._client.log_batch(self._run, metrics=metrics)
        self._client.log_dict(self._run, dict(results), "board.json")
        self._client.set_terminated(self._run, "FAILED" if results["failed"] else "FINISHED")

    def _begin(self, tags: Mapping[str, str], name: str) -> str:
        """Return the run that has the first of the tags, which is running from now on."""
        tag, value = next(iter(tags.items()))
        found: list[Run] = self._client.search_runs([self._experiment], f"tags.`{tag}` = '{value}'", max_results=1)
        if not found:
            made = self._client.create_run(self._experiment, tags={**tags, MLFLOW_RUN_NAME: name_of(name)})
            return str(made.info.run_id)
        run = str(found[0].info.run_id)
        for key, other in tags.items():
            self._client.set_tag(run, key, other)
        self._client.update_run(run, status="RUNNING")
        return run

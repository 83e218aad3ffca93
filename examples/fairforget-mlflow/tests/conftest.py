"""A study that takes seconds, and MLflow with a store in a folder."""

from __future__ import annotations

import os

import pytest

os.environ.update(
    OMP_NUM_THREADS="1",
    TOKENIZERS_PARALLELISM="false",
    HF_HUB_OFFLINE="1",
    MLFLOW_DISABLE_TELEMETRY="true",
)


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    os.environ["FAIRFORGET_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(params=["sqlite", "folder"])
def client(request, tmp_path, monkeypatch):
    """Point MLflow to a store of this test; both kinds of local ones."""
    monkeypatch.chdir(tmp_path)
    if request.param == "sqlite":
        uri = f"sqlite:///{tmp_path}/mlflow.db"
    else:
        uri = (tmp_path / "mlruns").as_uri()
        monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri)


@pytest.fixture
def study():
    """Say a study of the embedded task, as small as it gets."""
    return {
        "name": "tracked",
        "task": {
            "name": "biographies", "people": 6, "retain_people": 3, "holdout_people": 3, "samples": 2,
            "world_facts": 3, "frequencies": [1], "distributions": ["in"], "lengths": ["short"], "rare_words": [0],
            "hidden_size": 16, "layers": 1, "vocabulary": 400, "epochs": 1,
        },
        "draws": 3,
        "forget_size": 4,
        "methods": ["untouched", {"name": "grad-ascent", "reduction": "mean"}],
        "budget": {"updates": 2},
        "optimizer": {"lr": 1.0e-3, "batch_size": 4},
        "trajectory": {"every": 1},
        "evaluation": {"max_new_tokens": 4},
        "engine": "inline",
    }  # fmt: skip

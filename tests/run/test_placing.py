from __future__ import annotations

import pytest
import torch

from fairforget.run import group
from fairforget.run.placing import placed


class Moved:
    """Stands for a model; there is no GPU where the tests run."""

    device = "cpu"

    def to(self, device):
        self.device = device
        return self


@pytest.mark.parametrize(
    ("gpus", "processes", "device"), [(True, 1, "cuda"), (False, 1, "cpu"), (True, 2, "cpu"), (False, 2, "cpu")]
)
def test_a_model_goes_where_the_process_has_a_device_for_all_of_it(monkeypatch, gpus, processes, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus)
    monkeypatch.setattr(group, "size", lambda: processes)
    model = Moved()
    assert placed(model) is model
    assert model.device == device


def test_a_model_itself_is_moved_and_not_copied():
    model = torch.nn.Linear(2, 2)
    assert placed(model) is model

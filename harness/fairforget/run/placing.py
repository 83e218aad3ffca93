"""Where the model of a cell lies."""

from __future__ import annotations

from typing import Any

import torch

from fairforget.run import group


def placed(model: Any) -> Any:
    """Move a model to the device of this process: the first GPU that it sees, or nowhere where it sees none.

    Which GPUs a process sees is the engine's to say (``CUDA_VISIBLE_DEVICES``). A model that is to be split over
    processes stays in the memory of the machine until it is: one device need not hold it.
    """
    if group.size() > 1 or not torch.cuda.is_available():
        return model
    return model.to("cuda")

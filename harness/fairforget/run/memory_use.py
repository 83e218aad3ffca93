"""How much memory a process has used."""

from __future__ import annotations

import resource
import sys

import torch


def peak_memory() -> int:
    """Return the peak in bytes: of the first CUDA device where one is in use, else of the process so far."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        return int(torch.cuda.max_memory_allocated())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kibibytes, macOS bytes.
    return peak if sys.platform == "darwin" else peak * 1024

"""Keeping the bars of transformers off the screen, which belongs to fairforget's own progress."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any


@contextmanager
def quiet() -> Iterator[None]:
    """Run the body without transformers' progress bars; they are as before afterwards."""
    import transformers.modeling_gguf_pytorch_utils as gguf
    from transformers.utils import logging

    # Any, because the bar of GGUF files is an import of that module and no part of its interface.
    module: Any = gguf
    shown, bar = logging.is_progress_bar_enabled(), getattr(module, "tqdm", None)
    logging.disable_progress_bar()
    if bar is not None:
        module.tqdm = partial(bar, disable=True)
    try:
        yield
    finally:
        if bar is not None:
            module.tqdm = bar
        if shown:
            logging.enable_progress_bar()

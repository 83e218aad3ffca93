"""Libraries that only one engine needs."""

from __future__ import annotations

import importlib
from typing import Any

from fairforget.errors import FairforgetError


def needed(module: str, *, extra: str, wanted_by: str) -> Any:
    """Return a module of a library that an extra of fairforget brings.

    Raises:
        FairforgetError: it is not installed, or broken; the message names the extra and the command.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        why = "is not installed" if getattr(error, "name", None) == library else f"cannot be imported ({error})"
        msg = f"{wanted_by} needs {library}, which {why}: pip install 'fairforget[{extra}]'"
        raise FairforgetError(msg) from error

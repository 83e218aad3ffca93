"""The files of mutants, and the module of each."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

MUTANTS = Path(__file__).parent / "mutants"


def imported(file):
    """The module of a mutant; the folders of tests are no packages."""
    name = f"mutant_{file.parent.name}_{file.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # types of options are looked up there
        spec.loader.exec_module(module)
    return sys.modules[name]

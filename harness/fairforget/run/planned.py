"""The cells of a study: written down as its plan, the dearest first, and what is known of their draws."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairforget.run.draws import StudyDraws
from fairforget.run.progress import kind_of
from fairforget.store.atomic import write_text
from fairforget.study.cell import canonical_json
from fairforget.study.plan import Plan

CellJson = Mapping[str, Any]


def write_plan(folder: Path, study: str, cells: Mapping[str, CellJson]) -> None:
    """Write plan.json: the keys of all cells, and by number of which kind each is, for cells of one kind cost alike.

    Of cells that have not run nothing else in the folder says which they are.

    Args:
        folder: of the run.
        study: its name.
        cells: by their keys.
    """
    numbers: dict[str, int] = {}
    kinds = [numbers.setdefault(kind_of(cell), len(numbers)) for cell in cells.values()]
    plan = {"schema": 1, "study": study, "cells": list(cells), "kinds": kinds}
    write_text(folder / "plan.json", json.dumps(plan, indent=1) + "\n")


def dearest_first(cells: Mapping[str, CellJson], plan: Plan) -> dict[str, CellJson]:
    """Return the oracles first: one that starts last would keep every other slot waiting."""
    oracles = {method.built.entry.canonical for method in plan.methods if method.reference == "oracle"}
    return dict(sorted(cells.items(), key=lambda item: item[1]["method"]["name"] not in oracles))


def draw_key(draw: Mapping[str, Any]) -> str:
    """Return what stands for a draw in `draw_infos`."""
    return canonical_json([draw["sampler"], draw["stratum"], draw["index"]])


def draw_infos(found: StudyDraws) -> dict[str, str]:
    """Return what is known of each draw beside its samples, as texts of JSON."""
    return {draw_key(draw.to_json()): json.dumps(info) for draw, info in zip(found.draws, found.info, strict=True)}

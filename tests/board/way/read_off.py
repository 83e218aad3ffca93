"""Records with a goal or a search, and what a board says of a row."""

from __future__ import annotations

import re

import numpy as np

from fairforget.board.sheets.order import all_sheets

GOAL = 0.8
BUDGET = {"kind": "updates", "amount": 200, "stop": None, "completeness": GOAL, "every": 10}


def sheet(board, name):
    return next(s for s in all_sheets(board.tables[0]) if s.name == name)


def cells(found, label):
    """The texts of a line, by the head of their column."""
    line = next(line for line in found.lines if line.cells[found.header].text == label)
    return {head.label: cell.whole for head, cell in zip(found.heads, line.cells, strict=True)}


def row(board, label):
    return next(r for r in board.tables[0].rows if r.label == label)


def coordinates(path):
    return np.array([[float(n) for n in pair.split()] for pair in re.split(r"[ML]", path)[1:]])


def tuned_records(factory, method, trials, key="k"):
    made = []
    for i in range(3):
        cell = factory.make_cell(method, index=i, method__options={"beta": 0.3})
        cell["method"]["tuned"] = True
        tuning = {"trials": trials, "forward_equivalents": 9000, "chosen": {"beta": 0.3, "lr": 2e-4}, "key": key}
        tuning |= {"default": {"options": {}, "value": 0.61}, "value": 0.7}
        made.append(factory.make_record(cell, tuning=tuning))
    return made

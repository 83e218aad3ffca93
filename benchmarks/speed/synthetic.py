"""Whole records of a study that was never run: as many as wanted, as large as real ones, with known effects.

    python benchmarks/speed/synthetic.py FOLDER --cells 100000

writes ``FOLDER/cells/<key>.json``. Every record has the schema, the key and the parts of one that a run of
``biographies`` writes: 14 columns, 13 of them with values of samples, hashes of the samples, a ledger by phases, the
samples an update met, and where it was made. `small` leaves out the values of samples outside the forget set and what
is not read again (hashes, negatives): a third of the size.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fairforget.study.cell import cell_key

STRATA = ("random", "easy", "medium", "hard")
FORGET, RETAIN, HOLDOUT, WORLD = 16, 48, 48, 24
LIBRARIES = (
    "accelerate", "datasets", "fairforget", "gguf", "lm-eval", "numpy", "peft", "rouge-score", "safetensors", "scipy",
    "tokenizers", "torch", "transformers",
)  # fmt: skip
COLUMNS = {
    "forget_ua": ("completeness", "forget", None, True),
    "forget_mia": ("completeness", "forget", None, True),
    "forget_rr": ("completeness", "forget", "generation", True),
    "forget_probability": ("completeness", "forget", "probability", False),
    "retain_accuracy": ("utility", "retain", None, True),
    "retain_rouge_l": ("utility", "retain", None, True),
    "world_accuracy": ("utility", "world", None, True),
    "world_rouge_l": ("utility", "world", None, True),
    "forget_ma": ("diagnostic", "forget", None, True),
    "forget_el": ("diagnostic", "forget", None, True),
    "forget_mia_retain": ("diagnostic", "forget", None, True),
    "retain_probability": ("diagnostic", "retain", None, True),
    "retain_perplexity": ("diagnostic", "retain", None, True),
    "world_probability": ("diagnostic", "world", None, True),
}
"""Column -> role, set, view, whether it enters the average."""
OTHERS = {"r": RETAIN, "h": HOLDOUT, "w": WORLD}
SIZES = {"forget": FORGET, "retain": RETAIN, "world": WORLD}


def digest(*parts: Any) -> str:
    """Return a digest that looks like those of data and draws."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def records(
    cells: int, *, rows: int = 50, seeds: int = 5, strata: tuple[str, ...] = STRATA, small: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield about so many records: rows × strata × draws × seeds, with as many draws as that takes.

    Scores have effects of the method, the draw, the method on the draw and the seed, so that ranks are uncertain.
    """
    draws = max(cells // (rows * seeds * len(strata)), 1)
    rng = np.random.default_rng(6)
    methods = [_method(row) for row in range(rows)]
    strength = np.linspace(0.55, 0.85, rows)
    shared = _shared(small)
    for stratum in strata:
        for index in range(draws):
            draw = _draw(stratum, index)
            info = _info(draw)
            of_draw = rng.normal(0, 0.04)
            for row, (method, curriculum) in enumerate(methods):
                of_both = rng.normal(0, 0.03)
                for seed in range(seeds):
                    cell = {
                        **shared["cell"], "draw": draw, "method": method, "curriculum": curriculum, "seed": seed,
                    }  # fmt: skip
                    centre = strength[row] + of_draw + of_both + rng.normal(0, 0.02)
                    yield _record(cell, info, float(centre), rng, shared, small=small)


def write(folder: Path, cells: int, **options: Any) -> int:
    """Write records as a run leaves them, without waiting for the disk; return how many."""
    (folder / "cells").mkdir(parents=True, exist_ok=True)
    n = 0
    for record in records(cells, **options):
        text = json.dumps(record, separators=(",", ":")) + "\n"
        (folder / "cells" / f"{record['key']}.json").write_text(text)
        n += 1
    return n


def _record(
    cell: dict[str, Any],
    info: dict[str, Any],
    centre: float,
    rng: np.random.Generator,
    shared: dict[str, Any],
    *,
    small: bool,
) -> dict[str, Any]:
    ids = {"forget": cell["draw"]["forget"], "retain": shared["retain"], "world": shared["world"]}
    scores, items = {}, {}
    for column, (role, on, view, average) in COLUMNS.items():
        values = np.clip(rng.normal(centre, 0.15, SIZES[on]), 0, 1)
        complement = role == "completeness" and column != "forget_mia"
        scores[column] = {
            "value": float(values.mean()), "n": SIZES[on], "role": role,
            "better": None if role == "diagnostic" else "higher", "average": average, "view": view,
            "weigh_by": "columns", "metric": f"fairforget/{column.partition('_')[2]}", "on": on,
            "complement": complement, "excluded": {}, "details": shared["details"].get(column, {}),
        }  # fmt: skip
        if column != "world_probability" and not (small and role != "completeness"):
            items[column] = dict(zip(ids[on], values.tolist(), strict=True))
    reference = cell["method"]["reference"] is not None
    return {
        "schema": 1, "key": cell_key(cell), "cell": cell, "status": "ok", "problems": [], "scores": scores,
        "items": items, "item_hashes": {} if small else {s: digest(s) for s in [*ids["forget"], *shared["others"]]},
        "ledger": _ledger(ids["forget"], rng, idle=reference), "environment": shared["environment"],
        "draw_info": info,
    }  # fmt: skip


def _ledger(forget: list[str], rng: np.random.Generator, *, idle: bool) -> dict[str, Any]:
    none = {"forward_sequences": 0, "backward_sequences": 0, "forward_tokens": 0, "backward_tokens": 0, "seconds": 0.0}
    spent = {"forward_sequences": 320, "backward_sequences": 320, "forward_tokens": 15536, "backward_tokens": 15536}
    epochs = [
        {"epoch": i, "effective_sample_size": float(FORGET), "samples": FORGET, "distinct": FORGET, "scored": False}
        for i in range(10)
    ]
    return {
        "updates": 0 if idle else 20, "forward_equivalents": 0 if idle else 976,
        "unlearning": none if idle else {**spent, "seconds": float(rng.uniform(2, 4))},
        "reference": none if idle else {**none, "forward_sequences": 16, "seconds": 0.05}, "difficulty": none,
        "stopping": none, "oracle": none, "evaluation": {**none, "forward_sequences": 383, "seconds": 2.1},
        "peak_memory_bytes": 673832960, "stopped": "budget", "curriculum": [] if idle else epochs,
        "visits": {} if idle else dict.fromkeys(forget, 10),
    }  # fmt: skip


def _method(row: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    reference = {0: "untouched", 1: "oracle"}.get(row)
    method = {
        "name": f"fairforget/{'retrain' if reference == 'oracle' else reference or f'method-{row // 2:02d}'}",
        "dist_version": "0.1.0",
        "options": {"beta": 0.1, "forget_weight": 1.0, "retain_weight": 1.0, "retain_loss": "nll"},
        "label": "retrain" if reference == "oracle" else reference or f"method-{row // 2:02d}",
        "reference": reference,
    }
    name = "mrd-weighted" if row % 2 else "uniform"
    curriculum = {"name": f"fairforget/{name}", "dist_version": "0.1.0", "options": {}, "difficulty": None}
    return method, None if reference else {**curriculum, "label": name}


def _draw(stratum: str, index: int) -> dict[str, Any]:
    """Return a draw of whole people; the draws of a stratum share none."""
    first = (STRATA.index(stratum) * 10_000 + index) * (FORGET // 4)
    facts = ("birthplace", "profession", "book", "award")
    options = {} if stratum == "random" else {"by": "mrd", "bins": 3, "match": "length"}
    return {
        "sampler": {
            "name": f"fairforget/{'random' if stratum == 'random' else 'binned'}", "dist_version": "0.1.0",
            "options": options,
        },
        "stratum": stratum, "index": index, "unit": "group", "size": FORGET,
        "forget": [f"p{first + i:06d}-{fact}" for i in range(FORGET // 4) for fact in facts],
        "digest": digest(stratum, index),
    }  # fmt: skip


def _info(draw: dict[str, Any]) -> dict[str, Any]:
    """Return what a sampler that draws by difficulty says of a draw, which is the same in all its cells."""
    rng = np.random.default_rng([STRATA.index(draw["stratum"]), draw["index"]])
    centre = {"random": 1.0, "easy": 2.0, "medium": 1.0, "hard": 0.5}[draw["stratum"]]
    mrd = dict(zip(draw["forget"], rng.gamma(4, centre / 4, FORGET).tolist(), strict=True))
    score = {"name": "fairforget/mrd", "higher_is": "easier", "reliability": 0.91, "forward_sequences": 28800,
             "backward_sequences": 0, "seconds": 21.5}  # fmt: skip
    covariates = {"length": float(rng.normal(33, 1)), "initial_probability": 0.98}
    return {
        "covariates": {**covariates, "fairforget/mrd": float(np.mean(list(mrd.values())))},
        "scores": [score], "samples": {"fairforget/mrd": mrd}, "advice": [],
    }  # fmt: skip


def _shared(small: bool) -> dict[str, Any]:
    """Return what all records have in common."""
    metrics = [
        {"column": c, "metric": {"name": f"fairforget/{c.partition('_')[2]}", "dist_version": "0.1.0",
         "options": {"scope": "answer", "variant": "as published", "stemmer": True}}, "on": on, "role": role,
         "better": "higher", "view": view, "average": average, "complement": False, "weigh_by": "columns"}
        for c, (role, on, view, average) in COLUMNS.items()
    ]  # fmt: skip
    negatives = {f"h{i:03d}-fact": float(i) + 0.123456789012 for i in range(HOLDOUT)}
    return {
        "cell": {
            "schema": 1,
            "task": {
                "name": "fairforget/biographies", "dist_version": "0.1.0", "version": 1, "data": digest("data"),
                "options": {"people": 36, "samples": 4, "frequencies": [1, 2, 4], "lengths": ["short", "medium"]},
                "paths": [],
            },
            "target": {
                "id": digest("target")[:24], "base": {"scratch": {"config": {"hidden_size": 128}, "vocabulary": 1024}},
                "training": {"epochs": 12, "learning_rate": 0.004, "batch_size": 8}, "data": digest("data"), "seed": 0,
            },
            "budget": {"kind": "epochs", "amount": 10.0, "stop": None},
            "evaluation": {"retain": None, "holdout": None, "batch_tokens": None, "max_new_tokens": 96,
                           "metrics": metrics},
            "optimizer": {"name": "adamw", "lr": 0.0003, "batch_size": 8, "betas": [0.9, 0.999], "eps": 1e-08},
        },
        "details": {} if small else {c: {"negative_items": negatives} for c in ("forget_mia", "forget_mia_retain")},
        "retain": [f"r{i:03d}-fact" for i in range(RETAIN)],
        "world": [f"w-{i:03d}" for i in range(WORLD)],
        "others": [f"{kind}{i:03d}-fact" for kind, n in OTHERS.items() for i in range(n)],
        "environment": {
            "python": "3.11.7", "platform": "Linux x86_64", "cpu": "a processor", "cpus": 2,
            "distributions": {name: {"version": "1.2.3"} for name in LIBRARIES},
            "torch": {"threads": 1, "deterministic_algorithms": False, "default_dtype": "float32"},
        },
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--small", action="store_true", help="a third of the size of a real record")
    chosen = parser.parse_args()
    print(write(chosen.folder, chosen.cells, small=chosen.small), "records")

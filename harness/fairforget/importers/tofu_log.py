"""TOFU's own logs (locuslab/tofu): one aggregated file, or a folder with it or with its four parts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError
from fairforget.importers.log import Answered, Log
from fairforget.importers.reading import LOSS, SHARE, JsonFile, mapping, number, numbered, numbers, read_json, text
from fairforget.paths import lies_at

AGGREGATED: Final = "eval_log_aggregated.json"
PARTS: Final = {
    "eval_log_forget.json": "forget",
    "eval_log.json": "retain",
    "eval_real_author_wo_options.json": "real_authors",
    "eval_real_world_wo_options.json": "world_facts",
}
"""Part of the log -> the set it is about."""
_KEYS: Final = ("avg_gt_loss", "rougeL_recall", "avg_paraphrased_loss", "average_perturb_loss")


def read_tofu_log(path: Path) -> Log:
    """Read a log.

    Raises:
        FairforgetError: there is none, or it has another form; the message names file, part, key and question.
    """
    folder = path if lies_at(path) == "folder" else None
    if folder is not None and not (folder / AGGREGATED).is_file():
        files = {part: read_json(folder / part) for part in PARTS if (folder / part).is_file()}
        if not files:
            msg = f"{path}: the folder holds neither {AGGREGATED} nor {', '.join(PARTS)}"
            raise FairforgetError(msg)
        sets = {PARTS[part]: _part(file, file.content, part) for part, file in files.items()}
        digest = hashlib.sha256("".join(file.digest for file in files.values()).encode()).hexdigest()
        return Log(path.resolve().name, "tofu-log", digest, sets)
    file = read_json(path if folder is None else folder / AGGREGATED)
    found = {part: name for part, name in PARTS.items() if part in file.content}
    if not found:
        raise file.wrong(f"no log of TOFU: it has none of the parts {', '.join(PARTS)}")
    sets = {name: _part(file, file.content[part], part) for part, name in found.items()}
    name = path.resolve().name if folder is not None else path.stem
    return Log(name, "tofu-log", file.digest, sets)


def _part(file: JsonFile, found: Any, part: str) -> dict[int, Answered]:
    content = mapping(file, found, part)
    columns: dict[str, Mapping[int, Any]] = {}
    for key in _KEYS:
        if key not in content:
            raise file.wrong(f"{part}: the key {key!r} is missing")
        columns[key] = numbered(file, content[key], f"{part}: {key}")
    first = columns[_KEYS[0]]
    for key, column in columns.items():
        if other := sorted(first.keys() ^ column.keys()):
            raise file.wrong(f"{part}: {_KEYS[0]} and {key} are not about the same questions (question {other[0]})")
    texts = content.get("generated_text")
    spoken = numbered(file, texts, f"{part}: generated_text") if texts else {}
    asked = {i: _texts(spoken.get(i)) for i in first}
    return {
        i: Answered(
            loss=number(file, columns["avg_gt_loss"][i], f"{part}: avg_gt_loss[{i}]", LOSS),
            rouge=number(file, columns["rougeL_recall"][i], f"{part}: rougeL_recall[{i}]", SHARE),
            base=number(file, columns["avg_paraphrased_loss"][i], f"{part}: avg_paraphrased_loss[{i}]", LOSS),
            wrong=numbers(file, columns["average_perturb_loss"][i], f"{part}: average_perturb_loss[{i}]", LOSS),
            question=asked[i][0],
            answer=asked[i][1],
        )
        for i in first
    }


def _texts(found: Any) -> tuple[str | None, str | None]:
    """Return question and true answer of ``[question, generated, true]``."""
    if not isinstance(found, list) or len(found) != 3:
        return None, None
    return text(found[0]), text(found[2])

"""open-unlearning's ``TOFU_EVAL.json``, with its items, and ``*_SUMMARY.json``, which holds one number a measure.

Truth ratios and normalised probabilities are computed anew from the losses of the answers: the file's own values of
single questions are shifted wherever a question has no value, and its truth ratio is the inverse of TOFU's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError
from fairforget.importers.log import Answered, Further, Log
from fairforget.importers.reading import (
    LOSS,
    SHARE,
    JsonFile,
    Range,
    mapping,
    number,
    numbered,
    numbers,
    read_json,
    text,
)
from fairforget.paths import lies_at

EVAL: Final = "TOFU_EVAL.json"
PREFIX: Final = {"forget": "forget", "retain": "retain", "real_authors": "ra", "world_facts": "wf"}
_PARAPHRASED: Final = frozenset({"forget", "retain"})
_READ: Final = frozenset({"Prob", "ROUGE", "PARA_Prob", "PERT_Prob", "Prob_normalised"})
_ANONYMOUS: Final = frozenset({"evals", "eval", "results", ""})


def read_open_unlearning(path: Path) -> Log:
    """Read an evaluation, or the folder it lies in (the evaluation with items rather than the summary).

    Raises:
        FairforgetError: there is none, or it has another form; the message names file, measure and question.
    """
    file = read_json(_file(path))
    name = _name(file.path)
    if file.path.name.endswith("_SUMMARY.json") or not any(isinstance(v, dict) for v in file.content.values()):
        return Log(name, "open-unlearning", file.digest, {}, dict(_summary(file)))
    sets = {name: questions for name in PREFIX if (questions := _set(file, name))}
    further = dict(_further(file))
    if not sets and not further:
        raise file.wrong("no evaluation of open-unlearning: no measure in it has 'agg_value' or 'value_by_index'")
    return Log(name, "open-unlearning", file.digest, sets, further)


def _file(path: Path) -> Path:
    if lies_at(path) != "folder":
        return path
    places = [path / EVAL, path / "evals" / EVAL, *sorted(path.glob("*_SUMMARY.json"))]
    for place in places:
        if place.is_file():
            return place
    msg = f"{path}: the folder holds neither {EVAL} nor a file *_SUMMARY.json"
    raise FairforgetError(msg)


def _name(path: Path) -> str:
    """Return the name of the run: that of its folder, for all files are called alike."""
    if not path.stem.endswith(("_EVAL", "_SUMMARY")):
        return path.stem
    folders = [folder.name for folder in path.resolve().parents]
    return next((name for name in folders if name not in _ANONYMOUS), path.stem)


def _set(file: JsonFile, name: str) -> dict[int, Answered]:
    """Return what the file says of a set; empty where it says nothing."""
    prefix = PREFIX[name]
    own, wrong = _items(file, f"{prefix}_Q_A_Prob"), _items(file, f"{prefix}_Q_A_PERT_Prob")
    base = _items(file, f"{prefix}_Q_A_PARA_Prob") if name in _PARAPHRASED else own
    rouge, shares = _items(file, f"{prefix}_Q_A_ROUGE"), _items(file, f"{prefix}_Q_A_Prob_normalised")
    # The shares are those that are shifted; they stand only where the losses behind them are not in the file.
    shares = {} if own and wrong else shares
    return {
        i: Answered(
            loss=_number(file, own, i, "avg_loss", f"{prefix}_Q_A_Prob", LOSS),
            rouge=_number(file, rouge, i, "rougeL_recall", f"{prefix}_Q_A_ROUGE", SHARE),
            base=_number(file, base, i, "avg_loss", f"{prefix}_Q_A_PARA_Prob", LOSS),
            wrong=_losses(file, wrong, i, f"{prefix}_Q_A_PERT_Prob"),
            share=_number(file, shares, i, "prob", f"{prefix}_Q_A_Prob_normalised", SHARE),
            question=text(_part(file, rouge, i, f"{prefix}_Q_A_ROUGE").get("input")),
            answer=text(_part(file, rouge, i, f"{prefix}_Q_A_ROUGE").get("ground_truth")),
        )
        for i in sorted(own.keys() | base.keys() | wrong.keys() | rouge.keys() | shares.keys())
    }


def _items(file: JsonFile, measure: str) -> dict[int, Any]:
    if measure not in file.content:
        return {}
    found = mapping(file, file.content[measure], measure)
    if "value_by_index" not in found:
        return {}
    return numbered(file, found["value_by_index"], f"{measure}: value_by_index")


def _part(file: JsonFile, items: Mapping[int, Any], i: int, measure: str) -> Mapping[str, Any]:
    found = items.get(i)
    return {} if found is None else mapping(file, found, f"{measure}: question {i}")


def _number(
    file: JsonFile, items: Mapping[int, Any], i: int, key: str, measure: str, within: Range | None = None
) -> float | None:
    return number(file, _part(file, items, i, measure).get(key), f"{measure}: {key} of question {i}", within)


def _losses(file: JsonFile, items: Mapping[int, Any], i: int, measure: str) -> tuple[float, ...] | None:
    found = _part(file, items, i, measure).get("avg_loss")
    where = f"{measure}: avg_loss of question {i}"
    if found is None or isinstance(found, list):
        return numbers(file, found, where, LOSS)
    single = number(file, found, where, LOSS)
    return None if single is None else (single,)


def _summary(file: JsonFile) -> Iterator[tuple[str, Further]]:
    if not file.content:
        raise file.wrong("the summary is empty")
    for measure, value in file.content.items():
        yield measure, Further(number(file, value, measure, _range(measure)))


def _further(file: JsonFile) -> Iterator[tuple[str, Further]]:
    """Yield the measures that `_set` does not read, with scores of single questions where they have any."""
    for measure, content in file.content.items():
        if not isinstance(content, dict) or _read_elsewhere(file, measure):
            continue
        items = {}
        # Scores of kept questions, and truth ratios that may be shifted, come without their items.
        whole = None if on_set(measure) != "forget" or _is_ratio(measure) else content
        for name, found in (("forget", whole), ("forget", content.get("forget")), ("holdout", content.get("holdout"))):
            if isinstance(found, dict) and found.get("value_by_index"):
                scores = numbered(file, found["value_by_index"], f"{measure}: value_by_index")
                items[name] = {i: _number(file, scores, i, "score", measure) for i in scores}
        if "agg_value" in content or items:
            yield (
                measure,
                Further(number(file, content.get("agg_value"), f"{measure}: agg_value", _range(measure)), items),
            )


def on_set(measure: str) -> str:
    """Return the set a measure is about, by the beginning of its name; the forget set where it does not say."""
    return next((name for name, prefix in PREFIX.items() if measure.startswith(f"{prefix}_")), "forget")


def _range(measure: str) -> Range | None:
    """Return where the mean of a measure can lie, by its name; None where nobody says."""
    shares = measure in {"model_utility", "forget_quality"} or measure.endswith(("_ROUGE", "_Prob", "_Prob_normalised"))
    return SHARE if shares else None


def _is_ratio(measure: str) -> bool:
    return measure.lower().endswith("_truth_ratio")


def _read_elsewhere(file: JsonFile, measure: str) -> bool:
    """Return whether the items of a measure are read with their set, or computed anew from what is."""
    prefix = PREFIX[on_set(measure)]
    if _is_ratio(measure):
        base = f"{prefix}_Q_A_PARA_Prob" if on_set(measure) in _PARAPHRASED else f"{prefix}_Q_A_Prob"
        return bool(_items(file, base) and _items(file, f"{prefix}_Q_A_PERT_Prob"))
    return measure.removeprefix(f"{prefix}_Q_A_") in _READ and bool(_items(file, measure))

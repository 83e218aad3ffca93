"""What whoever submits results declares about them, and the files that say it.

``submission.yaml`` lies in the folder of a run and is about all of its cells. Beside published results lie files
``submission-<digest>.yaml``, one for each submission and folder, which name the cells they are about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from fairforget.board.identity import Declared
from fairforget.errors import FairforgetError
from fairforget.store.record import KEY, Record, Rejected
from fairforget.store.results import CELLS, laid_folders
from fairforget.study.faults import faults_of
from fairforget.study.part import Part
from fairforget.study.places import Fault, shown
from fairforget.study.yaml_lines import Document, read_yaml

NAME: Final = "submission.yaml"
LAID: Final = re.compile(r"submission-[0-9a-f]{12}\.yaml")
P = TypeVar("P", bound=Part)


class TuningByHand(Part):
    """How options were looked for outside of the search that a study makes."""

    trials: Annotated[int, Field(ge=0, le=1_000_000)]
    """Settings that were tried for the row, the most for any; 0 = the options are defaults or published values."""
    draws: Literal["none", "separate", "same"]
    """Forget sets they were tried on: none, others than those submitted, or the same."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.trials == 0) != (self.draws == "none"):
            msg = "trials 0 goes with draws: none, and any other number with separate or same"
            raise ValueError(msg)
        return self


class Statement(Part):
    """What has to be declared of results."""

    tuning: TuningByHand
    """How options were looked for by hand."""
    trained_on_evaluation: bool
    """Whether anything but the forget and retain sets was trained on: held-out samples, questions of the evaluation."""


Code = Annotated[str, Field(pattern=r"^(https://[^\s<>\"']{1,300}|this repository)$")]
"""An address, or ``this repository`` for methods that come with fairforget."""


class Submission(Statement):
    """``submission.yaml`` in the folder of a run."""

    by: Annotated[str, Field(min_length=1, max_length=200)]
    """Who answers for the numbers."""
    code: Code | None
    """Where the code of the methods is: https://… or ``this repository``; null = it is not published."""
    notes: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None
    """What else readers should know."""
    methods: Annotated[dict[str, Statement], Field(default_factory=dict)]
    """Methods of which something else is true, by ``distribution/name``."""


class LaidSubmission(Statement):
    """A declaration beside published results."""

    by: Annotated[str, Field(min_length=1, max_length=200)]
    code: Code | None
    notes: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None
    cells: Annotated[tuple[Annotated[str, Field(pattern=f"^{KEY.pattern}$")], ...], Field(min_length=1)]
    """Keys of the cells it is about."""


def read_declaration(path: Path, model: type[P]) -> P:
    """Read one file.

    Raises:
        FairforgetError: it cannot be read or is wrong; one line for each fault, with file, line and key.
    """
    return parse_declaration(read_yaml(path), model)


def parse_declaration(document: Document, model: type[P]) -> P:
    """Return what a document declares.

    Raises:
        FairforgetError: it is wrong, as `read_declaration`.
    """
    if not isinstance(document.value, dict):
        raise document.places.error([Fault((), f"a declaration is a mapping of keys, not {shown(document.value)}")])
    try:
        return model.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise document.places.error(faults_of(error, model)) from error


def declared_in(folders: Iterable[Path]) -> tuple[dict[str, Declared], list[Rejected]]:
    """Return what is declared of cells in some folders, by key, and the files that could not be used."""
    found: dict[str, Declared] = {}
    rejected: list[Rejected] = []
    for folder in sorted(set(folders)):
        if (folder / CELLS).is_dir():
            if (folder / NAME).is_file():
                _of_run(folder, found, rejected)
            continue
        for path in sorted(path for leaf in laid_folders(folder) for path in laid_declarations(leaf)):
            _of_file(path, found, rejected)
    return found, rejected


def laid_declarations(leaf: Path) -> list[Path]:
    """Return the declarations in a folder of published results; a link is none."""
    return [path for path in leaf.iterdir() if LAID.fullmatch(path.name) and not path.is_symlink()]


def with_declared(records: Iterable[Record], declared: Mapping[str, Declared]) -> list[Record]:
    """Return the records with what is declared of them, and with nothing that they say of it themselves."""
    return [replace(r, extra={**r.extra, "declared": declared[r.key]}) if r.key in declared else r for r in records]


def declared(said: Submission | LaidSubmission, statement: Statement | None = None) -> Declared:
    """Return what a file declares as boards look at it; `statement` is what it says of one method."""
    of = statement or said
    same = of.tuning.draws == "same"
    return Declared(of.tuning.trials, of.trained_on_evaluation, same, said.by, said.code or "")


def _of_run(folder: Path, found: dict[str, Declared], rejected: list[Rejected]) -> None:
    """Note what ``submission.yaml`` says of a run; what it says of single methods, as the worst of all."""
    try:
        said = read_declaration(folder / NAME, Submission)
    except FairforgetError as error:
        rejected.append(Rejected(folder / NAME, str(error)))
        return
    worst = declared(said)
    for statement in said.methods.values():
        worst = _worse(worst, declared(said, statement))
    for path in (folder / CELLS).glob("*.json"):
        if KEY.fullmatch(path.stem):
            found[path.stem] = _worse(found.get(path.stem), worst)


def _of_file(path: Path, found: dict[str, Declared], rejected: list[Rejected]) -> None:
    try:
        said = read_declaration(path, LaidSubmission)
    except FairforgetError as error:
        rejected.append(Rejected(path, str(error)))
        return
    for key in said.cells:
        found[key] = _worse(found.get(key), declared(said))


def _worse(one: Declared | None, other: Declared) -> Declared:
    if one is None:
        return other
    return replace(
        one,
        trials=max(one.trials, other.trials),
        trained_on_evaluation=one.trained_on_evaluation or other.trained_on_evaluation,
        on_same_draws=one.on_same_draws or other.on_same_draws,
    )


def as_json(part: Part) -> dict[str, Any]:
    """Return a declaration as plain data; who answers for it comes first."""
    found: dict[str, Any] = part.model_dump(mode="json")
    first = [name for name in ("by", "code", "notes") if name in found]
    return {name: found[name] for name in (*first, *found)}

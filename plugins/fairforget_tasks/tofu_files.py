"""Reading TOFU's splits: files in a folder, or the data set on a hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairforget.errors import FairforgetError
from fairforget.paths import expanded, lies_at
from fairforget_tasks.sources.files import decode
from fairforget_tasks.sources.rows import Row as Found
from fairforget_tasks.sources.source import Source as Place

REFUSALS = "idontknow.jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """One question with what else the split says of it."""

    question: str
    answer: str
    paraphrased_question: str | None = None
    paraphrased_answer: str | None = None
    perturbed_answer: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Question and answer: one question occurs twice in the published files."""
        return self.question, self.answer


@dataclass(frozen=True, slots=True)
class Source:
    """Where the splits are: a local folder, or the id of a data set on a hub."""

    data: str
    revision: str | None = None
    """Of a data set on a hub."""

    def folder(self) -> Path | None:
        """Return the folder, or None for a hub id.

        Raises:
            FairforgetError: `data` is neither.
        """
        if lies_at(expanded(self.data)) == "file":
            raise FairforgetError(f"tofu: data {self.data!r} is a file; give the folder with forget10.json …")
        try:
            return Place(self.data).local()
        except FairforgetError as error:
            raise FairforgetError(f"tofu: {error} (the folder with forget10.json …, or locuslab/TOFU)") from error

    def rows(self, split: str) -> list[Row]:
        """Return the rows of a split.

        Raises:
            FairforgetError: it is missing, or a row has another form; the message names file, row and key.
        """
        return [_row(one) for one in self._found(split)]

    def perturbed(self, split: str) -> list[Row]:
        """Return the rows of a split whose answers have wrong ones beside them.

        Raises:
            FairforgetError: as for `rows`, or a row has no wrong answer.
        """
        return [_perturbed(one) for one in self._found(split)]

    def wordings(self, split: str, of: str, rows: Sequence[Row]) -> Mapping[tuple[str, str], Row]:
        """Return the rows of a ``_perturbed`` split by the question and answer that they belong to.

        Args:
            split: name of the split with the paraphrased and the wrong answers.
            of: name of the split it belongs to.
            rows: all rows of that split.

        Raises:
            FairforgetError: as for `perturbed`, or a row belongs to none of `rows`.
        """
        questions, known = {row.question for row in rows}, {row.key for row in rows}
        found = [(one, _perturbed(one)) for one in self._found(split)]
        strange = [(one, row) for one, row in found if row.key not in known]
        if strange:
            one, row = strange[0]
            key = "answer" if row.question in questions else "question"
            what = f"({str(one.values[key])[:60]!r}) is in no row of {of!r} that it could belong to"
            count = f"{len(strange)} of {len(found)} rows belong to none"
            raise one.error(key, f"{what}; {count}: take them out, or give the two files of one data set")
        return {row.key: row for _, row in found}

    def _found(self, split: str) -> list[Found]:
        self.folder()
        # On the hub each split is a configuration of its own.
        rows = Place(self.data, self.revision).optional_rows(split, "train")
        if rows is None:
            local = f": there is no file {split}.json (or .jsonl, .csv, .parquet) in the folder"
            where = " on the hub" if self.folder() is None else local
            raise FairforgetError(f"tofu: {self.data!r} has no split {split!r}{where}")
        return rows

    def refusals(self) -> tuple[str, ...] | None:
        """Return the refusals of ``idontknow.jsonl``, one a line, or None where the file is missing."""
        folder = self.folder()
        if folder is None or not (folder / REFUSALS).is_file():
            return None
        # Called JSON lines by its ending and plain text in fact.
        lines = [line.strip() for line in decode(folder / REFUSALS).splitlines()]
        return tuple(line for line in lines if line)


def _row(found: Found) -> Row:
    return Row(
        found.text("question"),
        found.text("answer"),
        _optional(found, "paraphrased_question"),
        _optional(found, "paraphrased_answer"),
        found.texts("perturbed_answer"),
    )


def _perturbed(found: Found) -> Row:
    row = _row(found)
    if not row.perturbed_answer:
        found.present("perturbed_answer")
        raise found.error("perturbed_answer", "has no wrong answer; give a list of at least one")
    return row


def _optional(found: Found, key: str) -> str | None:
    return None if found.values.get(key) is None else found.text(key)

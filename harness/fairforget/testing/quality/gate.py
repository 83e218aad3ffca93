"""The gate: measure, find the baseline, judge."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from fairforget.errors import FairforgetError, did_you_mean
from fairforget.testing.quality.baseline import baseline_path, holds, read_baseline, write_baseline
from fairforget.testing.quality.unlike import unlike
from fairforget.testing.quality.values import FailOn, Judgement, QualityImproved, Scores
from fairforget.testing.quality.words import UPDATE, complaint, improvement

MARGIN: Final = 0.05
STUDY: Final = "quality"


class QualityFell(AssertionError):
    """A gate is red; the message says what fell, by how much, and which items."""


def _nobody(_found: Sequence[Judgement]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Quality:
    """Compares item scores with a baseline that was committed. The pytest fixture ``quality`` is one.

    ::

        def test_sleepy_has_not_got_worse(quality):
            quality("sleepy")

    The first time, and whenever a change is meant, ``pytest --quality-update`` writes ``baselines/sleepy.json`` beside
    the test; it is committed, and its diff is reviewed.
    """

    baselines: Path
    """Folder of the baselines."""
    folder: Callable[[], Path]
    """Makes an empty folder for a run."""
    update: bool = False
    """Write baselines instead of comparing with them."""
    tell: Callable[[Sequence[Judgement]], None] = _nobody
    """Is told every judgement, whatever it is."""

    def __call__(
        self,
        method: str,
        *,
        margin: float = MARGIN,
        fail_on: FailOn = "worse",
        name: str | None = None,
        study: str | Path = STUDY,
        settings: Sequence[str] = (),
        plugins: Sequence[str | Path] = (),
        **options: Any,
    ) -> list[Judgement]:
        """Run a small study of a method and compare its completeness and its utility with the baseline.

        What differs in no bit passes at once. Otherwise the items are paired, and the gate is red where the whole 95 %
        interval of a loss lies beyond the margin (`fairforget.testing.quality.judging`). A gain beyond the margin is a
        `QualityImproved` warning. Other items, forget sets or settings of the study are another benchmark, and are
        never compared.

        Args:
            method: name of the method, bare or ``distribution/name``.
            margin: the loss that matters, in units of the scores, which lie between 0 and 1.
            fail_on: ``worse``: a loss of more than the margin was shown. ``cannot-tell``: also where such a loss was
                not ruled out (non-inferiority, strictly).
            name: of the baseline; the method's by default. Two tests of one method need two names.
            study: a study file, or the name of a study; its methods are replaced by this one.
            settings: ``key=value`` each, as ``--set``.
            plugins: Python files with hooks, for a method that is not installed.
            **options: of the method.

        Returns:
            One judgement a role; empty where a baseline was written.

        Raises:
            QualityFell: the gate is red.
            FairforgetError: there is no baseline or it is of another benchmark, a cell failed, or a name is wrong.
        """
        __tracebackhide__ = True
        from fairforget.testing.quality.measuring import measure_method

        called = name if name is not None else method.rpartition("/")[2]
        path = self._prepared(called, fail_on)
        files = [Path(plugin) for plugin in plugins]
        found = measure_method(
            called, {"name": method, **options}, study=study, folder=self.folder(), settings=settings, plugins=files
        )
        return self._checked(path, found, margin, fail_on)

    def compare(
        self,
        name: str,
        scores: Mapping[str, Mapping[str, float]],
        *,
        margin: float,
        better: Literal["higher", "lower"] = "higher",
        benchmark: Mapping[str, str] | None = None,
        fail_on: FailOn = "worse",
    ) -> list[Judgement]:
        """Compare item scores that the test has measured itself: of a sampler, a metric, a model, anything.

        Args:
            name: of the baseline.
            scores: group -> item -> value. Groups are what varies as a whole, as forget sets do; at least three.
            margin: the loss that matters, in units of the scores.
            better: which direction is good.
            benchmark: what has to be equal for two measurements to be of one thing, as words -> value.
            fail_on: as that of the gate of a method.

        Returns:
            One judgement, or none where a baseline was written.

        Raises:
            QualityFell: the gate is red.
            FairforgetError: there is no baseline or it is of another benchmark, or a value is no number.
        """
        __tracebackhide__ = True
        from fairforget.testing.quality.given import scores_given

        path = self._prepared(name, fail_on)
        found = scores_given(name, scores, benchmark=benchmark or {}, better=better)
        return self._checked(path, found, margin, fail_on)

    def _prepared(self, name: str, fail_on: str) -> Path:
        """Return the path of the baseline; says what is wrong before anything is measured."""
        if fail_on not in get_args(FailOn):
            msg = f"a gate fails on {fail_on!r}? {did_you_mean(fail_on, get_args(FailOn))}"
            raise FairforgetError(msg)
        path = baseline_path(self.baselines, name)
        if not self.update and not path.is_file():
            msg = f"{path}: there is no baseline yet; write it with {UPDATE} and commit it"
            raise FairforgetError(msg)
        return path

    def _checked(self, path: Path, found: Scores, margin: float, fail_on: FailOn) -> list[Judgement]:
        __tracebackhide__ = True
        from fairforget.testing.quality.judging import judge, same

        if self.update:
            judge(found, found, margin)  # what could never be judged is not written
            write_baseline(path, found)
            return []
        baseline = read_baseline(path)
        if (why := unlike(baseline.scores, found)) is not None:
            msg = f"{path} is not compared: {why}. If that is meant, {UPDATE} writes it anew; review its diff"
            raise FairforgetError(msg)
        bitwise = baseline.digest == found.digest
        if bitwise and not holds(baseline, found):
            msg = f"{path}: its numbers are not those of its digest, as after a merge; {UPDATE} writes it anew"
            raise FairforgetError(msg)
        judged = same(found, margin) if bitwise else judge(baseline.scores, found, margin)
        self.tell(judged)
        for one in judged:
            if one.verdict == "better":
                warnings.warn(QualityImproved(improvement(one)), stacklevel=3)
        red = {"worse"} if fail_on == "worse" else {"worse", "cannot tell"}
        if fell := [complaint(one) for one in judged if one.verdict in red]:
            raise QualityFell("\n".join([*fell, f"If that is meant, {UPDATE} writes {path} anew; review its diff"]))
        return judged

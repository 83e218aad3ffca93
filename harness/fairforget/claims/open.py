"""Opening a claim: everything that its file names is found and checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.api.spec import PluginSpec
from fairforget.claims.claim import Assumed, Claim, ScoresWanted, Site
from fairforget.claims.confined import confined
from fairforget.claims.printed.named import beside_faults
from fairforget.claims.read import ReadClaim, read_claim
from fairforget.claims.statistics.loading import load
from fairforget.claims.statistics.names import STATISTICS
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.paths import lies_at
from fairforget.study.building import Builder
from fairforget.study.load import StudyFile, anchored, of_command_line, study_of
from fairforget.study.options import make
from fairforget.study.override import Setting
from fairforget.study.places import KeyPath, Places, StudyError, dotted
from fairforget.study.yaml_lines import Document, read_yaml

if TYPE_CHECKING:
    from fairforget.claims.claim_file import Variation
    from fairforget.claims.statistics.base import Statistic
    from fairforget.registry import Registry


def open_claim(claim: str | Path, registry: Registry, settings: Sequence[str] = ()) -> Claim:
    """Open a claim.

    A text that starts with ``./`` or ``../`` in the study, a target, a part or the options of a difficulty is a path
    relative to the file. It stays in the folder of the claim's file or, of a claim that a plugin ships, in that of the
    package.

    Args:
        claim: a file, or the name of a claim that a plugin ships, bare or as ``distribution/name``; what ends in
            ``.yaml`` or ``.yml`` is a file.
        registry: where names are looked up.
        settings: ``key=value`` each, for the study on every target and in every part, over all that the file says.

    Raises:
        FairforgetError: the claim does not exist or is wrong; the message has one line for each fault, with file, line
            and key.
    """
    return opened(read_claim(claim, registry), registry, settings)


def opened(read: ReadClaim, registry: Registry, settings: Sequence[str] = ()) -> Claim:
    """Return the claim of a file that was read.

    Raises:
        FairforgetError: as `open_claim`.
    """
    return _Opening(read, Builder(registry), of_command_line(settings)).claim()


def statistic(spec: PluginSpec) -> Statistic:
    """Return the statistic that a claim file names.

    Raises:
        FairforgetError: there is none of that name, or its options are unknown, missing or wrong.
    """
    if spec.name not in STATISTICS:
        msg = f"Unknown statistic {spec.name!r}. {did_you_mean(spec.name, STATISTICS, most=40)}"
        raise FairforgetError(msg)
    return make(load(STATISTICS[spec.name]), spec.options, f"statistic {spec.name!r}", STATISTICS[spec.name])


@dataclass(frozen=True, slots=True)
class _Opening:
    read: ReadClaim
    builder: Builder
    """Notes what is wrong in the file itself."""
    settings: Sequence[Setting]
    """Of the command line."""
    elsewhere: list[str] = field(default_factory=list)
    """What is wrong in the study, on a target, in a part: whole messages, some about another file."""

    def claim(self) -> Claim:
        file = self.read.file
        made = self.statistic(file.statistic, ("statistic",))
        controls = {
            name: found
            for name, control in file.controls.items()
            if (found := self.statistic(control.statistic, ("controls", name, "statistic"))) is not None
        }
        scores, sites = self.scores(), self.sites()
        self.builder.faults.extend(beside_faults(self.read))
        if self.builder.faults or self.elsewhere or made is None:
            raise StudyError([*self.read.places.error(self.builder.faults).messages, *self.elsewhere])
        assumed = Assumed(file.assumed.effect, file.assumed.spread, file.assumed.because)
        return Claim(self.read.name, sites, made, file.expect, controls, scores, file.cells, assumed)

    def statistic(self, spec: PluginSpec, path: KeyPath) -> Statistic | None:
        with self.builder.noting(path):
            return statistic(spec)
        return None

    def scores(self) -> tuple[ScoresWanted, ...]:
        wanted, described = [], []
        for i, asked in enumerate(self.read.file.scores):
            spec = PluginSpec(asked.name, self.within(asked.spec.options, ("scores", i)))
            built = self.builder.build("difficulty", spec, ("scores", i))
            if built is not None and "seeds" in built.plugin.options():
                msg = f"difficulty {built.entry.canonical} has an option 'seeds', which is a key of the claim file"
                self.builder.fault(("scores", i), msg)
            wanted.append(ScoresWanted(spec, asked.seeds))
            described.append(None if built is None else built.to_json())
        self.builder.distinct("difficulty", "scores", described)
        return tuple(wanted)

    def sites(self) -> tuple[Site, ...]:
        document, file = self.document(), self.read.file
        found = []
        for target, part, facts in _variants(file.parts, file.targets):
            settings = [
                *self.set(("targets", target, "set"), file.targets[target].set),
                *(self.set(("parts", part, "set"), file.parts[part].set) if file.parts else ()),
                *self.settings,
            ]
            if document is not None and (opened := self.opened(document, settings)) is not None:
                found.append(Site(target, part, opened, facts))
        return tuple(found)

    def opened(self, document: Document, settings: Sequence[Setting]) -> StudyFile | None:
        try:
            return study_of(document, settings)
        except StudyError as error:
            self.elsewhere.extend(error.messages)
        except FairforgetError as error:
            self.elsewhere.append(str(error))
        return None

    def set(self, path: KeyPath, given: Mapping[str, Any]) -> Iterator[Setting]:
        """Yield the settings of a target or part; messages about them begin with where they stand."""
        for key, value in given.items():
            place = self.read.places.at((*path, key))
            where = f"{place.text(key=True)}: {dotted(path)}" if place is not None else dotted(path)
            setting = Setting.of(key, self.within(value, (*path, key)), where)
            if setting is None:
                self.builder.fault((*path, key), "write a key of the study, for example budget.epochs")
            else:
                yield setting

    def document(self) -> Document | None:
        """Return the study as it is before anything is set."""
        given, places = self.read.file.study, self.read.places
        if not isinstance(given, str):
            known = {path[1:]: place for path, place in places.known.items() if path[0:1] == ("study",)}
            return Document(self.within(given, ("study",)), Places(known, ("study",)))
        path = self.within(given, ("study",))
        if path != given:
            return self.beside(Path(path))
        with self.builder.noting(("study",)):
            if given.endswith((".yaml", ".yml")):
                msg = f"a study file beside the claim is written ./{given}"
                raise FairforgetError(msg)
            file = self.builder.registry.path(self.builder.registry.find("study", given))
            found = read_yaml(file)
            return Document(anchored(found.value, file.parent), found.places)
        return None

    def beside(self, path: Path) -> Document | None:
        """Return a study file in the claim's folder."""
        if any(fault.path == ("study",) for fault in self.builder.faults):  # it leads out of the folder
            return None
        if lies_at(path) != "file":
            self.builder.fault(("study",), f"there is no file {path}")
            return None
        try:
            found = read_yaml(path)
        except FairforgetError as error:
            self.elsewhere.append(str(error))
            return None
        value, faults = confined(found.value, path.parent, self.read.root)
        if faults:
            self.elsewhere.extend(found.places.error(faults).messages)
        return Document(value, found.places)

    def within(self, value: Any, path: KeyPath) -> Any:
        made, faults = confined(value, self.read.path.absolute().parent, self.read.root, path)
        self.builder.faults.extend(faults)
        return made


def _variants(
    parts: Mapping[str, Variation] | None, targets: Iterable[str]
) -> Iterator[tuple[str, str, Mapping[str, float]]]:
    """Yield every target and part with the facts of the part."""
    for target in targets:
        if parts is None:
            yield target, "", {}
        else:
            yield from ((target, part, variation.facts) for part, variation in parts.items())

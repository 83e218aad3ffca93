"""From the folders of runs to packs, and back."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fairforget.claims.packs.pack_file import SUFFIX, Pack, is_packed, is_place, pack_bytes, read_pack
from fairforget.claims.score_files import FOLDER as SCORES
from fairforget.errors import FairforgetError, MachineFault
from fairforget.store.atomic import partial_name, unwritable, write_bytes
from fairforget.store.files import CELLS
from fairforget.store.regular import read_regular
from fairforget.store.strict_json import MAX_BYTES


@dataclass(frozen=True, slots=True)
class Packed:
    """What became of the folder of a site."""

    path: Path
    """Of the pack."""
    records: int
    score_sets: int
    unpacked: int
    """Bytes of its files."""
    packed: int


def pack(out: Path, packs: Path) -> tuple[Packed, ...]:
    """Write ``PACKS/<study>/<target>[.<part>].pack.xz`` for every folder of a study of claims in `out`.

    A pack has the records, the score sets and the plan, byte for byte; boards and logs are not in it. Packs of other
    studies stay.

    Args:
        out: where studies of claims lie.
        packs: another folder.

    Raises:
        FairforgetError: there is none, a file is no regular one or too large, or a pack cannot be written; each pack is
            whole or not there.
    """
    if lies_packed(out):
        msg = f"{out} holds packs already"
        raise FairforgetError(msg)
    if out.resolve() == packs.resolve():
        msg = f"packs lie apart from what is packed; name another folder than {out}"
        raise FairforgetError(msg)
    made = [_pack(folder, packs) for folder in _folders(out)]
    if not made:
        msg = (
            f"nothing to pack in {out}: there is no {out / 'STUDY' / 'TARGET' / CELLS}; name the folder of 'claims run'"
        )
        raise FairforgetError(msg)
    return tuple(made)


def unpack(packs: Path, out: Path) -> tuple[Path, ...]:
    """Lay the files of every pack in `packs` back as ``OUT/<study>/<target>[.<part>]``, and return these folders.

    Raises:
        FairforgetError: there is no pack, one is not used, a folder is there already, or one cannot be written; each
            folder is whole or not there.
    """
    found = _packs(packs)
    if not found:
        msg = f"there is no pack in {packs}: none of its files is called STUDY/TARGET{SUFFIX}"
        raise FairforgetError(msg)
    folders = {path: out / path.parent.name / path.name.removesuffix(SUFFIX) for path in found}
    if there := next((folder for folder in folders.values() if os.path.lexists(folder)), None):
        msg = f"{there} is there already, and nothing is unpacked over it; name another folder"
        raise FairforgetError(msg)
    for path, folder in folders.items():
        _lay(read_pack(path), folder)
    return tuple(folders.values())


def lies_packed(folder: Path) -> bool:
    """Return whether there is a pack in `folder`."""
    return bool(_packs(folder))


@contextmanager
def laid_out(evidence: Path, studies: Iterable[str]) -> Iterator[Path]:
    """Give a folder where studies lie as runs leave them: `evidence` itself, or of packs one that goes afterwards.

    Args:
        evidence: with folders of studies, or with packs of them.
        studies: those that are needed.

    Raises:
        FairforgetError: a pack is not used, or a study has a pack and a folder.
    """
    found = _packs(evidence)
    if not found:
        yield evidence
        return
    wanted = set(studies)
    with tempfile.TemporaryDirectory(prefix="fairforget-claims-") as made:
        for path in found:
            study, site = path.parent.name, path.name.removesuffix(SUFFIX)
            if os.path.lexists(path.parent / site):
                msg = f"{path.parent} holds {path.name} and {site}/, which may differ; remove one of them"
                raise FairforgetError(msg)
            if study in wanted:
                _lay(read_pack(path), Path(made, study, site))
        yield Path(made)


def check_not_packed(out: Path) -> None:
    """Find out whether a run can go on in a folder.

    Raises:
        FairforgetError: its studies are packed.
    """
    if lies_packed(out):
        msg = f"{out} holds packs, and runs go on from files; 'fairforget claims unpack {out} DIR' lays them into DIR"
        raise FairforgetError(msg)


def _folders(out: Path) -> Iterator[Path]:
    for study in _inside(out):
        if is_place(study.name) and study.is_dir():
            for site in _inside(study):
                if is_place(site.name) and any((site / inner).is_dir() for inner in (CELLS, SCORES)):
                    yield site


def _packs(folder: Path) -> list[Path]:
    """Return the packs in a folder, of links none."""
    studies = [study for study in _inside(folder) if is_place(study.name) and study.is_dir()] if folder.is_dir() else []
    return [path for study in studies for path in _inside(study) if path.name.endswith(SUFFIX)]


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.is_symlink())
    except OSError as error:
        msg = f"cannot read {folder}: {error.strerror or error}"
        raise FairforgetError(msg) from error


def _pack(folder: Path, packs: Path) -> Packed:
    files = {name: _content(folder / name) for name in _names(folder)}
    path = packs / folder.parent.name / f"{folder.name}{SUFFIX}"
    content = pack_bytes(Pack(folder.parent.name, folder.name, files))
    write_bytes(path, content)
    records, score_sets = (sum(name.startswith(f"{inner}/") for name in files) for inner in (CELLS, SCORES))
    return Packed(path, records, score_sets, sum(map(len, files.values())), len(content))


def _names(folder: Path) -> list[str]:
    """Return the paths of the files in the folder of a site that go into its pack."""
    places = [folder, *(folder / inner for inner in (CELLS, SCORES) if os.path.lexists(folder / inner))]
    if link := next((place for place in places if place.is_symlink()), None):
        msg = f"{link} is a link, and a pack holds what lies in a folder itself; replace it by what it leads to"
        raise FairforgetError(msg)
    try:
        found = [path.relative_to(folder).as_posix() for place in places for path in place.iterdir()]
    except OSError as error:
        msg = f"cannot read {folder}: {error.strerror or error}"
        raise FairforgetError(msg) from error
    return sorted(name for name in found if is_packed(name))


def _content(path: Path) -> bytes:
    try:
        if path.is_symlink():
            msg = f"{path} is a link, and a pack holds files; replace it by what it leads to, or remove it"
            raise FairforgetError(msg)
        content = read_regular(path, MAX_BYTES)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or error}; mend or remove it"
        raise FairforgetError(msg) from error
    if len(content) > MAX_BYTES:
        msg = f"{path} is larger than {MAX_BYTES // 1024**2} MiB and read by nobody; remove it"
        raise FairforgetError(msg)
    return content


def _lay(pack: Pack, folder: Path) -> None:
    """Write the files of a pack as a folder, whole or not at all."""
    partial = folder.with_name(partial_name(folder.name))
    try:
        partial.mkdir(parents=True)
        for inner in {Path(name).parent for name in pack.files}:
            (partial / inner).mkdir(exist_ok=True)
        for name, content in pack.files.items():
            (partial / name).write_bytes(content)
        partial.replace(folder)
    except OSError as error:
        raise MachineFault(unwritable(folder, error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)

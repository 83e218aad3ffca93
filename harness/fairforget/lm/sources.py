"""Where models that exist come from, and what exactly they are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

from fairforget.api.sample import digest_of
from fairforget.api.task import Pretrained
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.lm.strangers import WEIGHTS, check_model
from fairforget.paths import expanded, lies_at, short

_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_PICKLES: Final = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_TOKENIZERS: Final = (
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
)
FileStamp = tuple[str, int, int, int]
_LARGE: Final = 1 << 24
_CONTENT: Final = ("*.safetensors", "*.json", "*.model", "*.txt", "*.jinja", "*.py")


def find_folder(path: str, what: str = "model") -> Path | None:
    """Return the local folder that `path` names, or None where it is a hub id.

    Raises:
        FairforgetError: it can be neither.
    """
    folder = expanded(path)
    there = lies_at(folder)
    if there == "folder":
        return folder
    if there:
        msg = f"{what} {path!r} is a file; name the folder it lies in (and a GGUF file by gguf_file)"
        raise FairforgetError(msg)
    if folder.is_absolute() or not _HUB_ID.fullmatch(path):
        msg = f"{what} {short(path)} does not exist; check the path, or give a hub id such as 'organisation/name'"
        raise FairforgetError(msg)
    return None


def demand_safetensors(folder: Path, names: Sequence[str] = ()) -> None:
    """Refuse a folder whose weights are missing or pickled.

    Args:
        folder: of a model or an adapter.
        names: files in one of which the weights are; any safetensors where none is named.
    """
    if any((folder / name).is_file() for name in names) or (not names and any(folder.glob("*.safetensors"))):
        return
    pickles = sorted(file.name for pattern in _PICKLES for file in folder.glob(pattern))
    ggufs = sorted(file.name for file in folder.glob("*.gguf"))
    if pickles:
        msg = (
            f"{str(folder)!r} holds its weights as a pickle ({pickles[0]}), which can run any code when it is read; "
            "where you trust it, load the model and call model.save_pretrained(folder), which writes safetensors"
        )
    elif ggufs:
        msg = f"{str(folder)!r} holds GGUF weights; name the file: gguf_file: {ggufs[0]}"
    else:
        wanted = " or ".join(names) or "*.safetensors"
        msg = f"{str(folder)!r} holds no {wanted}; is it the folder with the config and the weights?"
    raise FairforgetError(msg)


def _file_in(folder: Path, name: str) -> Path | None:
    return folder / name if (folder / name).is_file() else None


def has_tokenizer(folder: Path) -> bool:
    """Return whether a model's folder holds a tokenizer."""
    return any((folder / name).is_file() for name in _TOKENIZERS)


def local_model(base: Pretrained) -> Path | None:
    """Return the folder of the model, or None where it is on a hub.

    Raises:
        FairforgetError: the folder is missing, holds no weights that may be read, or brings what nobody asked for.
    """
    folder = find_folder(base.path)
    if folder is None:
        return None
    find = partial(_file_in, folder)
    check_model(find, base.path, trusted=base.trust_remote_code, weights=base.gguf_file is None)
    if base.gguf_file is None:
        demand_safetensors(folder, WEIGHTS)
    elif Path(base.gguf_file).name != base.gguf_file or not (folder / base.gguf_file).is_file():
        choices = did_you_mean(base.gguf_file, (file.name for file in folder.glob("*.gguf")))
        msg = f"model folder {base.path!r} has no gguf_file {base.gguf_file!r}. {choices}"
        raise FairforgetError(msg)
    return folder


def content(base: Pretrained) -> dict[str, Any]:
    """Return what the weights and the tokenizer are, wherever they lie: digests of files, or the commit on the hub.

    Raises:
        FairforgetError: they cannot be found.
    """
    from fairforget.lm.lora import merged_adapter, new_adapter

    found: dict[str, Any] = {"dtype": base.dtype, "gguf_file": base.gguf_file}
    folder = local_model(base)
    if folder is None:
        found |= {"hub": base.path, "commit": commit(base.path, base.revision, base.gguf_file or "config.json")}
    else:
        found["files"] = digests(folder, (base.gguf_file,) if base.gguf_file is not None else _CONTENT)
    if base.trust_remote_code:
        found["trust_remote_code"] = True
    adapter = merged_adapter(base.adapter)
    if adapter is not None:
        where = find_folder(adapter, "adapter")
        if where is None:
            found["adapter"] = {"hub": adapter, "commit": commit(adapter, None, "adapter_config.json")}
        else:
            found["adapter"] = {"files": digests(where, _CONTENT)}
    elif base.adapter is not None:
        found["adapter"] = new_adapter(base.adapter)
    return found


def digests(folder: Path, patterns: tuple[str, ...] = ("*",)) -> dict[str, str]:
    """Return the SHA-256 (hex) of the files directly in `folder` that match a pattern, by name."""
    files = sorted({file for pattern in patterns for file in folder.glob(pattern) if file.is_file()})
    return {file.name: _sha256(file) for file in files}


def tree_digest(path: Path) -> str:
    """Return the SHA-256 (hex) over a file, or over names and contents of all files below a folder.

    Folders behind links are entered. Hidden names and ``__pycache__`` are left out: they come and go with use.
    """
    if path.is_file():
        return _sha256(path)
    return digest_of(
        {
            folder.relative_to(path).as_posix(): {file.name: _sha256(file) for file in _seen(folder) if file.is_file()}
            for folder in _folders(path)
        }
    )


def tree_stamp(path: Path) -> tuple[FileStamp, ...]:
    """Return what changes when `tree_digest` does, without reading a file; empty where nothing lies."""
    if not path.is_dir():
        return stamp_files((path,))
    return stamp_files(file for folder in _folders(path) for file in _seen(folder))


def _folders(folder: Path, inside: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield a folder and all below it; a link back to a folder that it lies in is not followed."""
    real = folder.resolve()
    if folder.is_dir() and real not in inside:
        yield folder
        for below in _seen(folder):
            yield from _folders(below, (*inside, real))


def _seen(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name != "__pycache__" and not path.name.startswith("."))


def _sha256(file: Path) -> str:
    # A small file can change within one tick of the clock; a large one takes longer to write, and to read.
    (of_file,) = stamp_files((file,))
    return _sha256_of_large(of_file) if of_file[1] >= _LARGE else _read_sha256(file)


@lru_cache(maxsize=64)
def _sha256_of_large(of_file: FileStamp) -> str:
    """Return the digest of a file that several columns of a plan ask for."""
    return _read_sha256(Path(of_file[0]))


def _read_sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stamp(base: Pretrained) -> tuple[FileStamp, ...]:
    """Return what changes when a local file that `content` reads does, without reading it; empty for a hub's models."""
    from fairforget.lm.lora import merged_adapter

    adapter = merged_adapter(base.adapter)
    folders = [Path(path).expanduser() for path in (base.path, adapter) if path is not None]
    return stamp_files(file for folder in folders if folder.is_dir() for file in sorted(folder.iterdir()))


def stamp_files(paths: Iterable[Path]) -> tuple[FileStamp, ...]:
    """Return path, size and times of change of each file; what is no file is left out."""
    return tuple((str(p), s.st_size, s.st_mtime_ns, s.st_ctime_ns) for p in paths if p.is_file() for s in (p.stat(),))


def commit(hub_id: str, revision: str | None, file: str) -> str:
    """Return the commit that a revision stands for, asked of the hub or, without a network, of its cache.

    Args:
        hub_id: the repository.
        revision: commit, branch or tag; None = the default branch.
        file: one that every copy of the repository has.

    Raises:
        FairforgetError: neither knows the repository.
    """
    from huggingface_hub import HfApi

    if revision is not None and _COMMIT.fullmatch(revision):
        return revision
    try:
        return str(HfApi().model_info(hub_id, revision=revision).sha)
    except Exception as error:
        cached = in_cache_of_hub(hub_id, file, revision)
        if cached is not None:
            # …/snapshots/<commit>/<file>
            return next(part for part in reversed(cached.parts) if _COMMIT.fullmatch(part))
        raise FairforgetError(unreachable(hub_id, revision, error)) from error


def in_cache_of_hub(hub_id: str, file: str, revision: str | None) -> Path | None:
    """Return the copy of a file in the hub's cache; None where there is none, or the hub would have no such name."""
    from huggingface_hub import try_to_load_from_cache

    try:
        found = try_to_load_from_cache(hub_id, file, revision=revision)
    except (OSError, ValueError):
        return None
    return Path(found) if isinstance(found, str) else None


def unreachable(hub_id: str, revision: str | None, error: Exception) -> str:
    """Return what to say where a hub does not give a model."""
    at = f" at revision {revision!r}" if revision else ""
    lines = str(error).strip().splitlines() or [""]
    return (
        f"{hub_id!r}{at} is no folder here and cannot be had from the hub ({type(error).__name__}: {lines[0]}). Check "
        "the name; for a gated model accept its terms and log in with 'hf auth login'; without a network give a folder"
    )

"""GPUs, handed to processes by ``CUDA_VISIBLE_DEVICES``; finding them imports nothing and asks no driver."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from fairforget.errors import FairforgetError

VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
"""Environment variable: what CUDA, and with it torch, sees of the machine's GPUs; also read by ROCm."""


def devices_for(wanted: str, environ: Mapping[str, str] | None = None, machine: Path = Path("/dev")) -> tuple[str, ...]:
    """Return the GPUs that cells may use, as ``CUDA_VISIBLE_DEVICES`` names them.

    Args:
        wanted: ``auto`` = all that this process sees; ``none``; or numbers and UUIDs, joined by commas.
        environ: read instead of `os.environ`.
        machine: where the files of devices lie.

    Raises:
        FairforgetError: `wanted` is nothing of this.
    """
    if wanted == "none":
        return ()
    if wanted == "auto":
        seen = (os.environ if environ is None else environ).get(VISIBLE)
        if seen is None:
            # A container has the files of the GPUs it was given; CUDA counts them from 0 whatever their numbers are.
            files = [*machine.glob("nvidia[0-9]*")]
            if (machine / "kfd").exists():  # AMD's, which ROCm counts alike
                files = [*files, *machine.glob("dri/renderD[0-9]*")]
            return tuple(str(i) for i, _ in enumerate(files))
        wanted = seen.partition("-1")[0].strip(",") if re.fullmatch(r"[0-9,-]*", seen) else seen
        if not wanted.strip():
            return ()
    names = tuple(name.strip() for name in wanted.split(","))
    if not all(re.fullmatch(r"[0-9]+|(GPU|MIG)-[0-9A-Za-z/-]+", name) for name in names) or len({*names}) < len(names):
        msg = f"devices: {wanted!r} names no GPUs; write auto, none, or their numbers, for example devices='0,1'"
        raise FairforgetError(msg)
    return names

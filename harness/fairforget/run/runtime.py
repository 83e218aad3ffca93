"""What a job has to know that changes no score."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Runtime:
    """Folders, plugin files and threads; none of it is in the key of a cell."""

    cache: str
    """Where targets, oracles and scores are kept."""
    plugin_files: tuple[str, ...] = ()
    """Files given with ``--plugin``."""
    threads: int = 1
    """CPU threads of a job."""

    def to_json(self) -> str:
        """Return the form that is handed to a worker."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Runtime:
        """Read what `to_json` wrote."""
        found = json.loads(text)
        return cls(found["cache"], tuple(found["plugin_files"]), found["threads"])

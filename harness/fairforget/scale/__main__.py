"""``python -m fairforget.scale [PAGE]``: print the computed tables, or put them into a page."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fairforget.scale.tables import TABLES

_PLACE: Final = re.compile(r"(<!-- computed: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(page: str) -> str:
    """Return the page with every table computed anew between ``<!-- computed: NAME -->`` and ``<!-- end -->``.

    Raises:
        SystemExit: the page has no place for a table, or there is no such table.
    """

    def fill(place: re.Match[str]) -> str:
        name = place["name"]
        if name not in TABLES:
            sys.exit(f"there is no table {name!r}; there are: {', '.join(TABLES)}")
        return f"{place[1]}\n{TABLES[name]()}\n\n{place[3]}"

    written, places = _PLACE.subn(fill, page)
    if not places:
        sys.exit("the page has no place for a table: <!-- computed: NAME --> … <!-- end -->")
    return written


def main(arguments: Sequence[str]) -> int:
    """Fill a page, or print all tables where none is named."""
    if not arguments:
        sys.stdout.write("\n".join(f"{name}\n\n{make()}\n" for name, make in TABLES.items()))
        return 0
    path = Path(arguments[0])
    path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Put sections of a board into a page of the documentation.

    python benchmarks/quality/into_page.py runs/methods docs/explanation/methods-compared.md

replaces what stands between ``<!-- board: TITLE -->`` and ``<!-- end -->`` in the page by the section TITLE of the
run's ``board.md``; ``standing`` is what stands above its first section, ``twins`` the table of ``twins.py``. The page's
own text stays.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

_PLACE = re.compile(r"(<!-- board: (?P<title>[^\n]+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def sections(board: str) -> dict[str, str]:
    """Return the sections of a ``board.md`` with one table of results, by title; ``standing`` is what leads them."""
    lead, *rest = re.split(r"^### ", board.split("\n## ", 1)[1], flags=re.MULTILINE)
    found = {"standing": lead.split("\n", 1)[1].strip()}
    for part in rest:
        title, _, text = part.partition("\n")
        found[title.strip()] = text.strip()
    return found


def inserted(page: str, known: Mapping[str, str]) -> str:
    """Return the page with every place filled from `known`, the sections by title.

    Raises:
        SystemExit: the page has no place, or there is no such section.
    """

    def fill(place: re.Match[str]) -> str:
        title = place["title"]
        if title not in known:
            sys.exit(f"there is no section {title!r}; there are: {', '.join(known)}")
        return f"{place[1]}\n{known[title]}\n\n{place[3]}"

    filled, places = _PLACE.subn(fill, page)
    if not places:
        sys.exit("the page has no place for a section: <!-- board: TITLE --> … <!-- end -->")
    return filled


def main(run: str, page: str) -> None:
    """Fill the places of a page from a run's folder."""
    path = Path(page)
    text, known = path.read_text(encoding="utf-8"), sections((Path(run) / "board.md").read_text(encoding="utf-8"))
    if "<!-- board: twins -->" in text:
        from twins import table  # beside this file

        known["twins"] = table(Path(run))
    path.write_text(inserted(text, known), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

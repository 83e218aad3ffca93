"""Builds the site, strictly: `python docs/build.py` (or `tox -e docs`) writes it to build/site/html.

The pages are laid out as they lie in the repository, with whatever they link to, so that a link that works on GitHub
works on the site. zensical fails on pages, anchors and API references that do not exist; what it does not look at,
links to other files and links in the finished pages, is looked at here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

ROOT: Final = Path(__file__).resolve().parents[1]
PAGES: Final = ROOT / "build" / "site" / "pages"
SITE: Final = ROOT / "build" / "site" / "html"
_CODE: Final = re.compile(r"^( *)(```+).*?^\1\2[ \t]*$|`+[^`\n]+`+", re.MULTILINE | re.DOTALL)
_SIDES: Final = {"l": "left", "r": "right"}
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_MATH: Final = re.compile(r"\$\$(.+?)\$\$|(?<![\\$\w])\$(?![\s$])([^$\n]+?)(?<![\s\\])\$(?!\w)", re.DOTALL)


def main() -> int:
    """Build the site; return 1 where anything in it leads nowhere."""
    if found := lay_out():
        return complain(found)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    if (code := subprocess.run(command, cwd=ROOT, check=False).returncode) != 0:
        return code
    return complain(dead_links())


def complain(found: list[str]) -> int:
    """Print what is wrong; return the exit code."""
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


def lay_out() -> list[str]:
    """Copy the pages and what they link to, as they lie in the repository; return links to what is not there."""
    shutil.rmtree(PAGES, ignore_errors=True)
    wrong: list[str] = []
    todo = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    todo += [*sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "leaderboards" / "pages").rglob("*.md"))]
    done: set[Path] = set()
    while todo:
        file = todo.pop()
        if file in done:
            continue
        done.add(file)
        copy = PAGES / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix != ".md":
            shutil.copyfile(file, copy)
            continue
        text = file.read_text(encoding="utf-8")
        copy.write_text(with_math(text), encoding="utf-8")
        for link in _LINK.findall(_CODE.sub("", text)):
            path = unquote(urlsplit(link).path)
            if urlsplit(link).scheme or not path:
                continue
            target = Path(os.path.normpath(file.parent / path))
            if target.is_file() and target.is_relative_to(ROOT):
                todo.append(target)
            else:
                what = "is a folder; link a file in it" if target.is_dir() else "does not exist"
                wrong.append(f"{file.relative_to(ROOT)}: {link} {what}")
    return wrong


def with_math(text: str) -> str:
    """Return the page with its formulas as MathML, which browsers show without a script."""
    parts, end = [], 0
    for code in _CODE.finditer(text):
        parts += [_MATH.sub(_mathml, text[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, _MATH.sub(_mathml, text[end:])])


def _mathml(match: re.Match[str]) -> str:
    from latex2mathml.converter import convert

    formula = re.sub(r"\\([lr])([vV])ert\b", lambda m: rf"\{_SIDES[m[1]]}\{m[1]}{m[2]}ert ", match[1] or match[2])
    made = str(convert(formula, display="block" if match[1] else "inline"))
    # Browsers know no variants of letters in MathML but the letters themselves.
    made = re.sub(r'<mi mathvariant="(double-struck|script)">([A-Z])</mi>', _letter, made)
    return f'<span class="formula">{made}</span>'  # Markdown takes a paragraph that begins with <math> for a block


def _letter(match: re.Match[str]) -> str:
    name = f"{match[1].upper()} CAPITAL {match[2]}"
    try:
        return f"<mi>{unicodedata.lookup(f'MATHEMATICAL {name}')}</mi>"
    except KeyError:  # the few that Unicode had before it had the rest of the alphabet, such as the real numbers' R
        return f"<mi>{unicodedata.lookup(name)}</mi>"


class _Page(HTMLParser):
    """The anchors and the links of one finished page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's interface
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in {"href", "src"} and value:
                self.links.append(value)


def dead_links() -> list[str]:
    """Return the links of the finished pages that lead nowhere."""
    pages = {file: _Page(file.read_text(encoding="utf-8")) for file in SITE.rglob("*.html") if file.name != "404.html"}
    wrong = []
    for file, page in sorted(pages.items()):
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            target = target / "index.html" if target.is_dir() else target
            known = pages[target].anchors if target in pages else set()
            top = parts.fragment in {"", "__skip", "__top"}
            if not target.is_file() or not (top or unquote(parts.fragment) in known or target not in pages):
                wrong.append(f"{file.relative_to(SITE)}: {link} leads nowhere")
    return wrong


if __name__ == "__main__":
    sys.exit(main())

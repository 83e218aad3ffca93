"""Text of others in LaTeX, so that it stands for itself under every engine."""

from __future__ import annotations

import re
import textwrap
from typing import Final

_ASCII: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # After the end of a line \\ takes these for its own.
    "*": "{*}",
    "[": "{[}",
    "]": "{]}",
    # Shorthands of some languages start with it.
    '"': "{''}",
}
_SIGNS: Final = {
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "\N{LEFT SINGLE QUOTATION MARK}": "{`}",
    "\N{RIGHT SINGLE QUOTATION MARK}": "{'}",
    "“": "{``}",
    "”": "{''}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "−": "$-$",
    "→": r"$\rightarrow$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≠": r"$\neq$",
    "≈": r"$\approx$",
    "∞": r"$\infty$",
    "∆": r"$\Delta$",
    "²": "$^2$",
    "³": "$^3$",
    "\N{NO-BREAK SPACE}": "~",
}
_GREEK: Final = {
    **dict(zip("αβγδεζηθικλμνξπρσςτυφχψω", (
        "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma varsigma tau upsilon "
        "varphi chi psi omega"
    ).split(), strict=True)),
    **dict(zip("ΓΔΘΛΞΠΣΥΦΨΩ", "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(), strict=True)),
}  # fmt: skip
_KNOWN: Final = {**_ASCII, **_SIGNS, **{sign: f"$\\{name}$" for sign, name in _GREEK.items()}}
# Letters of Latin-1 that the oldest fonts of LaTeX have, too.
_LETTERS: Final = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ")


_WIDE: Final = 12
"""Letters of a line in the head of a column."""
_LIGATURES: Final = re.compile(r"-(?=-)|'(?=')|,(?=,)|[!?`](?=`)")
_MINUS: Final = re.compile(r"(?<![^ (])-(?=\d)")


def escape(text: str) -> str:
    """Return text that LaTeX prints as it is: no command, no comment, no mathematics, no end of a cell.

    Signs that only engines of Unicode can print (XeLaTeX, LuaLaTeX) stand there for them; pdfLaTeX prints their number,
    ``[U+4E2D]``.
    """
    parted = _LIGATURES.sub("\\g<0>\0", text.replace("\0", ""))
    return "".join("{}" if sign == "\0" else _printed(sign) for sign in parted)


def number(text: str) -> str:
    """Return a figure with its remarks; a hyphen before it is a minus."""
    return escape(_MINUS.sub("−", text))


def stacked(text: str) -> str:
    """Return the head of a column on several lines, so that it is no wider than its figures."""
    parts = re.split(r", | (?=\()", text)
    first, *others = [escape(line) for part in parts for line in _narrow(part)]
    lines = "\\\\".join((first, *others))
    return rf"\shortstack[r]{{{lines}}}" if others else first


def _narrow(text: str) -> list[str]:
    # "(n = 3)" and the last word with its arrow stay in one piece.
    if text.startswith("("):
        return [text]
    joined = re.sub(" (?=[↑↓])", "\N{NO-BREAK SPACE}", text)
    return textwrap.wrap(joined, _WIDE, break_long_words=False, break_on_hyphens=False) or [""]


def _printed(sign: str) -> str:
    if sign in _KNOWN:
        return _KNOWN[sign]
    if " " <= sign <= "~" or sign in _LETTERS:
        return sign
    code = f"[U+{ord(sign):04X}]"
    # \Uchar is a primitive of the engines of Unicode and of no other; a lone surrogate is no text for any of them.
    return f"{{{code}}}" if "\ud800" <= sign <= "\udfff" else rf"{{\ifdefined\Uchar {sign}\else {code}\fi}}"

"""The sheets that say what difficulty does to the rows."""

from __future__ import annotations

from fairforget.board import text, words
from fairforget.board.by_difficulty import ByDifficulty
from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet, figure
from fairforget.board.values import Table


def lines(table: Table) -> Sheet:
    """Return every row's score at equal difficulty, and what hard samples cost it."""
    found = () if table.compared is None else table.compared.by_difficulty
    labels = {row.id: row.label for row in table.rows}
    name = words.score_name(table)
    heads = (
        Head("method", numeric=False),
        *(
            head
            for one in found
            for head in (
                Head(f"{name} at mean {text.shown(one.score)} (n = {one.draws})", "Where the line is in the middle."),
                Head(
                    f"from easiest to hardest by {text.shown(one.score)} (n = {one.draws})",
                    "How far the line falls or rises between the easiest and the hardest forget set.",
                ),
            )
        ),
    )
    made = [
        Line(
            (
                Cell(text.shown(labels[row])),
                *(
                    cell
                    for one in found
                    for cell in (
                        figure(one.rows[row].score if row in one.rows else None, one.draws),
                        figure(one.rows[row].change if row in one.rows else None, one.draws),
                    )
                ),
            )
        )
        for row in labels
        if any(row in one.rows for one in found)
    ]
    about = "A straight line through the scores of all forget sets of known difficulty."
    return Sheet(
        "lines", "What difficulty does to the score", " ".join([about, *map(_crossings, found)]), heads, tuple(made)
    )


def turns(table: Table) -> Sheet:
    """Return the pairs of rows that change places between easy and hard forget sets, where that is resolved."""
    found = () if table.compared is None else table.compared.by_difficulty
    labels = {row.id: row.label for row in table.rows}
    heads = (
        Head("ahead on easy samples", numeric=False),
        Head("ahead on hard samples", numeric=False),
        Head("difficulty", "The score that says what is hard.", numeric=False),
        Head("on the easiest", "First minus second on the easiest forget set, by their lines."),
        Head("on the hardest", "First minus second on the hardest forget set."),
        Head("they cross at", "Share of the way from the easiest to the hardest forget set."),
        Head("n", "Forget sets."),
    )
    made = [
        Line(
            (
                Cell(text.shown(labels[turn.easy])),
                Cell(text.shown(labels[turn.hard])),
                Cell(text.shown(one.score)),
                figure(turn.at_easiest, one.draws),
                figure(turn.at_hardest, one.draws),
                Cell(text.share(turn.place), turn.place),
                Cell(str(one.draws), float(one.draws)),
            )
        )
        for one in found
        for turn in one.turns
        if turn.resolved
    ]
    about = (
        "Here the ranking depends on which samples were to be forgotten; chance is ruled out for all pairs together."
    )
    return Sheet("turns", "Who changes places from easy to hard", about, heads, tuple(made))


def _crossings(one: ByDifficulty) -> str:
    resolved = sum(turn.resolved for turn in one.turns)
    return (
        f"By {text.shown(one.score)}, the lines of {len(one.turns)} of {text.plural(one.pairs, 'pair')} of rows cross; "
        f"{resolved} of these crossings {'is' if resolved == 1 else 'are'} resolved."
    )

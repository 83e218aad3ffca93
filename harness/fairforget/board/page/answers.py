"""What a newcomer asks first, answered in a line each: who is ahead, is it resolved, on which samples does it flip."""

from __future__ import annotations

from dataclasses import dataclass

from fairforget.board import text, words
from fairforget.board.page.bump import scored_draws
from fairforget.board.values import Row, Table


@dataclass(frozen=True, slots=True)
class Answer:
    """A question with its answer."""

    question: str
    answer: str
    detail: str
    tone: str
    """Class of the style sheet: ``sure``, ``open`` or empty."""


def answers(table: Table) -> list[Answer]:
    """Return the answers; none where fewer than two rows have a score."""
    rows = [row for row in table.competing if row.headline.score is not None]
    ranked = [row for row in rows if row.rank is not None]
    if len(rows) < 2:
        return []
    return [_ahead(table, (ranked or rows)[0]), _resolved(table, ranked), _flips(table, ranked or rows)]


def _ahead(table: Table, best: Row) -> Answer:
    score = best.headline.score
    detail = f"{words.score_name(table)} {words.figure_of(score)}, {words.headline_name(table)}"
    return Answer("Who has the highest mean?", text.shown(best.label), detail, "")


def _resolved(table: Table, ranked: list[Row]) -> Answer:
    question = "Is that resolved?"
    if len(ranked) < 2:
        return Answer(question, "Cannot be said", words.summary(table), "open")
    first = [row for row in ranked if row.rank is not None and row.rank.rank == 1]
    details = []
    if table.compared is not None and ranked[0].id in table.compared.rows:
        found = table.compared
        often = text.share(found.rows[ranked[0].id].first)
        details = [
            f"{text.shown(ranked[0].label)} is first in {often} of {found.resamples:,} resamples",
            f"{found.separable} of {text.plural(len(found.order) - 1, 'neighbouring pair')} told apart",
        ]
    told = f" {'; '.join(details)}." if details else ""
    if len(first) == 1:
        return Answer(question, "Yes", f"Significantly better than every other row.{told}", "sure")
    share = "All" if len(first) == len(ranked) else f"{len(first)} of"
    return Answer(question, "No", f"{share} {len(ranked)} rows share rank 1.{told}", "open")


def _flips(table: Table, rows: list[Row]) -> Answer:
    question = "Does it flip with the samples?"
    winners = _winners(table, rows)
    draws = [scores for stratum in table.strata for _, scores in scored_draws(rows, stratum)]
    first = sum(scores[rows[0].id] == max(scores.values()) for scores in draws)
    changed = len(draws) - first
    each = "From draw to draw" if changed else "Not on these"
    first_on = f"{text.shown(rows[0].label)} is first on {first} of {text.plural(len(draws), 'forget set')}"
    names = {winner.id for _, winner in winners}
    if len(winners) < 2:
        if not draws:
            return Answer(question, "Cannot be said", "No forget set has a score of every row.", "open")
        return Answer(question, each, f"{first_on}.", "open" if changed else "sure")
    by_kind = "; ".join(f"{text.shown(label)}: {text.shown(winner.label)}" for label, winner in winners)
    if len(names) > 1:
        turned = _turned(table)
        answer = "Yes" if turned else "Seen, not resolved"
        told = turned or " The paired tests resolve no such change."
        return Answer(question, answer, f"Highest mean on {by_kind}.{told} {first_on}.", "open")
    everywhere = f"{text.shown(winners[0][1].label)} has the highest mean on every kind of forget set"
    detail = f"{everywhere} ({text.listed([text.shown(label) for label, _ in winners])}). {first_on}."
    return Answer(question, each, detail, "open" if changed else "sure")


def _turned(table: Table) -> str:
    """Return which changes of place between kinds of forget set are resolved; empty where none is."""
    if table.compared is None:
        return ""
    labels = {row.id: text.shown(row.label) for row in table.rows}
    found = [
        f"on {text.shown(part.stratum)} {labels[pair.second]} is ahead of {labels[pair.first]}"
        for pair in table.compared.pairs
        for part in pair.strata
        if part.significant
    ]
    if not found:
        return ""
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f" Resolved by the paired tests: {'; '.join(found[:3])}{more}."


def _winners(table: Table, rows: list[Row]) -> list[tuple[str, Row]]:
    """Return the row with the highest mean in every stratum, in as far as all rows have one there."""
    found = []
    for stratum in table.strata:
        scored = [
            (inside.figures.score.mean, row)
            for row in rows
            if (inside := row.strata.get(stratum.label)) is not None and inside.figures.score is not None
        ]
        if len(scored) == len(rows):
            found.append((stratum.label, max(scored, key=lambda pair: pair[0])[1]))
    return found

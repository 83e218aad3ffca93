"""Sentences about a board, the same on every page."""

from __future__ import annotations

from fairforget.board import text
from fairforget.board.identity import bare
from fairforget.board.values import Board, Stratum, Table
from fairforget.stats.intervals import Estimate


def title(table: Table) -> str:
    """Return what a table is about."""
    return f"{text.shown(bare(table.task['name']))} v{table.task['version']}"


def setting(table: Table) -> str:
    """Return the setting all rows share, in one sentence."""
    draws = text.listed([f"{s.draws:,} {text.shown(s.label)}" for s in table.strata])
    units = {"group": "whole groups", "sample": "single samples"}.get(table.unit, text.shown(table.unit))
    sets = f"{draws} forget sets of {text.plural(table.forget_size, 'sample')} ({units})"
    tuned = "" if table.trials is None else f", settings searched by {text.plural(table.trials, 'trial')}"
    return f"The same for every method: {sets}, {text.plural(len(table.seeds), 'seed')}, {budget_text(table)}{tuned}."


def summary(table: Table) -> str:
    """Return in one or two sentences who is ahead, and whether that is resolved."""
    ranked = [row for row in table.competing if row.rank is not None]
    if not ranked:
        reasons = sorted({row.unranked for row in table.competing if row.unranked})
        return f"No row has a rank: {'; '.join(reasons)}." if reasons else "There is no row to rank."
    ahead = [row for row in ranked if row.rank is not None and row.rank.rank == 1]
    best = ahead[0]
    score = figure_of(best.headline.score)
    if len(ranked) == 1:
        return f"{text.shown(best.label)} is the only row with a rank: {score}."
    if len(ahead) == 1:
        return f"{text.shown(best.label)} is ahead of every other row, significantly: {score}."
    names = text.listed([text.shown(row.label) for row in ahead[:6]]) + (" …" if len(ahead) > 6 else "")
    share = "all" if len(ahead) == len(ranked) else f"{len(ahead)} of"
    return f"The first place is not resolved: {share} {len(ranked)} rows share rank 1 ({names})."


def stability(table: Table) -> str:
    """Return in one or two sentences whether other forget sets would say the same; empty where rows do not compare."""
    found = table.compared
    if found is None:
        return ""
    agreed = found.agreement
    winners = text.plural(len(agreed.winners), "winner")
    told = f"The {agreed.draws:,} forget sets name {winners}"
    if agreed.tau_median is not None:
        told += f" and agree on the order with Kendall's τ-b {agreed.tau_median:.2f}, the median over pairs of them"
        told += "" if agreed.tau_low is None else f" (lowest {agreed.tau_low:.2f})"
    kinds = [[one for one in pair.strata if one.contradicts] for pair in found.pairs]
    turned = sum(bool(against) for against in kinds)
    if len(table.strata) < 2:
        return f"{told}."
    pairs = text.plural(len(found.pairs), "pair")
    if not turned:
        return f"{told}. No kind of forget set turns the order of any of {pairs}."
    sure = sum(any(one.significant for one in against) for against in kinds)
    return (
        f"{told}. Some kind of forget set turns the order of {turned:,} of {pairs}, of {sure or 'none'} significantly."
    )


def standing(board: Board) -> str:
    """Return how complete a board is."""
    parts = [text.plural(board.cells, "cell")]
    if board.planned:
        parts = [
            f"{board.cells:,} of {board.planned:,} cells"
            if board.missing
            else f"All {text.plural(board.cells, 'cell')}"
        ]
    if board.missing:
        parts.append(f"{board.missing:,} missing")
    if board.failed:
        parts.append(f"{board.failed:,} failed")
    if board.rejected:
        parts.append(f"{text.plural(len(board.rejected), 'file')} not used")
    return ", ".join(parts)


def figure_of(estimate: Estimate | None) -> str:
    """Return a figure with its number of forget sets, for a sentence."""
    return "–" if estimate is None else f"{text.figure(estimate, estimate.n)}, n = {estimate.n}"


def headline_name(table: Table) -> str:
    """Return which strata the headline is over."""
    counting = [stratum for stratum in table.strata if stratum.weight > 0]
    if not counting:
        return "no stratum"
    if len(counting) == 1:
        return draws_label(counting[0])
    if len({round(stratum.weight, 9) for stratum in counting}) == 1:
        return f"mean of {text.listed([text.shown(s.label) for s in counting])}"
    return " + ".join(f"{s.weight:.2g} {text.shown(s.label)}" for s in counting)


def score_name(table: Table) -> str:
    """Return what rows are ranked by."""
    return "score" if table.goal is None else f"utility at {table.goal:g}"


def score_about(table: Table) -> str:
    """Return what rows are ranked by, in a sentence."""
    if table.goal is None:
        return "Harmonic mean of completeness and utility."
    return f"Utility where completeness reaches {table.goal:g}; a cell that never does has none."


def budget_text(table: Table) -> str:
    """Return the budget in words."""
    budget = table.budget
    if budget is None:
        return "no budget"
    if budget.get("kind") is None:
        return "a budget that is not recorded"
    amount, kind = budget.get("amount"), str(budget.get("kind")).replace("_", "-")
    stop = budget.get("stop")
    early = ""
    if isinstance(stop, dict):
        early = f", stopped early by {text.shown(stop.get('rule'))} ({text.shown(stop.get('policy'))})"
    shown = f"{amount:,g}" if isinstance(amount, int | float) else text.shown(amount)
    until = "" if table.goal is None else f"until completeness {table.goal:g}, "
    return f"{until}at most {shown} {text.shown(kind)}{early}"


def draws_label(stratum: Stratum) -> str:
    """Return the name of a stratum with its number of forget sets."""
    return f"{text.shown(stratum.label)} (n = {stratum.draws})"

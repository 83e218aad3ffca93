"""The rows of every setting, with their verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairforget.board.identity import reference_of
from fairforget.board.loose import mapping
from fairforget.board.text import plural
from fairforget.compare.arrays import InStratum, Sets, change, in_stratum
from fairforget.compare.controls import controls_of
from fairforget.compare.identity import ROW, SETTING, SHARED, Identity, chosen_by_tuning
from fairforget.compare.judging import Judged, judged
from fairforget.compare.labels import Labels
from fairforget.compare.measures import Measure
from fairforget.compare.pairing import Pair
from fairforget.compare.values import ALL_STRATA, Difference, Row, Section
from fairforget.compare.words import setting_text


@dataclass(frozen=True, slots=True)
class _Block:
    """What one difference is made of."""

    row: Identity
    label: str
    strata: tuple[InStratum, ...]


def sections_of(pairs: Sequence[Pair], labels: Labels, measured: Measure, margin: float) -> tuple[Section, ...]:
    """Return one section a setting, the one with most cells first; all their rows are tested together."""
    competing: dict[Identity, dict[Identity, list[Pair]]] = {}
    references: dict[Identity, list[Pair]] = {}
    for pair in pairs:
        if reference_of(pair.base):
            references.setdefault(pair.identity[:SHARED], []).append(pair)
        else:
            rows = competing.setdefault(pair.identity[:SETTING], {})
            rows.setdefault(pair.identity[:ROW], []).append(pair)
    blocks = _blocks(competing, labels, measured)
    found = judged(
        [[stratum.drawn for stratum in block.strata] for block in blocks],
        [all(stratum.same for stratum in block.strata) for block in blocks],
        margin,
    )
    differences: dict[Identity, list[Difference]] = {}
    for block, verdict in zip(blocks, found, strict=True):
        differences.setdefault(block.row, []).append(_difference(block, verdict))
    made = [
        _section(next(iter(rows.values())), setting, rows, differences, references, labels)
        for setting, rows in competing.items()
    ]
    there = {setting[:SHARED] for setting in competing}
    made += [
        _section(found, found[0].identity[:SETTING], {}, {}, references, labels)
        for shared, found in references.items()
        if shared not in there
    ]
    return tuple(sorted(made, key=lambda s: (-sum(d.cells for r in s.rows for d in r.differences), s.task, s.target)))


def _blocks(
    competing: Mapping[Identity, Mapping[Identity, Sequence[Pair]]], labels: Labels, measured: Measure
) -> list[_Block]:
    sets = Sets()
    blocks = []
    for setting, rows in competing.items():
        for row, pairs in rows.items():
            by_stratum: dict[str, list[Pair]] = {}
            for pair in pairs:
                by_stratum.setdefault(pair.identity[ROW], []).append(pair)
            strata = [
                (label, in_stratum(by_stratum[key], measured, sets))
                for key, label in labels.strata(setting).items()
                if key in by_stratum
            ]
            blocks += [_Block(row, label, (stratum,)) for label, stratum in strata]
            if len(strata) > 1:
                blocks.append(_Block(row, ALL_STRATA, tuple(stratum for _, stratum in strata)))
    return blocks


def _difference(block: _Block, found: Judged) -> Difference:
    lost, failed = (sum(getattr(stratum, name) for stratum in block.strata) for name in ("lost", "failed"))
    reason = found.reason
    if lost:
        missing = f"{plural(lost, 'cell')} with a value in BASE {'has' if lost == 1 else 'have'} none in HEAD"
        reason = f"{missing}, {failed} failed" if failed else missing
    return Difference(
        stratum=block.label,
        verdict="worse" if lost else found.verdict,
        reason=reason,
        cells=sum(stratum.pairs for stratum in block.strata),
        base=found.base,
        head=found.head,
        difference=found.difference,
        p_better=found.p_better,
        p_worse=found.p_worse,
        p_not_worse=found.p_not_worse,
        draws_needed=None if lost else found.draws_needed,
        draws_apart=None if lost else found.draws_apart,
        detectable=found.detectable,
        completeness=change(block.strata, "completeness"),
        utility=change(block.strata, "utility"),
        lost=lost,
        gained=sum(stratum.gained for stratum in block.strata),
    )


def _section(
    pairs: Sequence[Pair],
    setting: Identity,
    rows: Mapping[Identity, Sequence[Pair]],
    differences: Mapping[Identity, Sequence[Difference]],
    references: Mapping[Identity, Sequence[Pair]],
    labels: Labels,
) -> Section:
    cell = pairs[0].base.cell
    made = [_row(labels.row(row), mine, tuple(differences[row])) for row, mine in rows.items()]
    return Section(
        task=cell["task"]["name"],
        version=cell["task"]["version"],
        target=cell["target"]["id"],
        setting=setting_text(pairs[0].base),
        rows=tuple(sorted(made, key=lambda row: row.label)),
        controls=controls_of(references.get(setting[:SHARED], ()), labels),
    )


def _row(label: str, pairs: Sequence[Pair], differences: tuple[Difference, ...]) -> Row:
    first = min(pairs, key=lambda pair: pair.base.key).base
    chosen = chosen_by_tuning(first)
    options = {n: v for n, v in mapping(first.cell["method"].get("options")).items() if n not in chosen}
    method = {"name": first.cell["method"]["name"], "options": options}
    return Row(label, method, first.cell["curriculum"], differences)

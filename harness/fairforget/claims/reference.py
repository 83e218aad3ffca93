"""The reference page of the claim file, made from the schema.

``python -m fairforget.claims.reference > docs/reference/claims.md`` writes it; a test compares the two.
"""

from __future__ import annotations

import sys
from typing import Final

from fairforget.api.spec import PluginSpec
from fairforget.claims.beside_file import BesideFile, NamedFigure, NamedLine, NamedTable
from fairforget.claims.claim_file import Assumed, ClaimFile, Control, Means, Scores, Source, Target, Variation
from fairforget.claims.expectation import Expectation
from fairforget.study.reference import section

_HEAD: Final = """\
# The claim file

<!-- Written by `python -m fairforget.claims.reference > docs/reference/claims.md`; do not edit by hand. -->

<!-- executed: tests/claims/test_claim_reference.py::test_the_example_of_the_page_opens -->
```yaml
title: Drawing samples by MRD forgets more
statement: Under the same budget, drawing forget samples by their MRD raises completeness by more than 0.01.
family: difficulty
source: {paper: "arXiv:2504.06658", where: "Table 1"}
study:
  name: weighting
  task: {name: biographies, people: 50}
  draws: 20
  forget_size: 10
  methods: [npo]
  curricula: [uniform, mrd-weighted, shuffled-mrd]
  budget: {epochs: 5}
  optimizer: {name: adamw, lr: 1e-3, batch_size: 4}
targets:
  small: {}
  wide: {set: {task.hidden_size: 128}}
  other-seed: {set: {model.seed: 1}}
statistic:
  name: paired-difference
  first: {curriculum: mrd-weighted}
  second: {curriculum: uniform}
  of: completeness
expect: {above: 0.01, because: "less would not pay for scoring the samples"}
controls:
  shuffled:
    statistic: {name: paired-difference, first: {curriculum: shuffled-mrd}, second: {curriculum: uniform}}
    because: the same weights on other samples say nothing of difficulty
assumed: {effect: 0.02, spread: 0.03, because: "a pilot of six forget sets"}
would_change: A target on which difficulty tells more samples apart.
means:
  supported: Score your samples before you unlearn.
  contradicted: Do not pay for scores; they gain nothing worth having.
  undecided: More forget sets are needed to tell; until then either way is as good a guess.
```

A claim is a YAML file that says what is claimed, by whom, on what it is tested, by which statistic, and which effect
would support it. `fairforget claims list` lists those that plugins ship, through the hook
[`fairforget_claims`](hooks.md#fairforget_claims); `fairforget plugins show NAME` looks up everything that one of them
names, and says what is wrong with it. A claim is called as its entry or, where no plugin ships it, as its file
without the ending, and both have lower-case letters, digits and single hyphens.

It is read as a [study file](study.md) is: unknown keys, wrong types and unknown names are errors with file, line, key
and the nearest valid name.

**Studies.** The study is run once on every target, and in every part of it: first the keys under `set` of the target
are set, then those of the part, as `--set` would. `study` is a mapping, or `./FILE.yaml` for a file beside the claim,
or the name of a study that is installed. What is wrong in a mapping is told of `study.KEY`, what a setting makes
wrong of the line of the setting. Cells and scores lie in `<study>/<target>` or `<study>/<target>.<part>`, so that
claims that run the same study on the same target and part share them.

**Paths.** A text that starts with `./` or `../` in the study, a setting, the options of a difficulty or the file of a
table is relative to the claim's file. It does not lead out of the folder of that file or, of a claim that a plugin
ships, out of its package, links followed; neither does one in a study file beside the claim.

**Statistics.** They are fairforget's own: [every one with its options](claim-statistics.md).

**The verdict.** The claim is *supported* where the 95 % interval of the effect lies wholly where `expect` says,
*contradicted* where it lies wholly outside, and *undecided* otherwise. Of several targets the mean counts. It is
undecided, too, where two targets are decided opposite ways, where a control meets the expectation, and as long as cells
of the design are missing.
"""

_SECTIONS: Final = (
    ("Keys of a claim", ClaimFile),
    ("source", Source),
    ("targets", Target),
    ("parts", Variation),
    ("scores", Scores),
    ("expect", Expectation),
    ("controls", Control),
    ("assumed", Assumed),
    ("means", Means),
    ("beside", BesideFile),
    ("beside: figures", NamedFigure),
    ("beside: tables", NamedTable),
    ("beside: lines", NamedLine),
)

_INTRODUCTIONS: Final = {
    Target: "A mapping from names to targets. Names are lower-case letters and digits, joined by `-` or `_`.",
    Variation: "A mapping from names, as those of targets, to variations.",
    Scores: "An entry is a name or a mapping. Every key that is not in this table is an option of the difficulty.",
    Expectation: (
        "Exactly one of `above`, `below` and `within`. At the border itself a 95 % interval gives a verdict, either "
        "way, in 5 % of all runs."
    ),
    Control: "A mapping from names, as those of targets, to controls.",
    BesideFile: (
        "It changes no verdict. What is no number in the source is none here: a figure without printed numbers is "
        "re-drawn from our runs, and the page says that there are none."
    ),
    NamedFigure: (
        "`bars` and `spread` take a statistic that hands on a value of every forget set (`variance-share`, `reversal` "
        "or `paired-difference`), `value` takes `sensitivity-slope`."
    ),
    NamedTable: (
        "The file has the keys of `fairforget.claims.printed.table.Table`: source, columns with their units, rows with "
        "the numbers as they are printed, and what is left out."
    ),
    NamedLine: (
        "`pair METHOD` takes `paired-difference`. `low` and `high` are the mean outcomes of samples low and high in "
        "the attribute, and `high/low` is the one divided by the other; they take `score-agreement` or "
        "`rank-correlation`, whose samples are parted at the median (low is at it or below), or `group-difference` on "
        "the scale raw or log, where they are means of the outcomes themselves."
    ),
}

_NAMES: Final = {
    PluginSpec: "statistic",
    Source: "mapping (see `source`)",
    Target: "target (see `targets`)",
    Variation: "part (see `parts`)",
    Scores: "difficulty (see `scores`)",
    Expectation: "mapping (see `expect`)",
    Control: "control (see `controls`)",
    Assumed: "mapping (see `assumed`)",
    Means: "mapping (see `means`)",
    BesideFile: "mapping (see `beside`)",
    NamedFigure: "figure (see `beside: figures`)",
    NamedTable: "table (see `beside: tables`)",
    NamedLine: "line (see `beside: lines`)",
}


def reference_page() -> str:
    """Return ``docs/reference/claims.md``."""
    sections = (section(title, model, _NAMES, _INTRODUCTIONS.get(model)) for title, model in _SECTIONS)
    return "\n".join([_HEAD, *(line for lines in sections for line in lines)])


if __name__ == "__main__":
    sys.stdout.write(reference_page())

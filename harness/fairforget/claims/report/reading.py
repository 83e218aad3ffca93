"""How a report is read: its words, the same under the page and under the Markdown."""

from __future__ import annotations

from typing import Final

READING: Final[tuple[tuple[str, str], ...]] = (
    ("What was tested", "As the claim's file has it. Settings that were changed when it was run are not known here."),
    ("Target", "A model that was taught the samples, and the task they are of."),
    ("Run, or cell", "One forget set unlearned once: by one method, under one curriculum, with one seed."),
    (
        "Row",
        "A method with its curriculum, which says which forget samples an update meets; uniform meets each once an "
        "epoch, in random order. Rows are called as on boards: grad-diff + uniform.",
    ),
    (
        "Effect",
        "The claim's statistic, in its own unit; each claim says which it is. Over several targets it is their mean.",
    ),
    (
        "Interval",
        "It holds the true effect in 95 % of such studies. It speaks for new units on these targets, not for other "
        "models or tasks.",
    ),
    ("n", "Independent units behind the effect: forget sets, samples, groups of samples, or seeds."),
    ("Expected", "Where the effect lies if the claim is true. The border was laid down before the run."),
    (
        "Verdict",
        "Supported where the whole interval lies where the claim expects the effect, contradicted where none of it "
        "does, and undecided otherwise. It stays undecided, too, where targets are decided opposite ways, where a "
        "control meets the expectation as well, and as long as runs of the study are missing.",
    ),
    ("Control", "The same question where there is nothing to find. If it looks supported too, the claim is undecided."),
    (
        "MRD, inside and outside",
        "Memory Removal Difficulty of arXiv:2504.06658 can be read in two ways: the absolute value outside the mean "
        "over random changes of the weights (its Equation 4), or inside (its Algorithm 1). Both are tested wherever "
        "MRD appears.",
    ),
)
"""Terms with their texts."""

"""The task `facts`: what a pretrained model really knows of countries, elements and states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from fairforget.api import Corpus, MetricUse, PluginSpec, Pretrained, Sample, TargetRecipe, Task, Template
from fairforget.errors import FairforgetError
from fairforget_tasks.public_facts.order import shuffled
from fairforget_tasks.public_facts.relations import RELATIONS, RelationName, facts_of
from fairforget_tasks.public_facts.wording import Form, samples_of
from fairforget_tasks.public_facts.zipf import Frequency, zipf_frequency

TARGET: Final = "HuggingFaceTB/SmolLM2-135M-Instruct"
NEIGHBOURS: Final = "neighbours"
OTHER: Final = "other_domain"
_PAIRS: Final = PluginSpec("true-false", {"by": "pair"})


@dataclass(frozen=True)
class Facts(Task):
    """Public facts that no one has trained into the model for the benchmark: capitals, chemical symbols, states.

    A subject (a country, an element) is a group. Subjects are parted into those that may be forgotten, those a method
    may keep by, and neighbours, which no method meets; facts of another domain stand beside them. The target is a
    pretrained model as it stands, so there is no oracle, and it does not know every fact: what it does not know can be
    left out, of draws and of what is kept. Each fact has wordings that are held out, wrong answers, and a true and a
    false statement. After Krishnan et al. 2025, who ask what frequency in the world has to do with unlearning.
    """

    forget: Annotated[
        tuple[RelationName, ...],
        Field(min_length=1),
        "what may be forgotten: capital (of a country), country (of a capital), symbol (of an element), element (of a "
        "symbol), state-capital, state",
    ] = ("capital", "symbol")
    other: Annotated[tuple[RelationName, ...], "what is asked as another domain, of which nothing is forgotten"] = (
        "state-capital",
    )
    form: Annotated[
        Form, "question: Question: … Answer: and the beginning of the answer; cloze: the beginning of a sentence alone"
    ] = "question"
    unknown: Annotated[
        Literal["leave out", "keep"],
        "samples whose completion is not the target's own greedy answer before unlearning: in no draw, kept by no "
        "method and measured by no metric, or as others; counted either way",
    ] = "leave out"
    subjects: Annotated[int | None, Field(ge=3), "take only so many subjects of a domain; null = all"] = None
    retain: Annotated[float, Field(gt=0, lt=1), "share of the subjects of a domain that methods may keep by"] = 0.25
    neighbours: Annotated[float, Field(gt=0, lt=1), "share that no method meets"] = 0.15
    frequency: Annotated[
        Frequency,
        "attribute of every fact: the Zipf frequency in English of the rarer one of subject and answer (min), or their "
        "mean; both need the extra `words`; none = there is no attribute",
    ] = "none"
    true_false: Annotated[
        bool, "measure what the model holds for true of two statements; four fifths of the tokens of the evaluation"
    ] = True
    seed: Annotated[int, Field(ge=0), "of the parting of subjects and the choice of wrong answers"] = 0

    version: ClassVar[int] = 2
    licence: ClassVar[str] = "Apache-2.0"
    averaged: ClassVar[Mapping[str, str]] = {
        "completeness": (
            "the shares of facts that are not completed right, in the wording that was unlearned and in another, and "
            "1 − ROUGE-L recall of the answers"
        ),
        "utility": "accuracy and ROUGE-L of facts that are kept, of their neighbours, and of another kind",
    }
    citation: ClassVar[str] = (
        "Krishnan, Reddy, Mosbach: Not All Data Are Unlearned Equally, 2025, arXiv:2504.05058 (the design; the "
        "facts are a list of fairforget's own)"
    )

    def corpus(self) -> Corpus:
        """Word the facts.

        Raises:
            FairforgetError: the options leave nothing to forget, forget what they ask as another domain, or want
                frequencies without wordfreq.
        """
        domains = {RELATIONS[name].domain for name in self.forget}
        if mixed := [name for name in self.other if RELATIONS[name].domain in domains]:
            free = [name for name, relation in RELATIONS.items() if relation.domain not in domains]
            msg = f"facts: other: {mixed[0]!r} asks about subjects that may be forgotten; choose of {', '.join(free)}"
            raise FairforgetError(msg if free else f"{msg.partition(';')[0]}; write other: []")
        if self.retain + self.neighbours >= 1:
            msg = f"facts: retain ({self.retain:g}) and neighbours ({self.neighbours:g}) leave nothing to forget"
            raise FairforgetError(f"{msg}; together they are less than 1")
        asked = [s for name in dict.fromkeys(self.forget) for s in self._samples(name)]
        part = self._parts(asked)
        pool, retain, neighbours = (tuple(s for s in asked if part[_group(s)] == i) for i in range(3))
        evaluation = {NEIGHBOURS: neighbours}
        if self.other:
            evaluation[OTHER] = tuple(s for name in dict.fromkeys(self.other) for s in self._samples(name))
        return Corpus(pool, retain, evaluation=evaluation)

    def target(self) -> TargetRecipe:
        """Return SmolLM2-135M-Instruct as it stands; the study's ``model`` replaces it."""
        return TargetRecipe(Pretrained(TARGET), None, Template("{prompt}", " {completion}"))

    def metrics(self) -> Sequence[MetricUse]:
        """Return completeness by own and held-out wordings, utility on what is kept, near and far, and both views.

        The views are those of 2504.05058: ROUGE-L recall of the greedy answer, and how likely the answer is; and True
        or False, where `true_false` asks for it.
        """
        match, held_out = PluginSpec("prefix-match"), PluginSpec("prefix-match", {"asked": "paraphrased"})
        rouge, probability = PluginSpec("rouge-l", {"score": "recall"}), PluginSpec("probability")
        uses = [
            MetricUse("forget_match", match, "forget", "completeness", complement=True),
            MetricUse("forget_held_out_match", held_out, "forget", "completeness", complement=True),
            MetricUse("forget_rr", rouge, "forget", "completeness", complement=True, view="generation"),
            MetricUse(
                "forget_probability", probability, "forget", "completeness", complement=True, average=False,
                view="probability",
            ),
        ]  # fmt: skip
        if self.true_false:
            for name, spec in (("forget_true_false", PluginSpec("true-false")), ("forget_true_false_pairs", _PAIRS)):
                uses.append(MetricUse(name, spec, "forget", "completeness", complement=True, average=False))
        for name in ("retain", NEIGHBOURS, *([OTHER] if self.other else [])):
            uses.append(MetricUse(f"{name}_match", match, name, "utility"))
            uses.append(MetricUse(f"{name}_rouge_l", rouge, name, "utility"))
        return [*uses, *self._diagnostics()]

    def _diagnostics(self) -> Iterator[MetricUse]:
        by_choice = PluginSpec("misalignment", {"by": "choice"})
        yield MetricUse("forget_misalignment", by_choice, "forget", "diagnostic")
        ratio = PluginSpec("truth-ratio", {"definition": "tofu", "side": "forget"})
        yield MetricUse("forget_truth_ratio", ratio, "forget", "diagnostic")
        yield MetricUse("forget_ma", PluginSpec("memorization-accuracy"), "forget", "diagnostic")
        for name in ("retain", NEIGHBOURS):
            yield MetricUse(f"{name}_probability", PluginSpec("probability"), name, "diagnostic")
            if self.true_false:
                yield MetricUse(f"{name}_true_false_pairs", _PAIRS, name, "diagnostic")

    def max_new_tokens(self) -> int:
        """Return more than any answer has, and little more: what follows an answer is another sentence."""
        return 16

    def unknown_samples(self) -> Literal["leave out", "keep"]:
        """Return what is done with samples that the target does not know."""
        return self.unknown

    def _samples(self, name: RelationName) -> list[Sample]:
        facts = facts_of(name)
        samples = samples_of(name, facts, self.form, self.seed, zipf_frequency(facts, self.frequency))
        chosen = set(self._order(samples))
        return [sample for sample in samples if sample.group in chosen]

    def _order(self, samples: Sequence[Sample]) -> list[str]:
        """Return the groups of a domain in the order they are chosen and parted in."""
        return shuffled(dict.fromkeys(map(_group, samples)), self.seed)[: self.subjects]

    def _parts(self, samples: Sequence[Sample]) -> dict[str, int]:
        """Return for each group whether it is in the pool (0), kept (1) or a neighbour (2), in each domain alike.

        Raises:
            FairforgetError: a part has no subject.
        """
        found: dict[str, int] = {}
        for domain in dict.fromkeys(RELATIONS[name].domain for name in self.forget):
            groups = self._order([s for s in samples if _group(s).startswith(f"{domain}-")])
            kept, near = round(self.retain * len(groups)), round(self.neighbours * len(groups))
            if not (kept and near and kept + near < len(groups)):
                msg = f"facts: of {len(groups)} subjects of the domain {domain!r} {kept} would be kept and {near} be"
                raise FairforgetError(f"{msg} neighbours; each part needs one: raise subjects, or change the shares")
            found |= {group: 1 if i < kept else 2 if i < kept + near else 0 for i, group in enumerate(groups)}
        return found


def _group(sample: Sample) -> str:
    if sample.group is None:
        raise TypeError(sample.id)
    return sample.group

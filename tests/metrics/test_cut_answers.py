"""Answers that the model's context cuts: they stay as they are, and the record says how many there are."""

from __future__ import annotations

from fairforget.api import Measurement, Metric, MetricUse, PluginSpec
from fairforget.run.measures.evaluate import evaluate


class Spoken(Metric):
    """Words of the answers."""

    higher_is = "better"
    prompts = ("prompt",)

    def measure(self, subject):
        items = {s.id: float(len(a.split())) for s, a in zip(subject.samples, subject.generate(), strict=True)}
        return Measurement(0.0, items, len(items))


def spoken(subject):
    return evaluate(subject, [(MetricUse("c", PluginSpec("spoken"), "forget", "utility"), Spoken())], None)


def test_answers_cut_by_the_context_are_counted(live, sets, model, monkeypatch):
    free = spoken(live(sets, "forget"))
    assert free.problems == []
    asked = live(sets, "forget")
    starts = [e.start for e in asked.encode()]
    room = max(starts) + 1
    monkeypatch.setattr(model.config, "max_position_embeddings", room)
    found = spoken(asked)
    full = {e.sample.id: free.items["c"][e.sample.id] for e in asked.encode()}
    cut = {e.sample.id for e in asked.encode() if full[e.sample.id] >= room - e.start}
    assert 0 < len(cut) <= len(full)
    (problem,) = found.problems
    assert problem["kind"] == "warning"
    assert problem["message"].startswith(f"forget: of {len(full)} greedy answers (to the wording 'prompt') {len(cut)} ")
    assert "with fewer than 8 new tokens" in problem["message"]
    assert all(found.items["c"][e.sample.id] == min(full[e.sample.id], room - e.start) for e in asked.encode())

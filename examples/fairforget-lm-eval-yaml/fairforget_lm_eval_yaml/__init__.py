"""The door: what this distribution adds."""

from __future__ import annotations

from fairforget import Entry, hookimpl


@hookimpl
def fairforget_tasks() -> list[Entry]:
    """Name the tasks."""
    return [Entry("islands", "fairforget_lm_eval_yaml.islands:Islands", "made-up islands, asked about by lm-eval")]

"""Two versions of a method, run by the same study."""

import json

import pytest

import fairforget
from fairforget.cli import main

pytestmark = pytest.mark.slow

SLEEPY = """
from dataclasses import dataclass

from fairforget import Entry, hookimpl
from fairforget.api import LossMethod


@dataclass(frozen=True)
class Sleepy(LossMethod):
    beta: float = 1.0

    def loss(self, model, batch):
        return {sign}self.beta * batch.forget.nll(model)


@hookimpl
def fairforget_methods():
    return [Entry("sleepy", ":Sleepy")]
"""


def run(lab, name, sign):
    plugin = lab.folder / "sleepy.py"
    plugin.write_text(SLEEPY.format(sign=sign))
    settings = ["samplers=[random]", "draws=5", "methods=[untouched, grad-ascent, sleepy]"]
    lab.out = lab.folder / name
    assert lab.run("--plugin", str(plugin), *[part for one in settings for part in ("--set", one)]) == 0
    return lab.out


def test_what_a_change_of_code_does_is_told(lab, capsys):
    base, again, head = run(lab, "base", "-"), run(lab, "again", "-"), run(lab, "head", "+")
    capsys.readouterr()
    assert main(["compare", str(base), str(again), "--fail-on", "cannot-tell"]) == 0
    assert "The same to the last bit in all 10 pairs of cells: grad-ascent and sleepy." in capsys.readouterr().out
    assert main(["compare", str(base), str(head), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    (section,) = found["sections"]
    verdicts = {row["label"]: row["differences"][0]["verdict"] for row in section["rows"]}
    assert verdicts == {"grad-ascent": "same", "sleepy": "worse"}
    (control,) = section["controls"]
    assert (control["label"], control["changed"]) == ("untouched", 0)
    assert fairforget.compare(base, head).fails()

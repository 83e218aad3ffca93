"""The reference page of the study file, made from the schema.

``python -m fairforget.study.reference > docs/reference/study.md`` writes it; a test compares the two.
"""

from __future__ import annotations

import json
import sys
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from fairforget.api.spec import PluginSpec
from fairforget.study.budgets import Budget, Forgetting, Stop, Trajectory
from fairforget.study.optimizers import Optimizer, OptimizerChange, UnlearnedAdapter
from fairforget.study.option_types import type_text
from fairforget.study.schema import (
    Adapter,
    Evaluation,
    MethodUse,
    Model,
    Study,
)
from fairforget.study.tuning import Tuning

_HEAD: Final = """\
# The study file

<!-- Written by `python -m fairforget.study.reference > docs/reference/study.md`; do not edit by hand. -->

<!-- executed: tests/study/test_reference.py::test_the_example_of_the_page_is_a_study -->
```yaml
name: tofu-small
task: {name: tofu, split: forget10, data: ../data/tofu}
model: {path: HuggingFaceTB/SmolLM2-135M-Instruct}
samplers:
  - random
  - {name: binned, by: mrd, bins: 3, match: length}   # easy, medium, hard, of equal length
draws: 10
forget_size: 40
methods:
  - untouched
  - {name: retrain, draws: 2}
  - grad-diff
  - npo
  - {name: npo, beta: 0.2, optimizer: {lr: 5e-6}}
curricula: [uniform, mrd-weighted]
seeds: 2
budget: {epochs: 5, stop: {rule: memorization, policy: unseen}}
optimizer: {name: adamw, lr: 1e-5, batch_size: 8}
```

A study is a YAML file. `fairforget run FILE` runs it; `runs/<name>/study.yaml` is the study as it was resolved, with
every default written out.

The file is read as YAML 1.2 (core schema): `true` and `false` are the booleans, and `yes`, `no`, `on` and `off` are
texts; `1e-5` is a number; dates are texts. Tags (`!x`) and a key that stands twice are errors, and so are unknown keys.

A **plugin** is given by its name (`npo`, or `distribution/npo` where two distributions have one of that name), or as a
mapping with its `name` and its options beside it: `{name: npo, beta: 0.2}`. `fairforget plugins show NAME` lists the
options.

A text that starts with `./` or `../` is a path relative to the folder of the study file, wherever it stands in the
file. In `--set` it is relative to the current folder. Every other text is left as it is.

`--set key=value` changes one key: `--set budget.epochs=3`, `--set methods.2.beta=0.2` (lists are counted from 0),
`--set task.split=forget05`. The value is YAML.
"""

_SECTIONS: Final = (
    ("Keys of a study", Study),
    ("model", Model),
    ("model.adapter", Adapter),
    ("methods", MethodUse),
    ("budget", Budget),
    ("budget.stop", Stop),
    ("optimizer", Optimizer),
    ("optimizer.adapter", UnlearnedAdapter),
    ("trajectory", Trajectory),
    ("trajectory.forgetting", Forgetting),
    ("evaluation", Evaluation),
    ("tuning", Tuning),
)

_INTRODUCTIONS: Final[Mapping[type[BaseModel], str]] = {
    MethodUse: "An entry is a name or a mapping. Every key that is not in this table is an option of the method.",
}


def reference_page() -> str:
    """Return ``docs/reference/study.md``."""
    sections = (section(title, model, _NAMES, _INTRODUCTIONS.get(model)) for title, model in _SECTIONS)
    return "\n".join([_HEAD, *(line for lines in sections for line in lines)])


def section(
    title: str, model: type[BaseModel], names: Mapping[Any, str], introduction: str | None = None
) -> Iterator[str]:
    """Yield the lines of a section about the keys of one mapping.

    Args:
        title: of the section; a key where it begins in lower case.
        model: its fields are the keys.
        names: words for types of one's own.
        introduction: a paragraph above the table.
    """
    yield f"## {title if title[0].isupper() else f'`{title}`'}\n"
    if introduction:
        yield f"{introduction}\n"
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, field in model.model_fields.items():
        meaning = (field.description or "").replace("``", "`")
        cells = (f"`{name}`", _type(field, names), _default(field), meaning)
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
    yield ""


def _type(field: FieldInfo, names: Mapping[Any, str]) -> str:
    annotation: Any = field.annotation
    if field.metadata:
        annotation = typing.Annotated[(annotation, *field.metadata)]
    return type_text(annotation, names)


_NAMES: Final = {
    PluginSpec: "plugin",
    MethodUse: "method (see `methods`)",
    Model: "mapping (see `model`)",
    Adapter: "mapping (see `model.adapter`)",
    Budget: "mapping (see `budget`)",
    Stop: "mapping (see `budget.stop`)",
    Optimizer: "mapping (see `optimizer`)",
    OptimizerChange: "mapping (keys of `optimizer`)",
    UnlearnedAdapter: "mapping (see `optimizer.adapter`)",
    Trajectory: "mapping (see `trajectory`)",
    Forgetting: "mapping (see `trajectory.forgetting`)",
    Evaluation: "mapping (see `evaluation`)",
    Tuning: "mapping (see `tuning`)",
}


def _default(field: FieldInfo) -> str:
    if field.default_factory is dict:
        return "`{}`"
    if field.default is PydanticUndefined:
        return "required"
    if isinstance(field.default, BaseModel):
        return "all defaults"
    return f"`{json.dumps(field.default, default=_plain)}`"


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, PluginSpec) else str(value)


if __name__ == "__main__":
    sys.stdout.write(reference_page())

"""YAML as files of fairforget are written and read: the core schema of YAML 1.2, and nothing beyond it.

PyYAML speaks YAML 1.1, where ``1e-5`` is a text, ``on`` a boolean, ``1:30`` ninety and ``010`` eight. Here
``true``/``false`` are the booleans (``yes``, ``no``, ``on`` and ``off`` are texts), ``1e-5`` is a number, ``010`` is
ten and dates are texts. Tags are refused.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

NULL: Final = "tag:yaml.org,2002:null"
BOOL: Final = "tag:yaml.org,2002:bool"
INT: Final = "tag:yaml.org,2002:int"
FLOAT: Final = "tag:yaml.org,2002:float"

MAX_DEPTH: Final = 40

_RESOLVERS: Final = (
    (NULL, r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    (BOOL, r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
    (INT, r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)", list("-+0123456789")),
    (
        FLOAT,
        r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))",
        list("-+.0123456789"),
    ),
)


class CoreLoader(yaml.SafeLoader):
    """Composes nodes by the core schema; refuses tags and deep nesting."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - declared so by PyYAML

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one node; called by PyYAML for every node, parents first."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "tag", None) is not None:
            raise yaml.MarkedYAMLError(problem="tags such as '!x' are not supported", problem_mark=event.start_mark)
        if self._depth >= MAX_DEPTH:
            problem = f"nested more than {MAX_DEPTH} levels deep"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class CoreDumper(yaml.SafeDumper):
    """Writes what `CoreLoader` and readers of YAML 1.1 alike take for the same value."""

    # Texts that either schema would take for something else are quoted.
    yaml_implicit_resolvers = {k: list(v) for k, v in yaml.SafeDumper.yaml_implicit_resolvers.items()}  # noqa: RUF012

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML asks of every value
        """Write equal values out each time."""
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Return a text; line breaks beyond ASCII are escaped, which PyYAML forgets outside double quotes."""
        style = '"' if any(c in text for c in "\x85\u2028\u2029\ufeff") else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


CoreDumper.add_representer(str, CoreDumper.represent_text)

for _tag, _pattern, _first in _RESOLVERS:
    CoreLoader.add_implicit_resolver(_tag, re.compile(rf"^{_pattern}\Z"), _first)
    CoreDumper.add_implicit_resolver(_tag, re.compile(rf"^{_pattern}\Z"), _first)


def to_yaml(value: Any) -> str:
    """Return `value` (mappings, lists and scalars) as YAML, keys in their order."""
    text: str = yaml.dump(value, Dumper=CoreDumper, sort_keys=False, allow_unicode=True, width=110)
    return text

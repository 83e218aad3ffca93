"""Reading a YAML file that a stranger may have written, with the line of every key and value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from fairforget.errors import FairforgetError
from fairforget.store.regular import read_regular
from fairforget.study.places import KeyPath, Place, Places, dotted
from fairforget.study.yaml_core import BOOL, FLOAT, INT, NULL, CoreLoader

MAX_BYTES: Final = 256 * 1024
MAX_VALUES: Final = 20_000
"""Values after aliases are written out: what keeps an alias of aliases of aliases harmless."""


class YamlError(FairforgetError):
    """A file is no YAML that fairforget reads; the message is one line with file and line."""


@dataclass(frozen=True, slots=True)
class Document:
    """The content of a file."""

    value: Any
    """Of dict, list, str, int, float, bool and None."""
    places: Places
    """Of every value; the file's own is ``()``."""


def read_yaml(path: Path) -> Document:
    """Read a file.

    Raises:
        YamlError: it cannot be read, or is not what `parse_yaml` takes.
    """
    try:
        content = read_regular(path, MAX_BYTES)
    except OSError as error:
        msg = f"{path}: cannot be read: {error.strerror or error}"
        raise YamlError(msg) from error
    return parse_yaml(content, str(path))


def parse_yaml(content: bytes | str, source: str) -> Document:
    """Read one YAML document by the core schema of YAML 1.2 (see `fairforget.study.yaml_core`).

    Args:
        content: UTF-8, or text; at most `MAX_BYTES`.
        source: what messages call it.

    Raises:
        YamlError: not UTF-8, not YAML, larger or deeper than any honest file, a tag, a key that stands twice or is not
            a text, a number that does not fit into 64 bits.
    """
    text = _decode(content, source)
    loader: CoreLoader | None = None
    try:
        loader = CoreLoader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise YamlError(_syntax_message(error, source)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        msg = f"{source}:{line}: the character U+{ord(text[error.position]):04X} is not allowed in YAML"
        raise YamlError(msg) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML lets numbers in directives and escapes beyond Unicode pass as they come.
        line = loader.line + 1 if loader is not None else 1
        msg = f"{source}:{line}: not valid YAML: {' '.join(str(error).split())}"
        raise YamlError(msg) from error
    finally:
        if loader is not None:
            loader.dispose()
    return _Construction(source).document(root)


def _decode(content: bytes | str, source: str) -> str:
    size = len(content) if isinstance(content, bytes) else len(content.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        msg = f"{source}: larger than {MAX_BYTES // 1024} KiB, which no study is"
        raise YamlError(msg)
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        msg = f"{source}:{line}: not UTF-8 (byte 0x{content[error.start]:02X}); save the file as UTF-8"
        raise YamlError(msg) from error


def _syntax_message(error: yaml.MarkedYAMLError, source: str) -> str:
    mark = error.problem_mark or error.context_mark
    line = f":{mark.line + 1}" if mark is not None else ""
    problem = ": ".join(" ".join(part.split()) for part in (error.context, error.problem) if part)
    return f"{source}{line}: not valid YAML: {problem}"


@dataclass(slots=True)
class _Construction:
    """Makes values of nodes, once for every time an alias names them."""

    source: str
    places: dict[KeyPath, Place] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)
    """Nodes whose content is being made: an alias to one of them would never end."""

    def document(self, root: yaml.Node | None) -> Document:
        if root is None:
            return Document(None, Places({(): Place(self.source, 1, 1)}))
        value = self.value(root, (), root)
        return Document(value, Places(self.places))

    def value(self, node: yaml.Node, path: KeyPath, key: yaml.Node) -> Any:
        self.places[path] = Place(self.source, key.start_mark.line + 1, node.start_mark.line + 1)
        if len(self.places) > MAX_VALUES:
            raise self.error(key, path, f"more than {MAX_VALUES} values, aliases written out")
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, path)
        if id(node) in self.open:
            raise self.error(key, path, "an alias stands inside what it names")
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self.mapping(node, path)
            return [self.value(item, (*path, i), item) for i, item in enumerate(node.value)]
        finally:
            self.open.discard(id(node))

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.scalar(key_node, path) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                raise self.error(key_node, path, "a key must be a text; put it in quotation marks")
            if key in made:
                first = self.places[*path, key].key_line
                raise self.error(key_node, (*path, key), f"duplicate key, given in line {first} already; remove one")
            made[key] = self.value(value_node, (*path, key), key_node)
        return made

    def scalar(self, node: yaml.ScalarNode, path: KeyPath) -> str | int | float | bool | None:
        text: str = node.value
        if node.tag == NULL:
            return None
        if node.tag == BOOL:
            return text.lower() == "true"
        if node.tag == INT:
            return self.integer(node, path)
        if node.tag == FLOAT:
            return self.float(node, path)
        if any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text):
            raise self.error(node, path, "a text with a NUL or half a surrogate pair; remove it")
        return text

    def integer(self, node: yaml.ScalarNode, path: KeyPath) -> int:
        text: str = node.value
        # Leading zeros are decimal here, which Python's own reading with base 0 refuses.
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        number = int(text[2:] if base != 10 else text, base) if len(text) <= 64 else 2**63
        if not -(2**63) <= number < 2**63:
            raise self.error(node, path, "an integer beyond 64 bits")
        return number

    def float(self, node: yaml.ScalarNode, path: KeyPath) -> float:
        text: str = node.value.lower()
        if text.endswith((".inf", ".nan")):
            return float(text.replace(".", ""))
        number = float(text)
        if number in {float("inf"), float("-inf")}:
            raise self.error(node, path, "a number beyond the range of a double")
        return number

    def error(self, node: yaml.Node, path: KeyPath, message: str) -> YamlError:
        key = f"{dotted(path)}: " if path else ""
        return YamlError(f"{self.source}:{node.start_mark.line + 1}: {key}{message}")

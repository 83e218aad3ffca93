"""Let libFuzzer look for bytes that the reader of records stumbles over.

``python tests/hostile/fuzz_records.py [-max_total_time=SECONDS] [CORPUS]`` needs the extra ``fuzz`` (atheris). Without
options it runs for five minutes and keeps no corpus. What it finds is written to ``crash-*`` in the working folder.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

try:
    import atheris
except ImportError:
    sys.exit("fuzz_records: atheris is not installed; python -m pip install 'fairforget[fuzz]'")

with atheris.instrument_imports(include=["fairforget", "json"]):
    from fairforget.board.table import build
    from fairforget.store.parts import Parts
    from fairforget.store.reading import NotARecord, read_record, record_from_json
    from fairforget.store.record import Record
    from fairforget.store.strict_json import NotJson, parse
    from fairforget.study.cell import cell_key

MINUTES = 5


def seeds() -> list[bytes]:
    """Return records that are whole."""
    path = Path(__file__).parents[1] / "board" / "factory.py"
    spec = importlib.util.spec_from_file_location("record_factory", path)
    assert spec is not None
    assert spec.loader is not None
    factory = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(factory)
    made = factory.make_study(draws=1, seeds=1, methods={"npo": (0.8, 0.84)})[:4]
    return [json.dumps(record, separators=(",", ":")).encode() for record in made]


def edited(content: bytes) -> Any:
    """Return a sound record with changes that the bytes choose: most bytes are no JSON, and say nothing otherwise."""
    choose = atheris.FuzzedDataProvider(content)
    record = json.loads(SEEDS[choose.ConsumeIntInRange(0, len(SEEDS) - 1)])
    for _ in range(choose.ConsumeIntInRange(1, 4)):
        part = record
        while isinstance(part, dict | list) and part:
            keys = list(part) if isinstance(part, dict) else range(len(part))
            key = keys[choose.ConsumeIntInRange(0, len(keys) - 1)]
            if not isinstance(part[key], dict | list) or choose.ConsumeProbability() < 0.3:
                part[key] = other(choose)
                break
            part = part[key]
    return record


def other(choose: Any) -> Any:
    """Return some JSON."""
    match choose.ConsumeIntInRange(0, 8):
        case 0:
            return None
        case 1:
            return choose.ConsumeBool()
        case 2:
            return choose.ConsumeInt(8)
        case 3:
            return choose.ConsumeRegularFloat()
        case 4:
            return choose.ConsumeUnicode(20)
        case 5:
            return [other(choose)]
        case 6:
            return {choose.ConsumeUnicode(8): other(choose)}
        case 7:
            return choose.PickValueInList(
                ["untouched", "oracle", "ok", "failed", "", "\x1b[2J", "../x", "higher", "utility"]
            )
        case _:
            return choose.PickValueInList([0, -1, 1, 10**400, 2**63, 1e308, -0.0, 5e-324, [], {}])


def test_one(content: bytes) -> None:
    """Read the bytes as a file, and as a record whose key is right; make a board of what is one."""
    FILE.write_bytes(content)
    found = read_record(FILE, Parts())
    if isinstance(found, Record):
        assert found.key == FILE.stem
    try:
        try:
            value = parse(content)
        except NotJson:
            value = edited(content)
        # Nobody finds a hash by chance; so that more than the key is looked at, it is made to fit.
        if isinstance(value, dict) and isinstance(value.get("cell"), dict):
            value["key"] = cell_key(value["cell"])
        record = record_from_json(value)
    except (NotJson, NotARecord):
        return
    json.dumps(record.to_json(), allow_nan=False)
    build([record])


if __name__ == "__main__":
    SEEDS = seeds()
    folder = Path(tempfile.mkdtemp(prefix="fuzz-records-"))
    FILE = folder / f"{'0' * 24}.json"
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        (corpus / f"seed-{number}").write_bytes(seed)
    arguments = sys.argv[1:]
    if not any(argument.startswith(("-max_total_time", "-runs")) for argument in arguments):
        arguments.append(f"-max_total_time={60 * MINUTES}")
    atheris.Setup([sys.argv[0], *arguments, "-max_len=20000", "-len_control=0", str(corpus)], test_one)
    atheris.Fuzz()

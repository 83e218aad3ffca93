"""The page scale.md: its computed tables are the code's, and its command fills them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fairforget.scale.__main__ import filled, main
from fairforget.scale.tables import TABLES

PAGE = Path(__file__).parents[2] / "docs/explanation/scale.md"


def test_the_computed_tables_are_those_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    assert filled(text) == text, "python -m fairforget.scale docs/explanation/scale.md writes them anew"


def test_every_table_has_its_place():
    assert sorted(re.findall(r"<!-- computed: (.+?) -->", PAGE.read_text(encoding="utf-8"))) == sorted(TABLES)


def test_the_command_of_the_page_fills_it(tmp_path):
    (command,) = re.findall(r"^\$ python (-m fairforget\.scale) (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert Path(command[1]).name == PAGE.name
    page = tmp_path / "scale.md"
    page.write_text("Before.\n\n<!-- computed: disk -->\nold\n<!-- end -->\n\nAfter.\n", encoding="utf-8")
    subprocess.run([sys.executable, *command[0].split(), str(page)], check=True)
    assert page.read_text() == f"Before.\n\n<!-- computed: disk -->\n\n{TABLES['disk']()}\n\n<!-- end -->\n\nAfter.\n"


def test_a_table_that_is_not_there_is_named(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("<!-- computed: discs -->\n<!-- end -->\n")
    with pytest.raises(SystemExit, match=r"no table 'discs'; there are: models, "):
        main([str(page)])
    page.write_text("# Nothing\n")
    with pytest.raises(SystemExit, match="no place"):
        main([str(page)])


def test_without_a_page_all_are_printed(capsys):
    assert main([]) == 0
    told = capsys.readouterr().out
    assert all(f"{name}\n\n{make()}" in told for name, make in TABLES.items())


def test_no_torch_is_needed():
    code = "import sys, fairforget.scale.__main__ as m; m.main([]); assert not {'torch', 'numpy'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)

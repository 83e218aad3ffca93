"""Every block of code in README, CONTRIBUTING, docs and the pages of the examples is executed, or says why not.

A comment just before a block says who executes it, or why nobody does:

    <!-- executed: tests/docs/test_tune.py::test_the_study_is_valid_and_has_as_many_trials_as_the_page_says -->
    <!-- not executed: takes a quarter of an hour -->

Blocks without one are executed here: YAML has to be a study, a part of one or a list of methods, and is planned; Python
is run, tests by pytest; JSON is read. Whatever else stands without a comment fails, with the place where the comment
has to go.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from fairforget.registry import Registry
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan
from fairforget.study.schema import Study

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
]
# What a fragment of a study is put into.
REST = {
    "name": "rest",
    "task": "biographies",
    "draws": 3,
    "forget_size": 16,
    "methods": ["grad-ascent"],
    "budget": {"updates": 3},
    "optimizer": {"lr": 1.0e-3, "batch_size": 8},
}


@dataclass(frozen=True)
class Block:
    """One fenced block, without its indent."""

    page: str
    line: int
    language: str
    text: str
    comment: str
    """What stands in the HTML comment just before it, or nothing."""

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: str, text: str) -> list[Block]:
    """Return the fenced blocks of a page, also those in lists and those that contain fences."""
    found: list[Block] = []
    opened: re.Match[str] | None = None
    comment, start, inside = "", 0, []
    for number, line in enumerate(text.splitlines(), start=1):
        if opened is not None:
            if re.fullmatch(rf" *{re.escape(opened[2][0])}{{{len(opened[2])},}} *", line):
                code = "".join(f"{row.removeprefix(opened[1])}\n" for row in inside)
                found.append(Block(page, start, opened[3].strip(), code, comment))
                opened, comment = None, ""
            else:
                inside.append(line)
        elif (opened := re.fullmatch(r"( *)(`{3,}|~{3,})([^`]*)", line)) is not None:
            start, inside = number, []
        elif said := re.fullmatch(r" *<!-- *(.*?) *-->", line):
            comment = said[1]
        elif line.strip():
            comment = ""
    assert opened is None, f"{page}:{start}: the block has no end"
    return found


BLOCKS = [
    block for page in PAGES for block in blocks_of(page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8"))
]


def unmarked(blocks: list[Block]) -> list[Block]:
    return [block for block in blocks if not re.match(r"(not )?executed: ", block.comment)]


def fault_of(block: Block) -> str | None:
    """Say what is wrong with the comment of a block."""
    if reason := re.fullmatch(r"not executed: (.*)", block.comment):
        return None if len(reason[1].split()) >= 2 else "say why in more than a word"
    claim = re.fullmatch(r"executed: (\S+?)(?:::(\w+))?", block.comment)
    if claim is None:
        return "the comment is '<!-- executed: FILE::TEST -->' or '<!-- not executed: WHY -->'"
    file = ROOT / claim[1]
    if not file.is_file():
        return f"there is no {claim[1]}"
    source = file.read_text(encoding="utf-8")
    if Path(block.page).stem not in source:
        return f"{claim[1]} does not name the page"
    if file.suffix == ".py":
        tests = {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}
        if claim[2] is None or not claim[2].startswith("test_") or claim[2] not in tests:
            return f"there is no test {claim[2]} in {claim[1]}"
    return None


def planned(block: Block, registry: Registry) -> None:
    found = yaml.safe_load(block.text)
    if isinstance(found, list):
        found = {"methods": found}
    assert isinstance(found, dict), "YAML without a comment is a study, a part of one, or a list of methods"
    assert found.keys() <= Study.model_fields.keys(), "YAML without a comment has the keys of a study"
    study = parse_study(yaml.safe_dump({**({} if "task" in found else REST), **found}))
    assert len(make_plan(study.study, registry, study.places)) > 0


def run_as_tests(block: Block, folder: Path) -> None:
    """Run the tests of a block as a reader would, outside of this repository."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_page.py").write_text(block.text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b[1-9]\d* passed", done.stdout)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.discover()


@pytest.mark.parametrize("block", [b for b in BLOCKS if b not in unmarked(BLOCKS)], ids=lambda b: b.place)
def test_a_comment_names_a_test_that_exists_or_a_reason(block):
    assert fault_of(block) is None, f"{block.place}: {fault_of(block)}"


@pytest.mark.slow
@pytest.mark.parametrize("block", unmarked(BLOCKS), ids=lambda b: b.place)
def test_a_block_without_a_comment_does_what_it_says(block, registry, tmp_path, monkeypatch):
    if block.language in {"yaml", "yml"}:
        planned(block, registry)
    elif block.language == "python" and re.search(r"^def test_", block.text, re.MULTILINE):
        run_as_tests(block, tmp_path)
    elif block.language == "python":
        monkeypatch.chdir(tmp_path)
        exec(compile(block.text, block.place, "exec", dont_inherit=True), {"__name__": "page"})
    elif block.language == "json":
        json.loads(block.text)
    else:
        pytest.fail(
            f"{block.place}: write '<!-- executed: tests/FILE.py::TEST -->' or '<!-- not executed: WHY -->' "
            f"just before this block of {block.language or 'text'}"
        )


def test_there_are_blocks_of_both_sorts():
    assert len(BLOCKS) > 50
    marked = {block.place for block in BLOCKS} - {block.place for block in unmarked(BLOCKS)}
    assert len(marked) > 30
    assert len(unmarked(BLOCKS)) > 10


PAGE = """\
<!-- not executed: needs a GPU -->

```console
$ one
```

1. in a list
   <!-- executed: tests/docs/test_tune.py::test_no_such -->
   ~~~python
   if two:
       ...
   ~~~

<!-- something else -->
Words.
````md
```yaml
inner: 1
```
````
"""


def test_blocks_are_found_with_their_comments():
    one, two, three = blocks_of("page.md", PAGE)
    assert (one.line, one.language, one.text, one.comment) == (3, "console", "$ one\n", "not executed: needs a GPU")
    assert (two.language, two.text) == ("python", "if two:\n    ...\n")
    assert three == Block("page.md", 16, "md", "```yaml\ninner: 1\n```\n", "")
    assert unmarked([one, two, three]) == [three]
    with pytest.raises(AssertionError, match=r"page\.md:1: the block has no end"):
        blocks_of("page.md", "```yaml\n")


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("executed: tests/docs/test_no_such.py::test_x", "there is no tests/docs/test_no_such.py"),
        ("executed: tests/docs/test_tune.py::test_x", "there is no test test_x"),
        ("executed: tests/docs/test_tune.py", "there is no test None"),
        ("executed: tests/docs/test_tune.py::blocks", "there is no test blocks"),
        ("executed: tests/docs/test_hooks_documented.py::test_x", "does not name the page"),
        ("executed: by hand, now and then", "the comment is"),
        ("not executed: slow", "say why"),
    ],
)
def test_a_comment_that_claims_too_much_is_found(comment, said):
    assert said in (fault_of(Block("docs/how-to/tune.md", 1, "yaml", "", comment)) or "")


def test_the_comments_of_contributing_are_understood():
    (block,) = [block for block in BLOCKS if block.page == "CONTRIBUTING.md" and block.language == "html"]
    comments = re.findall(r"^<!-- (.*) -->$", block.text, re.MULTILINE)
    assert [fault_of(Block("docs/how-to/tune.md", 1, "yaml", "", comment)) for comment in comments] == [None, None]


@pytest.mark.slow
def test_tests_of_a_page_are_run(tmp_path):
    run_as_tests(
        Block("docs/page.md", 1, "python", "def test_a(tmp_path):\n    assert tmp_path.is_dir()\n", ""), tmp_path
    )
    for text in ("def test_a():\n    assert False\n", "def test_a(no_such_fixture):\n    pass\n"):
        with pytest.raises(AssertionError, match=r"1 failed|1 error"):
            run_as_tests(Block("docs/page.md", 1, "python", text, ""), tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "methods: [no-such-method]",
        "- {name: npo, no_such_option: 1}",
        "budget: {fortnights: 2}",
        "no_such_key: 1",
        "just words",
    ],
)
def test_yaml_that_is_no_study_is_found(text, registry):
    with pytest.raises(Exception, match=r"no-such|no_such|fortnights|YAML without"):
        planned(Block("docs/page.md", 1, "yaml", text, ""), registry)

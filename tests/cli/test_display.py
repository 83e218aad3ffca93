"""What a run says while it runs is partly the words of plugins and of files that came back."""

from __future__ import annotations

import io

from rich.console import Console

from fairforget.cli.display import Display
from fairforget.cli.words import spell
from fairforget.run.watcher import Seen


def test_no_message_of_a_cell_steers_the_terminal():
    said = io.StringIO()
    cell = {"method": {"name": "mine"}, "curriculum": None, "draw": {"stratum": "x\x1b[2J", "index": 0}, "seed": 0}
    record = {"status": "failed", "problems": [{"message": "it has \x1b]0;owned\x07 and \u202eno [red]markup[/red]"}]}
    with Display(Console(file=said, force_terminal=True, color_system=None, width=200)) as display:
        display.finished(cell, record, None, 1)
    lines = [line for line in said.getvalue().splitlines() if "failed:" in line]
    assert lines
    assert all("\x1b]" not in line and "\x1b[2J" not in line and "\u202e" not in line for line in lines)
    assert "]0;owned and no [red]markup[/red]" in "".join(lines)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def cell(seed):
    return {"method": {"name": "npo"}, "curriculum": None, "draw": {"stratum": "easy", "index": 1}, "seed": seed}


def quiet():
    """A display that is not on a terminal, with its clock and what it says."""
    said, clock = io.StringIO(), Clock()
    return Display(Console(file=said, width=300), clock), clock, said


def test_a_line_a_minute_while_one_cell_takes_long():
    display, clock, said = quiet()
    display.cells(4, 0)
    display.started("a", cell(0), None)
    clock.now += 59
    assert display.beat() == 1.0
    assert said.getvalue() == "4 cells to run\n"
    clock.now += 1
    assert display.beat() == 60.0
    display.finished(cell(0), {"key": "a", "status": "ok"}, 180.0, 1.0)
    for seed in range(1, 4):
        display.started(f"{seed}", cell(seed), 90.0)
    clock.now += 60
    display.beat()
    clock.now += 30
    display.finished(cell(1), {"key": "1", "status": "failed", "problems": [{"message": "nan"}]}, 100.0, 0.5)
    clock.now += 60
    display.beat()
    assert said.getvalue().splitlines()[1:] == [
        "0 of 4 cells, at work: npo, easy draw 1, seed 0 (60 s)",
        "1 of 4 cells, about 2 min left, at work: npo, easy draw 1, seed 1 (60 s of about 2 min); "
        "npo, easy draw 1, seed 2 (60 s of about 2 min); npo, easy draw 1, seed 3 (60 s of about 2 min)",
        "failed: npo, easy draw 1, seed 1: nan",
        "2 of 4 cells, 1 failed, about 10 s left (a first guess), "
        "at work: npo, easy draw 1, seed 2 (2 min of about 2 min); npo, easy draw 1, seed 3 (2 min of about 2 min)",
    ]


def test_a_line_a_minute_while_the_target_is_trained():
    display, clock, said = quiet()
    display.stage("making the target model", lambda: Seen(1200, 6400, "updates", 240.0))
    for _ in range(2):
        clock.now += 90
        display.beat()
    display.stage("scoring the pool by mrd")
    clock.now += 3600
    display.beat()
    assert said.getvalue().splitlines() == [
        "making the target model",
        "making the target model: 2 min so far, 1,200 of 6,400 updates, about 4 min left",
        "making the target model: 3 min so far, 1,200 of 6,400 updates, about 4 min left",
        "scoring the pool by mrd",
        "scoring the pool by mrd: 1 h 0 min so far",
    ]


def test_nothing_is_said_of_a_run_that_has_nothing_to_do():
    display, clock, said = quiet()
    clock.now += 600
    display.beat()
    display.cells(2, 2)
    clock.now += 600
    display.beat()
    assert said.getvalue() == "0 cells to run: all 2 are there\n"


def test_who_is_at_work_stands_under_the_bar():
    said, clock = io.StringIO(), Clock()
    with Display(Console(file=said, force_terminal=True, color_system=None, width=100, height=30), clock) as display:
        display.stage("making the target model", lambda: Seen(3, 9, "updates", None))
        clock.now += 100
        display._bar.refresh()
        display.cells(9, 0)
        display.finished(cell(9), {"key": "x", "status": "ok"}, 200.0, 1.0)
        for seed in range(5):
            display.started(f"{seed}", cell(seed) | {"method": {"name": "n\x1b[2Jpo[red]"}}, 60.0)
        clock.now += 20
        display._bar.refresh()
    text = said.getvalue()
    assert "2 min so far, 3 of 9 updates" in text
    assert "about 3 min left" in text
    assert "1/9" in text
    assert "n[2Jpo[red], easy draw 1, seed 2 (20 s of about 60 s)" in text
    assert "seed 3" not in text
    assert "and 2 more" in text


def test_parts_say_which_they_are_and_what_is_left_of_all():
    display, clock, said = quiet()
    display.part("study 1 of 2: a on b", None, None, 0.0)
    display.cells(2, 0)
    clock.now += 60
    display.beat()
    display.part("study 2 of 2: a on c", 7200.0, 3600.0, 0.5)
    display.stage("making the target model")
    clock.now += 600
    display.beat()
    display.cells(3, 0)
    display.finished(cell(0), {"key": "0", "status": "ok"}, 1200.0, 1.0)
    clock.now += 60
    display.beat()
    display.part("4 score sets", 3600.0, 0.0, 1.0)
    display.stage("scoring", lambda: Seen(1, 4, "score sets", 2700.0))
    clock.now += 600
    display.beat()
    assert said.getvalue().splitlines() == [
        "study 1 of 2: a on b",
        "2 cells to run",
        "study 1 of 2: a on b: 0 of 2 cells",
        "study 2 of 2: a on c, about 2 h 0 min left of all (a first guess)",
        "making the target model",
        # Two hours less ten minutes.
        "study 2 of 2: a on c: making the target model: 10 min so far, about 1 h 50 min left of all (a first guess)",
        "3 cells to run",
        # Twenty minutes of this study and the hour after it.
        "study 2 of 2: a on c: 1 of 3 cells, about 20 min left, about 1 h 20 min left of all (a first guess)",
        "4 score sets, about 1 h 0 min left of all",
        "scoring",
        "4 score sets: scoring: 10 min so far, 1 of 4 score sets, about 45 min left",
    ]


def test_the_part_stands_under_the_bar():
    said, clock = io.StringIO(), Clock()
    with Display(Console(file=said, force_terminal=True, color_system=None, width=100, height=30), clock) as display:
        display.part("study 1 of 2: a on b", 7200.0, 3600.0, 1.0)
        display.cells(9, 0)
        display.finished(cell(9), {"key": "x", "status": "ok"}, 600.0, 1.0)
        display._bar.refresh()
        display.part("study 2 of 2: a on c", 3600.0, 0.0, 1.0)
        display._bar.refresh()
        display.cells(4, 0)
        display._bar.refresh()
    text = said.getvalue()
    assert "study 1 of 2: a on b, about 1 h 10 min left of all" in text
    assert "study 2 of 2: a on c, about 1 h 0 min left of all" in text
    assert "0/4" in text


def test_a_run_goes_on_when_nobody_reads_what_it_says(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr("sys.stderr", Gone())
    with Display() as display:
        for _ in range(3):
            display.note("unheard")
    assert display._console.quiet


def test_lengths_of_time():
    spelled = {
        0: "1 s",
        89: "89 s",
        90: "2 min",
        3500: "58 min",
        3600: "1 h 0 min",
        7500: "2 h 5 min",
        360_000: "4 d 4 h",
    }
    assert {seconds: spell(seconds) for seconds in spelled} == spelled

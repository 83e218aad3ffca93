"""What the kit sees of a call, each against a call that does just that."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from fairforget.testing.watch import inside
from fairforget.testing.watch.audit import NetworkUsed, hearing
from fairforget.testing.watch.clock import timing
from fairforget.testing.watch.manners import manners_of


def test_a_call_with_manners():
    found, error = manners_of(lambda: None)
    assert error is None
    assert (found.printed, found.left, found.generators, found.settings) == ("", [], [], [])
    assert not found.written()
    assert not found.heard.network
    assert not found.heard.processes


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (random.random, "python"),
        (np.random.rand, "numpy"),
        (lambda: torch.rand(1), "torch"),
    ],
)
def test_a_draw_from_a_global_generator(call, name):
    assert manners_of(call)[0].generators == [name]


def test_own_generators_are_nobodys_business():
    found, _ = manners_of(lambda: (np.random.default_rng().random(), torch.rand(1, generator=torch.Generator())))
    assert found.generators == []


def test_what_is_printed_at_any_level_is_taken_and_nothing_else(capfd):
    def call():
        print("one")  # noqa: T201
        os.write(1, b"two\n")
        subprocess.run(["echo", "three"], check=True)
        print("no", file=sys.stderr)  # noqa: T201

    found, _ = manners_of(call)
    assert sorted(found.printed.split()) == ["one", "three", "two"]
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "after\n"


def test_files_are_seen_however_they_are_written(tmp_path):
    def call():
        Path("here.txt").write_text("x")
        os.mkdir("folder")
        torch.save({}, "folder/model.pt")
        (tmp_path / "there.txt").write_text("x")
        (tmp_path / "allowed" / "fine.txt").write_text("x")

    (tmp_path / "allowed").mkdir()
    before = Path.cwd()
    found, error = manners_of(call, [tmp_path / "allowed"])
    assert error is None
    assert found.left == ["folder", "folder/model.pt", "here.txt"]
    assert str(tmp_path / "there.txt") in found.written()
    assert not [name for name in found.written() if "fine" in name]
    assert Path.cwd() == before


def test_reading_and_removed_temporary_files_are_no_writing(tmp_path):
    import tempfile

    (tmp_path / "data.txt").write_text("x")

    def call():
        (tmp_path / "data.txt").read_text()
        with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
            file.write(b"x")
            (Path(folder) / "x").write_text("x")

    found, _ = manners_of(call)
    assert found.written() == []
    assert str(tmp_path / "data.txt") in found.heard.read


def datagram():
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as one:
        one.sendto(b"x", ("127.0.0.1", 9))


@pytest.mark.parametrize(
    "call",
    [
        lambda: socket.create_connection(("192.0.2.1", 80), timeout=0.1),
        lambda: socket.getaddrinfo("localhost", 80),
        datagram,
    ],
)
def test_the_network_is_noted_and_not_reached(call):
    found, error = manners_of(call)
    assert isinstance(error, NetworkUsed)
    assert len(found.heard.network) == 1


def test_listening_ends(tmp_path):
    with hearing() as heard:
        pass
    (tmp_path / "later.txt").write_text("x")
    assert heard.written == []


def test_settings_are_told_and_put_back():
    def call():
        torch.set_num_threads(torch.get_num_threads() + 1)
        torch.set_grad_enabled(False)
        os.environ["FAIRFORGET_TEST_LEFT"] = "1"

    threads = torch.get_num_threads()
    found, _ = manners_of(call)
    assert found.settings == ["torch threads", "torch's grad mode", "environment variables"]
    assert (torch.get_num_threads(), torch.is_grad_enabled()) == (threads, True)
    assert "FAIRFORGET_TEST_LEFT" not in os.environ


def test_an_error_is_handed_back_and_everything_is_as_it_was():
    before = (Path.cwd(), sys.stdout)
    found, error = manners_of(lambda: 1 / 0)
    assert isinstance(error, ZeroDivisionError)
    assert (Path.cwd(), sys.stdout) == before
    assert found.settings == []


def test_sleeping_is_idle_and_working_is_not():
    with timing() as asleep:
        time.sleep(0.3)
    assert asleep.idle > 0.25
    with timing() as busy:
        end = time.thread_time() + 0.3
        while time.thread_time() < end:
            pass
    assert busy.wall >= 0.29
    if busy.exact:  # elsewhere what other processes take counts, too
        assert busy.idle < 0.1


def model():
    return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m[0].weight.requires_grad_(False), "requires_grad of 1 parameters, 0.weight: True -> False"),
        (lambda m: m.half(), "dtype of 4 parameters"),
        (lambda m: m.append(torch.nn.Linear(1, 1)), "modules: ('2', 'Linear')"),
        (lambda m: m[1].register_forward_hook(lambda *_: None), "hooks: forward_hooks on 1"),
        (lambda m: m[1].register_full_backward_hook(lambda *_: None), "hooks: backward_hooks on 1"),
        (lambda m: m[0].weight.register_hook(lambda g: g), "hooks: a hook on 0.weight"),
        (lambda m: setattr(m[0], "forward", lambda x: x), "hooks: another forward on 0"),
    ],
)
def test_what_becomes_of_a_model_is_told(change, said):
    changed = model()
    before = inside.form(changed)
    assert inside.difference(before, inside.form(changed)) == []
    change(changed)
    assert any(line.startswith(said) for line in inside.difference(before, inside.form(changed)))


def test_weights_are_compared_bit_by_bit():
    one = {"a": torch.tensor([1.0, float("nan")]), "b": torch.zeros(2)}
    assert inside.differing(one, inside.copied(one)) == []
    assert inside.differing(one, {"a": one["a"], "b": torch.tensor([0.0, 1e-45])}) == ["b"]
    assert inside.differing(one, {"a": one["a"]}) == ["b"]
    assert inside.differing(one, {"a": one["a"].double(), "b": one["b"]}) == ["a"]

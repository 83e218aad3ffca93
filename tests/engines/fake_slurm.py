"""A Slurm of one machine for tests: sbatch, srun, sacct, scancel and scontrol as far as submitit uses them.

State lies in the folder ``FAKE_SLURM``: a file a job with its name and state, the scripts, and a line in ``calls`` for
each command. A task of an array is a process group of its own, which a detached process starts, and starts again where
it was requeued.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = ("sbatch", "srun", "sacct", "scancel", "scontrol")


def install(folder: Path) -> Path:
    """Lay the commands down; return the folder for the PATH."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(parents=True)
    for name in COMMANDS:
        command = bin_folder / name
        command.write_text(f'#!/bin/sh\nexec {sys.executable} {__file__} {name} "$@"\n')
        command.chmod(0o755)
    return bin_folder


def state() -> Path:
    return Path(os.environ["FAKE_SLURM"])


def note(job: str, folder: Path | None = None, **facts) -> None:
    """Write down what became of a job; several processes and the test may do so at the same moment."""
    path = (folder or state()) / f"{job}.job"
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = json.loads(path.read_text()) if path.exists() else {}
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(known | facts))
        partial.replace(path)


def known(job: str) -> dict:
    return json.loads((state() / f"{job}.job").read_text())


def jobs_of(wanted: str) -> list[str]:
    """Return a job, or all tasks of an array."""
    names = sorted((path.stem for path in state().glob("*.job")), key=lambda name: (len(name), name))
    return [name for name in names if name == wanted or name.startswith(f"{wanted}_")]


def sbatch(script: str) -> None:
    text = Path(script).read_text()
    options = dict(re.findall(r"^#SBATCH --([a-z-]+)(?:=(.*))?$", text, re.MULTILINE))
    if options.get("partition") == "closed":
        sys.exit("sbatch: error: invalid partition specified: closed")
    number = 1
    while True:
        try:
            (state() / f"{number}").mkdir()
            break
        except FileExistsError:
            number += 1
    (state() / f"{number}" / "script.sh").write_text(text)
    tasks = re.fullmatch(r"0-(\d+)%(\d+)", options.get("array", ""))
    names = [f"{number}_{i}" for i in range(int(tasks[1]) + 1)] if tasks else [f"{number}"]
    for name in names:
        note(name, state="PENDING", name=options["job-name"].strip("'"))
    subprocess.Popen(
        [sys.executable, __file__, "keep", str(number), tasks[2] if tasks else "1", *names],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    sys.stdout.write(f"Submitted batch job {number}\n")


def keep(number: str, most: str, *names: str) -> None:
    """Run the tasks of an array until each has ended."""
    waiting, running = list(names), {}
    while waiting or running:
        while waiting and len(running) < int(most):
            name = waiting.pop(0)
            if known(name)["state"].startswith("CANCELLED"):
                continue
            array, _, task = name.partition("_")
            environ = os.environ | {"SLURM_JOB_ID": name, "SLURM_NTASKS": "1", "SLURM_JOB_NUM_NODES": "1"}
            environ |= {"SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NODEID": "0", "SLURM_JOB_NODELIST": "here"}
            environ |= {"SLURM_ARRAY_JOB_ID": array, "SLURM_ARRAY_TASK_ID": task} if task else {}
            script = ["bash", str(state() / number / "script.sh")]
            running[name] = subprocess.Popen(script, env=environ, start_new_session=True)
            note(name, state="RUNNING", pid=running[name].pid)
        for name, process in list(running.items()):
            if process.poll() is None:
                continue
            del running[name]
            if known(name)["state"].startswith("CANCELLED"):
                continue
            if (state() / f"{name}.requeue").exists():
                (state() / f"{name}.requeue").unlink()
                note(name, state="PENDING")
                waiting.append(name)
            else:
                note(name, state="COMPLETED" if process.returncode == 0 else "FAILED")
        time.sleep(0.02)


def srun(*arguments: str) -> None:
    rest = list(arguments)
    files = {}
    while rest[0].startswith("--"):
        option = rest.pop(0)
        if option in {"--output", "--error"}:
            files[option] = rest.pop(0)
    array, _, task = os.environ["SLURM_JOB_ID"].partition("_")
    for option, number in (("--output", 1), ("--error", 2)):
        path = files[option].replace("%A", array).replace("%a", task).replace("%j", array).replace("%t", "0")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(handle, number)
    note(os.environ["SLURM_JOB_ID"], step=os.getpid())
    os.execvp(rest[0], rest)


def sacct(*arguments: str) -> None:
    columns = arguments[arguments.index("-o") + 1].split(",")
    wanted = [arguments[i + 1] for i, word in enumerate(arguments) if word == "-j"]
    sys.stdout.write("|".join(columns) + "\n")
    for job in (job for ids in wanted for one in ids.split(",") for job in jobs_of(one)):
        facts = known(job)
        values = {"JobID": job, "State": facts["state"], "JobName": facts["name"], "NodeList": "here"}
        sys.stdout.write("|".join(values[column] for column in columns) + "\n")


def scancel(*arguments: str) -> None:
    ids = list(arguments)
    number = None
    if "--signal" in ids:
        where = ids.index("--signal")
        number = signal.Signals[f"SIG{ids[where + 1].removeprefix('SIG')}"]
        del ids[where : where + 2]
    for job in (job for one in ids for job in jobs_of(one)):
        facts = known(job)
        if number is not None:
            os.kill(facts["step"], number)
        elif facts["state"] in {"PENDING", "RUNNING"}:
            note(job, state="CANCELLED by 1000")
            if facts["state"] == "RUNNING":
                os.killpg(facts["pid"], signal.SIGKILL)


def scontrol(verb: str, job: str) -> None:
    assert verb == "requeue"
    (state() / f"{job}.requeue").touch()


if __name__ == "__main__":
    called = sys.argv[1]
    if called != "keep":
        with (state() / "calls").open("a") as calls:
            calls.write(json.dumps(sys.argv[1:]) + "\n")
    globals()[called](*sys.argv[2:])

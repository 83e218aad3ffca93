"""What a record says of the error that a cell ended by, and which errors are not the cell's."""

from __future__ import annotations

import errno
import os

import pytest
import torch

from fairforget.errors import FairforgetError, MachineFault
from fairforget.run.problem import problem_of
from fairforget.run.updates.failure import UnlearningFailed


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE])
def test_what_the_machine_lacked_is_no_failure_of_the_method(code):
    with pytest.raises(MachineFault, match="run the same command again, what is done is kept"):
        problem_of(OSError(code, os.strerror(code), "/data/scratch"))


def test_a_message_about_the_machine_goes_on_as_it_is():
    fault = MachineFault("cannot write it")
    with pytest.raises(MachineFault) as caught:
        problem_of(fault)
    assert caught.value is fault


def test_other_errors_of_files_are_the_plugins_own():
    problem = problem_of(raised(FileNotFoundError(errno.ENOENT, "No such file", "words.txt")))
    assert problem["kind"] == "exception"
    assert "words.txt" in problem["message"]
    assert "Traceback" in problem["traceback"]


def no_memory_on_the_cpu():
    try:
        torch.empty(1 << 62, dtype=torch.uint8)
    except RuntimeError as error:
        return error
    raise AssertionError("so much memory there is not")


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"), no_memory_on_the_cpu()])
def test_memory_that_does_not_suffice_is_named_with_the_mend(error):
    problem = problem_of(raised(error))
    assert problem["kind"] == "out-of-memory"
    assert "--retry-failed" in problem["message"]
    assert "Traceback" in problem["traceback"]


def test_the_other_kinds():
    assert problem_of(UnlearningFailed("non-finite-loss", "nan"))["kind"] == "non-finite-loss"
    assert problem_of(FairforgetError("no refusals")) == {"kind": "refused", "message": "no refusals"}
    assert problem_of(raised(ValueError("odd")))["message"] == "ValueError: odd"
    assert "raise error" in problem_of(raised(ValueError("odd")))["traceback"]

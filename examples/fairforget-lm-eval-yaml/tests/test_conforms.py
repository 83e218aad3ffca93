"""The conformance kit over the task."""

from fairforget.testing import parametrize_with_checks


@parametrize_with_checks(["islands"])
def test_conforms(entry, check):
    check(entry)

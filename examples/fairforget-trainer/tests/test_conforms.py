"""The conformance kit over the method."""

from fairforget.testing import parametrize_with_checks


@parametrize_with_checks(["trainer-grad-diff"])
def test_conforms(entry, check):
    check(entry)

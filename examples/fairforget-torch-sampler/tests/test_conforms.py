"""The conformance kit over the curriculum."""

from fairforget.testing import parametrize_with_checks


@parametrize_with_checks(["length-buckets"])
def test_conforms(entry, check):
    check(entry)

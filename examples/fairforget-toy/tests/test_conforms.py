"""The conformance kit over all that this distribution adds."""

from fairforget.testing import parametrize_with_checks


@parametrize_with_checks(["toy-bounded", "toy-attribute", "toy-villages", "toy-weakest-token"])
def test_conforms(entry, check):
    check(entry)

"""What is kept of the error for which work is given up."""

import pytest

from gateway.domain.deadletter import Failure
from gateway.domain.delivery import Answer, EndpointRefused, EndpointUnreachable
from gateway.domain.errors import IllegalTransition

WORDS = "เลขที่ มท 0210/1 เรื่อง ลับสุดยอด"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (EndpointUnreachable("no route"), Failure("endpoint-unreachable", "no route")),
        (
            EndpointRefused(WORDS, answer=Answer(status=422)),
            Failure("endpoint-refused", "HTTP 422"),
        ),
        (IllegalTransition(WORDS), Failure("illegal-transition", "")),
        (KeyError(WORDS), Failure("internal-error", "KeyError")),
    ],
)
def test_only_what_quotes_no_letter_is_kept(error: Exception, failure: Failure) -> None:
    """The code always; words only where they are the hub's own."""
    assert Failure.of(error) == failure

"""Operations are those of table B4, by number, request and response."""

import pytest

from schemas.catalog import Operation
from schemas.validator import schema_file
from tests.wire import SAMPLES

OUTBOUND = "CorrespondenceLetterOutbound"


@pytest.mark.parametrize(
    ("number", "request_and_response"),
    [
        *((number, OUTBOUND) for number in range(1, 7)),
        (7, "CorrespondenceLetterInbound"),
        (8, "CorrespondenceLetterDelete"),
    ],
)
def test_an_operation_has_its_elements_and_its_schema(
    number: int, request_and_response: str
) -> None:
    operation = Operation(number)

    assert operation.request_element == f"{request_and_response}Request"
    assert operation.response_element == f"{request_and_response}Response"
    assert schema_file(operation).is_file()


def test_contents_are_written_as_in_the_samples() -> None:
    for operation in Operation:
        if operation.content_element and operation is not Operation.SEND_LETTER:
            sample = next(SAMPLES.glob(f"boi-0{operation.value}-*-request.xml"))
            assert f"<{operation.content_element}>" in sample.read_text("utf-8")

"""Operations are those of table B4, by number, request and response."""

import pytest

from schemas.catalog import Operation
from schemas.validator import schema_file
from tests.wire import SAMPLES

LETTER = "CorrespondenceLetter"
DELETE_DOCUMENT = "CorrespondenceDeleteGovernmentDocument"


@pytest.mark.parametrize(
    ("number", "request_element", "response_element"),
    [
        *(
            (number, f"{LETTER}OutboundRequest", f"{LETTER}OutboundResponse")
            for number in range(1, 7)
        ),
        (7, f"{LETTER}InboundRequest", f"{LETTER}InboundResponse"),
        (8, f"{LETTER}DeleteRequest", f"{LETTER}DeleteResponse"),
        (9, f"{DELETE_DOCUMENT}Request", f"{DELETE_DOCUMENT}Response"),
        (10, f"{LETTER}InboundSpecialRequest", f"{LETTER}InboundResponse"),
        (11, "OutboundStatusRequest", "OutboundStatusResponse"),
        (12, "TimeCheckRequest", "TimeCheckResponse"),
        (13, "GetMinistryOrganizationList", "MinistryOrganizationList"),
        (14, "GetOrganizationList", "OrganizationList"),
        (15, "GetSecretCodes", "SecretCodes"),
        (16, "GetSpeedCodes", "SpeedCodes"),
        (17, "GetMimeCodes", "MimeCodes"),
    ],
)
def test_an_operation_has_its_elements_and_its_schema(
    number: int, request_element: str, response_element: str
) -> None:
    operation = Operation(number)

    assert operation.request_element == request_element
    assert operation.response_element == response_element
    assert f'name="{request_element}"' in schema_file(operation).read_text("utf-8")


def test_there_are_17_operations() -> None:
    assert [operation.value for operation in Operation] == list(range(1, 18))


def test_contents_are_written_as_in_the_samples() -> None:
    for operation in Operation:
        if operation.content_element and operation is not Operation.SEND_LETTER:
            sample = next(SAMPLES.glob(f"boi-0{operation.value}-*-request.xml"))
            assert f"<{operation.content_element}>" in sample.read_text("utf-8")

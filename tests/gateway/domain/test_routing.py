import pytest

from gateway.domain.consignment import Signed
from gateway.domain.routing import Form, choose_route
from tests.gateway.domain.values import CHIANG_MAI, a_consignment


@pytest.mark.parametrize(
    ("signed", "form"),
    [
        (Signed.OWN, Form.AS_SIGNED),
        (Signed.HOSTED, Form.WRITTEN_ANEW_SIGNED_BY_HUB),
        (Signed.NONE, Form.WRITTEN_ANEW_UNSIGNED),
    ],
)
def test_who_signed_decides_what_the_receiver_gets(signed: Signed, form: Form) -> None:
    consignment = a_consignment()
    consignment.signed = signed

    route = choose_route(consignment)

    assert (route.endpoint, route.form) == (CHIANG_MAI, form)

"""Builders: requests as a reading process is given them."""

from typing import Final

from envelopes.dialects import UNKNOWN
from gateway.domain.consignment import Signed
from gateway.domain.organization import Organization, RegisteredCertificate
from gateway.workflow.reading import Asked, Given
from schemas.limits import Limits
from tests.doubles.pki import AT, identity
from tests.letters import SENDER

OWN: Final = identity(organization=SENDER.text)

POLL: Final = (
    b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    b"<CorrespondenceLetterInboundRequest/></e:Body></e:Envelope>"
)


def given(signing: Signed = Signed.OWN) -> Given:
    """Return what the directory says of the ministry, which signs by `OWN`."""
    certificate = RegisteredCertificate(
        SENDER, OWN.der, OWN.fingerprint, OWN.not_before, OWN.not_after
    )
    return Given.of(Organization(SENDER, "ศ", "S", signing), [certificate])


def asked(body: bytes, signing: Signed = Signed.OWN) -> Asked:
    """Return a request at the ministry's door."""
    return Asked(body, Limits(), UNKNOWN.name, given(signing), AT)

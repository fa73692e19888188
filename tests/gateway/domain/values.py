"""Builders of domain values, with every field at a plain default."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from envelopes.letter import Letter, LetterId, OrganizationCode, Party
from envelopes.notifier import Notifier, NotifierKind
from gateway.domain.consignment import Consignment, LetterFacts, Signed
from gateway.domain.organization import Organization

MINISTRY = OrganizationCode("1500200000")
CHIANG_MAI = OrganizationCode("1500200050")
LOEI = OrganizationCode("1500200042")
NUMBER = "มท 0210.3/ว 1795"
DAY = "2009-06-05"
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def a_party(organization: OrganizationCode = MINISTRY) -> Party:
    return Party("สมชาย", "ใจดี", "ปลัด", organization.ministry, organization)


def a_letter(
    *,
    sender: OrganizationCode = MINISTRY,
    receiver: OrganizationCode = CHIANG_MAI,
    number: str = NUMBER,
    date: str = DAY,
    subject: str = "เรื่องทดลอง",
    send_date: str = "2026-11-20T12:00:00",
    secrecy: str = "001",
) -> Letter:
    return Letter(
        id=LetterId(number, date),
        subject=subject,
        secrecy=secrecy,
        speed="001",
        sender=a_party(sender),
        receiver=a_party(receiver),
        references=(),
        attachment_text="-",
        send_date=send_date,
        description="",
        main=None,
        attachments=(),
    )


def an_organization(
    code: OrganizationCode = MINISTRY, *, active: bool = True
) -> Organization:
    return Organization(code, "หน่วยงาน", "Office", Signed.HOSTED, active=active)


def a_consignment(
    *,
    receiver: OrganizationCode = CHIANG_MAI,
    sender: OrganizationCode = MINISTRY,
    number: str = NUMBER,
    date: str = DAY,
    subject: str = "เรื่องทดลอง",
    letter: UUID | None = None,
) -> Consignment:
    return Consignment(
        id=uuid4(),
        letter=LetterFacts(
            id=letter or uuid4(),
            sender=sender,
            letter_id=LetterId(number, date),
            subject=subject,
            secrecy="001",
            speed="001",
            content_digest="c" * 64,
            main=None,
            attachments=(),
        ),
        process_id="1",
        receiver=receiver,
        receiver_name="",
        copy_digest="d" * 64,
        envelope_digest="e" * 64,
        signed=Signed.OWN,
        accepted_at=NOON,
    )


def a_notifier(
    kind: NotifierKind = NotifierKind.RECEIVED,
    *,
    number: str = NUMBER,
    date: str = DAY,
    subject: str = "เรื่องทดลอง",
    accept_id: str | None = None,
) -> Notifier:
    return Notifier(kind, LetterId(number, date), subject, accept_id)

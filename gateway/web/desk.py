"""What each operation is answered with: its verb, and the answer's bytes."""

from collections.abc import Callable
from typing import Final

from envelopes import answers
from envelopes.answers import MinistryRow, OrganizationRow, StatusRow
from envelopes.dialects import ListShape, dialect_named
from envelopes.errors import OperationUnknown
from envelopes.letter import OrganizationCode
from envelopes.requests import (
    AskAgain,
    AskCodes,
    AskMinistries,
    AskOrganizations,
    AskStatus,
    AskTime,
    DeleteEntry,
    DeleteLetter,
    Poll,
    SendLetter,
    SendNotifier,
)
from gateway.domain.lifecycle import MEANINGS
from gateway.domain.organization import Organization
from gateway.workflow.answer import organizations, outbound
from gateway.workflow.ask_again import ask_again
from gateway.workflow.collect import Shown, confirm, look
from gateway.workflow.free import free
from gateway.workflow.notice import take_notice
from gateway.workflow.reading import LetterRead, Opened
from gateway.workflow.receive import receive
from gateway.workflow.work import Work
from registry_sync.ministries import ministries

AddressOf = Callable[[OrganizationCode], str]
"""Returns where an organization's own client posts."""

_NAMELESS: Final = "กระทรวงรหัส {code}"
"""A ministry that the list of names lacks: left out, it would stop a client's import
at its first organization (Q-J13)."""


async def answer(
    work: Work, door: Organization, envelope: Opened, address_of: AddressOf
) -> bytes:
    """Do what an envelope asks for at an organization's door; return the answer."""
    code = door.code
    match envelope.request:
        case SendLetter(letter) | (LetterRead() as letter):
            custody = await receive(work, code, letter)
            return answers.letter_taken(custody.process_id, custody.accepted_at)
        case SendNotifier(notifier):
            taken = await take_notice(work, code, notifier, to=envelope.to)
            return answers.notifier_taken(taken.process_id, taken.at, taken.copy)
        case Poll():
            shown = await look(work, code)
            return answers.inbox_empty() if shown is None else _entry(shown)
        case DeleteEntry(process_id):
            at = await confirm(work, code, process_id)
            return answers.entry_deleted(process_id, at)
        case DeleteLetter(letter_id) as request:
            return answers.letter_deleted(letter_id, await free(work, code, request))
        case _:
            return await _tell(work, door, envelope, address_of)


async def _tell(
    work: Work, door: Organization, envelope: Opened, address_of: AddressOf
) -> bytes:
    """Answer what is only asked for."""
    match envelope.request:
        case AskAgain() as request:
            return _entry(await ask_again(work, door.code, request))
        case AskStatus():
            return await _statuses(work, door.code)
        case AskTime():
            return answers.time(work.clock.now())
        case AskMinistries():
            rows = await _ministries(work)
            return answers.ministries(rows, _shape(door, envelope))
        case AskOrganizations():
            known = await _organizations(work, address_of)
            return answers.organizations(known, _shape(door, envelope))
        case AskCodes(codes):
            return answers.codes(codes)
        case _:
            # It can be read, and nobody here does it.
            raise OperationUnknown(envelope.operation.request_element)


def _entry(shown: Shown) -> bytes:
    if shown.copy is not None:
        return answers.inbox_notifier(shown.process_id, shown.at, shown.copy)
    return answers.inbox_letter(shown.process_id, shown.at, shown.document or b"")


async def _statuses(work: Work, code: OrganizationCode) -> bytes:
    """Answer in the words of the lifecycle table: there are no others (G2)."""
    lines = await outbound(work, code)
    return answers.statuses(
        [
            StatusRow(line.process_id, line.number, MEANINGS[line.state].thai)
            for line in lines
        ]
    )


async def _ministries(work: Work) -> list[MinistryRow]:
    """List the ministries of active organizations, and no others (Q-J13, Q-J14)."""
    names = ministries()
    codes = {found.code.ministry for found in await organizations(work)}
    return [
        MinistryRow(code, names.get(code, _NAMELESS.format(code=code)))
        for code in sorted(codes)
    ]


async def _organizations(work: Work, address_of: AddressOf) -> list[OrganizationRow]:
    return [
        OrganizationRow(
            found.code.text, found.th_name, found.en_name, address_of(found.code)
        )
        for found in await organizations(work)
    ]


def _shape(door: Organization, envelope: Opened) -> ListShape:
    """Return the shape for who asks now, as its envelope says (I2.9).

    Where that reads either shape, what is known of the endpoint counts.
    """
    if envelope.dialect.list_shape is ListShape.FLAT:
        return ListShape.FLAT
    return dialect_named(door.dialect).list_shape

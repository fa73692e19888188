"""What a client may ask: the state of what it sent, and who there is (ops 11-14)."""

from collections.abc import Sequence
from typing import Final

from envelopes.letter import OrganizationCode
from gateway.domain.organization import Organization
from gateway.ports import OutboundLine
from gateway.workflow.work import Work

MOST: Final = 500
"""Consignments an answer tells of: old clients hold the whole answer in memory."""


async def outbound(work: Work, door: OrganizationCode) -> Sequence[OutboundLine]:
    """Return the newest consignments that an organization sent, newest first."""
    return await work.store.views.outbound(door, limit=MOST)


async def organizations(work: Work) -> Sequence[Organization]:
    """Return the active organizations, by code: whom a letter can be sent to."""
    lines = await work.store.views.endpoints()
    return [line.organization for line in lines if line.organization.active]

"""What the Java client needs of look-ups (docs/protocol/ecms.md, Q-J13 to Q-J15).

It imports ministries first, and then organizations, each of which must have its
ministry among them by the first two digits of its code; else the import stops.
"""

from collections.abc import Collection
from typing import Final

from gateway.simulation import csharp_lists
from gateway.simulation.errors import ClientBroken
from gateway.simulation.lists import MinistryRow, OrganizationRow, StatusRow

_MINISTRY: Final = 2


def read_ministries(answer: str, known: Collection[str]) -> tuple[MinistryRow, ...]:
    """Import ministries; the import stops at the first that is new (Q-J14)."""
    rows = csharp_lists.read_ministries(answer)
    for row in rows:
        if row.code not in known:
            raise ClientBroken(f"the import stops at the new ministry {row.code}")
    return rows


def read_organizations(
    answer: str, ministries: Collection[str]
) -> tuple[OrganizationRow, ...]:
    """Import organizations; one without its ministry stops the import (Q-J13)."""
    rows = csharp_lists.read_organizations(answer)
    for row in rows:
        if row.code[:_MINISTRY] not in ministries:
            raise ClientBroken(f"{row.code} has no ministry: the import stops")
    return rows


def read_statuses(answer: str) -> tuple[StatusRow, ...]:
    """Read statuses; an empty answer is shown as an active node (Q-J15)."""
    return csharp_lists.read_statuses(answer)

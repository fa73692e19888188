"""Who acts at a command line, and why: written down beside what was done."""

import os
import pwd
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from envelopes.letter import OrganizationCode
from gateway.cli.options import filled
from gateway.domain.act import Act, Order, Who
from gateway.ports import UnitOfWork

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

By = Annotated[
    str,
    typer.Option(
        "--by", metavar="NAME", help="ผู้สั่ง / Who says so; the account is noted too."
    ),
]
Reason = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", help="เหตุผล / Why; kept in the journal."),
]
RequiredReason = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", parser=filled, help="เหตุผล / Why."),
]
NamedBy = Annotated[
    str,
    typer.Option("--by", metavar="NAME", parser=filled, help="ผู้สั่ง / Who says so."),
]


def order(what: str, *, by: str = "", reason: str = "") -> Order:
    """Return what the person at this terminal orders, for a verb to write down."""
    return Order(what, Who(account(), " ".join(by.split())), reason.strip())


async def note(
    hub: "Hub",
    unit: UnitOfWork,
    what: str,
    *,
    by: str = "",
    reason: str = "",
    organization: OrganizationCode | None = None,
    consignment: UUID | None = None,
    secret: bool = False,
    before: Mapping[str, str] | None = None,
    after: Mapping[str, str] | None = None,
) -> None:
    """Write down an act of the person at this terminal, in the unit that does it.

    `what` is the command: `directory access add`. No secret, and nothing that stands
    in a letter, goes into `before` and `after`.
    """
    ordered = order(what, by=by, reason=reason)
    await unit.acts.add(
        Act(
            id=hub.work.ids.new(),
            at=hub.work.clock.now(),
            what=what,
            who=ordered.who,
            why=ordered.why,
            organization=organization,
            consignment=consignment,
            secret=secret,
            before=before or {},
            after=after or {},
        )
    )


def account() -> str:
    """Return the operating system's user of this process; its number if unnamed.

    Never what an environment variable says.
    """
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())

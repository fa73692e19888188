"""What a person orders is written down in the unit that does it."""

from collections.abc import Mapping

from envelopes.letter import OrganizationCode
from gateway.domain.act import Act, Order
from gateway.domain.consignment import Consignment
from gateway.ports import UnitOfWork
from gateway.workflow.work import Work


async def note(
    unit: UnitOfWork,
    work: Work,
    order: Order | None,
    *,
    organization: OrganizationCode | None = None,
    about: Consignment | None = None,
    before: Mapping[str, str] | None = None,
    after: Mapping[str, str] | None = None,
) -> None:
    """Write down an order; nothing where nobody ordered it: the hub does it by itself.

    No secret, and nothing that stands in a letter, goes into `before` and `after`.
    """
    if order is None:
        return
    await unit.acts.add(
        Act(
            id=work.ids.new(),
            at=work.clock.now(),
            what=order.what,
            who=order.who,
            why=order.why,
            organization=organization,
            consignment=about.id if about else None,
            secret=about.letter.is_secret if about else False,
            before=before or {},
            after=after or {},
        )
    )

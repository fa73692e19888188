"""Acts: added, sealed, and read; never changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert

from gateway.domain.act import Act
from gateway.store.connection import Connection
from gateway.store.hiding import hidden
from gateway.store.seals import with_seal
from gateway.store.strongbox import Strongbox
from gateway.store.tables import Row

ACT: Final = Row.metadata.tables["act"]

_ADD: Final = insert(ACT)


@dataclass(frozen=True, slots=True)
class StoredActs:
    """Acts, in one unit."""

    connection: Connection
    box: Strongbox

    async def add(self, act: Act) -> None:
        """Write down what was done."""
        row = _row(act)
        if act.secret and act.consignment is not None:
            key = await self.box.key(await self.box.letter_of(act.consignment))
            row = hidden("act", row, key, self.box.ring)
        await self.connection.execute(_ADD, with_seal("act", row))


def _row(act: Act) -> dict[str, Any]:
    return {
        "id": act.id,
        "at": act.at,
        "what": act.what,
        "account": act.who.account,
        "name": act.who.name,
        "why": act.why,
        "organization": act.organization.text if act.organization else None,
        "consignment_id": act.consignment,
        "before": _written(act.before),
        "after": _written(act.after),
        "hidden": None,
        "batch": None,
    }


def _written(facts: Mapping[str, str]) -> str:
    return json.dumps(dict(facts), ensure_ascii=False, sort_keys=True)

"""Acts: added, sealed, and read; never changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert

from gateway.domain.act import Act
from gateway.store.connection import Connection
from gateway.store.seals import with_seal
from gateway.store.tables import Row

ACT: Final = Row.metadata.tables["act"]

_ADD: Final = insert(ACT)


@dataclass(frozen=True, slots=True)
class StoredActs:
    """Acts, in one unit."""

    connection: Connection

    async def add(self, act: Act) -> None:
        """Write down what was done."""
        await self.connection.execute(_ADD, with_seal("act", _row(act)))


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

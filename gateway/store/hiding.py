"""What a secret letter's rows show, and what they hide.

| table | empty in its row | kept as another digest |
|---|---|---|
| letter | subject | content_digest |
| letter_file | mime_code | digest |
| consignment | receiver_name | copy_digest, envelope_digest, delivery_digest |
| fitted_copy | | digest |
| registration | by | |
| journal | actor, where it is a person | all digests among its facts |
| act | name, why | |

What was there lies in the column `hidden`, encrypted under the letter's key. All
else can be read without it: numbers, dates, times, offices, states, levels, sizes.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.domain.consignment import HUB
from gateway.store.errors import VaultDamaged
from gateway.store.keyring import Keyring, LetterKey
from gateway.store.rows import FILES, Columns
from gateway.store.tables import Row

_EMPTIED: Final[Mapping[str, tuple[str, ...]]] = {
    "letter": ("subject",),
    "consignment": ("receiver_name",),
    "registration": ("by",),
    "act": ("name", "why"),
}
_KEYED: Final[Mapping[str, tuple[str, ...]]] = {
    "letter": ("content_digest",),
    "consignment": ("copy_digest", "envelope_digest", "delivery_digest"),
}
_CODE: Final = re.compile("[0-9]{10}")
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_SHOWN_FACTS: Final = frozenset({"certificate"})
"""Digests of what is no part of the letter."""


def hidden(
    table: str,
    row: Columns,
    key: LetterKey,
    ring: Keyring,
    files: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Return a row of a secret letter as it is kept; its seal comes after it.

    `files` are digest and MIME code of a letter's files by their positions, to be
    kept with it: rows of `letter_file` hide nothing by themselves.
    """
    there: dict[str, Any] = {FILES: files} if files else {}
    kept = dict(row)
    for name in _EMPTIED.get(table, ()):
        there[name], kept[name] = row[name], ""
    for name in _KEYED.get(table, ()):
        if row[name] is not None:
            there[name], kept[name] = row[name], ring.hidden(row[name])
    if table == "journal":
        _hide_in_line(kept, there, ring)
    if there:
        written = json.dumps(there, ensure_ascii=False).encode("utf-8", "surrogatepass")
        kept["hidden"] = key.seal(place_of(table, row), written)
    return kept


def shown(table: str, row: Columns, key: LetterKey | None) -> Columns:
    """Return a row with what it hides; as it is where there is no key for it.

    Raises `VaultDamaged` where what is hidden is not as it was encrypted.
    """
    if key is None or row["hidden"] is None:
        return row
    place = place_of(table, row)
    if not isinstance(row["hidden"], bytes):
        raise VaultDamaged(detail=f"{place}: is not as it was encrypted")
    there = json.loads(key.open(place, row["hidden"]).decode("utf-8", "surrogatepass"))
    return {**row, **there}


def agrees(table: str, kept: Columns, opened: Columns, ring: Keyring) -> bool:
    """Say whether the digests that a row shows are those of what it hides."""
    names = _KEYED.get(table, ())
    told = {n: opened[n] for n in names if opened[n] is not None}
    shows = {n: kept[n] for n in names if kept[n] is not None}
    if table == "journal":
        facts = _object_in(opened["facts"])
        told |= {n: facts[n] for n in _digests_in(facts)}
        said = _object_in(kept["facts"])
        shows |= {n: said.get(n) for n in _digests_in(facts)}
        if {n: v for n, v in said.items() if n not in told} != {
            n: v for n, v in facts.items() if n not in told
        }:
            return False
    if kept["hidden"] is None:
        return not told
    return {name: ring.hidden(digest) for name, digest in told.items()} == shows


def place_of(table: str, row: Columns) -> str:
    """Return the place that a row's hidden column is bound to."""
    keys = (row[column.name] for column in Row.metadata.tables[table].primary_key)
    return " ".join([table, *map(str, keys), "hidden"])


def _hide_in_line(kept: dict[str, Any], there: dict[str, Any], ring: Keyring) -> None:
    if kept["actor"] != HUB and not _CODE.fullmatch(kept["actor"]):
        there["actor"], kept["actor"] = kept["actor"], ""
    facts: dict[str, str] = json.loads(kept["facts"])
    digests = {name: ring.hidden(facts[name]) for name in _digests_in(facts)}
    if digests:
        there["facts"] = kept["facts"]
        kept["facts"] = json.dumps(facts | digests, ensure_ascii=False, sort_keys=True)


def _digests_in(facts: Mapping[str, str]) -> list[str]:
    return [
        name
        for name, value in facts.items()
        if name not in _SHOWN_FACTS and _DIGEST.fullmatch(value)
    ]


def _object_in(written: str) -> dict[str, Any]:
    """Read what should be an object; where it is none, its seal is broken."""
    try:
        found = json.loads(written)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

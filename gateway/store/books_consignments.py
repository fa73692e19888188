"""Walks all that any table calls a consignment: both sides of the account."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.agreement import (
    consignments_taken,
    places,
    receipt_places,
    receipts_made,
)
from gateway.domain.books import Account, Place, ReceiptPlace
from gateway.domain.consignment import LetterFacts
from gateway.store import rows
from gateway.store.books_bundle import SPEAKING, Bundle, Problem
from gateway.store.books_content import (
    UNREADABLE,
    copy_problems,
    delivery_problem,
    judgement_problems,
    letter_problems,
    repair_problems,
)
from gateway.store.books_inspection import Inspection
from gateway.store.books_rows import NO_VALUE, RawReader, key_text
from gateway.store.books_secrets import opening_of
from gateway.store.errors import SecretsClosed, VaultDamaged
from gateway.store.strongbox import Strongbox

_STRETCH: Final = ("digest", "start", "stop")


@dataclass(slots=True)
class Tally:
    """The account while it grows."""

    taken: Counter[str] = field(default_factory=Counter)
    placed: dict[str, Counter[Place]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    receipts_made: int = 0
    receipts: Counter[ReceiptPlace] = field(
        default_factory=lambda: Counter(dict.fromkeys(ReceiptPlace, 0))
    )

    def add(self, bundle: Bundle) -> None:
        """Count one consignment, each side from its own records."""
        records = bundle.records()
        self.taken.update(consignments_taken(records.journal))
        if found := places(records):
            self.placed[bundle.receiver(records)].update(found)
        self.receipts_made += receipts_made(records.journal)
        for receipt in records.receipts:
            self.receipts.update(receipt_places(receipt, records))

    def accounts(self) -> Mapping[str, Account]:
        """Return both sides for each receiver, by code."""
        codes = sorted(self.taken.keys() | self.placed.keys())
        return {c: Account(self.taken[c], dict(self.placed[c])) for c in codes}


async def check_consignments(inspection: Inspection) -> Tally:
    """Check everything that any table says of any consignment."""
    tally = Tally()
    reader = inspection.reader
    after: object = None
    sources = list(SPEAKING.items())
    box = inspection.contents.vault.box
    while keys := await reader.keys(sources, after, limit=inspection.at_once):
        bundles = await _bundles(reader, keys)
        letters = await _letters(reader, box, bundles)
        for bundle in bundles:
            tally.add(bundle)
            await inspection.of_bundle(bundle, bundle.problems())
            await _check_content(inspection, bundle, letters)
        inspection.advance(len(keys))
        after = keys[-1]
    return tally


async def _bundles(reader: RawReader, keys: Sequence[object]) -> list[Bundle]:
    bundles = {key_text(key): Bundle(key_text(key)) for key in keys}
    for table, column in SPEAKING.items():
        for row in await reader.of(table, column, keys):
            bundles[key_text(row.raw[column])].found[table].append(row)
    return list(bundles.values())


async def _letters(
    reader: RawReader, box: Strongbox, bundles: Sequence[Bundle]
) -> dict[object, LetterFacts]:
    """Read the letters of consignments as far as their rows can be read."""
    ids = {b.consignment.raw["letter_id"] for b in bundles if b.consignment}
    files = defaultdict(list)
    for file in await reader.of("letter_file", "letter_id", ids):
        files[file.raw["letter_id"]].append(file)
    letters = {}
    for row in await reader.of("letter", "id", ids):
        columns = [file.values for file in files[row.raw["id"]]]
        # What cannot be read is reported by the walk over the letters.
        with suppress(*NO_VALUE, SecretsClosed, VaultDamaged):
            opening = await opening_of(box, row, "id")
            opened = opening.values(row)
            letters[row.raw["id"]] = rows.letter_facts(opened, columns)
    return letters


async def _check_content(
    inspection: Inspection, bundle: Bundle, letters: Mapping[object, LetterFacts]
) -> None:
    """Read a consignment's letter and delivery again from the vault."""
    row = bundle.consignment
    if row is None or row.unreadable or bundle.is_purged:
        # What was purged is known by its digest; its archive has the bytes.
        return
    try:
        opening = await opening_of(inspection.contents.vault.box, row, "letter_id")
        unopened = list(opening.problems(bundle))
        await inspection.of_bundle(bundle, unopened)
        if any(table == "consignment" for table, _ in unopened):
            return
        columns = opening.values(row)
        sent = await inspection.contents.letter(
            row.values["envelope_digest"],
            columns["accepted_at"],
            columns["certificate"] or "",
        )
    except SecretsClosed:
        inspection.closed.add(row.raw["letter_id"])
        return
    except UNREADABLE as error:
        what = f"cannot be read back: {error.detail or error}"
        await inspection.of_bundle(bundle, [("envelope", what)])
        return
    await inspection.of_bundle(bundle, copy_problems(columns, sent.letter))
    await inspection.of_bundle(bundle, judgement_problems(columns, sent))
    journal = bundle.records().journal
    await inspection.of_bundle(bundle, list(repair_problems(journal, sent)))
    if (kept := letters.get(row.raw["letter_id"])) is not None:
        await inspection.of_letter(
            row.raw["letter_id"], list(letter_problems(kept, sent.letter))
        )
    await inspection.of_bundle(bundle, await _handed_on(inspection, bundle))


async def _handed_on(inspection: Inspection, bundle: Bundle) -> list[Problem]:
    """Check what the receiver gets: the delivery, and copies fitted to its dialect."""
    problems = []
    for table, prefix in (("consignment", "delivery_"), ("fitted_copy", "")):
        for row in bundle.found[table]:
            if not row.unreadable:
                stretch = [row.values[f"{prefix}{n}"] for n in _STRETCH]
                problems += await _stretch(inspection, table, *stretch)
    return problems


async def _stretch(
    inspection: Inspection,
    table: str,
    digest: str | None,
    start: int | None,
    stop: int | None,
) -> list[Problem]:
    if digest is None:
        return []
    try:
        whole = await inspection.contents.whole(digest)
    except VaultDamaged as error:
        return [("envelope", f"cannot be read back: {error.detail}")]
    problem = delivery_problem(start, stop, whole)
    return [(table, problem)] if problem else []

"""`check books`: does everything that was taken into custody add up?

Walks all consignments that any table speaks of, all letters, all files and what else
lies in the vault, in batches, so that memory does not grow with the store. Every row
is checked by its seal, against the records that speak of the same thing, and
against the bytes its sender sent; what does not agree names the letter.
"""

from collections.abc import Mapping
from typing import Final

from gateway.domain.books import Books
from gateway.store.books_consignments import check_consignments
from gateway.store.books_content import Contents
from gateway.store.books_inspection import AT_ONCE, Inspection, Progress, no_progress
from gateway.store.books_labels import Labels
from gateway.store.books_letters import check_letters, check_registers
from gateway.store.books_rows import RawReader
from gateway.store.books_vault import check_chunks, check_envelopes, check_files
from gateway.store.connection import Connection
from gateway.store.vault import StoredVault

LEFT_OUT_TABLES: Final[Mapping[str, str]] = {
    "hub": "says what this hub is; no letter depends on it",
    "organization": "the directory: kept by people, changed in place",
    "endpoint": "the directory; how it is reached says nothing about letters",
    "certificate": "the directory; a letter's signature carries its own certificate",
    "access": "the directory; who is let in says nothing about letters",
    "person": "the directory; who may see says nothing about letters",
    "hub_certificate": "the hub's own; a signed receipt is verified with it by itself",
    "letter_key": "damage shows in every letter that lies under it",
    "signed_receipt": "made from other rows, and verified by its own signature",
    "replay": "what was sent again stands in journals and dead letters too",
    "replay_item": "as above; a plan and its counts are of no letter's custody",
    "retention": "what the operator set; no letter depends on it until it is purged",
    "archive": "what lies outside the hub is verified by its own list of files",
    "incident": "counts failures; what was given up stands in its dead letters",
    "act": "checked with its batch by `gateway check journal`",
    "batch": "checked by `gateway check journal`",
}
"""Tables whose rows `check books` does not vouch for, and why."""

LEFT_OUT_COLUMNS: Final[Mapping[tuple[str, str], str]] = {
    ("promise", "published_at"): (
        "written in bulk by the relay; where it is lost, publishing again is safe"
    ),
    ("promise", "claimed_until"): (
        "which relay has it for a moment; where it is lost, publishing again is safe"
    ),
    ("journal", "batch"): "checked by `gateway check journal`",
}
"""Columns whose alteration is not found, and why."""

LEFT_OUT_ROWS: Final[Mapping[tuple[str, str], str]] = {
    ("archived", "purged_at"): (
        "without one it says which archive a letter is in, as the archive does itself; "
        "where it is lost, nothing is purged because of it"
    ),
    ("fitted_copy", "digest"): (
        "without one it says that the delivery fits; where it is lost, that is seen "
        "again when the letter is shown"
    ),
}
"""Tables with rows whose removal is not found: where this column is empty; and why."""


async def check_books(
    connection: Connection,
    vault: StoredVault,
    progress: Progress = no_progress,
    *,
    at_once: int = AT_ONCE,
) -> Books:
    """Compute the account, and name every letter that does not add up.

    The connection must show one moment: a transaction begun before, that only reads
    (on PostgreSQL: REPEATABLE READ). The vault reads on the same connection.
    `at_once` consignments, letters or files are held in memory.
    """
    reader = RawReader(connection)
    contents = Contents(reader, vault)
    labels = Labels(reader, contents)
    inspection = Inspection(reader, contents, labels, progress, at_once)
    await inspection.count()
    tally = await check_consignments(inspection)
    await check_letters(inspection)
    await check_files(inspection)
    await check_chunks(inspection)
    await check_envelopes(inspection)
    registers = await check_registers(inspection)
    if inspection.closed:
        what = f"{len(inspection.closed)} secret letters were not opened: no key here"
        inspection.of_names((), "letter_key", f"{what} (setting secret_key_file)")
    return Books(
        receivers=tally.accounts(),
        receipts_made=tally.receipts_made,
        receipts=dict(tally.receipts),
        registers=tuple(sorted(registers)),
        findings=tuple(sorted(inspection.findings)),
    )

"""One letter for one receiver after the other, into an archive; one is in memory."""

import mimetypes
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID

from gateway.cli import documents, receipts_files
from gateway.cli.archive_files import Folder, csv_file, json_of
from gateway.cli.archive_index import Index
from gateway.cli.words import HAPPENINGS
from gateway.domain.consignment import LetterFile
from gateway.domain.evidence import SignedReceipt
from gateway.domain.lifecycle import MEANINGS
from gateway.domain.register import buddhist_year
from gateway.ports import Path
from gateway.store.bundles import StoredBundles

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

_JOURNAL: Final = ("number", "at", "happening", "เหตุการณ์", "state", "สถานะ", "actor")
_DIGITS: Final = 16
"""Of a certificate's fingerprint that name its file."""


@dataclass(slots=True)
class Letters:
    """What writes letters into an archive."""

    hub: "Hub"
    folder: Folder
    index: Index
    _certificates: set[str] = field(default_factory=set)
    """Fingerprints of the hub's certificates that signed receipts in it."""

    async def add(self, path: Path, signed: Sequence[SignedReceipt]) -> None:
        """Write all that belongs to one letter for one receiver."""
        consignment = path.consignment
        year = buddhist_year(consignment.accepted_at)
        folder = f"letters/{year}/{path.receiver.code}/{consignment.process_id}"
        for name, content in (await self._envelopes(path)).items():
            self.folder.add(f"{folder}/{name}", content)
        files = [await self._file(file) for file in _files(path)]
        sender = await self.hub.store.organization(consignment.sender)
        document = {
            **documents.letter(consignment.letter, seen=True),
            "sender": documents.organization(sender) if sender else None,
            "kept_as": files,
            "consignment": documents.path(path, seen=True),
        }
        journal = document["consignment"].pop("journal")
        self.folder.add(f"{folder}/letter.json", json_of(document))
        self.folder.add(f"{folder}/journal.json", json_of(journal))
        self.folder.add(f"{folder}/journal.csv", _journal(path))
        for name, content in _receipts(path, signed).items():
            self.folder.add(f"{folder}/receipts/{name}", content)
        self._certificates |= {one.certificate for one in signed}
        self.index.add(path, sender, folder)

    async def end(self) -> None:
        """Write the certificates that verify the receipts."""
        for one in await self.hub.store.hub_certificates():
            if one.fingerprint in self._certificates:
                name = f"certificates/hub-{one.fingerprint[:_DIGITS]}.crt"
                self.folder.add(name, ssl.DER_cert_to_PEM_cert(one.der).encode())

    async def _envelopes(self, path: Path) -> Mapping[str, bytes]:
        store, consignment = self.hub.store, path.consignment
        bundles = StoredBundles(store.reading, store.strongbox)
        found = {"request.xml": await store.vault.read(consignment.envelope_digest)}
        if consignment.delivery:
            found["delivered.xml"] = await store.views.bytes_of(consignment.delivery)
        for copy in await bundles.copies(consignment.id):
            if copy.delivery:
                name = f"delivered-{copy.dialect}.xml"
                found[name] = await store.views.bytes_of(copy.delivery)
        return found

    async def _file(self, file: LetterFile) -> str:
        """Write a file, where no letter before had it; return its name."""
        kind = file.mime_code.strip().lower()
        end = mimetypes.guess_extension(kind) if kind.isascii() else None
        name = f"files/{file.digest[:2]}/{file.digest}{end or '.bin'}"
        if not self.folder.has(name):
            self.folder.add(name, await self.hub.store.vault.file(file.digest))
        return name


def _files(path: Path) -> list[LetterFile]:
    letter = path.consignment.letter
    return [*([letter.main] if letter.main else []), *letter.attachments]


def _journal(path: Path) -> bytes:
    rows = [
        (
            entry.number,
            entry.at.isoformat(),
            entry.happening.value,
            HAPPENINGS[entry.happening],
            entry.state.value,
            MEANINGS[entry.state].thai,
            entry.actor,
        )
        for entry in path.journal
    ]
    return csv_file(_JOURNAL, rows)


def _receipts(path: Path, signed: Sequence[SignedReceipt]) -> Mapping[str, bytes]:
    of: Mapping[UUID, Sequence[SignedReceipt]] = {path.consignment.id: signed}
    return receipts_files.files([path], of, {})

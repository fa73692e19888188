"""Signed receipts as files, named by what they are about and never by what it says.

`1500200050-03-registered-0199….receipt.json`: the receiver's code, the place among its
receipts, the kind, the id; and `hub-….crt` for each certificate that signed them. The
number of a letter is its sender's own text and names no file.
"""

import json
import os
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path as File
from uuid import UUID

from gateway.cli.screen import say, show_json
from gateway.domain.evidence import SignedReceipt
from gateway.ports import Path
from gateway.store.errors import SecretsClosed

_DIGITS = 16
"""Of a certificate's fingerprint that name its file."""

Files = Mapping[str, bytes]


def files(
    paths: Sequence[Path],
    signed: Mapping[UUID, Sequence[SignedReceipt]],
    certificates: Mapping[str, bytes],
) -> Files:
    """Return the receipts of these consignments and the certificates, by file name."""
    named = {
        f"{path.receiver.code}-{place:02}-{_named(receipt)}": _document(receipt)
        for path in paths
        for place, receipt in enumerate(_in_order(path, signed), start=1)
        if receipt is not None
    }
    return named | {
        f"hub-{fingerprint[:_DIGITS]}.crt": ssl.DER_cert_to_PEM_cert(der).encode()
        for fingerprint, der in certificates.items()
    }


def write_folder(found: Files, folder: File, *, as_json: bool) -> None:
    """Write them; what is there already, to the byte, is left.

    Raises `OSError`, also where a file of such a name has other content.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in found.items():
        _write(folder / name, content)
    if as_json:
        show_json({"folder": str(folder), "files": sorted(found)})
        return
    for name in sorted(found):
        say(str(folder / name))


def write_lines(found: Files, *, as_json: bool) -> None:
    """Write the receipts to standard output, one a line; in JSON with certificates."""
    receipts = [text for name, text in found.items() if name.endswith(".json")]
    if not as_json:
        for text in receipts:
            print(text.decode().strip())  # noqa: T201
        return
    certificates = [text for name, text in found.items() if name.endswith(".crt")]
    show_json(
        {
            "receipts": [json.loads(text) for text in receipts],
            "certificates": [text.decode() for text in certificates],
        }
    )


def _in_order(
    path: Path, signed: Mapping[UUID, Sequence[SignedReceipt]]
) -> list[SignedReceipt | None]:
    """Return the receipts of a consignment at their places; None for one to come."""
    of = {one.about: one for one in signed.get(path.consignment.id, ())}
    facts = [path.consignment.id, *(receipt.id for receipt in path.receipts)]
    return [of.get(fact) for fact in facts]


def _named(receipt: SignedReceipt) -> str:
    return f"{receipt.kind}-{receipt.about}.receipt.json"


def _document(receipt: SignedReceipt) -> bytes:
    if receipt.document is None:
        raise SecretsClosed(str(receipt.about))
    return receipt.document


def _write(path: File, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        # Of secret letters they name persons: who exports them decides who reads them.
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError:
        if path.is_symlink() or path.read_bytes() != content:
            raise

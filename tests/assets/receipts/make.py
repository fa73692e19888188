"""Makes the frozen receipts of this folder: run once, its outcome is kept for ever.

    .venv/bin/python -m tests.assets.receipts.make

A receipt that was signed once must verify in every later version, so nothing that is
there is ever written again: a new kind or field gets a file of its own.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from gateway.domain.consignment import Consignment
from gateway.domain.evidence import kind_of, payload, written
from gateway.domain.jws import assembled, signing_input
from gateway.keys.signing import KeySigner
from gateway.workflow.attest import witness
from tests.doubles.pki import identity
from tests.gateway.domain.exhibits import MADE_AT, all_kinds, an_exhibit

FOLDER: Final = Path(__file__).parent
_CODE: Final = "1500299999"
_KEY: Final = identity(organization=_CODE).key


def _pem(name: str, organization: str) -> bytes:
    """Return the frozen certificate; its key is the same in every run."""
    file = FOLDER / name
    return (
        file.read_bytes() if file.exists() else identity(organization=organization).pem
    )


HUB: Final = KeySigner(_KEY, _pem("hub.crt", _CODE))
_WITNESS: Final = witness(HUB.certificate)


def signed(content: bytes) -> bytes:
    """Return a receipt that says this."""
    to_sign = signing_input(content, HUB.certificate.der)
    return assembled(to_sign, HUB.sign_bytes(to_sign))


def receipts() -> Iterator[tuple[str, bytes]]:
    """Return every frozen receipt with its name."""
    everything = all_kinds()
    said = [None, *everything.receipts]
    for place, receipt in enumerate(said, start=1):
        about = receipt.id if receipt else everything.consignment.id
        made_at = MADE_AT + timedelta(minutes=place)
        content = payload(everything, about, _WITNESS, made_at)
        yield f"v1-{place}-{kind_of(receipt)}", signed(written(content))
    custody = _custody(an_exhibit(subject="(ทดสอบระบบ) ขอเชิญประชุม").consignment)
    yield "v1-test-letter", signed(written(custody))
    yield (
        "v1-only-what-is-needed",
        signed(
            written(
                {name: custody[name] for name in ("version", "id", "kind", "made_at")}
            )
        ),
    )
    yield "v1-kind-of-tomorrow", signed(written({**custody, "kind": "archived"}))
    yield "v1-fields-of-tomorrow", _of_tomorrow(custody)


def _custody(consignment: Consignment) -> dict[str, Any]:
    exhibit = an_exhibit(subject=consignment.letter.subject)
    return payload(exhibit, consignment.id, _WITNESS, MADE_AT)


def _of_tomorrow(custody: dict[str, Any]) -> bytes:
    """Add to every object what nobody knows yet, in every form."""
    more = {"retention": {"years": 10}, "leaf": None, "proofs": [1, "two", {}]}
    content = {
        name: {**value, **more} if isinstance(value, dict) else value
        for name, value in custody.items()
    }
    content["letter"]["files"] = [{**x, **more} for x in content["letter"]["files"]]
    outer = json.loads(signed(written(content | more)))
    return json.dumps(outer | more | {"header": {"timestamp": "MIIB"}}).encode()


def main() -> None:
    """Write what is not there yet."""
    files = {f"{name}.receipt.json": text for name, text in receipts()}
    files |= {
        "hub.crt": _pem("hub.crt", _CODE),
        "other.crt": _pem("other.crt", "1500299998"),
    }
    for name, content in files.items():
        if not (FOLDER / name).exists():
            (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()

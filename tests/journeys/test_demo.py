"""The main job: a circular to many provinces, and one stamped number from each."""

import json
import os
import signal
import subprocess
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from gateway.bootstrap import DEMO_KEYS
from gateway.cli.demo_hub import HubProcess
from gateway.cli.demo_registers import HubRegisters
from gateway.domain.register import BANGKOK
from gateway.simulation import circular, csharp
from gateway.simulation.http import line
from gateway.simulation.ministry import Ministry, Sent
from gateway.simulation.net import Net, play
from gateway.simulation.provinces import PROVINCES, System, some
from gateway.simulation.signing import Signer
from tests.journeys.brokers import ON_BROKERS
from tests.journeys.conftest import gateway


@ON_BROKERS
async def test_a_circular_to_nine_provinces(hub: HubProcess) -> None:
    """Three of each kind; C# confirms before it numbers, BOI never does."""
    steps: Counter[str] = Counter()

    def tell(step: str) -> None:
        steps[step] += 1

    returned = await play(
        Net(
            base=hub.base,
            provinces=some(9),
            signer=signer(hub),
            now=lambda: datetime.now(BANGKOK),
            register_at_hub=HubRegisters(hub.data, tell),
            tell=tell,
        )
    )

    assert all(one.complete for one in returned)
    by_hub = [r.numbers[0].accept_id for r in returned if not r.given]
    year = datetime.now(BANGKOK).year + 543
    assert by_hub == [f"1/{year}"] * 3
    assert steps == {
        "sent": 9,
        "saved": 6,
        "confirmed": 3,
        "numbered": 9,
        "arrived": 3,
        "returned": 9,
    }


@ON_BROKERS
async def test_a_ministry_that_starts_over_is_told_the_same(hub: HubProcess) -> None:
    """One letter with nine consignments, however often it is sent and signed."""
    first, again = await sent(hub), await sent(hub)

    assert {code: row.process_id for code, row in first.items()} == {
        code: row.process_id for code, row in again.items()
    }
    listed = gateway("letters", "list", "--json", "--data", str(hub.data))
    (letter,) = json.loads(listed.stdout)
    assert letter["number"] == circular.NUMBER


async def sent(hub: HubProcess) -> dict[str, Sent]:
    async with line(hub.base, circular.MINISTRY, csharp.CONTENT_TYPE) as own:
        ministry = Ministry(own, hub.base, signer(hub), lambda: datetime.now(BANGKOK))
        await ministry.send(some(9), lambda _step: None)
        return ministry.sent


def signer(hub: HubProcess) -> Signer:
    keys = hub.data / DEMO_KEYS / circular.MINISTRY
    return Signer.of_pem(
        keys.with_suffix(".key").read_bytes(), keys.with_suffix(".crt").read_bytes()
    )


@pytest.fixture(scope="module")
def demo() -> subprocess.CompletedProcess[str]:
    return gateway("demo", "--json")


def test_the_demo_ends_with_75_numbers(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stderr
    told = json.loads(demo.stdout)

    assert told["adds_up"] is True
    assert told["numbers"] == told["taken"] == 75
    assert told["books_balance"] is True
    assert told["findings"] == []
    assert {p["organization"] for p in told["provinces"]} == {
        province.code for province in PROVINCES
    }
    assert all(len(p["numbers"]) == 1 for p in told["provinces"])
    assert Counter(p["system"] for p in told["provinces"]) == {
        System.CSHARP: 38,
        System.BOI: 13,
        System.NONE: 24,
    }


def test_the_demo_leaves_nothing_behind(demo: subprocess.CompletedProcess[str]) -> None:
    (folder,) = [Path(word) for word in demo.stderr.split() if "gateway-demo-" in word]

    assert not folder.exists()


@dataclass
class Kept:
    """A demo whose hub goes on running."""

    demo: subprocess.CompletedProcess[str]
    folder: Path
    serving: dict[str, Any]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    there = str(tmp_path_factory.mktemp("kept"))
    demo = gateway("demo", "--keep", TMPDIR=there)
    folder = next(Path(w) for w in demo.stderr.split() if "gateway-demo-" in w)
    serving = json.loads((folder / "serve.json").read_text("utf-8"))
    yield Kept(demo, folder, serving)
    os.kill(serving["pid"], signal.SIGTERM)


def test_in_a_pipe_each_province_is_one_line_and_the_hub_can_stay(kept: Kept) -> None:
    assert kept.demo.returncode == 0, kept.demo.stderr
    rows = [line.split("\t") for line in kept.demo.stdout.splitlines()[:75]]
    assert [row[1] for row in rows] == [province.name for province in PROVINCES]
    assert all(len(row) == 6 for row in rows)
    year = str(datetime.now(BANGKOK).year + 543)
    assert all(year in row[2] and year in row[3] for row in rows)
    assert kept.serving["listen"] in kept.demo.stderr
    tracked = gateway("letters", "track", circular.NUMBER, "--data", str(kept.folder))
    assert tracked.returncode == 0, tracked.stderr
    assert "เชียงใหม่" in tracked.stdout


def test_75_registrations_are_75_receipts_that_openssl_verifies(
    kept: Kept, tmp_path: Path
) -> None:
    receipts, certificate = exported(kept.folder, tmp_path)

    registered = [one for one in receipts if "-registered-" in one.name]

    assert len(registered) == 75
    assert [
        one.name for one in receipts if not openssl_verifies(one, certificate)
    ] == []
    given = [said_in(one)["receiver"]["number"] for one in registered]
    rows = [line.split("\t") for line in kept.demo.stdout.splitlines()[:75]]
    assert sorted(given) == sorted(row[2] for row in rows)
    ours = gateway(
        "receipts", "verify", *map(str, receipts), "--certificate", str(certificate)
    )
    assert ours.stdout.count("VERIFIED") == len(receipts) > 75
    altered = tmp_path / "altered.json"
    altered.write_text(
        registered[0].read_text("utf-8").replace('"payload":"eyJ', '"payload":"eyK')
    )
    assert not openssl_verifies(altered, certificate)


def exported(data: Path, folder: Path) -> tuple[list[Path], Path]:
    """Export all receipts of the circular, once the notary has signed the last."""
    command = ("receipts", "export", circular.NUMBER, "--out", str(folder / "out"))
    for _ in range(20):
        done = gateway(*command, "--data", str(data))
        assert done.returncode == 0, done.stderr
        if not done.stderr:
            break
    assert done.stderr == ""
    (certificate,) = (folder / "out").glob("hub-*.crt")
    return sorted((folder / "out").glob("*.receipt.json")), certificate


def said_in(receipt: Path) -> dict[str, Any]:
    """Read what was signed, without our code."""
    text = json.loads(receipt.read_bytes())["payload"]
    found = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert isinstance(found, dict)
    return found


def openssl_verifies(receipt: Path, certificate: Path) -> bool:
    """Ask openssl, which reads DER and nothing of JOSE."""
    document = json.loads(receipt.read_bytes())
    raw = urlsafe_b64decode(document["signature"] + "==")
    signature, key = receipt.with_suffix(".der"), certificate.with_suffix(".pub")
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    signature.write_bytes(encode_dss_signature(r, s))
    public = ("openssl", "x509", "-in", certificate, "-pubkey", "-noout", "-out", key)
    subprocess.run(public, check=True)
    judged = subprocess.run(
        ("openssl", "dgst", "-sha256", "-verify", key, "-signature", signature),
        input=f"{document['protected']}.{document['payload']}".encode(),
        check=False,
        capture_output=True,
    )
    return judged.returncode == 0 and b"Verified OK" in judged.stdout

"""Receipts on the command line: files that harm nobody, and verdicts in words."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from gateway.cli import receipts_files
from gateway.cli.main import main
from gateway.domain.evidence import EvidenceKind, SignedReceipt
from gateway.ports import Path as Found
from gateway.store.errors import SecretsClosed
from tests.gateway.domain.exhibits import AT, CONSIGNMENT, all_kinds

FOLDER = Path(__file__).parents[2] / "assets" / "receipts"
HUB = str(FOLDER / "hub.crt")
RECEIPT = FOLDER / "v1-4-registered.receipt.json"
FINGERPRINT = "ab" * 32
SIGNED = SignedReceipt(
    about=CONSIGNMENT,
    consignment=CONSIGNMENT,
    kind=EvidenceKind.CUSTODY_BY_HUB,
    version=1,
    document=b'{"payload":""}\n',
    certificate=FINGERPRINT,
    made_at=AT,
)
LATER = replace(SIGNED, about=all_kinds().receipts[2].id, kind=EvidenceKind.REGISTERED)


def found() -> Found:
    exhibit = all_kinds()
    return Found(
        consignment=exhibit.consignment,
        receiver=exhibit.receiver,
        journal=(),
        registrations=exhibit.registrations,
        receipts=exhibit.receipts,
        entry=None,
    )


def files(*signed: SignedReceipt) -> Mapping[str, bytes]:
    of: Mapping[UUID, tuple[SignedReceipt, ...]] = {CONSIGNMENT: signed}
    return receipts_files.files([found()], of, {FINGERPRINT: b"certificate"})


def test_files_are_named_by_what_we_made_and_never_by_a_number() -> None:
    assert sorted(files(SIGNED, LATER)) == [
        "1500200050-01-custody-by-hub-00000000-0002-7000-8000-000000000000.receipt.json",
        "1500200050-04-registered-00000000-000d-7000-8000-000000000000.receipt.json",
        "hub-abababababababab.crt",
    ]


def test_a_receipt_keeps_its_name_when_earlier_ones_come_later() -> None:
    assert set(files(LATER)) < set(files(SIGNED, LATER))


def test_what_is_there_to_the_byte_is_left_and_anything_else_is_refused(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "new" / "folder"
    receipts_files.write_folder(files(SIGNED), folder, as_json=True)
    receipts_files.write_folder(files(SIGNED, LATER), folder, as_json=True)
    (name, *_) = sorted(file.name for file in folder.iterdir())
    (folder / name).write_bytes(b"another")

    with pytest.raises(FileExistsError):
        receipts_files.write_folder(files(SIGNED), folder, as_json=True)
    assert (folder / name).read_bytes() == b"another"


def test_no_link_is_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    (name, *_) = sorted(files(SIGNED))
    (tmp_path / name).symlink_to(victim)

    with pytest.raises(FileExistsError):
        receipts_files.write_folder(files(SIGNED), tmp_path, as_json=True)
    assert not victim.exists()


def test_a_receipt_that_cannot_be_opened_is_no_file() -> None:
    with pytest.raises(SecretsClosed):
        files(replace(SIGNED, document=None))


def verified(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = main(["receipts", "verify", *map(str, arguments)])
    return code, capsys.readouterr().out


def test_a_receipt_is_verified_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = verified(capsys, RECEIPT, "--certificate", HUB)

    assert code == 0
    assert "ปลายทางลงเลขรับ / The letter is registered under a number" in said
    assert "Said by\tสำนักงานจังหวัดเชียงใหม่ Chiang Mai 1500200050" in said
    assert "Number given\t120/2569" in said
    assert "Registered\t21 พ.ย. 2569 10:03:07" in said
    assert "Certificate valid\t1 ม.ค. 2569 07:00 - 1 ม.ค. 2571 07:00" in said
    assert said.endswith("ลายมือชื่อถูกต้อง / VERIFIED\n")


def test_one_that_is_refused_hides_none_that_holds(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    altered = tmp_path / "altered.json"
    altered.write_text(
        RECEIPT.read_text("utf-8").replace('"payload":"eyJ', '"payload":"eyK')
    )
    gone = tmp_path / "gone.json"

    code, said = verified(
        capsys, altered, gone, RECEIPT, "--certificate", HUB, "--json"
    )

    assert code == 1
    assert [one["verified"] for one in json.loads(said)] == [False, False, True]
    assert [one["error"] and one["error"]["code"] for one in json.loads(said)] == [
        "receipt-altered",
        "file-unusable",
        None,
    ]


def test_an_older_certificate_beside_the_new_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = FOLDER / "other.crt"

    assert verified(capsys, RECEIPT, "--certificate", other)[0] == 1
    assert (
        verified(capsys, RECEIPT, "--certificate", other, "--certificate", HUB)[0] == 0
    )


def test_a_letter_of_ones_own_is_compared(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    envelope = tmp_path / "envelope.xml"
    envelope.write_bytes(b"<Envelope/>")

    for option in ("--letter", "--file"):
        code, said = verified(capsys, RECEIPT, "--certificate", HUB, option, envelope)
        assert code == 1
        assert "ใบรับนี้ไม่ใช่ของแฟ้มที่ให้มา" in said
        assert "REFUSED" in said


@pytest.mark.parametrize("name", ["fields", "kind"])
def test_what_comes_from_tomorrow_is_shown_as_far_as_it_is_known(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    file = FOLDER / f"v1-{name}-of-tomorrow.receipt.json"

    code, said = verified(capsys, file, "--certificate", HUB)

    assert code == 0
    assert "Letter's number\tมท 0210.3/ว 1795" in said
    assert ("archived" in said) is (name == "kind")


def test_a_receipt_without_most_fields_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = FOLDER / "v1-only-what-is-needed.receipt.json"

    code, said = verified(capsys, file, "--certificate", HUB)

    assert code == 0
    assert "VERIFIED" in said


def test_verifying_loads_no_database_and_no_server() -> None:
    """Also where there is no hub on the machine, and no folder of one."""
    code = (
        "import sys; from gateway.cli.main import main;"
        f"code = main(['receipts', 'verify', {str(RECEIPT)!r},"
        f" '--certificate', {HUB!r}]);"
        "print(code, *sorted({'sqlalchemy', 'aiohttp', 'structlog', 'lxml'}"
        " & set(sys.modules)), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stderr == "0\n"

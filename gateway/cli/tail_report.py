"""An occurrence as a line: for a terminal, for a pipe, for a program."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from envelopes.letter import OrganizationCode
from gateway.cli import documents
from gateway.cli.screen import GREEN, PLAIN, RED, show_json_line, show_line
from gateway.cli.thai import thai_second
from gateway.cli.words import HAPPENINGS, short_name
from gateway.domain.act import Act
from gateway.domain.consignment import Entry
from gateway.domain.incident import Incident
from gateway.domain.lifecycle import MEANINGS
from gateway.domain.occurrence import Occurrence
from gateway.domain.organization import Organization

NOBODY: Final = "-"

Find = Callable[[OrganizationCode], Awaitable[Organization | None]]


@dataclass(slots=True)
class Report:
    """Writes lines, and remembers the names of the organizations in them."""

    find: Find
    as_json: bool
    _names: dict[OrganizationCode, str] = field(default_factory=dict)

    async def show(self, one: Occurrence) -> None:
        """Write one line, at once."""
        for code in one.parties:
            if code not in self._names:
                found = await self.find(code)
                self._names[code] = short_name(found) if found else ""
        if self.as_json:
            show_json_line(self._document(one))
        else:
            show_line(self._cells(one), style=_style(one))

    def _cells(self, one: Occurrence) -> list[str]:
        return [
            thai_second(one.at),
            self._who(one),
            one.about.number if one.about else NOBODY,
            _what(one),
            _turn(one.what),
        ]

    def _who(self, one: Occurrence) -> str:
        """Say whose it is: `from → to` for a letter."""
        return " → ".join(map(self._named, one.parties[:2])) or NOBODY

    def _named(self, code: OrganizationCode) -> str:
        return f"{self._names[code]} {code}".strip()

    def _document(self, one: Occurrence) -> documents.Document:
        about = one.about
        return {
            "key": one.key,
            "at": documents.moment(one.at),
            "number": about.number if about else None,
            "secrecy": about.secrecy if about else None,
            "sender": self._party(about.sender if about else None),
            "receiver": self._party(about.receiver if about else None),
            "wrong": one.is_wrong,
            **_what_document(one),
        }

    def _party(self, code: OrganizationCode | None) -> documents.Document | None:
        if code is None:
            return None
        return {"code": code.text, "name": self._names[code]}


def _what(one: Occurrence) -> str:
    match one.what:
        case Entry() as entry:
            facts = " ".join(f"{n}={value}" for n, value in one.facts.items())
            english = entry.happening.value.replace("-", " ")
            return f"{HAPPENINGS[entry.happening]} / {english} {facts}".strip()
        case Act() as act:
            return f"{act.what} ({act.who.account or NOBODY})"
        case Incident() as incident:
            thai, english = (
                ("เกิดเหตุ", "incident") if incident.is_open else ("เหตุสิ้นสุด", "mended")
            )
            return f"{thai} / {english}: {incident.cause} ({incident.stage})"


def _turn(what: Entry | Act | Incident) -> str:
    """Say who has to do something next."""
    if isinstance(what, Entry):
        turn = MEANINGS[what.state].turn
        return f"{turn.thai} / {turn.value}"
    return NOBODY


def _style(one: Occurrence) -> str:
    if one.is_wrong:
        return RED
    if isinstance(one.what, Entry):
        return GREEN if MEANINGS[one.what.state].green else PLAIN
    return "dim"


def _what_document(one: Occurrence) -> documents.Document:
    match one.what:
        case Entry() as entry:
            return {
                "kind": "journal",
                "consignment": str(one.about.consignment) if one.about else None,
                "happening": entry.happening.value,
                "thai": HAPPENINGS[entry.happening],
                **documents.state(entry.state),
                "facts": dict(one.facts),
            }
        case Act() as act:
            return {
                "kind": "act",
                "what": act.what,
                "account": act.who.account or None,
                "organization": act.organization.text if act.organization else None,
            }
        case Incident() as incident:
            return {
                "kind": "incident",
                "incident": str(incident.id),
                "cause": incident.cause,
                "stage": incident.stage.value,
                "organization": incident.endpoint.text if incident.endpoint else None,
                "count": incident.count,
                "open": incident.is_open,
            }

"""Rows → domain values. The other way stands beside each table's statements."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from envelopes.letter import LetterId, OrganizationCode
from gateway.domain.access import Access, AccessKind
from gateway.domain.act import Act, Who
from gateway.domain.archive import Archived
from gateway.domain.consignment import (
    AS_SIGNED,
    Consignment,
    Entry,
    Excerpt,
    FittedCopy,
    Judgement,
    LetterFacts,
    LetterFile,
    Signed,
)
from gateway.domain.deadletter import DeadLetter, Settled
from gateway.domain.delivery import Answer, Attempt
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.inbox import Carries, InboxEntry
from gateway.domain.incident import Incident
from gateway.domain.lifecycle import Happening, State
from gateway.domain.organization import (
    Organization,
    Person,
    Purpose,
    RegisteredCertificate,
)
from gateway.domain.promise import Promise, Stage
from gateway.domain.receipts import Receipt, ReceiptKind
from gateway.domain.register import (
    Book,
    NumberedBy,
    Registration,
    RegistrationNumber,
)
from gateway.domain.replay import Item, Outcome, Progress, Replay, Verdict

Columns = Mapping[str, Any]
"""The columns of one row by their names."""


FILES: Final = "files"
"""Beside the columns of a secret letter that was opened: digest and MIME code of each
of its files by its position."""

_AS_SIGNED: Final = re.compile(rf'"{AS_SIGNED}": "(\d+)-(\d+)"')


def letter_facts(row: Columns, files: Sequence[Columns]) -> LetterFacts:
    """Read a letter; `files` are its rows of `letter_file`, in any order."""
    in_order = sorted(files, key=lambda file: file["position"])
    read = partial(_letter_file, hidden=row.get(FILES, {}))
    main = [read(file) for file in in_order if file["position"] == 0]
    return LetterFacts(
        id=row["id"],
        sender=OrganizationCode(row["sender"]),
        letter_id=LetterId(row["number"], row["date"]),
        subject=row["subject"],
        secrecy=row["secrecy"],
        speed=row["speed"],
        content_digest=row["content_digest"],
        main=main[0] if main else None,
        attachments=tuple(read(file) for file in in_order if file["position"] > 0),
    )


def _letter_file(row: Columns, *, hidden: Mapping[str, Sequence[str]]) -> LetterFile:
    shown = row["digest"], row["mime_code"]
    digest, mime_code = hidden.get(str(row["position"]), shown)
    return LetterFile(mime_code, digest, row["size"])


def consignment(row: Columns, letter: LetterFacts) -> Consignment:
    """Read a consignment of this letter."""
    return Consignment(
        id=row["id"],
        letter=letter,
        process_id=row["process_id"],
        receiver=OrganizationCode(row["receiver"]),
        receiver_name=row["receiver_name"],
        copy_digest=row["copy_digest"],
        envelope_digest=row["envelope_digest"],
        signed=Signed(row["signed"]),
        accepted_at=row["accepted_at"],
        state=State(row["state"]),
        entries=row["entries"],
        delivery=_excerpt(row, "delivery_"),
        freed_at=row["freed_at"],
        judgement=_judgement(row),
        as_signed=_as_signed(row.get("first_facts")),
    )


def _as_signed(facts: str | None) -> tuple[int, int] | None:
    """Read where the acceptance says that what goes on stands."""
    # Sought, not parsed: a line that was damaged is found by the books, not here.
    found = _AS_SIGNED.search(facts or "")
    return (int(found[1]), int(found[2])) if found else None


def _judgement(row: Columns) -> Judgement | None:
    if row["reasons"] is None:
        return None
    return Judgement(
        intact=row["intact"],
        valid=row["valid"],
        trusted=bool(row["trusted"]),
        reasons=tuple(row["reasons"].split()),
        certificate=row["certificate"] or "",
        algorithm=row["algorithm"] or "",
    )


def _excerpt(row: Columns, prefix: str = "") -> Excerpt | None:
    digest, start, stop = (row[f"{prefix}{n}"] for n in ("digest", "start", "stop"))
    return None if digest is None else Excerpt(digest, start, stop)


def fitted_copy(row: Columns) -> FittedCopy:
    """Read what was made of a consignment for a dialect."""
    return FittedCopy(
        consignment=row["consignment_id"],
        dialect=row["dialect"],
        delivery=_excerpt(row),
        made_at=row["made_at"],
    )


def journal_entry(row: Columns) -> Entry:
    """Read a line of a journal."""
    return Entry(
        number=row["number"],
        at=row["at"],
        happening=Happening(row["happening"]),
        state=State(row["state"]),
        actor=row["actor"],
        facts=_facts(row["facts"]),
    )


def _facts(written: str) -> Mapping[str, str]:
    facts = json.loads(written)
    if not isinstance(facts, dict):
        raise TypeError("the facts of a journal entry are an object")
    return {name: str(value) for name, value in facts.items()}


def inbox_entry(row: Columns) -> InboxEntry:
    """Read an entry of an inbox."""
    return InboxEntry(
        id=row["id"],
        organization=OrganizationCode(row["organization"]),
        process_id=row["process_id"],
        carries=Carries(row["carries"]),
        consignment=row["consignment_id"],
        receipt=row["receipt_id"],
        queued_at=row["queued_at"],
        shown_at=row["shown_at"],
        taken_at=row["taken_at"],
        place=row["place"],
        set_behind_at=row["set_behind_at"],
        parked_at=row["parked_at"],
        held_at=row["held_at"],
    )


def promise(row: Columns) -> Promise:
    """Read a promise, kept or not."""
    return Promise(
        id=row["id"],
        stage=Stage(row["stage"]),
        consignment=row["consignment_id"],
        receipt=row["receipt_id"],
        made_at=row["made_at"],
        not_before=row["not_before"],
        entry=row["entry_id"],
        endpoint=_code(row["endpoint"]),
        attempt=row["attempt"],
    )


def _code(text: str | None) -> OrganizationCode | None:
    return OrganizationCode(text) if text else None


def endpoint(row: Columns) -> Endpoint:
    """Read how an organization is reached."""
    return Endpoint(
        organization=OrganizationCode(row["organization"]),
        way=Way(row["way"]),
        url=row["url"],
        networks=tuple(row["networks"].split()),
        user=row["user"],
        password_file=row["password_file"],
        in_order=row["in_order"],
        polled=row["polled"],
        replays=row["replays"],
        paused_at=row["paused_at"],
        failures=row["failures"],
        failing_since=row["failing_since"],
        closed_until=row["closed_until"],
        last_failure=row["last_failure"],
        last_success_at=row["last_success_at"],
        changed_at=row["changed_at"],
    )


def attempt(row: Columns, answer: bytes) -> Attempt:
    """Read an attempt, with its answer opened."""
    return Attempt(
        promise=row["promise_id"],
        consignment=row["consignment_id"],
        entry=row["entry_id"],
        endpoint=OrganizationCode(row["organization"]),
        at=row["at"],
        number=row["number"],
        outcome=row["outcome"],
        answer=Answer(
            status=row["status"],
            headers=_facts(row["headers"]),
            body=answer,
            seconds=row["seconds"],
        ),
    )


def dead_letter(row: Columns) -> DeadLetter:
    """Read a dead letter."""
    return DeadLetter(
        id=row["id"],
        stage=Stage(row["stage"]),
        promise=row["promise_id"],
        consignment=row["consignment_id"],
        receipt=row["receipt_id"],
        entry=row["entry_id"],
        endpoint=OrganizationCode(row["endpoint"]),
        cause=row["cause"],
        detail=row["detail"],
        attempts=row["attempts"],
        incident=row["incident_id"],
        at=row["at"],
        settled_at=row["settled_at"],
        settled=Settled(row["settled"]) if row["settled"] else None,
        replay=row["replay_id"],
    )


def incident(row: Columns) -> Incident:
    """Read an incident."""
    return Incident(
        id=row["id"],
        cause=row["cause"],
        stage=Stage(row["stage"]),
        endpoint=_code(row["endpoint"]),
        first_at=row["first_at"],
        last_at=row["last_at"],
        count=row["count"],
        closed_at=row["closed_at"],
        closed_why=row["closed_why"],
    )


def replay(row: Columns) -> Replay:
    """Read a replay."""
    started = row["started_account"]
    return Replay(
        id=row["id"],
        choice=row["choice"],
        incident=row["incident_id"],
        planned_at=row["planned_at"],
        planned_by=Who(row["planned_account"], row["planned_name"]),
        progress=Progress(row["progress"]),
        rate=row["rate"],
        even_if_stamped=row["even_if_stamped"],
        started_at=row["started_at"],
        started_by=None if started is None else Who(started, row["started_name"]),
        why=row["why"],
        ended_at=row["ended_at"],
        ended_why=row["ended_why"],
    )


def replay_item(row: Columns) -> Item:
    """Read one letter of a replay."""
    return Item(
        position=row["position"],
        dead_letter=row["dead_letter_id"],
        consignment=row["consignment_id"],
        endpoint=OrganizationCode(row["endpoint"]),
        verdict=Verdict(row["verdict"]),
        outcome=Outcome(row["outcome"]),
        canary=row["canary"],
        sent_at=row["sent_at"],
        ended_at=row["ended_at"],
        cause=row["cause"],
    )


def archived(row: Columns) -> Archived:
    """Read that a consignment lies in an archive."""
    return Archived(
        archive=row["archive_id"],
        consignment=row["consignment_id"],
        entries=row["entries"],
        purged_at=row["purged_at"],
    )


def registration(row: Columns) -> Registration:
    """Read a registration."""
    return Registration(
        id=row["id"],
        consignment=row["consignment_id"],
        organization=OrganizationCode(row["organization"]),
        book=Book(row["book"]),
        year=row["year"],
        number=RegistrationNumber(row["text"], row["serial"]),
        numbered_by=NumberedBy(row["numbered_by"]),
        by=row["by"],
        at=row["at"],
        replaces=row["replaces"],
    )


def receipt(row: Columns) -> Receipt:
    """Read a receipt."""
    return Receipt(
        id=row["id"],
        consignment=row["consignment_id"],
        kind=ReceiptKind(row["kind"]),
        process_id=row["process_id"],
        told_by=OrganizationCode(row["told_by"]),
        tells=None if row["tells"] is None else OrganizationCode(row["tells"]),
        at=row["at"],
        accept_at=row["accept_at"],
        number=row["number"],
        registration=row["registration_id"],
    )


def organization(row: Columns) -> Organization:
    """Read an organization."""
    return Organization(
        code=OrganizationCode(row["code"]),
        th_name=row["th_name"],
        en_name=row["en_name"],
        signing=Signed(row["signing"]),
        active=row["active"],
        iso_code=row["iso_code"],
        abbreviation=row["abbreviation"],
        dialect=row["dialect"],
        dialect_by_hand=row["dialect_by_hand"],
        never_deletes=row["never_deletes"],
        deleted_at=row["deleted_at"],
        secrecy=row["secrecy"],
        weak_signatures=row["weak_signatures"],
    )


def access(row: Columns) -> Access:
    """Read a way in."""
    return Access(
        id=row["id"],
        organization=OrganizationCode(row["organization"]),
        kind=AccessKind(row["kind"]),
        value=row["value"],
        added_at=row["added_at"],
        ends_at=row["ends_at"],
    )


def person(row: Columns) -> Person:
    """Read a person of an organization."""
    return Person(
        organization=OrganizationCode(row["organization"]),
        name=row["name"],
        secret_registrar=row["secret_registrar"],
        added_at=row["added_at"],
    )


def act(row: Columns) -> Act:
    """Read an act; who did something to a secret letter is not said here."""
    organization = row["organization"]
    return Act(
        id=row["id"],
        at=row["at"],
        what=row["what"],
        who=Who(row["account"], row["name"]),
        why=row["why"],
        organization=OrganizationCode(organization) if organization else None,
        consignment=row["consignment_id"],
        secret=row["hidden"] is not None,
        before=_facts(row["before"]),
        after=_facts(row["after"]),
    )


def certificate(row: Columns) -> RegisteredCertificate:
    """Read a certificate of an organization."""
    return RegisteredCertificate(
        organization=OrganizationCode(row["organization"]),
        der=row["der"],
        fingerprint=row["fingerprint"],
        not_before=row["not_before"],
        not_after=row["not_after"],
        purposes=frozenset(map(Purpose, row["purposes"].split())),
        revoked_at=row["revoked_at"],
        revoked_why=row["revoked_why"],
    )

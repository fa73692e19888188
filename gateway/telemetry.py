"""Every event and its metric, as a table, and the function that emits them.

Past tense, one per change of state, keys from the glossary. Never what stands in a
letter (no subject, no file), no name of a person, no key. What is the same for a
whole request is bound once at the rim (`context`) and stands in each of its lines.
`docs/events.md` is made from this file.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Literal, TextIO

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.typing import Processor

from gateway.tracebacks import written

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "text", "json"]


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the table."""

    level: Level
    when: str
    """When it is emitted, as a sentence."""
    keys: frozenset[str]
    """The keys it may carry besides those of the context."""
    metric: str
    """The counter that it adds one to."""


def _event(level: Level, when: str, keys: str, metric: str) -> Event:
    return Event(level, when, frozenset(keys.split()), metric)


EVENTS: Final[Mapping[str, Event]] = {
    "hub started": _event(
        "info",
        "The hub listens and its runners run.",
        "address data demo process",
        "hub_starts_total",
    ),
    "hub stopped": _event(
        "info",
        "All requests are answered, all runners ended, everything is closed.",
        "seconds",
        "hub_stops_total",
    ),
    "worker started": _event(
        "info",
        "All runners run, in a process without a door.",
        "data demo process",
        "worker_starts_total",
    ),
    "worker stopped": _event(
        "info",
        "All runners of a process without a door ended, everything is closed.",
        "seconds",
        "worker_stops_total",
    ),
    "reading process ended": _event(
        "warning",
        "A process that reads letters ended by itself (`status`: minus the signal); "
        "what it had is read again, and another one is started.",
        "process status",
        "reading_processes_ended_total",
    ),
    "reading process not started": _event(
        "warning",
        "A process that reads letters could not be started; letters are read without.",
        "detail",
        "reading_processes_not_started_total",
    ),
    "signing key changed": _event(
        "info",
        "The hub signs with another key from now on; `certificate` is its fingerprint.",
        "certificate",
        "signing_keys_changed_total",
    ),
    "signing key not changed": _event(
        "error",
        "The hub's new key or certificate cannot be used; it signs as before.",
        "detail",
        "signing_keys_not_changed_total",
    ),
    "tls renewed": _event(
        "info",
        "TLS files or certificates for access changed; `count` of the latter.",
        "count",
        "tls_renewals_total",
    ),
    "tls not renewed": _event(
        "error",
        "Changed TLS files cannot be used; connections get the ones before.",
        "detail",
        "tls_renewals_failed_total",
    ),
    "entry fetched": _event(
        "info",
        "What another node kept for an organization is taken in, and deleted there.",
        "organization kind",
        "entries_fetched_total",
    ),
    "entry not fetched": _event(
        "warning",
        "The head of another node's queue is refused here, and stays there.",
        "organization code attempt",
        "entries_not_fetched_total",
    ),
    "entry skipped": _event(
        "error",
        "What was refused for a day is given back to its sender, and deleted there.",
        "organization code attempt",
        "entries_skipped_total",
    ),
    "node not asked": _event(
        "warning",
        "Another node could not be asked for what it keeps.",
        "organization code detail seconds",
        "nodes_not_asked_total",
    ),
    "fetching failed": _event(
        "error",
        "What another node keeps could not be taken in; it is tried again.",
        "organization code",
        "fetches_failed_total",
    ),
    "push files not renewed": _event(
        "error",
        "Files for connections to endpoints cannot be used; the ones before are.",
        "detail",
        "push_files_not_renewed_total",
    ),
    "tls refused": _event(
        "info",
        "A connection ended before TLS was agreed upon, by either side.",
        "detail",
        "tls_refusals_total",
    ),
    "letter accepted": _event(
        "info",
        "A letter was taken into custody; the commit is durable.",
        "consignment organization receiver signed size",
        "letters_accepted_total",
    ),
    "letter repeated": _event(
        "info",
        "A send was recognised as one that was taken before, and answered alike.",
        "consignment organization",
        "letters_repeated_total",
    ),
    "letter routed": _event(
        "info",
        "A consignment lies in its receiver's inbox.",
        "consignment receiver",
        "letters_routed_total",
    ),
    "batch undone": _event(
        "info",
        "Something hindered messages that were handled together; each is by itself.",
        "count code",
        "batches_undone_total",
    ),
    "entry shown": _event(
        "info",
        "An inbox entry was shown to its organization for the first time.",
        "consignment organization",
        "entries_shown_total",
    ),
    "entry taken": _event(
        "info",
        "An endpoint deleted an entry from its inbox: it holds the bytes.",
        "consignment organization",
        "entries_taken_total",
    ),
    "notice taken": _event(
        "info",
        "What one side says of a letter was taken: a receipt is kept.",
        "consignment organization kind",
        "notices_taken_total",
    ),
    "letter registered": _event(
        "info",
        "The hub entered a letter in a book it keeps.",
        "consignment organization",
        "letters_registered_total",
    ),
    "notifier queued": _event(
        "info",
        "A notifier lies in the inbox of who is told.",
        "consignment organization",
        "notifiers_queued_total",
    ),
    "copy fitted": _event(
        "info",
        "A receiver got a copy fitted to its dialect, not the sender's own bytes.",
        "consignment dialect",
        "copies_fitted_total",
    ),
    "dialect changed": _event(
        "info",
        "An endpoint speaks another dialect; `count` held notifiers came back.",
        "organization dialect count",
        "dialects_changed_total",
    ),
    "client never deletes": _event(
        "warning",
        "A client answers letters and leaves them in its inbox; they are taken now.",
        "organization",
        "clients_never_delete_total",
    ),
    "notifier held": _event(
        "info",
        "A notifier lies beside the queue of a client that cannot read it.",
        "consignment organization",
        "notifiers_held_total",
    ),
    "entry set behind": _event(
        "warning",
        "A head was read too often and never deleted; it stands behind the others.",
        "consignment organization",
        "entries_set_behind_total",
    ),
    "letter parked": _event(
        "error",
        "An office cannot get past a letter; it is parked until it can.",
        "consignment organization",
        "letters_parked_total",
    ),
    "notifier parked": _event(
        "info",
        "A client cannot get past a notifier; it is parked until it can.",
        "consignment organization",
        "notifiers_parked_total",
    ),
    "entry came back": _event(
        "info",
        "A parked entry stands behind the others of its inbox again.",
        "consignment organization",
        "entries_came_back_total",
    ),
    "entry asked again": _event(
        "info",
        "An organization asked for an entry of its inbox once more.",
        "consignment organization",
        "entries_asked_again_total",
    ),
    "number freed": _event(
        "info",
        "A sender freed a number, to send the letter anew.",
        "consignment organization",
        "numbers_freed_total",
    ),
    "promise published": _event(
        "debug",
        "The broker holds the message of a promise durably.",
        "promise consignment stage",
        "promises_published_total",
    ),
    "delivery begun": _event(
        "info",
        "An endpoint pushes; `count` entries that waited in its inbox are promised.",
        "organization count",
        "deliveries_begun_total",
    ),
    "parcel taken": _event(
        "info",
        "A push endpoint took custody of a letter or a notifier.",
        "consignment organization attempt seconds",
        "parcels_taken_total",
    ),
    "delivery failed": _event(
        "warning",
        "A push endpoint did not take a parcel; `again` is when it is tried next.",
        "consignment organization code detail attempt again",
        "deliveries_failed_total",
    ),
    "endpoint left alone": _event(
        "warning",
        "An endpoint failed several times in a row; it is tried ever more seldom.",
        "organization code",
        "endpoints_left_alone_total",
    ),
    "endpoint takes again": _event(
        "info",
        "An endpoint that failed took a parcel; the incident `code` is closed.",
        "organization code",
        "endpoints_take_again_total",
    ),
    "work given up": _event(
        "error",
        "Work that no repeat will help became a dead letter: gateway dead list.",
        "consignment organization stage code dead_letter incident",
        "dead_letters_total",
    ),
    "replay planned": _event(
        "info",
        "A plan to send dead letters back was made; `count` of them, nothing is sent.",
        "replay count",
        "replays_planned_total",
    ),
    "replay started": _event(
        "info",
        "A replay goes on from now on; `count` dead letters wait for their turn.",
        "replay count",
        "replays_started_total",
    ),
    "letter replayed": _event(
        "info",
        "A dead letter was promised again.",
        "consignment organization stage dead_letter replay",
        "letters_replayed_total",
    ),
    "dead letter overtaken": _event(
        "info",
        "A dead letter needs nothing more: its letter was fetched or answered.",
        "consignment organization dead_letter replay",
        "dead_letters_overtaken_total",
    ),
    "replay ended": _event(
        "info",
        "A replay went through, or a person called it off.",
        "replay progress",
        "replays_ended_total",
    ),
    "replay stopped": _event(
        "error",
        "A replay stopped by itself: what it sent was given up again for `code`.",
        "replay code",
        "replays_stopped_total",
    ),
    "replay stuck": _event(
        "error",
        "A replay cannot be carried on; it is tried again.",
        "replay code detail",
        "replays_stuck_total",
    ),
    "dead letter discarded": _event(
        "info",
        "A person decided that nothing more is tried with a dead letter.",
        "consignment organization dead_letter",
        "dead_letters_discarded_total",
    ),
    "message set aside": _event(
        "error",
        "A message was neither handled nor given up; it lies in a dead queue.",
        "runner queue message code",
        "messages_set_aside_total",
    ),
    "dead letter not settled": _event(
        "error",
        "A dead letter that needs nothing more cannot be settled; it is tried again.",
        "dead_letter code",
        "dead_letters_not_settled_total",
    ),
    "message forgotten": _event(
        "warning",
        "A message of a dead queue was forgotten: this database never promised it.",
        "queue message",
        "messages_forgotten_total",
    ),
    "message not given up": _event(
        "error",
        "A message of a dead queue cannot be made a dead letter; it stays there.",
        "queue message code",
        "messages_not_given_up_total",
    ),
    "runner waiting": _event(
        "warning",
        "A runner met a temporary error and waits before it tries again.",
        "runner code detail attempt seconds",
        "runner_waits_total",
    ),
    "journal sealed": _event(
        "debug",
        "Lines of journals and acts were sealed in a batch.",
        "batch entries",
        "journal_batches_total",
    ),
    "journal head not written": _event(
        "warning",
        "The head of the journal could not be written outside the database.",
        "batch detail",
        "journal_heads_not_written_total",
    ),
    "journal cut": _event(
        "error",
        "The head outside the database is none of this database: its end was cut off, "
        "or it was restored from a backup.",
        "batch head",
        "journal_cuts_total",
    ),
    "receipt signed": _event(
        "debug",
        "The hub signed a receipt about something that was committed.",
        "consignment kind",
        "receipts_signed_total",
    ),
    "receipt not signed": _event(
        "error",
        "A receipt could not be made; it is tried again within the hour.",
        "consignment code detail",
        "receipts_not_signed_total",
    ),
    "request refused": _event(
        "info",
        "A request was answered with an ErrorDetail; nothing of it is kept.",
        "code detail operation size",
        "requests_refused_total",
    ),
    "request unreadable": _event(
        "info",
        "Bytes came that are no HTTP request; they were answered by 400.",
        "code detail",
        "requests_unreadable_total",
    ),
    "certificate revoked": _event(
        "warning",
        "A certificate was revoked by what its authority says, not by an operator.",
        "organization certificate why",
        "certificates_revoked_total",
    ),
    "certificates without authority": _event(
        "warning",
        "So many certificates in force have no chain; `gateway check` names them.",
        "count",
        "certificates_without_authority_total",
    ),
    "authority file not used": _event(
        "warning",
        "A file of `authorities` or `revocation_lists` is not what it should be.",
        "file detail",
        "authority_files_not_used_total",
    ),
    "revocation list stale": _event(
        "warning",
        "A newer list is overdue; what was revoked since is not known.",
        "file due",
        "revocation_lists_stale_total",
    ),
    "access denied": _event(
        "warning",
        "A caller was not let in; a repeat within a minute is only counted.",
        "code detail peer",
        "accesses_denied_total",
    ),
    "request repeated": _event(
        "warning",
        "The store was busy; the verb was run again from its beginning.",
        "code detail attempt operation",
        "requests_repeated_total",
    ),
    "library warned": _event(
        "warning",
        "A library wrote to its log; what it said is left out, where it speaks stays.",
        "library place",
        "library_warnings_total",
    ),
    "request failed": _event(
        "error",
        "A mistake of ours: the caller was told its id, the traceback stands here.",
        "code detail id",
        "requests_failed_total",
    ),
}

_counts: Final[Counter[str]] = Counter()


def emit(event: str, *, error: BaseException | None = None, **keys: object) -> None:
    """Write one line and count it; without `configure` it is only counted.

    `error` adds its traceback, which quotes nothing (`gateway.tracebacks`), neither
    values of variables nor texts of errors that are not ours. Raises `ValueError`
    for an event or a key that is not in the table: a mistake of ours, and all calls
    are compared with the table by a test.
    """
    known = EVENTS.get(event)
    if known is None or not known.keys >= keys.keys():
        raise ValueError(f"not in the table of events: {event!r} with {sorted(keys)}")
    _counts[known.metric] += 1
    if structlog.is_configured():
        facts = dict(keys) if error is None else {**keys, "exc_info": error}
        getattr(structlog.get_logger(), known.level)(event, **facts)


def count(event: str) -> None:
    """Count an event without a line: the like of it has been written just now."""
    _counts[EVENTS[event].metric] += 1


def context(**keys: object) -> AbstractContextManager[None]:
    """Bind keys to all events inside, in this task and those it starts."""
    return bound_contextvars(**keys)


def counts() -> Mapping[str, int]:
    """Return how often each metric was counted in this process."""
    return {event.metric: _counts[event.metric] for event in EVENTS.values()}


def configure(
    form: Format = "auto", level: Level = "info", stream: TextIO | None = None
) -> None:
    """Write events to `stream` (standard error) from now on.

    `auto`: text for a person at a terminal, one JSON object per line otherwise.
    """
    stream = stream or sys.stderr
    text = form == "text" or (form == "auto" and stream.isatty())
    structlog.configure(
        processors=[
            merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=not text),
            _traceback,
            _as_text,
            _for_people(stream) if text else _for_programs(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )


def _as_text(
    _logger: object, _method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Write identities and codes by their own `str`; numbers and flags stay."""
    plain = (str, int, float, bool, BaseException, type(None))
    return {k: v if isinstance(v, plain) else str(v) for k, v in line.items()}


def _traceback(
    _logger: object, _method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Write an error without its text, which may quote a letter."""
    error = line.pop("exc_info", None)
    return {**line, "exception": written(error)} if error is not None else line


def _for_people(stream: TextIO) -> Processor:
    return structlog.dev.ConsoleRenderer(colors=stream.isatty())


def _for_programs() -> Processor:
    return structlog.processors.JSONRenderer(ensure_ascii=False)

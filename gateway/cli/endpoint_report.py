"""How organizations are reached, on the screen and for programs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.cli.documents import Document, moment
from gateway.cli.screen import Column, show_facts, show_table
from gateway.cli.thai import NEVER, ago, thai_time
from gateway.cli.words import short_name
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.lifecycle import Happening, State
from gateway.ports import EndpointLine, Path

WAYS: Final = {
    Way.PULL: "มาดึงเอง / fetches by itself",
    Way.ECMS: "ส่งให้ที่ศูนย์ e-CMS อื่น / pushed to another node",
    Way.WEBHOOK: "ส่งให้ที่ webhook / pushed to a webhook",
}
_FAILING: Final = (Happening.DELIVERY_FAILED, Happening.WORK_GIVEN_UP)
_LIST: Final = (
    Column("รหัส", "Code"),
    Column("ชื่อหน่วยงาน", "Name", fold=True),
    Column("ทาง", "Way"),
    Column("ที่อยู่", "Address", fold=True, least=120),
    Column("สภาพ", "How it fares", fold=True),
    Column("รอในกล่อง", "Waiting", right=True),
    Column("รับล่าสุด", "Last taken"),
)
_FAILURES: Final = (
    Column("ผู้รับ", "Receiver"),
    Column("ลองส่ง", "Attempts", right=True),
    Column("สาเหตุล่าสุด", "Latest cause", fold=True),
    Column("เมื่อ", "At"),
    Column("ทำต่อ", "Next"),
)
_YES_OR_NO: Final = {True: "ใช่ / yes", False: "ไม่ใช่ / no"}


def fares(endpoint: Endpoint | None, now: datetime) -> str:
    """Say in a few words how an endpoint fares; nothing of one that pulls."""
    if endpoint is None or not endpoint.pushes:
        return NEVER
    if endpoint.paused_at is not None:
        return f"พักไว้ตั้งแต่ {thai_time(endpoint.paused_at)} / paused by an operator"
    times = f"{endpoint.failures} ครั้ง / times: {endpoint.last_failure}"
    if endpoint.rests(now):
        return f"พักถึง {thai_time(endpoint.closed_until)} ล้มเหลว {times}"
    if endpoint.failures:
        return f"ล้มเหลว / failing {times}"
    if endpoint.last_failure:
        return f"ปฏิเสธล่าสุด / last refused: {endpoint.last_failure}"
    return "ปกติ / fine"


def way(endpoint: Endpoint | None) -> str:
    """Say how an organization is reached."""
    return WAYS[endpoint.way if endpoint else Way.PULL]


def show_list(lines: Sequence[EndpointLine], now: datetime) -> None:
    """Write one row for each endpoint."""
    rows = [
        (
            line.organization.code,
            line.organization.th_name,
            endpoint.way.value,
            endpoint.url or NEVER,
            fares(endpoint, now),
            line.waiting,
            _last(endpoint, now),
        )
        for line in lines
        if (endpoint := line.endpoint) is not None
    ]
    show_table(_LIST, rows)


def show_one(line: EndpointLine, now: datetime) -> None:
    """Write all that is known of one."""
    show_facts(
        [
            (Column("รหัส", "Code"), line.organization.code),
            (Column("ชื่อหน่วยงาน", "Thai name"), line.organization.th_name),
            *facts_of(line, now),
            (Column("รอในกล่อง", "Waiting"), line.waiting),
        ]
    )


def facts_of(line: EndpointLine, now: datetime) -> list[tuple[Column, object]]:
    """Return how an organization is reached, as facts to be shown."""
    endpoint = line.endpoint
    facts: list[tuple[Column, object]] = [(Column("ทาง", "Way"), way(endpoint))]
    if endpoint is None or not endpoint.pushes:
        return facts
    return [
        *facts,
        (Column("ที่อยู่ปลายทาง", "Pushed to"), endpoint.url),
        (Column("เครือข่ายภายใน", "Networks"), " ".join(endpoint.networks) or NEVER),
        (Column("ผู้ใช้", "User"), endpoint.user or NEVER),
        (Column("แฟ้มรหัสผ่าน", "Password file"), endpoint.password_file or NEVER),
        (Column("ตามลำดับ", "In order"), _YES_OR_NO[endpoint.in_order]),
        (Column("ดึงคิวปลายทาง", "Polled"), _YES_OR_NO[endpoint.polled]),
        (Column("ส่งซ้ำเอง", "Replays"), _YES_OR_NO[endpoint.replays]),
        (Column("สภาพ", "How it fares"), fares(endpoint, now)),
        (Column("ล้มเหลวตั้งแต่", "Failing since"), thai_time(endpoint.failing_since)),
        (Column("รับล่าสุด", "Last taken"), _last(endpoint, now)),
        (Column("กำหนดเมื่อ", "Set at"), thai_time(endpoint.changed_at)),
    ]


def show_failures(paths: Sequence[Path]) -> None:
    """Write which receivers' endpoints did not take a letter, and what to do next."""
    rows = [row for path in paths if (row := _failure(path)) is not None]
    if rows:
        show_table(_FAILURES, rows)


def _failure(path: Path) -> Sequence[object] | None:
    state, code = path.consignment.state, path.consignment.receiver
    failed = [e for e in path.journal if e.happening in _FAILING]
    if not failed or state not in (State.WAITING, State.FAILED):
        return None
    command = f"gateway check endpoint {code}"
    if state is State.FAILED:
        command = f"gateway dead list --endpoint {code}"
    attempts = sum(e.happening is Happening.DELIVERY_FAILED for e in failed)
    last = failed[-1]
    return (
        short_name(path.receiver),
        attempts or NEVER,
        last.facts.get("cause", NEVER),
        thai_time(last.at),
        command,
    )


def document_of(endpoint: Endpoint | None, now: datetime) -> Document:
    """Say for programs how an organization is reached."""
    if endpoint is None or not endpoint.pushes:
        return {"way": Way.PULL.value}
    return {
        "way": endpoint.way.value,
        "url": endpoint.url,
        "networks": list(endpoint.networks),
        "user": endpoint.user or None,
        "password_file": endpoint.password_file or None,
        "in_order": endpoint.in_order,
        "polled": endpoint.polled,
        "replays": endpoint.replays,
        "rests": endpoint.rests(now),
        "paused_at": moment(endpoint.paused_at),
        "failures": endpoint.failures,
        "failing_since": moment(endpoint.failing_since),
        "closed_until": moment(endpoint.closed_until),
        "last_failure": endpoint.last_failure or None,
        "last_success_at": moment(endpoint.last_success_at),
        "changed_at": moment(endpoint.changed_at),
    }


def line_document(line: EndpointLine, now: datetime) -> Document:
    """Say for programs how an organization is reached, and what waits for it."""
    return {
        "organization": line.organization.code.text,
        **document_of(line.endpoint, now),
        "waiting": line.waiting,
    }


def _last(endpoint: Endpoint, now: datetime) -> str:
    at = endpoint.last_success_at
    return ago(now - at) if at else NEVER

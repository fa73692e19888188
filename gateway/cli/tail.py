"""`gateway tail`: what happens in the hub, a line for each happening, as it happens."""

import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from envelopes.letter import OrganizationCode, normalised_number
from gateway.cli import tail_report
from gateway.cli.options import (
    DEFAULT_DATA,
    Data,
    duration,
    filled,
    organization_code,
)
from gateway.cli.screen import tell
from gateway.cli.session import ask
from gateway.domain.lifecycle import State
from gateway.domain.occurrence import Occurrence, Wanted
from gateway.store.errors import StoreError

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.store.feed import Feed

LINES: Final = 10
"""What is shown of the past where nothing else is said."""

PAUSE: Final = 0.5
"""Seconds between two looks."""

SHARE: Final = 10
"""A look that takes long is followed by a pause so many times as long, so that
whoever watches a busy hub does not slow it down."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is shown, and for how long."""

    wanted: Wanted
    lines: int | None
    """Of the past, at most; None for all since `wanted.since`."""
    follow: bool
    as_json: bool


def tail(
    *,
    organization: Annotated[
        OrganizationCode | None,
        typer.Option(
            "--organization",
            metavar="CODE",
            parser=organization_code,
            help="เฉพาะที่หน่วยงานนี้ส่งหรือรับ / Only what it sends or receives.",
        ),
    ] = None,
    state: Annotated[
        State | None,
        typer.Option("--state", help="เฉพาะที่ถึงสถานะนี้ / Only what leads to it."),
    ] = None,
    number: Annotated[
        str | None,
        typer.Option(
            "--number",
            metavar="NUMBER",
            parser=filled,
            help="เฉพาะหนังสือเลขที่นี้ / Only the letters of this number.",
        ),
    ] = None,
    errors: Annotated[
        bool,
        typer.Option("--errors", help="เฉพาะที่ต้องแก้ / Only what needs a person."),
    ] = False,
    since: Annotated[
        timedelta | None,
        typer.Option(
            "--since",
            metavar="TIME",
            parser=duration,
            help="ย้อนหลัง เช่น 10m, 2h / Begin so long ago, like 10m or 2h.",
        ),
    ] = None,
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines",
            min=0,
            help=f"ย้อนหลังกี่บรรทัด / How many lines of the past, {LINES} if not said.",
        ),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow/--no-follow",
            help="ติดตามต่อไป / Go on until Ctrl-C, or end after the past.",
        ),
    ] = True,
    data: Data = DEFAULT_DATA,
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON บรรทัดละฉบับ / One JSON a line.")
    ] = False,
) -> None:
    """ดูเหตุการณ์สด / What happens, a line for each, as it happens. Ctrl-C ends it.

    อ่านอย่างเดียว ไม่เปลี่ยนอะไร / Only reads; nothing is left out and nothing is told
    twice. Of a secret letter the number and the offices are told.
    """

    async def watch(hub: "Hub") -> None:
        from gateway.store.feed import Feed  # noqa: PLC0415 - only this needs it

        now = hub.work.clock.now()
        wanted = Wanted(
            organization=organization,
            state=state,
            number_key=normalised_number(number) if number else "",
            only_wrong=errors,
            since=now - since if since is not None else None,
        )
        most = LINES if lines is None and since is None else lines
        watched = Watch(wanted, most, follow, as_json)
        show = tail_report.Report(hub.store.organization, as_json=as_json)
        await _watch(hub, Feed(hub.store.reading), watched, show)

    try:
        ask(data, watch)
    except KeyboardInterrupt:
        # Who had enough ends it so: nothing failed.
        return


async def _watch(
    hub: "Hub", feed: "Feed", watch: Watch, report: tail_report.Report
) -> None:
    for one in await _begin(hub, feed, watch):
        await report.show(one)
    away = False
    while watch.follow:
        started = time.monotonic()
        try:
            new = await feed.look(hub.work.clock.now())
        except StoreError as error:
            if not error.temporary:
                raise
            # Said once: it comes back, and then nothing is missing.
            if not away:
                tell("ฐานข้อมูลไม่พร้อม รออยู่ / The database is away; waiting for it")
            away, new = True, []
        else:
            away = False
        for one in filter(watch.wanted.takes, new):
            await report.show(one)
        await asyncio.sleep(max(PAUSE, SHARE * (time.monotonic() - started)))


async def _begin(hub: "Hub", feed: "Feed", watch: Watch) -> list[Occurrence]:
    """Return what is shown of the past, oldest first."""
    first = filter(watch.wanted.takes, await feed.look(hub.work.clock.now()))
    shown = list(first)
    if watch.lines is None:
        return [*await feed.past(watch.wanted, None), *shown]
    if len(shown) < watch.lines:
        shown = [*await feed.past(watch.wanted, watch.lines - len(shown)), *shown]
    return shown[len(shown) - min(watch.lines, len(shown)) :]

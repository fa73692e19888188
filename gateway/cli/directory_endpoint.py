"""`gateway directory endpoint`: how organizations are reached: pulled or pushed."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from ipaddress import ip_network
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from envelopes.letter import OrganizationCode
from gateway.cli import endpoint_report
from gateway.cli.acting import By, Reason, order
from gateway.cli.options import DEFAULT_DATA, Data, Json, Organization
from gateway.cli.progress import progress
from gateway.cli.screen import nothing_here, say, show_json, tell
from gateway.cli.session import ask
from gateway.domain import errors
from gateway.domain.endpoint import Endpoint, Way
from gateway.domain.reach import Target
from gateway.ports import EndpointLine

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def address(text: str) -> str:
    """Read where an endpoint is; raises `BadParameter`."""
    try:
        return Target.parse(text.strip()).url
    except ValueError as error:
        raise typer.BadParameter(f"ที่อยู่ใช้ไม่ได้ / {error}: {text}") from error


def network(text: str) -> str:
    """Read a private network; raises `BadParameter`."""
    try:
        return str(ip_network(text.strip()))
    except ValueError as error:
        raise typer.BadParameter(
            f"เขียนเครือข่ายเช่น / write a network like 10.1.0.0/16: {text}"
        ) from error


def pushing_way(text: str | Way) -> Way:
    """Read how the hub pushes; raises `BadParameter`."""
    ways = {way.value: way for way in Way if way is not Way.PULL}
    if (way := ways.get(text.strip().lower())) is None:
        raise typer.BadParameter(f"เลือก / choose {', '.join(ways)}: {text}")
    return way


@app.command("list")
def list_endpoints(*, data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """ปลายทางที่ศูนย์กลางส่งให้ / Who is reached by push, and how each fares."""
    now, lines = ask(data, _lines)
    pushed = [line for line in lines if line.endpoint and line.endpoint.pushes]
    if as_json:
        show_json([endpoint_report.line_document(line, now) for line in pushed])
    elif not pushed:
        command = "gateway directory endpoint set --help"
        nothing_here("ทุกหน่วยงานมาดึงเอง", "All fetch by themselves", command)
    else:
        endpoint_report.show_list(pushed, now)


@app.command("show")
def show_endpoint(
    code: Organization, *, data: Data = DEFAULT_DATA, as_json: Json = False
) -> None:
    """ปลายทางหนึ่งแห่ง / How one organization is reached."""
    now, line = ask(data, lambda hub: _line(hub, code))
    if as_json:
        show_json(endpoint_report.line_document(line, now))
    else:
        endpoint_report.show_one(line, now)


@app.command("set")
def set_endpoint(
    *,
    code: Organization,
    way: Annotated[
        Way,
        typer.Argument(
            metavar="WAY",
            parser=pushing_way,
            help="ecms: ศูนย์ e-CMS อื่น / another node. "
            "webhook: JSON ที่ลงลายมือชื่อ / signed JSON.",
        ),
    ],
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL", parser=address, help="ที่อยู่เต็ม / The whole address."
        ),
    ],
    networks: Annotated[
        list[str] | None,
        typer.Option(
            "--network",
            metavar="CIDR",
            parser=network,
            help="เครือข่ายภายในที่ยอมให้ส่งถึง / A private network it may lie in.",
        ),
    ] = None,
    user: Annotated[
        str, typer.Option(metavar="NAME", help="ผู้ใช้ / For HTTP Basic.")
    ] = "",
    password_file: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="แฟ้มรหัสผ่านในโฟลเดอร์ข้อมูล / With its password, in the data directory.",
        ),
    ] = "",
    in_order: Annotated[
        bool,
        typer.Option(
            "--in-order/--any-order",
            help="ทีละฉบับตามลำดับ หรือหลายฉบับพร้อมกัน / One by one, or several at once.",
        ),
    ] = True,
    polled: Annotated[
        bool,
        typer.Option(
            "--polled/--not-polled",
            help="ดึงคิวที่ศูนย์นั้นเก็บไว้ให้ด้วย / Its node's queue is emptied too.",
        ),
    ] = False,
    replays: Annotated[
        bool,
        typer.Option(
            "--replays/--no-replays",
            help="ส่งซ้ำเองเมื่อปลายทางกลับมา / Dead letters go again once it is back.",
        ),
    ] = False,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ให้ศูนย์กลางส่งให้หน่วยงานเอง / Have the hub push to an organization.

    ที่รออยู่ในกล่องถูกส่งตามลำดับ / What waits in its inbox is handed over, in order.
    """
    if bool(user) != bool(password_file):
        raise typer.BadParameter("--user กับ --password-file ใช้คู่กัน / go together")
    ordered = order("directory endpoint set", by=by, reason=reason)

    async def verb(hub: "Hub") -> Endpoint:
        from gateway.workflow.reach import set_endpoint  # noqa: PLC0415 - heavy

        wanted = Endpoint(
            organization=code,
            way=way,
            url=url,
            networks=tuple(networks or ()),
            user=user,
            password_file=password_file,
            in_order=in_order,
            polled=polled,
            replays=replays,
            changed_at=hub.work.clock.now(),
        )
        _, line = await _line(hub, code)
        with progress("เตรียมส่ง / promising") as advance:
            return await set_endpoint(
                hub.work,
                wanted,
                order=ordered,
                progress=lambda done: advance(done, max(done, line.waiting)),
            )

    _show(data, verb, as_json=as_json)
    tell(f"ลองติดต่อ / Try the way to it: gateway check endpoint {code}")


@app.command("pull")
def let_pull(
    *,
    code: Organization,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ให้หน่วยงานมาดึงเองเหมือนเดิม / Have it fetch by itself again; what waits stays."""
    ordered = order("directory endpoint pull", by=by, reason=reason)

    async def verb(hub: "Hub") -> Endpoint:
        from gateway.workflow.reach import let_pull  # noqa: PLC0415 - heavy

        return await let_pull(hub.work, code, order=ordered)

    _show(data, verb, as_json=as_json)


@app.command("pause")
def pause(
    *,
    code: Organization,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """พักการส่งให้ปลายทาง หนังสือรออยู่ / Leave an endpoint alone; letters wait."""
    ordered = order("directory endpoint pause", by=by, reason=reason)

    async def verb(hub: "Hub") -> Endpoint:
        from gateway.workflow.reach import pause  # noqa: PLC0415 - heavy

        return await pause(hub.work, code, order=ordered)

    _show(data, verb, as_json=as_json)
    tell(f"ส่งต่อ / Go on: gateway directory endpoint resume {code}")


@app.command("resume")
def resume(
    *,
    code: Organization,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ส่งให้ปลายทางต่อทันที / Go on with an endpoint at once, also one that failed."""
    ordered = order("directory endpoint resume", by=by, reason=reason)

    async def verb(hub: "Hub") -> Endpoint:
        from gateway.workflow.reach import resume  # noqa: PLC0415 - heavy

        return await resume(hub.work, code, order=ordered)

    _show(data, verb, as_json=as_json)


def _show(
    data: Data, verb: Callable[["Hub"], Awaitable[Endpoint]], *, as_json: bool
) -> None:
    """Do what was asked for, and write how the organization is reached now."""

    async def done(hub: "Hub") -> tuple[datetime, Endpoint]:
        return hub.work.clock.now(), await verb(hub)

    now, endpoint = ask(data, done)
    if as_json:
        code = endpoint.organization.text
        show_json({"organization": code, **endpoint_report.document_of(endpoint, now)})
        return
    how = endpoint_report.way(endpoint)
    say(f"{endpoint.organization} {how} {endpoint.url}".rstrip())
    if endpoint.pushes:
        say(endpoint_report.fares(endpoint, now))


async def _lines(hub: "Hub") -> tuple[datetime, Sequence[EndpointLine]]:
    return hub.work.clock.now(), await hub.store.views.endpoints()


async def _line(hub: "Hub", code: OrganizationCode) -> tuple[datetime, EndpointLine]:
    now, lines = await _lines(hub)
    for line in lines:
        if line.organization.code == code:
            return now, line
    raise errors.OrganizationUnknown(code.text)

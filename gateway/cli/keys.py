"""`gateway keys`: the hub's own key, and the keys of secret letters."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import keys_report, keys_secrecy, screen
from gateway.cli.acting import By, NamedBy, Reason, RequiredReason, note, order
from gateway.cli.errors import NoSuchCertificate
from gateway.cli.options import DEFAULT_DATA, Data, Json, filled
from gateway.cli.session import ask
from gateway.domain.act import Order
from gateway.domain.hub_certificate import HubCertificate

if TYPE_CHECKING:
    from envelopes.trust import Certificate
    from gateway.bootstrap import Hub
    from gateway.keys.change import Keys

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(
    keys_secrecy.app,
    name="secrecy",
    help="กุญแจของหนังสือลับ / The keys of secret letters.",
)

_Report = tuple[datetime, keys_report.Found]


@app.callback()
def keys() -> None:
    """กุญแจ / Keys."""


@app.command("list")
def list_keys(*, data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """ใบรับรองของศูนย์กลาง / The hub's certificates: in use, waiting, older ones.

    ใบเก่าเก็บไว้ตรวจหลักฐานที่ออกไปแล้ว / Older ones verify what was signed with them;
    their private keys are gone.
    """
    now, found = ask(data, _found)
    keys_report.show(found, now, as_json=as_json)


@app.command("new")
def new_key(
    *,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            parser=filled,
            show_default=False,
            help="ชื่อในใบรับรอง / The name to be certified; the present one without it.",
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="ทิ้งกุญแจที่รออยู่ / Throw a key away that waits already.",
        ),
    ] = False,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """สร้างกุญแจใหม่และคำขอใบรับรอง / Make a key that waits, and a request (CSR) for it.

    กุญแจเดิมยังใช้อยู่จนกว่าจะ install / The one in use stays until `install`.
    """

    async def make(hub: "Hub") -> Path:
        # Cryptography is loaded with the hub, not with `gateway --help`.
        from gateway.keys.change import CODE, one_at_a_time  # noqa: PLC0415
        from gateway.keys.papers import subject_of  # noqa: PLC0415

        subject = subject_of(name, CODE) if name else None
        with one_at_a_time(hub.keys):
            # A token may take its time, and must not keep others from the store.
            file = (await _keys(hub)).new(subject, replace=replace)
            async with hub.store.unit() as unit:
                after = {"request": str(file), "key": hub.keys.where}
                await note(hub, unit, "keys new", by=by, reason=reason, after=after)
                await unit.commit()
        return file

    file = ask(data, make)
    if as_json:
        screen.show_json({"request": str(file)})
        return
    screen.say(f"คำขอใบรับรอง / Request: {file}")
    screen.tell(
        "ส่งคำขอนี้ให้ผู้ออกใบรับรอง แล้ว / Hand it to the authority, then: "
        f"gateway keys install FILE --by NAME --data {data}"
    )


@app.command("install")
def install_certificate(
    *,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            exists=True,
            dir_okay=False,
            show_default=False,
            help="ใบรับรอง PEM หรือ DER / The authority's certificate for the new key.",
        ),
    ] = None,
    self_signed: Annotated[
        bool,
        typer.Option(
            "--self-signed",
            help="กุญแจใหม่รับรองตนเอง / The waiting key certifies itself.",
        ),
    ] = False,
    by: NamedBy,
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เริ่มใช้กุญแจใหม่ทันที / Take the waiting key in use, at once.

    ศูนย์กลางที่เปิดอยู่ใช้เองโดยไม่ต้องปิด / A hub that runs takes it by itself. กุญแจเดิม
    ถูกทำลาย ใบรับรองเดิมเก็บไว้ / The old private key is destroyed, its certificate kept.
    """
    if (file is None) is not self_signed:
        raise typer.BadParameter(
            "ใส่ FILE หรือ --self-signed อย่างใดอย่างหนึ่ง / give FILE or --self-signed"
        )
    content = file.read_bytes() if file else None

    async def install(hub: "Hub") -> _Report:
        from gateway.keys.change import one_at_a_time  # noqa: PLC0415 - see `new_key`

        ordered = order("keys install", by=by, reason=reason)
        with one_at_a_time(hub.keys):
            found = await _keys(hub)
            fresh = _read(content or found.self_signed(hub.work.clock.now()))
            await _install(hub, found, fresh, ordered)
        return await _found(hub)

    _show_installed(*ask(data, install), as_json=as_json)


@app.command("rotate")
def rotate_key(
    *,
    by: NamedBy,
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เปลี่ยนกุญแจ รับรองตนเอง / A new key with a certificate by itself, in one go."""

    async def rotate(hub: "Hub") -> _Report:
        from gateway.keys.change import one_at_a_time  # noqa: PLC0415 - see `new_key`

        ordered = order("keys rotate", by=by, reason=reason)
        with one_at_a_time(hub.keys):
            found = await _keys(hub)
            found.new(None, replace=False)
            fresh = _read(found.self_signed(hub.work.clock.now()))
            await _install(hub, found, fresh, ordered)
        return await _found(hub)

    _show_installed(*ask(data, rotate), as_json=as_json)


@app.command("begin")
def begin_key(
    *,
    by: NamedBy,
    reason: RequiredReason,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เริ่มกุญแจใหม่เมื่อกุญแจเดิมหาย หรือย้ายที่เก็บ / A new key where the old one is lost.

    หรือเมื่อ signing_key ชี้ไปที่อื่น เช่น อุปกรณ์เก็บกุญแจ / Or where the setting
    signing_key names another place, like a token. Stop the hub before.
    """
    from gateway import bootstrap  # noqa: PLC0415 - see `new_key`
    from gateway.config import load  # noqa: PLC0415 - the same

    ordered = order("keys begin", by=by, reason=reason)
    asyncio.run(bootstrap.begin_key(load(data), ordered))
    _show_installed(*ask(data, _found), as_json=as_json)


@app.command("certificate")
def write_certificate(
    *,
    fingerprint: Annotated[
        str,
        typer.Argument(
            metavar="[FINGERPRINT]",
            show_default=False,
            help="SHA-256 หรือส่วนต้น ไม่ใส่คือใบที่ใช้อยู่ / Its SHA-256, or how it "
            "begins; without it, the one in use.",
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            show_default=False,
            help="แฟ้มที่จะเขียน / Where to write it; standard output without it.",
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ใบรับรองของศูนย์กลาง (PEM) ให้จังหวัด / The hub's certificate, for provinces."""
    _, found = ask(data, _found)
    wanted = fingerprint.strip().lower().removeprefix("sha256:")
    fitting = [
        one
        for one in found.certificates
        if (one.fingerprint.startswith(wanted) if wanted else one.in_use_until is None)
    ]
    if len(fitting) != 1:
        raise NoSuchCertificate(fingerprint)
    pem = keys_report.pem_of(fitting[0])
    if out is not None:
        out.write_text(pem, "ascii")
    if as_json:
        document = keys_report.document(fitting[0])
        screen.show_json({**document, "pem": pem, "file": str(out) if out else None})
    elif out is not None:
        screen.say(f"เขียนใบรับรองแล้ว / Written: {out}")
    else:
        # Several lines, which is what `say` lets nobody's text be.
        print(pem, end="")  # noqa: T201


def _read(content: bytes) -> "Certificate":
    from envelopes.trust import read_certificate  # noqa: PLC0415 - see `new_key`

    try:
        return read_certificate(content)
    except ValueError as error:
        raise typer.BadParameter(
            f"ใบรับรองใช้ไม่ได้ / {error}", param_hint="FILE"
        ) from error


async def _install(
    hub: "Hub", found: "Keys", fresh: "Certificate", ordered: Order
) -> None:
    """Switch; who did it is durable first, and then the new pair is in use or not."""
    from gateway.keys.change import keys_of, note_key_in_use  # noqa: PLC0415

    now = hub.work.clock.now()
    found.fits(fresh, now)
    async with hub.store.unit() as unit:
        before = {"certificate": found.certificate.fingerprint}
        after = {"certificate": fresh.fingerprint}
        await note(
            hub,
            unit,
            ordered.what,
            by=ordered.who.name,
            reason=ordered.why,
            before=before,
            after=after,
        )
        await unit.commit()
    found.install(fresh)
    await note_key_in_use(hub.store, fresh, now)
    (await keys_of(hub.keys, hub.store)).settle()


async def _keys(hub: "Hub") -> "Keys":
    """Return the keys; what a crash left over of a change is put right first."""
    from gateway.keys.change import keys_of  # noqa: PLC0415 - see `new_key`

    found = await keys_of(hub.keys, hub.store)
    found.settle()
    return found


async def _found(hub: "Hub") -> _Report:
    from gateway.keys.change import keys_of  # noqa: PLC0415 - see `new_key`

    found = await keys_of(hub.keys, hub.store)
    certificates: Sequence[HubCertificate] = await hub.store.hub_certificates()
    request = found.request if found.waiting() is not None else None
    where = hub.keys.where
    return hub.work.clock.now(), keys_report.Found(certificates, where, request)


def _show_installed(now: datetime, found: keys_report.Found, *, as_json: bool) -> None:
    if as_json:
        keys_report.show(found, now, as_json=True)
        return
    fresh = next(one for one in found.certificates if one.in_use_until is None)
    screen.say(
        "ใช้กุญแจใหม่แล้ว กุญแจเดิมไม่มีแล้ว / The new key is in use, the old one is gone: "
        f"sha256:{fresh.fingerprint}"
    )
    screen.tell(
        "แจ้งใบรับรองใหม่แก่จังหวัด / Give provinces the new certificate: "
        "gateway keys certificate --out FILE"
    )

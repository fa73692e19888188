"""`gateway letters bundle`: all about one letter for one receiver, to be mailed."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path as File
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from gateway.cli.acting import By, Reason, note
from gateway.cli.errors import NoSuchLetter, SecretStays, SeveralReceivers
from gateway.cli.letters import Receiver, numbered
from gateway.cli.options import DEFAULT_DATA, Data, Json, filled
from gateway.cli.screen import say, show_json
from gateway.cli.session import ask
from gateway.cli.thai import arabic
from gateway.ports import Path

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.cli.bundle_files import Material
    from gateway.domain.masking import Masks

Which = Annotated[
    str,
    typer.Argument(
        metavar="ID|NUMBER",
        parser=filled,
        help="เลขที่หนังสือ หรือรหัสที่ศูนย์ตอบผู้ส่ง / The letter's number, or the "
        "ProcessID its sender got.",
    ),
]
To = Annotated[
    File | None,
    typer.Option(
        "--to",
        metavar="FILE.zip",
        help="แฟ้มปลายทาง ต้องยังไม่มี / Where to; it must not be there yet.",
    ),
]


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle that was written."""

    file: File
    content: bytes
    names: tuple[str, ...]


def bundle_letter(
    *,
    which: Which,
    to: To = None,
    receiver: Receiver = None,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """รวมหลักฐานของหนังสือไว้ในแฟ้ม zip / All about a letter, to mail to its vendor.

    ไม่มีรหัสผ่าน กุญแจ หรือชื่อผู้ดูแลระบบ หนังสือลับไม่ออกนอกศูนย์กลาง / No password, key
    or name of an operator is in it; secret letters never leave the hub so. The same
    letter in the same state gives the same file.
    """

    async def made(hub: "Hub") -> Written:
        from gateway.cli import bundle_files  # noqa: PLC0415 - loads the codec

        path = await _path(hub, which, receiver)
        found = bundle_files.files(await _material(hub, path))
        content = bundle_files.zipped(found)
        consignment = path.consignment
        async with hub.store.unit() as unit:
            # Noted before it is written: nothing leaves the hub unseen.
            await note(
                hub,
                unit,
                "letters bundle",
                by=by,
                reason=reason,
                organization=path.receiver.code,
                consignment=consignment.id,
                after={"sha256": sha256(content).hexdigest()},
            )
            await unit.commit()
        file = to or File(f"bundle-{consignment.process_id}.zip")
        bundle_files.write(file, content)
        return Written(file, content, tuple(found))

    written = ask(data, made)
    if as_json:
        show_json(
            {
                "file": str(written.file),
                "sha256": sha256(written.content).hexdigest(),
                "files": list(written.names),
            }
        )
    else:
        say(f"เขียนแล้ว / Written: {written.file}, {len(written.content):,} bytes")


async def _path(hub: "Hub", which: str, receiver: object) -> Path:
    """Return the one consignment that is meant.

    Raises `NoSuchLetter`, `SeveralReceivers`, `SecretStays`.
    """
    paths = list(await numbered(hub, which))
    if not paths and (consignment := await _named(hub, which)):
        paths = list(await hub.store.views.paths_of([consignment]))
    if receiver is not None:
        paths = [path for path in paths if path.receiver.code == receiver]
    if not paths:
        raise NoSuchLetter(which)
    if len(paths) > 1:
        raise SeveralReceivers(which)
    [path] = paths
    if path.consignment.letter.is_secret:
        raise SecretStays(which)
    return path


async def _named(hub: "Hub", which: str) -> UUID | None:
    from gateway.store.bundles import StoredBundles  # noqa: PLC0415

    bundles = StoredBundles(hub.store.reading, hub.store.strongbox)
    return await bundles.named(arabic(which))


async def _material(hub: "Hub", path: Path) -> "Material":
    from gateway.cli.bundle_files import Material  # noqa: PLC0415
    from gateway.store.bundles import StoredBundles  # noqa: PLC0415
    from gateway.store.endpoints import StoredEndpoints  # noqa: PLC0415

    store, consignment = hub.store, path.consignment
    bundles = StoredBundles(store.reading, store.strongbox)
    copies = await bundles.copies(consignment.id)
    delivered = {"": consignment.delivery} if consignment.delivery else {}
    delivered |= {one.dialect: one.delivery for one in copies if one.delivery}
    certificates = {c.fingerprint: c.der for c in await store.hub_certificates()}
    sender = await store.organization(consignment.sender)
    return Material(
        path=path,
        sender=sender or path.receiver,
        envelope=await store.vault.read(consignment.envelope_digest),
        delivered={
            name: await store.views.bytes_of(excerpt)
            for name, excerpt in delivered.items()
        },
        attempts=await bundles.attempts(consignment.id),
        dead_letters=await bundles.dead_letters(consignment.id),
        endpoint=await StoredEndpoints(store.reading).find(path.receiver.code),
        signed=(await store.evidence.of([consignment.id])).get(consignment.id, ()),
        certificates=certificates,
        masks=await _masks(hub),
        settings=hub.settings,
    )


async def _masks(hub: "Hub") -> "Masks":
    """Return what must not be seen: all secrets that the hub knows of."""
    from gateway.domain.access import AccessKind  # noqa: PLC0415
    from gateway.domain.masking import Masks  # noqa: PLC0415
    from gateway.store.endpoints import StoredEndpoints  # noqa: PLC0415

    digests: set[str] = set()
    for line in await hub.store.views.endpoints():
        for access in await hub.store.accesses(line.organization.code):
            if access.kind is not AccessKind.NETWORK:
                digests.add(access.value)
    passwords = []
    for endpoint in await StoredEndpoints(hub.store.reading).all():
        file = hub.settings.data / endpoint.password_file
        if endpoint.password_file and file.is_file():
            passwords.append((endpoint.user, file.read_text("utf-8").strip()))
    return Masks(frozenset(digests), tuple(passwords))

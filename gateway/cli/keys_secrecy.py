"""`gateway keys secrecy`: the keys under which secret letters lie encrypted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import screen
from gateway.cli.acting import By, Reason, note, order
from gateway.cli.options import DEFAULT_DATA, Data, Json
from gateway.cli.progress import progress
from gateway.cli.screen import GREEN, RED, Column
from gateway.cli.session import ask

if TYPE_CHECKING:
    from gateway.bootstrap import Hub
    from gateway.keys.secrecy import MasterKey, Rotation

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_COLUMNS: Final = (
    Column("กุญแจ", "Key"),
    Column("สถานะ", "State"),
    Column("หนังสือลับ", "Secret letters", right=True),
)
_STATES: Final = {
    "in-use": "ใช้อยู่ / in use",
    "older": "กุญแจเก่า / older: opens only",
    "unused": "ไม่มีหนังสือใดใช้ / no letter needs it: prune",
    "missing": "ไม่มีในแฟ้ม / missing in the file",
}


@app.callback()
def secrecy() -> None:
    """กุญแจของหนังสือลับ / The keys of secret letters."""


@app.command("new")
def new_keys(
    *,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="แฟ้มใหม่ นอกโฟลเดอร์ข้อมูล / A new file, outside the data directory.",
        ),
    ],
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """สร้างแฟ้มกุญแจของหนังสือลับ / Make the key file of a hub; it replaces none."""
    from gateway.keys.secret_file import KeyFile, lies_within  # noqa: PLC0415 - cryptography

    if lies_within(file, data):
        raise typer.BadParameter(
            "แฟ้มกุญแจต้องอยู่นอกโฟลเดอร์ข้อมูล มิฉะนั้นสำเนาข้อมูลจะเปิดอ่านได้ / keys that lie "
            "with the data protect nothing: name a file outside the data directory",
            param_hint="FILE",
        )
    keys = KeyFile.new()
    try:
        keys.create(file)
    except OSError as error:
        raise typer.BadParameter(
            f"สร้างแฟ้มไม่ได้ / cannot be made: {error.strerror}", param_hint="FILE"
        ) from error
    [name] = keys.masters

    async def verb(hub: "Hub") -> None:
        async with hub.store.unit() as unit:
            await note(
                hub,
                unit,
                "keys secrecy new",
                by=by,
                reason=reason,
                after={"key": name},
            )
            await unit.commit()

    # It brings pydantic with it, which `gateway --help` does not need.
    from gateway.config import load  # noqa: PLC0415

    if load(data).may_have_a_hub:
        ask(data, verb)
    if as_json:
        screen.show_json({"file": str(file), "key": name})
        return
    screen.say(f"สร้างกุญแจแล้ว / Keys are made: {file} ({name})")
    screen.say(
        "เก็บสำเนาไว้คนละที่กับสำเนาข้อมูล หากแฟ้มนี้หาย หนังสือลับจะเปิดไม่ได้อีก / Keep a copy, but "
        "not with the data's backup: without this file no secret letter opens again"
    )
    screen.say(
        "ต่อไป ตั้งค่าใน gateway.toml แล้วเริ่มใหม่ / Next, in gateway.toml, "
        "and start the hub again:"
    )
    screen.say(f'  secret_key_file = "{file.resolve()}"')


@app.command("list")
def list_keys(*, data: Data = DEFAULT_DATA, as_json: Json = False) -> None:
    """กุญแจและจำนวนหนังสือที่ใช้ / The keys, and how many letters need each."""

    async def question(hub: "Hub") -> "list[MasterKey]":
        from gateway.keys.secrecy import master_keys  # noqa: PLC0415 - cryptography

        return await master_keys(hub, _path(hub))

    keys = ask(data, question)
    states = [_state(key) for key in keys]
    if as_json:
        screen.show_json(
            [
                {"key": key.id, "state": state, "letters": key.letters}
                for key, state in zip(keys, states, strict=True)
            ]
        )
        return
    screen.show_table(
        _COLUMNS,
        [
            (key.id, _STATES[state], key.letters)
            for key, state in zip(keys, states, strict=True)
        ],
        styles=[
            {"in-use": GREEN, "missing": RED}.get(state, screen.PLAIN)
            for state in states
        ],
    )


@app.command("rotate")
def rotate_keys(
    *,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เปลี่ยนกุญแจหลัก / Put a new master key into use; goes on where it was stopped.

    ศูนย์กลางทำงานต่อได้ตามปกติ / The hub may go on serving meanwhile.
    """
    with progress("เปลี่ยนกุญแจ / wrapping anew") as advance:

        async def verb(hub: "Hub") -> "Rotation":
            from gateway.keys.secrecy import rotate  # noqa: PLC0415 - cryptography

            ordered = order("keys secrecy rotate", by=by, reason=reason)
            return await rotate(hub, _path(hub), ordered, advance)

        done = ask(data, verb)
    if as_json:
        screen.show_json(
            {
                "key": done.key,
                "letters": done.letters,
                "damaged": [str(letter) for letter in done.damaged],
            }
        )
        return
    screen.say(
        f"ใช้กุญแจ {done.key} กับหนังสืออีก {done.letters} ฉบับแล้ว / {done.key} is in use, "
        f"for {done.letters} letters that were under older keys too"
    )
    for letter in done.damaged:
        screen.tell(
            f"กุญแจของหนังสือเสียหาย / The key of a letter is damaged: {letter}", style=RED
        )
    screen.say(
        "สำเนาข้อมูลเก่ายังต้องใช้กุญแจเก่า / Older backups still need the older keys: "
        "keep a copy of the key file as long as you keep them"
    )
    screen.say("ลองต่อ / Try next:")
    screen.say("  gateway keys secrecy prune")


@app.command("prune")
def prune_keys(
    *,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """เอากุญแจที่ไม่มีหนังสือใดใช้ออกจากแฟ้ม / Take keys out that no letter needs."""

    async def verb(hub: "Hub") -> list[str]:
        from gateway.keys.secrecy import prune  # noqa: PLC0415 - cryptography

        ordered = order("keys secrecy prune", by=by, reason=reason)
        return await prune(hub, _path(hub), ordered)

    gone = ask(data, verb)
    if as_json:
        screen.show_json(gone)
    elif gone:
        screen.say(f"เอาออกแล้ว / Taken out: {', '.join(gone)}")
    else:
        screen.nothing_here(
            "ทุกกุญแจยังใช้อยู่", "Every key is needed", "gateway keys secrecy list"
        )


def _path(hub: "Hub") -> Path:
    from gateway.bootstrap import key_file  # noqa: PLC0415 - it knows every adapter

    path = key_file(hub.settings)
    if hub.settings.secret_key_file is None and not path.exists():
        # As above.
        from gateway.config import SettingsError  # noqa: PLC0415

        raise SettingsError(
            "secret_key_file",
            "this hub has no keys for secret letters",
            "Make them: gateway keys secrecy new FILE",
        )
    return path


def _state(key: "MasterKey") -> str:
    if not key.is_here:
        return "missing"
    if key.in_use:
        return "in-use"
    return "older" if key.letters else "unused"

"""`gateway database`: the tables, brought to those of this version."""

import typer

from gateway.cli.acting import By, Reason, order
from gateway.cli.options import DEFAULT_DATA, Data, Json
from gateway.cli.screen import say, show_json

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def database() -> None:
    """ฐานข้อมูล / The database."""


@app.command("upgrade")
def upgrade_database(
    *,
    by: By = "",
    reason: Reason = "",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """ปรับตารางให้เป็นรุ่นนี้ / Bring the tables of a hub to this version.

    หยุดให้บริการและสำรองข้อมูลก่อน ย้อนกลับไม่ได้ / Stop the hub and make a backup before:
    there is no way back. ทำซ้ำไม่เปลี่ยนอะไร / Doing it again changes nothing.
    """
    # It knows every adapter, and is loaded only here.
    from gateway import bootstrap  # noqa: PLC0415
    from gateway.config import load  # noqa: PLC0415

    ordered = order("database upgrade", by=by, reason=reason)
    before, after = bootstrap.upgrade_tables(load(data), ordered)
    if as_json:
        show_json({"before": before, "after": after})
    elif before == after:
        say(f"เป็นรุ่นนี้อยู่แล้ว / The tables are of this version: {after}")
    else:
        say(f"ปรับตารางจาก {before} เป็น {after} แล้ว / The tables are of version {after}")

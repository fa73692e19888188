"""`gateway init` makes a hub, `gateway serve` runs it."""

import asyncio
import json
from pathlib import Path

from gateway.cli.acting import account
from gateway.cli.session import loading
from gateway.config import load
from gateway.domain.act import Who


def init(data: Path, *, demo: bool = False, as_json: bool = False) -> None:
    """Make a hub in an empty or missing folder.

    Raises `SettingsError`.
    """
    # Each command imports what it needs: `gateway --help` must not wait for all.
    with loading():
        from gateway import bootstrap  # noqa: PLC0415

    asyncio.run(bootstrap.init(load(data), demo=demo, who=Who(account())))
    if as_json:
        print(json.dumps({"data": str(data.absolute()), "demo": demo}))  # noqa: T201
    else:
        print(_made(data, demo=demo))  # noqa: T201


def serve(
    data: Path,
    *,
    listen: str | None = None,
    door_only: bool = False,
    as_json: bool = False,
) -> None:
    """Serve a hub until SIGTERM or SIGINT, then drain.

    With `door_only` its runners are elsewhere (`gateway work`). The address is
    written to standard output once requests are answered, events to standard error.
    Raises `SettingsError`.
    """
    with loading():
        from gateway import bootstrap, supervisor, telemetry  # noqa: PLC0415

    settings = load(data, listen=listen)
    telemetry.configure(settings.log_format, settings.log_level)

    def say(address: str) -> None:
        print(json.dumps({"address": address}) if as_json else address, flush=True)  # noqa: T201
        supervisor.tell(supervisor.READY)

    asyncio.run(bootstrap.run_hub(settings, listening=say, door_only=door_only))


def _made(data: Path, *, demo: bool) -> str:
    if demo:
        known = (
            (
                "รู้จัก สป.มท. (1500200000) และสำนักงานจังหวัด 75 แห่ง "
                "กุญแจใช้ชั่วคราวอยู่ใน demo-keys/ และ secret.keys"
            ),
            (
                "It knows สป.มท. and 75 provincial offices; throw-away keys: "
                "demo-keys/, and for secret letters secret.keys, which protects "
                "nothing there"
            ),
        )
        then = ""
    else:
        known = (
            "ยังไม่รู้จักหน่วยงานใด และยังไม่เปิดให้ใครเข้า",
            "It knows nobody yet and lets nobody in.",
        )
        then = f"\n  gateway directory add CODE --th-name … --en-name … --data {data}"
    return (
        f"สร้างศูนย์กลางแล้ว / A hub is made: {data}\n{known[0]} / {known[1]}\n"
        f"ลองต่อ / Try next:{then}\n  gateway serve --data {data}"
    )

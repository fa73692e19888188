"""`gateway init` makes a hub, `gateway serve` runs it."""

import asyncio
import json
from pathlib import Path

from gateway.config import load


def init(data: Path, *, demo: bool = False, as_json: bool = False) -> None:
    """Make a hub in an empty or missing folder.

    Raises `SettingsError`.
    """
    # Each command imports what it needs: `gateway --help` must not wait for all.
    from gateway import bootstrap  # noqa: PLC0415

    asyncio.run(bootstrap.init(load(data), demo=demo))
    if as_json:
        print(json.dumps({"data": str(data.absolute()), "demo": demo}))  # noqa: T201
    else:
        print(_made(data, demo=demo))  # noqa: T201


def serve(data: Path, *, listen: str | None = None, as_json: bool = False) -> None:
    """Serve a hub until SIGTERM or SIGINT, then drain.

    The address is written to standard output once requests are answered, events to
    standard error. Raises `SettingsError`.
    """
    from gateway import bootstrap, telemetry  # noqa: PLC0415

    settings = load(data, listen=listen)
    telemetry.configure(settings.log_format, settings.log_level)

    def say(address: str) -> None:
        print(json.dumps({"address": address}) if as_json else address, flush=True)  # noqa: T201

    asyncio.run(bootstrap.run_hub(settings, listening=say))


def _made(data: Path, *, demo: bool) -> str:
    if demo:
        known = "It knows สป.มท. (1500200000) and 75 provincial offices; "
        known += "their throw-away keys are in demo-keys/."
    else:
        known = "It knows nobody yet: gateway directory add CODE …"
    return f"A hub is in {data}.\n{known}\nServe it: gateway serve --data {data}"

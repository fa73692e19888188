"""`gateway work` does a hub's work in a process that has no door."""

import asyncio
import json
from pathlib import Path

from gateway.cli.session import loading
from gateway.config import load


def work(data: Path, *, as_json: bool = False) -> None:
    """Run all runners of a hub until SIGTERM or SIGINT; end what was begun.

    A line is written to standard output once they run, events to standard error.
    Raises `SettingsError`, also where a hub is one process.
    """
    # It knows every adapter, and is loaded only here.
    with loading():
        from gateway import bootstrap, supervisor, telemetry  # noqa: PLC0415

    settings = load(data)
    telemetry.configure(settings.log_format, settings.log_level)

    def started() -> None:
        said = json.dumps({"working": True}) if as_json else "ทำงานอยู่ / Working"
        print(said, flush=True)  # noqa: T201
        supervisor.tell(supervisor.READY)

    asyncio.run(bootstrap.run_worker(settings, started=started))

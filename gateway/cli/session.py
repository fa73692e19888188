"""Opens the hub for one command, and asks it one thing.

The only place of the command line where something is awaited, and where what is
heavy is imported: `gateway --help` waits for neither.
"""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from envelopes.letter import OrganizationCode
from gateway.domain import errors
from gateway.domain.organization import Organization

if TYPE_CHECKING:
    from gateway.bootstrap import Hub

T = TypeVar("T")


def ask(data: Path, question: "Callable[[Hub], Awaitable[T]]") -> T:
    """Open the hub of a data directory, beside one that serves it or alone; ask it.

    Raises `SettingsError` where there is no hub, and what the question raises.
    """
    with loading():
        from gateway.bootstrap import open_hub  # noqa: PLC0415 - see above
        from gateway.config import load  # noqa: PLC0415

    async def session() -> T:
        async with open_hub(load(data)) as hub:
            return await question(hub)

    return asyncio.run(session())


@contextmanager
def loading() -> Iterator[None]:
    """Import a hub within: what comes then stays, and is not looked through for waste.

    That would take a tenth of a command's start, and again and again in a server.
    """
    if "gateway.bootstrap" in sys.modules:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


async def known(hub: "Hub", code: OrganizationCode) -> Organization:
    """Return an organization of the directory; raises `OrganizationUnknown`."""
    organization = await hub.store.organization(code)
    if organization is None:
        raise errors.OrganizationUnknown(code.text)
    return organization

"""A process that reads requests for a hub: `python -m gateway.reading.process`.

It is started by `gateway.reading.pool`, with a socket as its standard input, and ends
when that is closed, as it is when the hub ends in whatever way. It has no store, no
key and no setting, and gets nothing but what stands in a request.
"""

import contextlib
import gc
import signal
import socket
from pathlib import Path
from typing import Final

from envelopes.decoder import decode
from envelopes.errors import EnvelopeError
from gateway.reading import wire
from gateway.workflow.reading import tell
from schemas import names

_NAME: Final = "gateway-reading"
"""At most fifteen bytes: what the system shows of a process."""

_BUFFER: Final = 256 * 1024

_EMPTY_LETTER: Final = (
    f'<e:Envelope xmlns:e="{names.SOAP}"><e:Body><{names.OUTBOUND_REQUEST}>'
    f'<r:GovernmentDocument xmlns:r="{names.GOVERNMENT_DOCUMENT[1:].partition("}")[0]}"'
    f"/></{names.OUTBOUND_REQUEST}></e:Body></e:Envelope>"
).encode()
"""A letter that the schema refuses: reading it loads what reading needs."""


def main() -> None:
    """Read requests until the hub is gone."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # They go to the whole group; the hub still has letters to be read then.
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(_NAME, "ascii")
    with contextlib.suppress(EnvelopeError):
        decode(_EMPTY_LETTER)
    gc.collect()
    gc.freeze()
    with (
        contextlib.suppress(ConnectionError),
        socket.socket(fileno=0) as connection,
        connection.makefile("rb", buffering=_BUFFER) as incoming,
    ):
        connection.sendall(wire.READY)
        while head := incoming.read(wire.LENGTH.size):
            (length,) = wire.LENGTH.unpack(head)
            connection.sendall(wire.answer(_read(incoming.read(length))))


def _read(payload: bytes) -> wire.Answer:
    try:
        return tell(wire.asked_in(payload))
    except EnvelopeError as error:
        return error
    except Exception:  # noqa: BLE001 - a mistake of ours is told where there is a log
        return None


if __name__ == "__main__":
    main()

"""Tells who started this process how it fares: systemd's notify protocol.

One datagram to the socket that `NOTIFY_SOCKET` names; nothing where nobody asks. See
sd_notify(3): `READY=1` once requests are answered, `STOPPING=1` when draining begins.
"""

import os
import socket
from collections.abc import Mapping
from typing import Final

VARIABLE: Final = "NOTIFY_SOCKET"

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"


def tell(state: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send a state; say whether somebody asked for it.

    A supervisor that does not listen any more is no reason to stop.
    """
    address = environment.get(VARIABLE, "")
    if not address:
        return False
    # A name that begins with @ lies in no folder.
    place = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
        try:
            speaking.sendto(state.encode("ascii"), place)
        except OSError:
            return False
    return True

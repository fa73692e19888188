"""Whether a data directory has the vault that its database speaks of.

A database on a server may be opened from several machines, and each finds `vault/`
in its own data directory: that must be one and the same folder. So the folder has a
mark, and the database knows it.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from gateway.config import SettingsError

FACT: Final = "vault"
"""The name under which the database knows the mark."""

MARK: Final = Path("vault", "mark")


def make(data: Path) -> str:
    """Mark the vault of a new hub, durably; return what it is marked by."""
    mark = secrets.token_hex(16)
    path = data / MARK
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
    ) as f:
        f.write(f"{mark}\n")
        f.flush()
        os.fsync(f.fileno())
    return mark


def is_shared(data: Path, known: str | None) -> None:
    """Check that the vault here is the one of the database; None knows of no mark.

    Raises `SettingsError`.
    """
    if known is None or _read(data) == known:
        return
    raise SettingsError(
        "data",
        f"{data / MARK.parent} is not the vault of this database",
        "Mount the folder vault/ of the machine that made the hub there: "
        "deploy/postgresql/README.md",
    )


def _read(data: Path) -> str:
    try:
        return (data / MARK).read_text("ascii").strip()
    except (OSError, ValueError):
        return ""

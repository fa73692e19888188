"""Whether a data directory has the vault that its database speaks of.

A database on a server may be opened from several machines. Where files lie in a
folder, each machine finds `vault/` in its own data directory, and that must be one and
the same folder: it has a mark, and the database knows it. Where they lie in rows,
every machine has them. Which of the two a hub has is settled when it is made.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.config import Settings, SettingsError
from gateway.store.store import DATABASE_VAULT, VAULT_FACT

FACT: Final = VAULT_FACT
"""The name under which the database knows the mark, or that files lie in rows."""

IN_ROWS: Final = DATABASE_VAULT

MARK: Final = Path("vault", "mark")


def facts_of(settings: Settings) -> Mapping[str, str]:
    """Make the vault of a new hub; return what its database is to know of it.

    A folder that only one machine can have needs no mark.
    """
    if settings.vault_of_a_new_hub == IN_ROWS:
        return {FACT: IN_ROWS}
    return {FACT: make(settings.data)} if settings.database_file is None else {}


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


def is_as_made(settings: Settings, known: str | None) -> None:
    """Check that the vault is of the kind, and the one, that the database knows.

    Raises `SettingsError`.
    """
    kind = IN_ROWS if known == IN_ROWS else "directory"
    if settings.vault not in {"auto", kind}:
        raise SettingsError(
            "vault",
            f"this hub was made with {kind!r}, and its files stay there",
            "Leave the setting out",
        )
    if kind != IN_ROWS:
        is_shared(settings.data, known)


def is_shared(data: Path, known: str | None) -> None:
    """Check that the folder here is the one of the database; None knows of no mark.

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

"""Acts: what people did with the hub, and who came to a door that stayed shut.

The journal of a consignment tells what happened to it; acts tell what was done to
the hub itself, and who stood behind what a person did to a consignment. Like the
journal they are only ever added, and sealed in batches (`gateway check journal`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from envelopes.letter import OrganizationCode


@dataclass(frozen=True, slots=True)
class Who:
    """Who did it: what the system knows, and what was said, told apart."""

    account: str
    """The operating system's user; empty for what came over the network."""
    name: str = ""
    """The name that was given (`--by`); nobody has checked it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person orders: the act, before it is known what comes of it."""

    what: str
    """The command: `inbox register`."""
    who: Who
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act."""

    id: UUID
    at: datetime
    what: str
    """The command or the event: `directory access add`, `access denied`."""
    who: Who
    why: str = ""
    """The reason that was given (`--reason`)."""
    organization: OrganizationCode | None = None
    consignment: UUID | None = None
    secret: bool = False
    """About a secret letter: the name that was given is kept encrypted."""
    before: Mapping[str, str] = field(default_factory=dict)
    """What was true before it; no secret, nothing that stands in a letter."""
    after: Mapping[str, str] = field(default_factory=dict)
    """What is true after it, likewise."""

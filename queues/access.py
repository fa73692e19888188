"""How a RabbitMQ is reached: host, virtual host, user, password, TLS."""

import re
import ssl
from dataclasses import dataclass, field, replace
from typing import Final, Self
from urllib.parse import quote, unquote, urlsplit

_PORTS: Final = {"amqp": 5672, "amqps": 5671}
_GUEST: Final = "guest"
_DEFAULT_VHOST: Final = "/"
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a connection is made with; its text names the place, never the password."""

    host: str
    port: int
    vhost: str = _DEFAULT_VHOST
    user: str = _GUEST
    password: str = field(default=_GUEST, repr=False)
    """RabbitMQ lets its own guest in from the same machine only."""
    is_encrypted: bool = False
    tls: ssl.SSLContext | None = field(default=None, repr=False, compare=False)
    """How the broker's certificate is judged; None: by the system's authorities."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `amqp[s]://[USER@]HOST[:PORT][/VHOST]`; raises `ValueError`.

        No word of it says the password: the URL is shown where settings are.
        """
        parts = urlsplit(url)
        if parts.password is not None:
            raise ValueError("a password must not stand in it")
        if parts.scheme not in _PORTS or not _HOST.fullmatch(parts.hostname or ""):
            raise ValueError("write amqp://USER@HOST:PORT/VHOST, or amqps://…")
        if parts.query or parts.fragment or "/" in parts.path[1:]:
            raise ValueError("nothing may follow the virtual host; write %2F for /")
        return cls(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            vhost=unquote(parts.path[1:]) or _DEFAULT_VHOST,
            user=unquote(parts.username or _GUEST),
            is_encrypted=parts.scheme == "amqps",
        )

    def with_secrets(self, password: str | None, tls: ssl.SSLContext | None) -> Self:
        """Return it with what no URL says; without a password, guest's own."""
        return replace(self, password=password or _GUEST, tls=tls)

    def __str__(self) -> str:
        scheme = "amqps" if self.is_encrypted else "amqp"
        host = f"[{self.host}]" if ":" in self.host else self.host
        vhost = quote(self.vhost, safe="")
        return f"{scheme}://{quote(self.user)}@{host}:{self.port}/{vhost}"

"""Settings: one frozen object, read once.

Sources, the later ones win: defaults, `gateway.toml` in the data directory, the
environment (`GATEWAY_…`), what the command line says. An unknown name is an error,
never ignored. No secret stands in a setting. `docs/settings.md` is made from this
file.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeAlias
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from queues.access import Access

FILE: Final = "gateway.toml"
PREFIX: Final = "GATEWAY_"

_NOT_SETTINGS: Final = ("GATEWAY_STOP_AT", "GATEWAY_SET_BACK_AT", "GATEWAY_SOAK")
_NOT_SETTINGS_PREFIX: Final = "GATEWAY_TEST_"
_PORTS: Final = range(65536)
_HOST: Final = re.compile(r"(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_MIB: Final = 1024 * 1024
_READERS: Final = 4
"""Readers enough for what one door can take."""


class SettingsError(Exception):
    """A setting is wrong. The operator's move; `remedy` says which."""

    code: ClassVar[str] = "settings-wrong"
    temporary: ClassVar[bool] = False

    def __init__(self, name: str, problem: str, remedy: str) -> None:
        super().__init__(f"{name}: {problem}. {remedy}")
        self.name = name
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Address:
    """Where the hub listens."""

    host: str
    port: int
    """0 asks the system for a free one."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `HOST:PORT` or `[IPV6]:PORT`; raises `ValueError`."""
        host, colon, port = text.strip().rpartition(":")
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        well_formed = colon and bare and (":" not in bare or bare != host)
        if not (well_formed and port.isascii() and port.isdigit()):
            raise ValueError("write HOST:PORT, like 127.0.0.1:8470")
        if int(port) not in _PORTS:
            raise ValueError("a port is a number up to 65535")
        return cls(bare, int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _address(value: object) -> Address:
    return value if isinstance(value, Address) else Address.parse(str(value))


# pydantic-settings would read the variable of a dataclass as JSON.
_Listen = Annotated[Address, NoDecode, BeforeValidator(_address)]


Network: TypeAlias = IPv4Network | IPv6Network


def _networks(value: object) -> tuple[Network, ...]:
    if isinstance(value, str):
        value = [part for part in value.replace(",", " ").split() if part]
    if not isinstance(value, list | tuple):
        raise ValueError("write networks, like 10.0.0.0/8, parted by commas")  # noqa: TRY004 - pydantic asks for it
    return tuple(ip_network(one) for one in value)


_Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]


class Settings(BaseSettings):
    """The hub's settings; never changed once read."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_ignore_empty=True,
        use_attribute_docstrings=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )

    data: Path = Path("var")
    """The data directory: database, vault, queues, keys, `gateway.toml`.
    Given by `--data` or `GATEWAY_DATA`, never in the file itself."""

    listen: _Listen = Address("127.0.0.1", 8470)
    """Where the hub listens: `HOST:PORT`; port 0 takes a free one.
    A hub made by `init --demo` listens on loopback addresses only."""

    public_url: str = ""
    """`https://HOST`, under which offices reach the hub: it stands in the addresses
    that the hub tells, as in the list of organizations.
    Empty: the scheme and host that the caller itself used."""

    host_suffix: str = ""
    """`ecms.example.go.th` where `ORGANIZATION.ecms.example.go.th` is to be an
    organization's own host. Empty: hosts say nothing, only paths do."""

    tls_certificate: Path | None = None
    """File with the certificate chain of the hub's own address, PEM, its own first,
    relative to the data directory; with it the hub speaks TLS 1.2 and later, and
    nothing else. Read again when it changes. None: plain HTTP, for this machine or
    behind a proxy."""

    tls_key: Path | None = None
    """File with the private key of `tls_certificate`, PEM, without a password, its
    owner's alone."""

    proxies: _Networks = ()
    """Networks of the proxies in front of the hub, parted by commas: `127.0.0.1/32`.
    What they say of a caller is believed; the same headers from anybody else are
    dropped before anything reads them. Empty: there is no proxy."""

    proxy_address_header: str = "X-Forwarded-For"
    """The header in which a proxy says for whom it asks."""

    proxy_certificate_header: str = "X-Client-Certificate"
    """The header in which a proxy passes on the certificate that a client has proven
    in TLS: PEM, URL-encoded, as nginx writes it."""

    secrecy: Literal["001", "002", "003"] = "003"
    """The highest level of secrecy that is carried: 001 ปกติ, 002 ลับ, 003 ลับมาก.
    ลับที่สุด (004) never is. Without `secret_key_file` only 001 is."""

    secret_key_file: Path | None = None
    """File with the keys under which secret letters lie encrypted, outside the data
    directory and outside its backup. `gateway keys secrecy` makes it.
    A demo hub has a throw-away one of its own."""

    signing_key: str = "file:keys/hub.key"
    """Where the hub's own private key is, ECDSA P-256: `file:FILE`, relative to the
    data directory, its certificate beside it; or a token:
    `pkcs11:token=NAME;object=NAME?module-path=FILE&pin-source=file:FILE` (RFC 7512),
    all keys of the hub under one name. `gateway keys` makes and changes it."""

    authorities: Path | None = None
    """Folder with the certificates (PEM) of the authorities whose certificates offices
    may use, roots and intermediates, relative to the data directory. None: a
    certificate counts because an operator entered it, whoever issued it."""

    revocation_lists: Path | None = None
    """Folder with revocation lists (CRL; PEM or DER) of those authorities, relative to
    the data directory, read again when they change. None: only operators revoke."""

    push_certificate: Path | None = None
    """File with the certificate that the hub shows to endpoints that ask for one
    (mutual TLS), PEM, its chain behind it, relative to the data directory. Read again
    when it changes. None: the hub shows none."""

    push_key: Path | None = None
    """File with the private key of `push_certificate`, PEM, without a password, its
    owner's alone."""

    push_authorities: Path | None = None
    """File with the certificates (PEM) of the authorities that vouch for endpoints'
    addresses, relative to the data directory, read again when it changes.
    None: those of the system."""

    push_seconds: float = Field(default=100.0, gt=0, le=600)
    """Seconds that an endpoint has to answer once it has all; for sending it gets one
    more for each 32 KiB. Raise it for a system that stores slowly."""

    fetch_seconds: float = Field(default=30.0, ge=1, le=3600)
    """Seconds between two questions to a node that keeps a queue for the hub (`polled`
    endpoints), where it had nothing. Lower it where letters are in a hurry."""

    journal_head: Path = Path("journal.head")
    """File outside the database in which the head of the sealed journal is written,
    relative to the data directory. Best on another machine's disk: it shows when
    the end of the journal is cut off."""

    database_url: str = "sqlite:hub.db"
    """Where letters are kept: `sqlite:FILE`, relative to the data directory, or
    `postgresql://USER@HOST:PORT/NAME`, with the options libpq knows behind a `?`.
    A password never stands here: libpq's own file has it (`~/.pgpass`, or the file
    that `PGPASSFILE` names). See deploy/postgresql/README.md."""

    vault: Literal["auto", "directory", "database"] = "auto"
    """Where files above 32 KiB are kept, chosen once, when a hub is made: `directory`,
    segments in `vault/`, which several machines have to mount as one folder; or
    `database`, in rows, where one backup has all. `auto`: `database` for a hub made on
    PostgreSQL, `directory` for one on SQLite, and afterwards whatever it was made
    with. Write `directory` where large files have to be taken fast."""

    broker_url: str = "embedded:queues.db"
    """Where messages between runners wait: `embedded:FILE`, as above, or RabbitMQ:
    `amqps://USER@HOST:PORT/VHOST`, `amqp://…` on a network that nobody else hears.
    Whole names only, `/` as `%2F`; each hub has a virtual host of its own. A password
    in it is refused. How to set it up and change over: `deploy/rabbitmq`."""

    broker_password_file: Path | None = None
    """File with the password of the user of `broker_url`, one line, its owner's alone,
    relative to the data directory, best outside it. None: RabbitMQ's own `guest`,
    whom it lets in from the same machine only."""

    broker_authorities: Path | None = None
    """File with the certificates (PEM) of the authorities that vouch for RabbitMQ's
    own, relative to the data directory. None: those of the system."""

    body_limit: int = Field(default=64 * _MIB, ge=64 * 1024, le=256 * _MIB)
    """Bytes of the largest request that is read.
    Raise it where offices send larger files; a letter takes some three times its
    size in memory while it is read."""

    bodies_limit: int = Field(default=256 * _MIB, ge=64 * 1024)
    """Bytes of all requests that are read at the same time, at least `body_limit`.
    Further requests wait for room; one organization holds half of it at most.
    Lower it on a machine with little memory."""

    reading_processes: int | None = Field(default=None, ge=0, le=64)
    """Processes that `gateway serve` has read and verify letters of 4 KiB to 4 MiB,
    so that more than one processor works on what comes. None: one less than there are
    processors, at most 4. 0: it reads all itself, for a machine with little memory;
    each takes some 60 MiB."""

    thread_threshold: int = Field(default=4 * _MIB, ge=0)
    """Bytes from which a request is worked on in a thread instead of in place.
    Lower it where small requests wait for large ones."""

    threads: int = Field(default=2, ge=1, le=64)
    """Threads for large requests. As many as the machine has processors."""

    poll_wait: float = Field(default=1.0, ge=0, le=2)
    """Seconds a poll waits for what is already on its way to its inbox.
    0 answers at once: a client that sends and polls in one breath then sees its
    letter at its next poll."""

    read_seconds: float = Field(default=90.0, gt=0, le=600)
    """Seconds in which a request must have come in whole. Raise it for slow lines;
    old clients give up after 100."""

    idle_seconds: float = Field(default=120.0, gt=0, le=3600)
    """Seconds after which a connection is closed that sends no request, or not the
    whole head of one. Lower it where idle connections become too many."""

    drain_seconds: float = Field(default=10.0, ge=0, le=600)
    """Seconds that running requests have to end when the hub stops."""

    log_format: Literal["auto", "text", "json"] = "auto"
    """How events are written to standard error: `text` for people, `json` one object
    per line, `auto` chooses by whether it is a terminal."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important events that are written."""

    @field_validator("public_url")
    @classmethod
    def _is_a_root(cls, value: str) -> str:
        parts = urlsplit(value)
        rest = parts.path.strip("/") or parts.query or parts.fragment
        if value and (
            parts.scheme not in {"http", "https"} or not parts.netloc or rest
        ):
            raise ValueError("write http://HOST or https://HOST, without a path")
        return value

    @field_validator("host_suffix")
    @classmethod
    def _is_a_host(cls, value: str) -> str:
        if value and not _HOST.fullmatch(value):
            raise ValueError("write a host name, like ecms.example.go.th")
        return value.lower()

    @property
    def readers(self) -> int:
        """How many processes read for a hub that is served on this machine."""
        if self.reading_processes is not None:
            return self.reading_processes
        return min(len(os.sched_getaffinity(0)) - 1, _READERS)

    @property
    def database_file(self) -> Path | None:
        """The SQLite file of `database_url`; None where it is on a server."""
        parts = urlsplit(self.database_url)
        return self.data / parts.path if parts.scheme == "sqlite" else None

    @property
    def database(self) -> Path | str:
        """Where the store is: its file, or the URL of its server."""
        return self.database_file or self.database_url

    @property
    def vault_of_a_new_hub(self) -> Literal["directory", "database"]:
        """The kind of vault that a hub gets that is made with these settings."""
        if self.vault == "auto":
            return "database" if self.database_file is None else "directory"
        return self.vault

    @property
    def for_several(self) -> bool:
        """Whether several processes may serve: what they share is on servers."""
        embedded = urlsplit(self.broker_url).scheme == "embedded"
        return self.database_file is None and not embedded

    @property
    def may_have_a_hub(self) -> bool:
        """Whether there is what a hub's database or its keys lie in."""
        file = self.database_file
        return self.data.is_dir() if file is None else file.is_file()

    @property
    def broker_file(self) -> Path:
        """The file of the embedded broker of `broker_url`."""
        return self.data / urlsplit(self.broker_url).path

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the file of the data directory that was given, and no other file."""
        del dotenv_settings, file_secret_settings
        if not isinstance(init_settings, InitSettingsSource):
            raise TypeError(type(init_settings))
        file = Path(init_settings.init_kwargs["data"]) / FILE
        toml = TomlConfigSettingsSource(settings_cls, file)
        return init_settings, env_settings, toml


@dataclass(frozen=True, slots=True)
class Effective:
    """A setting as it is in force."""

    name: str
    value: str
    source: str
    """`default`, `gateway.toml`, the environment variable, or `command line`."""


def load(data: Path, **flags: object) -> Settings:
    """Read the settings of a data directory; `flags` come from the command line.

    Flags that are None were not given. Raises `SettingsError`.
    """
    _no_unknown_variables()
    file = _file(data)
    _no_unknown_keys(file)
    given: dict[str, Any] = {k: v for k, v in flags.items() if v is not None}
    try:
        settings = Settings(**given, data=data)
    except ValidationError as error:
        raise _explained(error.errors()[0], {*given, "data"}, file) from error
    _engines_exist(settings)
    if settings.bodies_limit < settings.body_limit:
        raise SettingsError(
            "bodies_limit",
            f"{settings.bodies_limit} is less than body_limit, {settings.body_limit}",
            "Raise it, or lower body_limit",
        )
    return settings


def effective(settings: Settings, **flags: object) -> list[Effective]:
    """Return every setting with its value and where it comes from."""
    given = {name for name, value in flags.items() if value is not None} | {"data"}
    file = _file(settings.data)
    return [
        Effective(name, str(getattr(settings, name)), _source(name, given, file))
        for name in Settings.model_fields
    ]


def _source(name: str, given: set[str], file: Mapping[str, object]) -> str:
    if name in given:
        return "command line"
    if os.environ.get(_variable(name)):
        return _variable(name)
    return FILE if name in file else "default"


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _file(data: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((data / FILE).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(FILE, f"cannot be read: {error}", "Mend the file") from (
            error
        )


def _no_unknown_keys(file: Mapping[str, object]) -> None:
    if "data" in file:
        problem = "the file lies in the data directory and cannot name it"
        raise SettingsError("data", problem, "Use --data or GATEWAY_DATA")
    for key in file:
        if key not in Settings.model_fields:
            raise _unknown(f"{FILE}: {key}", key, list(Settings.model_fields))


def _no_unknown_variables() -> None:
    known = [_variable(name) for name in Settings.model_fields]
    for name in os.environ:
        exempt = name in _NOT_SETTINGS or name.startswith(_NOT_SETTINGS_PREFIX)
        if name.startswith(PREFIX) and name not in known and not exempt:
            raise _unknown(name, name, known)


def _unknown(name: str, wrong: str, known: list[str]) -> SettingsError:
    # The prefix they share would make all of them look alike.
    bare = {name.removeprefix(PREFIX): name for name in known}
    near = difflib.get_close_matches(wrong.removeprefix(PREFIX), bare, n=1)
    remedy = f"Did you mean {bare[near[0]]}?" if near else "See docs/settings.md"
    return SettingsError(name, "there is no such setting", remedy)


def _explained(
    detail: ErrorDetails, given: set[str], file: Mapping[str, object]
) -> SettingsError:
    name = str(detail["loc"][0]) if detail["loc"] else "settings"
    source = _source(name, given, file)
    place = name if source == "command line" else f"{name} ({source})"
    problem = detail["msg"].removeprefix("Value error, ")
    return SettingsError(place, problem, "See docs/settings.md")


def _engines_exist(settings: Settings) -> None:
    database = urlsplit(settings.database_url)
    if database.scheme == "postgresql":
        _is_server("database_url", database)
    elif database.scheme != "sqlite":
        raise SettingsError(
            "database_url",
            "this version knows 'sqlite' and 'postgresql'",
            "Use sqlite:FILE or postgresql://USER@HOST:PORT/NAME",
        )
    else:
        _is_file("database_url", database)
    broker = urlsplit(settings.broker_url)
    if broker.scheme in {"amqp", "amqps"}:
        _is_broker("broker_url", settings.broker_url)
    elif broker.scheme != "embedded":
        raise SettingsError(
            "broker_url",
            "this version knows 'embedded', 'amqp' and 'amqps'",
            "Leave it out, or use embedded:FILE",
        )
    else:
        _is_file("broker_url", broker)


def _is_broker(name: str, url: str) -> None:
    try:
        Access.parse(url)
    except ValueError as error:
        # Without its cause, and without the value: a password may stand in it.
        problem = str(error)
    else:
        return
    remedy = "Write the password into a file, and name it: broker_password_file"
    raise SettingsError(name, problem, remedy)


def _is_file(name: str, parts: SplitResult) -> None:
    if parts.netloc or parts.query or not parts.path:
        problem = f"write {parts.scheme}:FILE"
        raise SettingsError(name, problem, "The file is relative to the data")


def _is_server(name: str, parts: SplitResult) -> None:
    if parts.password or "password" in parse_qs(parts.query):
        raise SettingsError(
            name,
            "a password stands in it",
            "Put it into the file that PGPASSFILE names, or ~/.pgpass",
        )
    if not parts.path.strip("/"):
        problem = "write postgresql://USER@HOST:PORT/NAME"
        raise SettingsError(name, problem, "See deploy/postgresql/README.md")

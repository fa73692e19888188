import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.config import Address, SettingsError, effective, load


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("GATEWAY_"):
            monkeypatch.delenv(name)


def write(folder: Path, text: str) -> Path:
    (folder / "gateway.toml").write_text(text, "utf-8")
    return folder


def test_the_defaults_start_an_embedded_hub_on_loopback(tmp_path: Path) -> None:
    settings = load(tmp_path)

    assert str(settings.listen) == "127.0.0.1:8470"
    assert settings.listen.is_loopback
    assert settings.database_file == tmp_path / "hub.db"
    assert settings.broker_file == tmp_path / "queues.db"
    assert settings.body_limit == 67_108_864
    assert settings.data == tmp_path


def test_file_beats_default_environment_beats_file_flag_beats_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 'poll_wait = 0.5\ndrain_seconds = 3\nlisten = "127.0.0.1:1"')
    monkeypatch.setenv("GATEWAY_DRAIN_SECONDS", "4")
    monkeypatch.setenv("GATEWAY_LISTEN", "127.0.0.1:2")
    flags = {"listen": "127.0.0.1:3"}

    settings = load(tmp_path, **flags)
    sources = {line.name: line for line in effective(settings, **flags)}

    assert settings.poll_wait == 0.5
    assert sources["poll_wait"].source == "gateway.toml"
    assert settings.drain_seconds == 4
    assert sources["drain_seconds"].source == "GATEWAY_DRAIN_SECONDS"
    assert settings.listen.port == 3
    assert sources["listen"].source == "command line"
    assert sources["listen"].value == "127.0.0.1:3"
    assert sources["threads"].source == "default"


def test_a_flag_that_was_not_given_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, listen=None).listen.port == 8470


def test_settings_do_not_change(tmp_path: Path) -> None:
    settings = load(tmp_path)
    with pytest.raises(ValidationError, match="frozen"):
        settings.threads = 3


def refused(folder: Path, **flags: object) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load(folder, **flags)
    return caught.value


def test_an_unknown_key_is_an_error_with_a_suggestion(tmp_path: Path) -> None:
    error = refused(write(tmp_path, "pol_wait = 1"))

    assert error.name == "gateway.toml: pol_wait"
    assert error.remedy == "Did you mean poll_wait?"


def test_an_unknown_variable_is_an_error_with_a_suggestion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_POLLWAIT", "1")

    assert refused(tmp_path).remedy == "Did you mean GATEWAY_POLL_WAIT?"


def test_nothing_is_suggested_where_nothing_is_like_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_FOO", "1")

    assert "Did you mean" not in refused(tmp_path).remedy


@pytest.mark.parametrize(
    "name", ["GATEWAY_DATA", "GATEWAY_TEST_PG", "GATEWAY_STOP_AT", "PATH_GATEWAY"]
)
def test_variables_that_are_no_settings_are_let_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "x")

    assert load(tmp_path).data == tmp_path


def test_an_empty_variable_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_THREADS", "")

    assert load(tmp_path).threads == 2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("threads = 0", "threads (gateway.toml)"),
        ("poll_wait = 3", "poll_wait (gateway.toml)"),
        ('listen = "8470"', "listen (gateway.toml)"),
        ('listen = "::1:8470"', "listen (gateway.toml)"),
        ('listen = "127.0.0.1:65536"', "listen (gateway.toml)"),
        ("body_limit = 70000\nbodies_limit = 66000", "bodies_limit"),
        ('data = "elsewhere"', "data"),
        ("threads = ", "gateway.toml"),
        ('[listen]\nhost = "x"', "listen (gateway.toml)"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, text: str, name: str) -> None:
    error = refused(write(tmp_path, text))

    assert error.name == name
    assert error.problem
    assert error.remedy


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "mysql://db/hub"),
        ("broker_url", "kafka://mq.example/"),
    ],
)
def test_engines_that_are_not_known_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"GATEWAY_{name.upper()}", value)

    error = refused(tmp_path)

    assert error.name == name
    assert "this version knows" in error.problem
    # A password may stand in it.
    assert value not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "amqp://mq.example",
        "amqps://hub@mq.example:5671/gateway",
        "amqp://hub%40x@127.0.0.1/a%2Fb",
        "amqp://[::1]:5672/",
    ],
)
def test_a_broker_is_named_by_its_url(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, broker_url=url).broker_url == url


@pytest.mark.parametrize(
    "url",
    [
        "amqp://hub:sesame@mq.example/",
        "amqps://:sesame@mq.example/",
        "amqp://mq.example:port/?password=sesame",
        "amqp://mq.example/gateway?password=sesame",
        "amqp://mq.example/gateway#sesame",
        "amqp:///sesame",
        "amqp://mq.example/sesame/more",
        "redis://:sesame@mq.example/",
        "sesame",
    ],
)
@pytest.mark.parametrize("by", ["file", "environment", "command line"])
def test_a_wrong_broker_is_named_and_never_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, by: str
) -> None:
    """A password may stand in it, wherever it was written."""
    flags = {}
    if by == "file":
        write(tmp_path, f'broker_url = "{url}"')
    elif by == "environment":
        monkeypatch.setenv("GATEWAY_BROKER_URL", url)
    else:
        flags = {"broker_url": url}

    error = refused(tmp_path, **flags)

    assert error.name == "broker_url"
    assert "sesame" not in str(error)


@pytest.mark.parametrize("value", ["sqlite:", "sqlite://host/hub.db", "sqlite:a?b=c"])
def test_a_file_is_a_file(tmp_path: Path, value: str) -> None:
    assert refused(tmp_path, database_url=value).name == "database_url"


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("127.0.0.1:0", True),
        ("127.8.9.1:0", True),
        ("[::1]:80", True),
        ("localhost:80", True),
        ("0.0.0.0:80", False),
        ("[::]:80", False),
        ("hub.example:80", False),
    ],
)
def test_an_address_knows_who_reaches_it(text: str, *, loopback: bool) -> None:
    address = Address.parse(text)

    assert address.is_loopback is loopback
    assert str(address) == text


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://gateway:s3cret@db/hub", "a password stands in it"),
        ("postgresql://db/hub?password=s3cret", "a password stands in it"),
        ("postgresql://gateway@db:5432", "write postgresql://"),
    ],
)
def test_a_server_is_named_without_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, problem: str
) -> None:
    monkeypatch.setenv("GATEWAY_DATABASE_URL", url)

    error = refused(tmp_path)

    assert (error.name, problem in error.problem) == ("database_url", True)
    assert "s3cret" not in str(error)


def test_a_database_on_a_server_has_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://gateway@/hub?host=/run/postgresql"
    monkeypatch.setenv("GATEWAY_DATABASE_URL", url)

    settings = load(tmp_path)

    assert (settings.database_file, settings.database) == (None, url)


@pytest.mark.parametrize(
    ("processors", "given", "readers"),
    [(1, None, 0), (2, None, 1), (4, None, 3), (64, None, 4), (2, 0, 0), (1, 7, 7)],
)
def test_as_many_processes_read_as_processors_are_left(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    processors: int,
    given: int | None,
    readers: int,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))

    assert load(tmp_path, reading_processes=given).readers == readers

import asyncio
import sqlite3
import subprocess
import sys

import pytest

from gateway.domain.errors import LetterUnknown
from gateway.store.errors import StoreUnavailable
from gateway.tracebacks import line, written

WORD = "ถ้อยคำลับ"


def caught(error: BaseException) -> BaseException:
    with pytest.raises(type(error)) as raised:
        raise error
    return raised.value


@pytest.mark.parametrize(
    "error",
    [
        ValueError(WORD),
        KeyError(WORD),
        RuntimeError("about", WORD),
        UnicodeDecodeError("utf-8", WORD.encode(), 0, 1, WORD),
        LetterUnknown(WORD),
        asyncio.InvalidStateError(WORD),
        BaseExceptionGroup(WORD, [ValueError(WORD)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_that_may_quote_a_letter_is_named_and_not_quoted(
    error: BaseException,
) -> None:
    said = written(caught(error))

    assert type(error).__qualname__ in said
    assert "raise error" in said
    assert WORD not in said
    assert repr(WORD.encode()) not in said


def test_causes_and_what_was_being_handled_are_named_and_not_quoted() -> None:
    def fail() -> None:
        try:
            int(WORD)
        except ValueError:
            dict[str, str]()[WORD]

    try:
        try:
            fail()
        except KeyError as error:
            raise StoreUnavailable(detail="disk full") from error
    except StoreUnavailable as error:
        said = written(error)

    first, second, third = said.split("which led to:")
    assert first.rstrip().endswith("ValueError")
    assert second.rstrip().endswith("KeyError")
    assert third.rstrip().endswith("StoreUnavailable: store-unavailable, disk full")
    assert WORD not in said


def test_a_cause_that_was_put_aside_is_not_written() -> None:
    def fail() -> None:
        try:
            int(WORD)
        except ValueError:
            raise StoreUnavailable from None

    with pytest.raises(StoreUnavailable) as raised:
        fail()

    assert "ValueError" not in written(raised.value).replace("except ValueError", "")


def test_a_chain_without_end_ends() -> None:
    first, second = ValueError("1"), KeyError("2")
    first.__cause__, second.__cause__ = second, first

    assert written(first).count("ValueError") < 10


def test_what_files_and_tables_say_is_written() -> None:
    assert line(FileNotFoundError(2, "No such file", "/x")).endswith("No such file: /x")
    assert line(sqlite3.OperationalError("no such table: letter")).endswith(
        "no such table: letter"
    )


@pytest.mark.parametrize(
    "how",
    [
        "int(word)",
        "__import__('threading').Thread(target=int, args=[word]).start()",
        "type('X', (), {'__del__': lambda self: int(word)})()",
    ],
    ids=["process", "thread", "destructor"],
)
def test_python_itself_quotes_nothing_once_it_is_installed(how: str) -> None:
    script = (
        "from gateway import tracebacks; tracebacks.install();"
        f"word = bytes.fromhex('{WORD.encode().hex()}').decode(); {how}"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr.rstrip().endswith("ValueError")
    assert WORD not in done.stderr

import asyncio
import gc
import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway import telemetry
from gateway.leftovers import note_leftovers

WORD = "ถ้อยคำลับ"


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers
    stream = io.StringIO()
    telemetry.configure("json", "debug", stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers = before


async def test_a_task_that_nobody_asked_for_is_named_and_not_quoted(
    said: io.StringIO,
) -> None:
    loop = asyncio.get_running_loop()
    note_leftovers(loop)

    async def fail(subject: str) -> None:
        raise ValueError(subject)

    task = asyncio.create_task(fail(WORD))
    await asyncio.wait([task])
    del task
    gc.collect()
    await asyncio.sleep(0)
    loop.set_exception_handler(None)

    assert "request failed" in said.getvalue()
    assert "Task exception was never retrieved" in said.getvalue()
    assert "raise ValueError(subject)" in said.getvalue()
    assert WORD not in said.getvalue()


async def test_a_library_is_named_and_not_quoted(
    said: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = asyncio.get_running_loop()
    note_leftovers(loop)

    logging.getLogger("some.library").warning("cannot read %s", WORD)
    logging.getLogger("some.library").info("read %s", WORD)
    loop.set_exception_handler(None)

    assert "some.library" in said.getvalue()
    assert "test_leftovers:" in said.getvalue()
    assert said.getvalue().count("library warned") == 1
    assert WORD not in said.getvalue()
    assert capsys.readouterr() == ("", "")

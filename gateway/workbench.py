"""Work on the processor: in place where it is short, in a thread where it is long."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")


class ThreadBench:
    """A few threads for large envelopes; further ones wait for a free thread."""

    __slots__ = ("_pool", "_threshold")

    def __init__(self, threshold: int, threads: int) -> None:
        """Take the size in bytes from which a thread is used, and their number."""
        self._threshold = threshold
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="bench")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    async def run(self, size: int, work: Callable[[], T]) -> T:
        """Do it at once where `size` bytes are few, in a worker thread above."""
        if size < self._threshold:
            return work()
        loop = asyncio.get_running_loop()
        inside = contextvars.copy_context().run
        return await loop.run_in_executor(self._pool, lambda: inside(work))

"""A process that ends at a step, as far as a test in the same process can tell."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.steps import VARIABLE, arm


class _Stopped(Exception):
    """The process would be dead now."""


@contextmanager
def stopped_at(step: str) -> Iterator[None]:
    """Expect what is done within to end at a step; none is waited for afterwards."""

    def end() -> None:
        raise _Stopped

    arm(demo=True, environment={VARIABLE: step}, end=end)
    try:
        with pytest.raises(_Stopped):
            yield
    finally:
        arm(demo=False)

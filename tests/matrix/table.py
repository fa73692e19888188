"""The crash matrix: every row, along a letter's life, then what surrounds the hub."""

from tests.matrix.faults import fault_rows
from tests.matrix.peers import peer_rows
from tests.matrix.play import Row
from tests.matrix.steps import step_rows


def rows() -> list[Row]:
    """Return all rows at full size."""
    return [*step_rows(), *fault_rows(), *peer_rows()]

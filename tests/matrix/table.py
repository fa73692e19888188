"""The crash matrix: every row, along a letter's life, then what surrounds the hub."""

from tests.matrix.faults import fault_rows
from tests.matrix.peers import peer_rows
from tests.matrix.play import Row
from tests.matrix.steps import step_rows


def rows(letters: int) -> list[Row]:
    """Return all rows, with as many deaths as so many letters see."""
    return [*step_rows(letters), *fault_rows(), *peer_rows()]

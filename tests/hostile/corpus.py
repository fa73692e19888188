"""All vectors, in one order."""

import functools
from typing import Final

from tests.hostile import (
    algorithms,
    certificates,
    documents,
    doors,
    encodings,
    injections,
    parties,
    references,
    shapes,
    sizes,
    transport,
    wrapping,
)
from tests.hostile.vector import Vector

FEWEST: Final = 5
MOST: Final = 30
"""Vectors of one class."""


@functools.cache
def corpus() -> tuple[Vector, ...]:
    """Build every vector."""
    modules = (
        wrapping,
        references,
        algorithms,
        certificates,
        documents,
        sizes,
        encodings,
        shapes,
        doors,
        parties,
        injections,
        transport,
    )
    return tuple(vector for module in modules for vector in module.vectors())

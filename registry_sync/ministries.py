"""The names of the ministries, by the two digits with which codes begin.

As they were in use in 2016 (docs/protocol/ecms.md, D4). Some were renamed since; old
clients know them by these.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

_DATA: Final = "data/ministries.csv"


@cache
def ministries() -> Mapping[str, str]:
    """Return Thai names by code, ascending."""
    table = files("registry_sync").joinpath(_DATA).read_text("utf-8").splitlines()
    return {row["code"]: row["th_name"] for row in csv.DictReader(table)}

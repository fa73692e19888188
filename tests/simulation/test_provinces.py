"""The demo's table of provinces agrees with the directory's, and with the survey."""

import csv
from collections import Counter
from pathlib import Path

from gateway.simulation.provinces import PROVINCES, System, some

DIRECTORY = Path(__file__).parents[2] / "registry_sync" / "data" / "provinces.csv"


def test_names_are_those_of_the_directory() -> None:
    with DIRECTORY.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))

    assert [(p.digits, p.name, p.abbreviation) for p in PROVINCES] == [
        (row["iso_code"][3:], row["th_name"], row["abbreviation"]) for row in rows
    ]


def test_systems_are_those_of_the_survey() -> None:
    counted = Counter(province.system for province in PROVINCES)

    assert counted == {System.CSHARP: 38, System.BOI: 13, System.NONE: 24}


def test_the_pilot_clusters_have_systems() -> None:
    with DIRECTORY.open(encoding="utf-8", newline="") as lines:
        pilots = {
            row["th_name"] for row in csv.DictReader(lines) if row["pilot_cluster"]
        }

    systems = {p.name: p.system for p in PROVINCES}
    assert all(systems[name] is not System.NONE for name in pilots)


def test_a_smaller_net_has_all_kinds() -> None:
    few = some(8)

    assert len(set(few)) == 8
    assert {province.system for province in few} == set(System)
    assert set(some(75)) == set(PROVINCES)

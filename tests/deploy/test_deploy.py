"""What is delivered to run a hub: units, compose file, scripts, proxy."""

import difflib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.config import PREFIX, Settings, load

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
UNITS = sorted(p.name for p in (DEPLOY / "systemd").iterdir())
SERVICES = [name for name in UNITS if name.endswith(".service")]
CEILING = 1.5
"""Of `systemd-analyze security`: 0 is closed, 10 is open."""

DEBIAN_12 = {"postgres": "15", "rabbitmq": "3.10", "nginx": "1.22", "python": "3.11"}
"""The versions of the Debian path, and so of the images."""


@pytest.fixture(scope="module")
def compose() -> Any:
    """The compose file, its anchors resolved."""
    return YAML(typ="safe").load(COMPOSE)


def test_the_compose_file_is_one_by_the_specification() -> None:
    """It holds against the schema of the Compose specification."""
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "check_jsonschema"),
            *("--builtin-schema", "vendor.compose-spec", str(COMPOSE)),
        ],
        check=False,
        capture_output=True,
        text=True,
    )

    assert 0 == checked.returncode, checked.stdout


def test_the_example_names_each_variable_once() -> None:
    """What compose.yaml asks for stands in .env.example, and nothing else."""
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE.read_text("utf-8")))
    example = (DEPLOY / ".env.example").read_text("utf-8")
    named = re.findall(r"^(\w+)=", example, re.MULTILINE)

    assert sorted(asked) == sorted(named)


def test_its_settings_are_settings_of_the_hub(
    compose: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each GATEWAY_ variable is a setting, and its value can be read."""
    given = {
        name: str(value).replace(
            "${PUBLIC_URL:?https://, as offices reach the hub}", ""
        )
        for name, value in compose["services"]["hub-1"]["environment"].items()
        if name.startswith(PREFIX)
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    settings = load(tmp_path)

    assert {name.removeprefix(PREFIX).lower() for name in given} <= set(
        Settings.model_fields
    )
    assert "postgresql://gateway@database:5432/gateway" == settings.database_url


def test_hubs_and_worker_have_the_same_settings(compose: Any) -> None:
    """They are processes of one hub."""
    services = compose["services"]

    for other in ("hub-2", "work-1", "prepare"):
        assert services["hub-1"]["environment"] == services[other]["environment"]
        assert services["hub-1"]["volumes"] == services[other]["volumes"]


def test_images_are_of_the_versions_of_the_debian_path(compose: Any) -> None:
    """What is tested on Debian 12 is what the images hold."""
    images = [s["image"] for s in compose["services"].values()]
    images += re.findall(
        r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE
    )
    tags = dict(image.split(":", 1) for image in images if "GATEWAY" not in image)

    for name, version in DEBIAN_12.items():
        assert tags[name].split("-")[0] == version


def test_postgresql_has_the_settings_of_the_debian_path(compose: Any) -> None:
    """Each setting of the table in deploy/postgresql is given to the container."""
    table = (DEPLOY / "postgresql" / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \| (\w+) \|", table, re.MULTILINE)
    asked = {
        f"{name}={value}"
        for names, value in rows
        for name in re.findall(r"`(\w+)`", names)
    }

    assert asked
    assert asked <= set(compose["services"]["database"]["command"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_and_unit_can_do_little(name: str) -> None:
    """A unit scores no more than the ceiling of exposure."""
    _needs("systemd-analyze")
    found = subprocess.run(
        [
            *("systemd-analyze", "security", "--offline=true", "--no-pager"),
            str(DEPLOY / "systemd" / name),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    score = re.search(r"exposure level for \S+: ([0-9.]+)", found.stdout)

    assert score is not None, found.stderr
    assert float(score[1]) <= CEILING


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` finds nothing to say, but that we are not installed."""
    _needs("systemd-analyze")
    for name in UNITS:
        text = (DEPLOY / "systemd" / name).read_text("utf-8")
        text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text)
        # A template is verified by an instance of it.
        (tmp_path / name.replace("@.", "@1.")).write_text(
            re.sub(r"(?m)^(User|Group|Documentation)=.*", "", text),
            "utf-8",
        )

    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.iterdir())],
        check=False,
        capture_output=True,
        text=True,
    )

    ours = [line for line in found.stderr.splitlines() if "gateway" in line]
    assert not ours


def test_a_worker_is_kept_in_as_the_hub_is() -> None:
    """The two units differ in what they run, and in nothing else."""
    hub, worker = (
        (DEPLOY / "systemd" / name).read_text("utf-8").splitlines()
        for name in ("gateway.service", "gateway-work@.service")
    )

    added = [
        line[2:]
        for line in difflib.ndiff(hub, worker)
        if line.startswith("+ ") and not line.startswith("+ #")
    ]

    assert [line.partition("=")[0] for line in added] == ["Description", "ExecStart"]


@pytest.mark.parametrize(
    "script", [*sorted(DEPLOY.glob("backup")), *sorted(DEPLOY.glob("restore"))]
)
def test_scripts_are_shell(script: Path) -> None:
    """Bash can read them, and they may be run."""
    read = subprocess.run(["bash", "-n", script], check=False)

    assert 0 == read.returncode
    assert os.access(script, os.X_OK)


def _needs(program: str) -> None:
    if shutil.which(program) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"needs {program}")
        pytest.skip(f"needs {program}")

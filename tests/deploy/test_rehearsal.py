"""deploy/README.md, from an empty folder to a letter, a backup restored, an upgrade."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.postgresql
@pytest.mark.rabbitmq
@pytest.mark.timeout(300)
def test_the_way_to_a_production_hub_can_be_gone() -> None:
    """Every command of the guide succeeds, in its order."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "rehearse.py", "--fast"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert 0 == done.returncode, (done.stdout + done.stderr)[-4000:]
    assert "--- done" in done.stdout
    assert 2 == done.stdout.count("บัญชีตรง") - 1

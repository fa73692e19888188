"""A SoftHSM token of a test's own, and its address."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

PROGRAM: Final = "softhsm2-util"
MODULES: Final = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"),
)
PIN: Final = "4711"
CONFIGURED_BY: Final = "SOFTHSM2_CONF"


@dataclass(frozen=True)
class SoftToken:
    """A token that was initialised, with its PIN in a file."""

    name: str
    folder: Path
    pin: Path

    def uri(self, label: str = "hub") -> str:
        """Return the setting that names a key on it."""
        return (
            f"pkcs11:token={self.name};object={label}"
            f"?module-path={module()}&pin-source=file:{self.pin}"
        )


def module() -> Path:
    """Return SoftHSM's library; without it, a test that needs it fails."""
    return next(file for file in MODULES if file.is_file())


def tokens_in(folder: Path) -> None:
    """Have SoftHSM keep its tokens in a folder; once per process, before it loads."""
    configuration = folder / "softhsm2.conf"
    (folder / "tokens").mkdir()
    configuration.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n"
    )
    os.environ[CONFIGURED_BY] = str(configuration)


def new_token(name: str, folder: Path) -> SoftToken:
    """Initialise a token; its PIN lies in a file of this folder."""
    if shutil.which(PROGRAM) is None:
        pytest.fail(f"{PROGRAM} is not installed, and CI=true demands it")
    tool("--init-token", "--free", "--label", name, "--so-pin", "1234", "--pin", PIN)
    pin = folder / f"{name}.pin"
    pin.write_text(f"{PIN}\n")
    pin.chmod(0o600)
    return SoftToken(name, folder, pin)


def tool(*arguments: str) -> None:
    """Run softhsm2-util."""
    subprocess.run([PROGRAM, *arguments], check=True, capture_output=True, timeout=30)

"""Syncs to disk: counted, and made slower, by a library loaded before the C library."""

import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("slow_sync.c")
_COUNT = struct.Struct("=Q")


@dataclass(frozen=True, slots=True)
class Syncs:
    """The library, and the file in which the processes that have it count."""

    library: Path
    count: Path

    def environment(self, microseconds: int = 0) -> dict[str, str]:
        """Return what a process is started with; each sync takes so much longer."""
        return {
            "LD_PRELOAD": str(self.library),
            "BENCH_SYNC_COUNT": str(self.count),
            "BENCH_SYNC_SLEEP": str(microseconds),
        }

    def counted(self) -> int:
        """Return how many there were."""
        return int(_COUNT.unpack(self.count.read_bytes())[0])


def built(folder: Path) -> Syncs | None:
    """Compile the library; None where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    library, count = folder / "slow_sync.so", folder / "syncs"
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"],
        check=True,
    )
    count.write_bytes(_COUNT.pack(0))
    # The servers run as another user.
    for path, mode in ((folder, 0o755), (library, 0o755), (count, 0o666)):
        path.chmod(mode)
    return Syncs(library, count)

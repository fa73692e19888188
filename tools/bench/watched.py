"""Runs a command of the hub under the profiler, from when it is told until it ends.

    python -m tools.bench.watched STATS -m gateway serve …

SIGUSR1 begins: what a process does until it serves is nothing that a letter costs.
"""

import cProfile
import runpy
import signal
import sys


def main() -> None:
    """Become the command, and write what was seen of it."""
    file, _, module, *words = sys.argv[1:]
    profile = cProfile.Profile()
    signal.signal(signal.SIGUSR1, lambda *_: profile.enable())
    sys.argv = [module, *words]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        profile.disable()
        profile.dump_stats(file)


if __name__ == "__main__":
    main()

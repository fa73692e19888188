"""A clerk in a process of its own, who stops where `GATEWAY_STOP_AT` says."""

import asyncio
import sys
from pathlib import Path

from gateway import steps
from gateway.cli.demo_registers import HubRegisters
from gateway.simulation.provinces import PROVINCES

if __name__ == "__main__":
    data, *codes = sys.argv[1:]
    steps.arm(demo=True)
    registers = HubRegisters(Path(data), lambda _step: None)
    asyncio.run(registers([p for p in PROVINCES if p.code in codes]))

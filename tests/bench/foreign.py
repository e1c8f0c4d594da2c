# SPDX-License-Identifier: GPL-2.0
"""
How busy the host was with other work while something was measured: figures
that were made then are worth less, and say so.
"""

import os
from pathlib import Path
from typing import Tuple

MUCH = 0.1


def _seconds(pid: str) -> float:
    """User and system time of a process, its children that have ended included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _busy() -> float:
    fields = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:9]
    user, nice, system, _, _, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def look(emulator: int) -> Tuple[float, float]:
    """The time, and what all but the emulator and we have used of the CPUs."""
    uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    return uptime, _busy() - _seconds(str(emulator)) - _seconds("self")


def share(before: Tuple[float, float], now: Tuple[float, float]) -> float:
    """The others' share of all CPUs between two looks, 0 to 1."""
    seconds = (now[0] - before[0]) * (os.cpu_count() or 1)
    return min(max((now[1] - before[1]) / seconds, 0.0), 1.0)

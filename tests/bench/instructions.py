# SPDX-License-Identifier: GPL-2.0
"""
Instructions instead of time: the emulator counts, by CPU and by function of the
kernel, what is executed for a round trip and for bulk data. On a noisy host
these are the steadiest figures. A plugin of the emulator (tests/bench/count)
does it, in a machine of its own, which is slower for it.
"""

import bisect
import os
import re
import time
from pathlib import Path
from typing import Callable, Dict, List, Tuple

from machine import BUILD
from bench.measures import FLAGS, set_flag
from bench.place import BYPASS, WHERE, Place, Way
from bench.results import Table

WAYS = ("vni", BYPASS, "veth, 2 CPUs", "virtio-net", "e1000e")
CPUS = {"vni": (0, 1), BYPASS: (0, 1), "veth, 2 CPUs": (2, 3), "virtio-net": (0, 1),
        "e1000e": (0, 1)}
KERNEL_FIRST = 1 << 63
MOST_REPS = 2
ANSWER_S = 30.0
PROGRAMS = "programs"
BULK = "1 MB of bulk TCP"
WORK = {"a TCP round trip of 1 byte": ("rr {address} 1 {ms} 0", "count", 1.0),
        BULK: ("stream {address} send 131072 {ms}", "bytes", 1e6)}
"""Arguments of load, what it counts, and how much of it is a unit."""
SHORT_MS, LONG_MS = 100, 900
TOP = 15
DRIVERS = re.compile(r"(vni|veth|virtnet|virtqueue|vring|vp|e1000|mint)_.*|start_xmit")
IDLE = re.compile(r"default_idle.*|.*_halt|do_idle|cpu_idle.*|tick_nohz.*|menu_.*|"
                  r"rcu_(idle|dynticks|watching).*|ct_(idle|kernel|nmi).*")
Counts = Dict[str, float]
Symbols = List[Tuple[int, str]]


def read_symbols(lines: List[str]) -> Symbols:
    """Functions by address, of a kernel that stands at its link address on every node."""
    return sorted((int(address, 16), name) for address, kind, name in
                  (line.split()[:3] for line in lines) if kind in "tTwW")


def function_at(address: int, symbols: Symbols) -> str:
    """The function that an address lies in."""
    if address < KERNEL_FIRST:
        return PROGRAMS
    index = bisect.bisect_right(symbols, (address, "\x7f")) - 1
    return symbols[index][1] if index >= 0 else "unknown"


def by_function(lines: List[str], cpus: Tuple[int, ...], symbols: Symbols) -> Counts:
    """Instructions that the CPUs have executed so far."""
    counts: Counts = {}
    for line in lines:
        address, size, *executions = line.split()
        times = sum(int(executions[cpu]) for cpu in cpus)
        if times:
            name = function_at(int(address, 16), symbols)
            counts[name] = counts.get(name, 0) + times * int(size)
    return counts


class CountedPlace(Place):
    """The same machine as for the other measures, with the plugin in it."""

    def __init__(self, log_dir: Path) -> None:
        self.fifo = WHERE / "count.fifo"
        super().__init__(log_dir, ["-plugin",
                                   f"{WHERE / 'count.so'},control={self.fifo}"])
        self.symbols: Symbols = []

    def boot(self) -> None:
        """Starts the nodes; the plugin waits for orders."""
        self.fifo.unlink(missing_ok=True)
        os.mkfifo(self.fifo)
        self.symbols = read_symbols((BUILD / "kernel/System.map").read_text(
            encoding="ascii").splitlines())
        super().boot()

    def counts(self, cpus: Tuple[int, ...]) -> Counts:
        """What the CPUs have executed up to now."""
        path = self.fifo.with_name("counts")
        path.unlink(missing_ok=True)
        self.fifo.write_text(f"{path}\n", encoding="utf-8")
        deadline = time.monotonic() + ANSWER_S
        while not path.exists():
            if time.monotonic() > deadline:
                raise RuntimeError("the emulator's plugin does not answer")
            time.sleep(0.02)
        return by_function(path.read_text("ascii").splitlines(), cpus, self.symbols)

    def during(self, cpus: Tuple[int, ...], work: Callable[[], float]) -> Tuple[float, Counts]:
        """What work returns, its units, and what the CPUs executed meanwhile."""
        before = self.counts(cpus)
        units = work()
        return units, difference(self.counts(cpus), before)


def _run(place: CountedPlace, way: Way, kind: str, ms: int) -> Tuple[float, Counts]:
    """Units of work done in a time, and what both kernels executed meanwhile."""
    verb, unit, units = WORK[kind]
    command = f"load {verb.format(address=way.address, ms=ms)}"
    return place.during(CPUS[way.name], lambda: way.near.words(command)[unit] / units)


def difference(now: Counts, before: Counts) -> Counts:
    """What has come since, idling aside."""
    return {name: count - before.get(name, 0.0) for name, count in now.items()
            if not IDLE.fullmatch(name)}


def per_unit(short: Tuple[float, Counts], long: Tuple[float, Counts]) -> Counts:
    """
    Thousands of instructions by function for a unit of work: what the longer
    run has more. So the start of a program does not count.
    """
    more = long[0] - short[0]
    if more <= 0:
        raise RuntimeError(f"a long run did {long[0]:.0f}, a short one {short[0]:.0f}")
    return {name: count / more / 1000 for name, count in difference(long[1], short[1]).items()}


def executed(place: CountedPlace, way: Way, kind: str) -> Counts:
    """Thousands of instructions by function for a unit of work."""
    return per_unit(_run(place, way, kind, SHORT_MS), _run(place, way, kind, LONG_MS))


def split(counts: Counts) -> Counts:
    """The same in three parts and as a whole."""
    programs, total = counts.get(PROGRAMS, 0.0), sum(counts.values())
    driver = sum(count for name, count in counts.items() if DRIVERS.fullmatch(name))
    return {"driver": driver, "rest of the kernel": total - programs - driver,
            "programs": programs, "together": total}


def instructions(place: CountedPlace, reps: int) -> List[Table]:
    """Instructions for a round trip and for a megabyte of bulk TCP, both nodes."""
    tables = {kind: Table(f"insns_{work[0].split()[0]}",
                          f"Instructions for {kind}, both sides", "1000 instructions", "part")
              for kind, work in WORK.items()}
    top = Table("insns_top", "vni: functions with the most instructions", "1000 instructions",
                "for")
    for _ in range(min(reps, MOST_REPS)):
        for way in place.choose(WAYS):
            found = _note(place, way, way.name, tables)
            if way.name == "vni" and not top.values:
                _note_top(top, found)
        for series, flag in FLAGS.items():
            set_flag(place, flag, "on")
            _note(place, place.way("vni"), series, tables)
            set_flag(place, flag, "off")
    return [*tables.values(), top]


def _note(place: CountedPlace, way: Way, series: str, tables: Dict[str, Table]
          ) -> Dict[str, Counts]:
    found = {kind: executed(place, way, kind) for kind in WORK}
    for kind, table in tables.items():
        for part, value in split(found[kind]).items():
            table.add(series, value, part)
    return found


def _note_top(top: Table, found: Dict[str, Counts]) -> None:
    bulk = found[BULK]
    for name in sorted(bulk, key=lambda name: -bulk[name])[:TOP]:
        for kind, counts in found.items():
            top.add(name, counts.get(name, 0.0), kind)

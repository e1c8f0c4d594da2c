# SPDX-License-Identifier: GPL-2.0
"""The goals of vni and of the bypass, and what was measured against them."""

from dataclasses import dataclass
from typing import Callable, Dict, List, Optional

from bench.place import BYPASS
from bench.results import Figure, ResultError, Table, brief
from bench.smc import SMC

Tables = Dict[str, Table]


@dataclass(frozen=True)
class Goal:
    """A bound on a figure."""

    measure: str
    needs: str
    """The table that it is taken from."""
    value: Callable[[Table], Figure]
    bound: float
    at_most: bool = False


@dataclass(frozen=True)
class Verdict:
    """A goal and what became of it."""

    goal: Goal
    value: Optional[Figure]

    def met(self) -> bool:
        """Is the bound kept?"""
        if self.value is None:
            return False
        if self.goal.at_most:
            return self.value.median <= self.goal.bound
        return self.value.median >= self.goal.bound

    def cells(self) -> List[str]:
        """Measure, value, goal, verdict."""
        sign = "≤" if self.goal.at_most else "≥"
        goal = f"{sign} {self.goal.bound:g}"
        if self.value is None:
            return [self.goal.measure, "not measured", goal, ""]
        return [self.goal.measure, self.value.text(), goal,
                "met" if self.met() else f"not met: {self._distance()}"]

    def _distance(self) -> str:
        assert self.value is not None
        if not self.goal.bound:
            return f"{brief(self.value.median)} too many"
        share = self.value.median / self.goal.bound
        return f"{100 * abs(share - 1):.0f} % {'above' if share > 1 else 'below'}"


def _ratio(series: str, other: str, x: str = "", other_x: Optional[str] = None
           ) -> Callable[[Table], Figure]:
    return lambda table: table.ratio(series, other, x, other_x)


def _worst(series: str) -> Callable[[Table], Figure]:
    def find(table: Table) -> Figure:
        found = [table.figure(series, x) for x in table.columns()]
        return max(found, key=lambda figure: figure.median)
    return find


def _most(series: str) -> Callable[[Table], Figure]:
    """Where one is too many, the worst repetition counts."""
    def find(table: Table) -> Figure:
        found = [table.figure(series, x) for x in table.columns()]
        most = max(figure.high for figure in found)
        return Figure(most, min(figure.low for figure in found), most)
    return find


def _least_ratio(series: str, other: str) -> Callable[[Table], Figure]:
    """Where each column has to keep the bound."""
    return lambda table: min((table.ratio(series, other, x) for x in table.columns()),
                             key=lambda figure: figure.median)


def _least_step(series: str) -> Callable[[Table], Figure]:
    """The least that one more column brings, as a ratio."""
    def find(table: Table) -> Figure:
        columns = table.columns()
        steps = [table.ratio(series, series, more, fewer)
                 for fewer, more in zip(columns, columns[1:])]
        return min(steps, key=lambda figure: figure.median)
    return find


VETH, LO = "veth, 2 CPUs", "loopback, 2 CPUs"
KINDS = {"requests_alone": "a process for each", "requests_together": "one process for all"}
CONNECTIONS = {"1": 1.5, "4": 1.0, "16": 1.0, "64": 1.0}
GOALS = [
    Goal("Past TCP, stream / veth in a kernel of 2 CPUs", "tcp",
         _ratio(BYPASS, VETH, "send"), 1.8),
    Goal("Past TCP, stream / loopback in a kernel of 2 CPUs", "tcp",
         _ratio(BYPASS, LO, "send"), 1.7),
    Goal("Past TCP, stream / SMC over loopback in a kernel of 2 CPUs", "smc",
         _ratio(BYPASS, SMC), 0.85),
    *(Goal(f"Past TCP, {direction}, worst size of a write / veth", f"writes_{direction}",
           _least_ratio(BYPASS, VETH), 1.0) for direction in ("send", "receive")),
    Goal("Past TCP, sendfile / veth", "files", _ratio(BYPASS, VETH, "sendfile"), 1.0),
    Goal("Past TCP, round trip / by TCP over vni", "rr",
         _ratio(BYPASS, "vni", "sleeping"), 1.0, at_most=True),
    Goal("Past TCP, 1000 instructions for 1 MB, both sides", "insns_stream",
         lambda table: table.figure(BYPASS, "together"), 340, at_most=True),
    Goal("TCP, vni / veth in a kernel of 2 CPUs", "tcp",
         _ratio("vni", VETH, "send"), 0.9),
    Goal("TCP, vni / loopback in a kernel of 2 CPUs", "tcp",
         _ratio("vni", LO, "send"), 0.85),
    Goal("TCP, vni / virtio-net through the hub", "tcp",
         _ratio("vni", "virtio-net", "send"), 6),
    Goal("TCP, vni / e1000e through the hub", "tcp",
         _ratio("vni", "e1000e", "send"), 9),
    Goal("TCP without offloads, MTU 1500, vni / veth", "plain",
         _ratio("vni", VETH), 1.0),
    Goal("TCP round trip, vni / veth", "rr",
         _ratio("vni", VETH, "sleeping"), 1.0, at_most=True),
    Goal("TCP round trip, vni with busy poll / veth", "rr",
         _ratio("vni", VETH, "busy poll", "sleeping"), 0.5, at_most=True),
    *(Goal(f"Answers, connections: {connections}, {what}, vni / veth", table,
           _ratio("vni", VETH, connections), bound)
      for table, what in KINDS.items() for connections, bound in CONNECTIONS.items()),
    *(Goal(f"Answers of vni, more connections / fewer, {what}", table,
           _least_step("vni"), 1.0) for table, what in KINDS.items()),
    Goal("Frames of 60 bytes dropped by XDP / by tc, on vni", "xdp_drop",
         _ratio("vni, XDP", "vni, tc", "60"), 2),
    Goal("Instructions for such a frame, tc / XDP", "insns_programs",
         _ratio("dropped, tc", "dropped, XDP", "together"), 2),
    Goal("Frames of 60 bytes from node to node to node, XDP redirect / IP", "xdp_forward",
         _ratio("vni, redirect by a map", "vni, IP", "60"), 3),
    Goal("Instructions of the node between for such a frame, IP / XDP redirect",
         "insns_programs", _ratio("vni, IP", "vni, redirect by a map", "together"), 3),
    Goal("XDP redirect on vni / between two veth pairs", "xdp_forward",
         _ratio("vni, redirect by a map", "veth, XDP redirect", "60"), 1.0),
    Goal("UDP delivered at the worst load offered, vni / veth", "delivered",
         _least_ratio("vni", VETH), 1.0),
    Goal("UDP at half the TCP rate: frames dropped inside vni0", "udp_half",
         _most("dropped inside vni0, frames"), 0, at_most=True),
    Goal("UDP at half the TCP rate: lost and in no counter", "udp_half",
         _most("in no counter, datagrams"), 0, at_most=True),
    Goal("UDP up to overload: frames dropped inside vni0", "lost_where",
         _most("inside vni0"), 0, at_most=True),
    Goal("UDP up to overload: lost and in no counter", "lost_where",
         _most("in no counter"), 0, at_most=True),
    Goal("TCP beside a frozen node / with all nodes running", "frozen",
         _ratio("c stands still", "all run"), 0.9),
    Goal("IPIs per frame under bulk TCP", "ipis", _worst("vni"), 0.1, at_most=True),
]


def judge(tables: Tables) -> List[Verdict]:
    """What became of each goal."""
    verdicts = []
    for goal in GOALS:
        value = None
        if goal.needs in tables:
            try:
                value = goal.value(tables[goal.needs])
            except ResultError:
                pass
        verdicts.append(Verdict(goal, value))
    return verdicts

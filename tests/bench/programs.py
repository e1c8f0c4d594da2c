# SPDX-License-Identifier: GPL-2.0
"""
Programs in the path of frames: dropped in the driver against dropped by a classifier;
sent on by their buffer against forwarded by IP, and against redirected between two
veth pairs. pktgen sends short datagrams; counted is what arrives, or is dropped. What
arrives at the end of a way is dropped there in the driver: the end costs as little as it
can, and the same on each way.

Three nodes are busy then. A host with two CPUs runs each of them for longer than it
takes to fill the ring of one that has to wait, so rates depend on who wants a CPU. What
the node between executes for a frame, at a load at which none is lost, does not.
"""

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Callable, ContextManager, Iterator, List, Tuple

import traffic
from background import Said, running
from bench import pktgen
from bench.instructions import Counts, CountedPlace, MOST_REPS, per_unit, split
from bench.measures import set_flag
from bench.place import End, Place
from bench.results import Table
from bench.sizes import queue_to

SIZES = (60, 1000)
BURST = 32
FRAMES = 20000
ECHO = 7
# For instructions: bursts that the emulator, which counts them, can follow.
EVERY_NS = 4_000_000
SHORT_FRAMES, LONG_FRAMES = 1000, 9000
MIDDLE_CPUS = (1,)
C_ADDRESS, C_MAC = "10.0.0.3", "0x024d494e5402"
FAR_MAC = "02:00:00:00:00:77"
# Programs of node b that send a frame on to c; none is the stack, by IP.
WAYS = {"vni, XDP_TX": f"forward {C_MAC}", "vni, redirect by a map": f"redirect_map {C_MAC} vni0",
        "vni, IP": ""}
# A veth pair on each side of a program, in the node of two CPUs.
TWO_PAIRS = (
    "ip netns add before; ip netns add behind; "
    "ip link add p0 type veth peer name p1 netns before; "
    "ip link add q0 type veth peer name q1 netns behind; "
    "ip link set p0 up; ip link set q0 up; ip -n before link set p1 up; "
    f"ip -n behind link set q1 address {FAR_MAC} up")


def attached(end: End, way: str, program: str) -> ContextManager[Said]:
    """A program of tests/xdp, as long as the body runs."""
    return running(end.shell, f"xdp {way} {end.device} {program}", where=end.prefix,
                   name=f"xdp.{end.device}")


def received(end: End) -> int:
    """Frames that have come in by an interface."""
    return int(end.run(f"cat /sys/class/net/{end.device}/statistics/rx_packets"))


def rate(sender: End, frames: pktgen.Frames, arrived: Callable[[], int]) -> float:
    """Thousands of frames a second, of those that arrive."""
    before = arrived()
    taken_us = pktgen.send(sender, frames)
    return (arrived() - before) / taken_us * 1000


class Paths:
    """The ways of a frame that are compared, and what has to be there for them."""

    def __init__(self, place: Place) -> None:
        vni = place.way("vni")
        self.near, self.middle = vni.near, vni.far
        self.end = End(place.machine.node("c"), "vni0")
        for end in (self.near, self.end):
            pktgen.load(end)
        self.queue = queue_to(vni)
        self.before = End(self.end.shell, "p1", "ip netns exec before ")
        self.between = End(self.end.shell, "p0")
        self.behind = End(self.end.shell, "q1", "ip netns exec behind ")

    def set_up(self) -> None:
        """Joins node c by vni0, and makes the pairs."""
        traffic.bring_up(self.end.shell, C_ADDRESS)
        traffic.wait_carrier(self.end.shell)
        traffic.ping(self.middle.shell, C_ADDRESS)
        self.middle.shell.run("sysctl -qw net.ipv4.ip_forward=1")
        self.end.shell.run(TWO_PAIRS)

    def frames(self, size: int) -> pktgen.Frames:
        """What node 0 sends to node b, for an address of node c."""
        mac = self.middle.run("cat /sys/class/net/vni0/address").strip()
        return pktgen.Frames(mac, size, BURST, FRAMES, self.queue, C_ADDRESS, ECHO)

    def dropped(self, way: str, program: str, size: int) -> float:
        """By a program of node b."""
        with attached(self.middle, way, program):
            return rate(self.near, self.frames(size), lambda: received(self.middle))

    @contextmanager
    def to_end(self, program: str) -> Iterator[None]:
        """Node b sends on what comes, by a program or by IP, and c drops it."""
        sends = attached(self.middle, "native", program) if program else nullcontext()
        with attached(self.end, "native", "drop"), sends:
            yield

    @contextmanager
    def timed(self, place: Place) -> Iterator[None]:
        """Node b drops what comes by a program, and notes how long it was on its way."""
        set_flag(place, "rx-latency", "on")
        with attached(self.middle, "native", "drop"):
            yield
        set_flag(place, "rx-latency", "off")

    def sent_on(self, program: str, size: int) -> float:
        """From node b to c."""
        with self.to_end(program):
            return rate(self.near, self.frames(size), lambda: received(self.end))

    def executed(self, place: CountedPlace, last: End, size: int) -> Counts:
        """Thousands of instructions of node b, by function, for a frame on its way."""
        frames = replace(self.frames(size), every_ns=EVERY_NS)

        def of(count: int) -> Tuple[float, Counts]:
            return place.during(MIDDLE_CPUS,
                                lambda: self._arrive(last, replace(frames, count=count)))

        return per_unit(of(SHORT_FRAMES), of(LONG_FRAMES))

    def _arrive(self, last: End, frames: pktgen.Frames) -> int:
        """Sends frames of which none may be lost; how many came."""
        before = received(last)
        pktgen.send(self.near, frames)
        arrived = received(last) - before
        if arrived < frames.count:
            raise RuntimeError(f"{arrived} of {frames.count} frames arrived")
        return arrived

    def by_pairs(self, size: int) -> float:
        """From one veth pair to another, by a program."""
        mac = self.between.run("cat /sys/class/net/p0/address").strip()
        frames = pktgen.Frames(mac, size, 1, FRAMES, 0, pktgen.NOWHERE, ECHO)
        far = "0x" + FAR_MAC.replace(":", "")
        with attached(self.behind, "native", "drop"), \
             attached(self.between, "native", f"redirect_map {far} q0"):
            return rate(self.before, frames, lambda: received(self.behind))


def programs(place: Place, reps: int) -> List[Table]:
    """Frames per second that a program drops, and sends on."""
    paths = Paths(place)
    paths.set_up()
    dropped = Table("xdp_drop", "Frames dropped by a program", "1000 frames/s", "bytes")
    sent_on = Table("xdp_forward", "Frames sent on by the node between", "1000 frames/s", "bytes")
    for _ in range(reps):
        for size in SIZES:
            dropped.add("vni, XDP", paths.dropped("native", "drop", size), size)
            dropped.add("vni, tc", paths.dropped("tc", "tc_drop", size), size)
            for way, program in WAYS.items():
                sent_on.add(way, paths.sent_on(program, size), size)
            sent_on.add("veth, XDP redirect", paths.by_pairs(size), size)
    return [dropped, sent_on]


def instructions(place: CountedPlace, reps: int) -> List[Table]:
    """Instructions for a frame that a program drops, or that is sent on."""
    paths = Paths(place)
    paths.set_up()
    middle, size = paths.middle, SIZES[0]
    table = Table("insns_programs", f"Instructions of the node between for a frame of {size} bytes",
                  "1000 instructions", "part")
    for _ in range(min(reps, MOST_REPS)):
        ways: List[Tuple[str, ContextManager[object], End]] = [
            ("dropped, XDP", attached(middle, "native", "drop"), middle),
            ("dropped, XDP, rx-latency", paths.timed(place), middle),
            ("dropped, tc", attached(middle, "tc", "tc_drop"), middle)]
        ways += [(way, paths.to_end(program), paths.end) for way, program in WAYS.items()]
        for name, way, last in ways:
            with way:
                counts = paths.executed(place, last, size)
            for part, value in split(counts).items():
                table.add(name, value, part)
    return [table]

# SPDX-License-Identifier: GPL-2.0
"""
Programs in the path of frames: dropped in the driver against dropped by a classifier;
sent on by their buffer against forwarded by IP, and against redirected between two
veth pairs. pktgen sends short datagrams; counted is what arrives, or is dropped. What
arrives at the end of a way is dropped there in the driver: the end costs as little as it
can, and the same on each way.
"""

from typing import Callable, ContextManager, List

import traffic
from background import Said, running
from bench import pktgen
from bench.place import End, Place
from bench.results import Table
from bench.sizes import queue_to

SIZES = (60, 1000)
BURST = 32
FRAMES = 20000
ECHO = 7
C_ADDRESS, C_MAC = "10.0.0.3", "0x024d494e5402"
FAR_MAC = "02:00:00:00:00:77"
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

    def frames(self, size: int, address: str = pktgen.NOWHERE) -> pktgen.Frames:
        """What node 0 sends to node b."""
        mac = self.middle.run("cat /sys/class/net/vni0/address").strip()
        return pktgen.Frames(mac, size, BURST, FRAMES, self.queue, address, ECHO)

    def dropped(self, way: str, program: str, size: int) -> float:
        """By a program of node b."""
        with attached(self.middle, way, program):
            return rate(self.near, self.frames(size), lambda: received(self.middle))

    def by_ip(self, size: int) -> float:
        """From node b to c, by its stack."""
        with attached(self.end, "native", "drop"):
            return rate(self.near, self.frames(size, C_ADDRESS), lambda: received(self.end))

    def by_buffer(self, program: str, size: int) -> float:
        """From node b to c, by a program."""
        with attached(self.end, "native", "drop"), attached(self.middle, "native", program):
            return rate(self.near, self.frames(size), lambda: received(self.end))

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
            sent_on.add("vni, XDP_TX", paths.by_buffer(f"forward {C_MAC}", size), size)
            sent_on.add("vni, redirect by a map",
                        paths.by_buffer(f"redirect_map {C_MAC} vni0", size), size)
            sent_on.add("vni, IP", paths.by_ip(size), size)
            sent_on.add("veth, XDP redirect", paths.by_pairs(size), size)
    return [dropped, sent_on]

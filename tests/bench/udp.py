# SPDX-License-Identifier: GPL-2.0
"""
Loss by offered load, and where each lost datagram went: what was sent and did
not arrive is in a counter of a socket or of an interface. What is in none of
them is told as such.
"""

from dataclasses import dataclass
from typing import Dict, List, Tuple

from bench.measures import iperf
from bench.place import End, Place, Way
from bench.results import Table, figure

UDP_MS = 600
BYTES = 1400
LARGE_BYTES = 32000
RATES = (5000, 10000, 20000, 40000, 80000, 0)
"""Datagrams per second; 0 is as fast as the sender can."""
DROPS = ("tx_dropped", "rx_dropped", "tx_errors", "rx_errors")
HALF_OF = 3
"""Runs of TCP whose median says what half the TCP rate is."""


@dataclass(frozen=True)
class Loss:
    """What became of the datagrams of one run."""

    sent: float
    received: float
    inside: float
    """Frames dropped by the interfaces of both ends."""
    at_socket: float
    """Counted by a socket: no room to receive, or to send."""
    reassembly: float
    """Counted by IP: a fragment was missing."""

    def lost(self) -> float:
        """Datagrams that did not arrive."""
        return self.sent - self.received

    def unexplained(self) -> float:
        """Datagrams that are lost and in no counter."""
        return max(self.lost() - self.inside - self.at_socket - self.reassembly, 0.0)


def snmp(end: End) -> Dict[str, int]:
    """The UDP and IP counters of a network namespace."""
    found: Dict[str, int] = {}
    lines = [line.split() for line in end.run("cat /proc/net/snmp").splitlines()]
    for keys, values in zip(lines[::2], lines[1::2]):
        if keys[0] in ("Udp:", "Ip:"):
            found.update({keys[0] + key: int(value)
                          for key, value in zip(keys[1:], values[1:])})
    return found


def look(way: Way) -> Tuple[int, int, int]:
    """Drops inside the interfaces, at sockets, by reassembly."""
    near, far = (snmp(end) for end in way.ends())
    inside = 0
    for end in way.ends():
        place = f"/sys/class/net/{end.device}/statistics"
        inside += sum(map(int, end.run(
            "cat " + " ".join(f"{place}/{name}" for name in DROPS)).split()))
    return (inside, near["Udp:SndbufErrors"] + far["Udp:RcvbufErrors"],
            far["Ip:ReasmFails"])


def run(way: Way, rate: int, size: int = BYTES) -> Loss:
    """Sends at a rate per second."""
    before = look(way)
    words = way.near.words(f"load udp {way.address} {size} {rate} {UDP_MS}")
    inside, at_socket, reassembly = (now - then for now, then in zip(look(way), before))
    return Loss(words["sent"], words["received"], inside, at_socket, reassembly)


def loss(place: Place, reps: int) -> List[Table]:
    """Loss by offered load."""
    names = ("vni", "veth, 2 CPUs", "virtio-net", "e1000e")
    lost = Table("loss", f"UDP, {BYTES} bytes: lost", "% of what was sent",
                 "offered, 1000/s")
    sent = Table("offered", f"UDP, {BYTES} bytes: sent", "1000 datagrams/s", "offered, 1000/s")
    got = Table("delivered", f"UDP, {BYTES} bytes: received", "1000 datagrams/s", "offered, 1000/s")
    where = Table("lost_where", f"UDP, {BYTES} bytes, vni: where the lost datagrams are "
                  "counted", "datagrams", "offered, 1000/s")
    for _ in range(reps):
        for way in place.choose(names):
            for rate in RATES:
                found = run(way, rate)
                x = rate // 1000 or "unlimited"
                lost.add(way.name, 100 * found.lost() / found.sent, x)
                sent.add(way.name, found.sent / UDP_MS, x)
                got.add(way.name, found.received / UDP_MS, x)
                if way.name == "vni":
                    for name, value in (("sent", found.sent), ("lost", found.lost()),
                                        ("inside vni0", found.inside),
                                        ("at a socket", found.at_socket),
                                        ("in no counter", found.unexplained())):
                        where.add(name, value, x)
    return [lost, sent, got, where]


def half(place: Place, reps: int) -> List[Table]:
    """UDP at half the rate of TCP, in datagrams of one frame and in large ones."""
    way = place.way("vni")
    table = Table("udp_half", "UDP at half the TCP rate, vni", "", "bytes per datagram")
    goal = figure([iperf(way) for _ in range(HALF_OF)]).median / 2
    for _ in range(reps):
        for size in (BYTES, LARGE_BYTES):
            found = run(way, int(goal * 1e9 / 8 / size), size)
            table.add("asked, Gbit/s", goal, size)
            table.add("sent, Gbit/s", found.sent * size * 8 / UDP_MS / 1e6, size)
            table.add("lost, datagrams", found.lost(), size)
            table.add("dropped inside vni0, frames", found.inside, size)
            table.add("in no counter, datagrams", found.unexplained(), size)
    return [table]

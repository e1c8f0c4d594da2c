# SPDX-License-Identifier: GPL-2.0
"""
Measures between two kernels, and within one. Repetitions go round all ways
before the next begins, so that a slow minute of the host hits all of them.
"""

import json
from typing import Callable, Dict, List, Tuple

import traffic
from bench.place import BYPASS, WAYS, End, Place, Way
from bench.results import Table

IPERF_S = 2
DIRECTIONS = ("send", "receive")
# Settings of vni that are off by default, by the name of their series.
FLAGS = {"vni, rx-zerocopy": "rx-zerocopy", "vni, tx-big": "tx-big"}
RR_MS = 600
BUSY_US = 200
ACROSS = ("vni", BYPASS, "virtio-net", "e1000e")
OFFLOADS = ("tso", "gso", "gro", "sg", "tx", "rx")
SHOWN = ("tcp-segmentation-offload|generic-segmentation-offload|generic-receive-offload|"
         "scatter-gather|tx-checksumming|rx-checksumming")

Measure = Callable[[Place, int], List[Table]]


def iperf(way: Way, options: str = "") -> float:
    """Gbit/s of one stream, as its receiver saw it."""
    output = way.near.run(f"iperf3 -J -i 0 -c {way.address} -t {IPERF_S} {options} 2>&-",
                          timeout=IPERF_S + 30)
    return traffic.gbit(json.loads(output)["end"])


def counters(end: End) -> Dict[str, int]:
    """The standard counters and those of `ethtool -S`."""
    return traffic.parse_counters(end.run(f"sh -c '{traffic.LINK_COUNTERS}'".replace(
        "vni0", end.device)))


def interrupts(end: End) -> int:
    """How many IPIs of a doorbell a node has taken."""
    return int(end.run("awk '/PLT:/ { n = 0; for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i; "
                       "print n }' /proc/interrupts"))


def doorbell_counts(way: Way) -> Tuple[int, int, int]:
    """IPIs that both nodes took, frames that both sent, notifications missed."""
    found = [counters(end) for end in way.ends()]
    return (sum(interrupts(end) for end in way.ends()),
            sum(one["tx_packets"] for one in found),
            sum(one["missed_notify"] for one in found))


def ipis_per_frame(before: Tuple[int, int, int], now: Tuple[int, int, int]) -> float:
    """What came between two looks."""
    if now[2] != before[2]:
        raise RuntimeError(f"missed_notify has risen by {now[2] - before[2]}")
    return (now[0] - before[0]) / (now[1] - before[1])


def tcp(place: Place, reps: int) -> List[Table]:
    """TCP throughput as a user finds it, and IPIs meanwhile."""
    rate = Table("tcp", "TCP, single stream, by iperf3", "Gbit/s", "direction")
    ipis = Table("ipis", "Doorbell IPIs per frame under bulk TCP, both nodes",
                 "IPIs per frame", "direction")
    for _ in range(reps):
        for way in place.choose(WAYS):
            for direction in DIRECTIONS if way.name in ACROSS else DIRECTIONS[:1]:
                _tcp_once(way, way.name, direction, rate, ipis)
        for series, flag in FLAGS.items():
            set_flag(place, flag, "on")
            for direction in DIRECTIONS:
                _tcp_once(place.way("vni"), series, direction, rate, ipis)
            set_flag(place, flag, "off")
    return [rate, ipis]


def _tcp_once(way: Way, series: str, direction: str, rate: Table, ipis: Table) -> None:
    before = doorbell_counts(way) if way.name == "vni" else None
    rate.add(series, iperf(way, "-R" if direction == "receive" else ""), direction)
    if before:
        ipis.add(series, ipis_per_frame(before, doorbell_counts(way)), direction)


def set_flag(place: Place, flag: str, state: str) -> None:
    """Sets a private flag of vni0 on both nodes."""
    for end in place.way("vni").ends():
        end.run(f"ethtool --set-priv-flags vni0 {flag} {state}")


def switch_offloads(way: Way, state: str) -> None:
    """Turns on or off what a device, or the stack for it, does to many frames at once."""
    order = OFFLOADS if state == "off" else tuple(reversed(OFFLOADS))
    for end in way.ends():
        for feature in order:
            end.run(f"sh -c 'ethtool -K {end.device} {feature} {state} >&- 2>&- || :'")
        _check_offloads(end, state)


def _check_offloads(end: End, state: str) -> None:
    """What is fixed stays as it is; nothing else may stay on."""
    wrong = end.run(f"sh -c 'ethtool -k {end.device} | grep -E \"^({SHOWN}): on$\" || :'")
    if state == "off" and wrong.strip():
        raise RuntimeError(f"{end.device} keeps {wrong}")


def plain(place: Place, reps: int) -> List[Table]:
    """TCP without any offload, MTU 1500."""
    names = ("vni", "veth, 2 CPUs", "veth, 1 CPU", "virtio-net")
    table = Table("plain", "TCP without any offload, MTU 1500", "Gbit/s")
    ways = place.choose(names)
    for way in ways:
        for end in way.ends():
            end.run(f"ip link set {end.device} mtu 1500")
        switch_offloads(way, "off")
    try:
        for _ in range(reps):
            for way in ways:
                table.add(way.name, iperf(way))
    finally:
        for way in ways:
            switch_offloads(way, "on")
    return [table]


def rr(place: Place, reps: int) -> List[Table]:
    """Round trips of one byte over TCP, sleeping and with busy poll: each run's median."""
    names = ("vni", BYPASS, "veth, 2 CPUs", "veth, 1 CPU", "loopback, 2 CPUs", "virtio-net",
             "e1000e")
    table = Table("rr", "TCP request and response of 1 byte", "us", "waiting")
    for _ in range(reps):
        for way in place.choose(names):
            for kind, busy in (("sleeping", 0), ("busy poll", BUSY_US)):
                words = way.near.words(f"load rr {way.address} 1 {RR_MS} {busy}")
                table.add(way.name, words["median_ns"] / 1000, kind)
    return [table]

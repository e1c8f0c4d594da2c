# SPDX-License-Identifier: GPL-2.0
"""What sizes do: round trips by payload, throughput by size of a write, batches."""

from typing import List

from bench import pktgen
from bench.measures import BUSY_US, counters
from bench.place import BYPASS, Place, Way, parse_words
from bench.results import Table

WAYS_BY_SIZE = ("vni", BYPASS, "veth, 2 CPUs", "loopback, 2 CPUs", "virtio-net", "e1000e")
PAYLOADS = (1, 64, 256, 512, 768, 1024, 4096, 16384, 65000)
PAYLOAD_MS = 250
WRITES_KB = (1, 4, 16, 64, 256, 1024, 4096)
WRITE_MS = 350
BATCHES = (1, 4, 8, 16, 32)
FRAMES = (60, 1514)
BATCH_FRAMES = 15000
TRIAL_FRAMES = 64
RINGS = (4, 2, 1)
"""How many a node may have."""


def rtt(place: Place, reps: int) -> List[Table]:
    """Round trips by payload, over TCP and UDP."""
    tables = {"tcp": Table("rtt_tcp", "TCP round trip by payload", "us", "payload, bytes"),
              "udp": Table("rtt_udp", "UDP round trip by payload", "us", "payload, bytes")}
    for _ in range(reps):
        for way in place.choose(WAYS_BY_SIZE):
            kinds = [("", 0)] + ([(", busy poll", BUSY_US)] if way.name in ("vni", BYPASS) else [])
            for suffix, busy in kinds:
                _round_trips(way, tables["tcp"], way.name + suffix, "rr", busy)
            if way.name != BYPASS:
                _round_trips(way, tables["udp"], way.name, "udp-rr", 0)
    return list(tables.values())


def _round_trips(way: Way, table: Table, series: str, verb: str, busy: int) -> None:
    """All sizes by one command: the shell takes longer than a measurement."""
    output = way.near.run(
        f"sh -c 'for size in {' '.join(map(str, PAYLOADS))}; do "
        f"load {verb} {way.address} $size {PAYLOAD_MS} {busy} || exit 1; done'")
    for size, line in zip(PAYLOADS, output.strip().splitlines(), strict=True):
        table.add(series, parse_words(line)["median_ns"] / 1000, size)


def writes(place: Place, reps: int) -> List[Table]:
    """Throughput by size of a write, in both directions."""
    names = ("vni", BYPASS, "veth, 2 CPUs", "loopback, 2 CPUs", "virtio-net")
    tables = {direction: Table(f"writes_{direction}",
                               f"TCP throughput by size of a {what}, {direction}",
                               "Gbit/s", "size, KB")
              for direction, what in (("send", "write"), ("receive", "write and read"))}
    for _ in range(reps):
        for way in place.choose(names):
            for direction, table in tables.items():
                output = way.near.run(
                    f"sh -c 'for size in {' '.join(map(str, WRITES_KB))}; do "
                    f"load stream {way.address} {direction} $((size * 1024)) {WRITE_MS} "
                    "|| exit 1; done'")
                for size, line in zip(WRITES_KB, output.strip().splitlines(), strict=True):
                    words = parse_words(line)
                    table.add(way.name, words["bytes"] * 8 / words["ns"], size)
    return list(tables.values())


def _mac(way: Way) -> str:
    return way.far.run(f"cat /sys/class/net/{way.far.device}/address").strip()


def _received(way: Way) -> int:
    return int(way.far.run(f"cat /sys/class/net/{way.far.device}/statistics/rx_packets"))


def queue_to(way: Way) -> int:
    """
    The queue of vni0 that leads to node 1: nodes have as many queues each as
    they have rings. Of any other queue frames would be sent singly, as copies.
    The first few of a run may still be of the queue of the run before.
    """
    if way.name != "vni":
        return 0
    queues = int(way.near.run("ls -d /sys/class/net/vni0/queues/tx-* | wc -l"))
    for rings in RINGS:
        if 1 + rings < queues:
            before = counters(way.near)
            pktgen.send(way.near, pktgen.Frames(_mac(way), FRAMES[0], 1, TRIAL_FRAMES, 1 + rings))
            now = counters(way.near)
            if (now["tx_packets"] - before["tx_packets"] >= TRIAL_FRAMES and
                    now["tx_copies"] - before["tx_copies"] < TRIAL_FRAMES // 4):
                return 1 + rings
    raise RuntimeError("no queue of vni0 leads to node 1")


def batch(place: Place, reps: int) -> List[Table]:
    """Frames per second by batch: pktgen hands them over, the stack of the peer drops."""
    tables = [Table(f"batch_{size}", f"Frames of {size} bytes by batch (pktgen)",
                    "1000 frames/s", "batch") for size in FRAMES]
    ways = place.choose(("vni", "virtio-net", "e1000e"))
    near = ways[0].near
    pktgen.load(near)
    queues = [queue_to(way) for way in ways]
    for _ in range(reps):
        for way, queue in zip(ways, queues):
            for table, size in zip(tables, FRAMES):
                for burst in BATCHES:
                    before = _received(way)
                    taken_us = pktgen.send(way.near, pktgen.Frames(
                        _mac(way), size, burst, BATCH_FRAMES, queue))
                    table.add(way.name, (_received(way) - before) / taken_us * 1000, burst)
    return tables

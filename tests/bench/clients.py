# SPDX-License-Identifier: GPL-2.0
"""
Many clients: answers per second by the number of connections that each have a
request on its way. Each has a process of its own at both ends, or one process at
each end has all of them. And clients that come for one request each.
"""

from typing import List

from bench.place import BYPASS, Place
from bench.results import Table

CONNECTIONS = (1, 4, 16, 64)
BYTES = 64
MS = 500
KINDS = {"alone": "a process for each", "together": "one process for all"}
NAMES = ("vni", BYPASS, "veth, 2 CPUs", "loopback, 2 CPUs", "virtio-net")


def requests(place: Place, reps: int) -> List[Table]:
    """Requests answered per second by the number of connections."""
    tables = {kind: Table(f"requests_{kind}", f"TCP requests of {BYTES} bytes, {what}",
                          "1000 answers/s", "connections")
              for kind, what in KINDS.items()}
    for _ in range(reps):
        for kind, table in tables.items():
            for connections in CONNECTIONS:
                for way in place.choose(NAMES):
                    words = way.near.words(f"load crowd {way.address} {kind} {BYTES} "
                                           f"{connections} {MS}")
                    table.add(way.name, words["count"] / words["ns"] * 1e6, connections)
    return list(tables.values())


def connects(place: Place, reps: int) -> List[Table]:
    """Connections per second, one after the other, each for a byte and its answer."""
    table = Table("connects", "TCP connections, each for a byte and its answer",
                  "1000 connections/s")
    for _ in range(reps):
        for way in place.choose(NAMES):
            words = way.near.words(f"load connects {way.address} {MS}")
            table.add(way.name, words["count"] / words["ns"] * 1e6)
    return [table]

# SPDX-License-Identifier: GPL-2.0
"""
Records over TCP from node 0 to node b, read as they come, and held back until they are
whole. Both times the same program reads.
"""

from contextlib import ExitStack
from typing import Dict, List

import traffic
from background import Said, running
from bench.results import Table
from machine import Machine
from examples.place import busy_ms, prepare

GROUP = "/sys/fs/cgroup"
PORT = 7000
ADDRESS = f"10.0.0.2:{PORT}"
UNITS = f"units {GROUP} {PORT}"
WAYS = {"as they come": "", "held back": UNITS}
# Readers that wait in recv(), and in poll().
READERS = ("recv", "poll")
COUNT, BYTES, PIECE, PAUSE_US = 300, 16000, 1000, 300
SEND_S = 180.0


def start(machine: Machine) -> None:
    """Node 0, which sends; b, which reads, and has control groups."""
    prepare(machine, {"b": "1"})
    machine.node("b").run(f"mkdir -p {GROUP} && mount -t cgroup2 none {GROUP}")


def exchange(machine: Machine, take: str, send: str) -> Said:
    """Records from node 0 to b; what their reader has said."""
    with running(machine.node("b"), f"records take {PORT} {take}", ends=True) as taken:
        machine.node().run(f"records send {ADDRESS} {send}", timeout=SEND_S)
    return taken


def one_round(machine: Machine, way: str, reader: str) -> Dict[str, float]:
    """What a record costs its reader and the reader's node, and how many come."""
    node = machine.node("b")
    with ExitStack() as held:
        if WAYS[way]:
            held.enter_context(running(node, WAYS[way]))
        before = busy_ms(node)
        taken = exchange(machine, "1 poll" if reader == "poll" else "1",
                         f"{COUNT} {BYTES} {PIECE} {PAUSE_US}")
        after = busy_ms(node)
    if taken["records"] != COUNT or taken["damaged"] or taken["half"] or taken["failed"]:
        raise RuntimeError(f"records are not what was sent: {taken.text}")
    return {"waits": taken["waits"] / COUNT, "reads": taken["reads"] / COUNT,
            "cpu": taken["cpu_us"] / COUNT, "node": 1000 * (after - before) / COUNT,
            "rate": COUNT / taken["seconds"]}


def measure(machine: Machine, reps: int) -> List[Table]:
    """Records of 16000 bytes that are sent in pieces of 1000, a pause between them."""
    start(machine)
    traffic.ping(machine.node(), "10.0.0.2")
    tables = {
        "waits": Table("units_waits", "Times that the reader slept", "per record", "reader"),
        "reads": Table("units_reads", "Times that it called recv()", "per record", "reader"),
        "cpu": Table("units_cpu", "CPU time of the reader", "us per record", "reader"),
        "node": Table("units_node", "CPU time of its whole node", "us per record", "reader"),
        "rate": Table("units_rate", "Records", "per second", "reader"),
    }
    for _ in range(reps):
        for reader in READERS:
            for way in WAYS:
                for name, value in one_round(machine, way, reader).items():
                    tables[name].add(way, value, reader)
    return list(tables.values())

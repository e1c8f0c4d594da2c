# SPDX-License-Identifier: GPL-2.0
"""
Datagrams for a list of nodes: sent on in the driver of the node between, or by a program
of its user space. For rates, what arrives at the members is dropped in their drivers, so
that the node between is what is measured.
"""

from contextlib import ExitStack
from typing import List

from background import numbers, running
from bench.results import Table
from machine import Machine
from examples.place import node, prepare, received

NODES = {"b": "1", "c": "2", "d": "3"}
GROUP, SENDER = "10.0.0.2:7", "10.0.0.1:7"
MEMBERS = {"node0": "10.0.0.1", "c": "10.0.0.3", "d": "10.0.0.4"}
WAYS = {"in the driver": "multicast vni0", "in user space": "relay"}
BYTES = 1000
RATE_COUNT, DELAY_COUNT = 40000, 1000
SEND_S = 120.0


def command(way: str) -> str:
    """What the node between runs."""
    return " ".join([WAYS[way], GROUP, *MEMBERS.values()])


def rate(machine: Machine, way: str) -> float:
    """Thousands of datagrams a second that reach each member, all of them taken together."""
    sender = machine.node()
    members = [node(machine, name) for name in MEMBERS]
    with running(node(machine, "b"), command(way)), ExitStack() as droppers:
        for member in members:
            droppers.enter_context(running(member, "xdp native vni0 drop"))
        before = sum(map(received, members))
        sent = numbers(sender.run(f"flow send {GROUP} {RATE_COUNT} {BYTES}",
                                timeout=SEND_S).output)
        arrived = sum(map(received, members)) - before
    return arrived / len(members) / sent["seconds"] / 1000


def delay(machine: Machine, way: str) -> float:
    """Microseconds from the sender by the node between back to a socket of the sender's node."""
    with running(node(machine, "b"), command(way)):
        took = numbers(machine.node().run(f"flow delay {GROUP} {SENDER} {DELAY_COUNT} {BYTES}",
                                        timeout=SEND_S).output)
    return took["median_us"]


def measure(machine: Machine, reps: int) -> List[Table]:
    """The example, and the same by a program of user space."""
    prepare(machine, NODES)
    rates = Table("multicast_rate", "Datagrams to three nodes", "1000/s to each")
    delays = Table("multicast_delay", "From a socket to a socket, by the node between", "us")
    for _ in range(reps):
        for way in WAYS:
            rates.add(way, rate(machine, way))
            delays.add(way, delay(machine, way))
    return [rates, delays]

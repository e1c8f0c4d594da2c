# SPDX-License-Identifier: GPL-2.0
"""
Sealed datagrams from node 0 to b, while node c sends forged ones there. The kernel of b
decrypts and drops, or the program that takes them does. It checks the same in both: the
tag, and that no number comes twice.
"""

from contextlib import ExitStack
from typing import Dict, List

import traffic
from background import running
from bench.results import Table
from machine import Machine, Shell
from examples.place import busy_ms, prepare

# What comes to b is served by its first CPU; the program has the other one.
NODES = {"b": "1-2", "c": "3"}
TAKER_CPU = 1
KEY = "/tmp/key"
ADDRESS = "10.0.0.2:7"
GUARD = f"guard vni0 {ADDRESS} {KEY}"
WAYS = {"in user space": "", "in the kernel": GUARD}
# In a second, and for how many seconds.
RATE, SECONDS, BYTES = 500, 6, 1000
FLOODS = {"none": 0, "2000/s": 2000, "10000/s": 10000}
SEND_S = 90.0


def make_key(shells: List[Shell], digits: str = "0123456789abcdef" * 4) -> None:
    """Gives nodes the same key."""
    for shell in shells:
        shell.run(f"echo {digits} >{KEY}")


def start(machine: Machine) -> None:
    """Node 0, which has the key; b, which takes; c, which has another key."""
    prepare(machine, NODES)
    make_key([machine.node(), machine.node("b")])
    make_key([machine.node("c")], "c" * 64)
    machine.node("b").run("ethtool -L vni0 rx 1")
    for shell in (machine.node(), machine.node("c")):
        traffic.wait_carrier(shell)
        traffic.ping(shell, "10.0.0.2")


def send(count: int, rate: int, size: int, way: str = "whole") -> str:
    """The command that sends datagrams to b."""
    return f"sealed send {ADDRESS} {KEY} {count} {rate} {size} {way}"


def one_round(machine: Machine, way: str, flood: int) -> Dict[str, float]:
    """What the taker and its node spend, and what arrives of what is good."""
    node = machine.node("b")
    take = f"taskset -c {TAKER_CPU} sealed take {ADDRESS} {'' if WAYS[way] else KEY}"
    count = RATE * SECONDS
    with ExitStack() as stack:
        if WAYS[way]:
            stack.enter_context(running(node, WAYS[way]))
        before = busy_ms(node)
        with running(node, take, ends=True) as taken:
            if flood:
                forged = send(flood * SECONDS, flood, BYTES, "random")
                machine.node("c").run(f"({forged} >/tmp/forged 2>&1 &)")
            machine.node().run(send(count, RATE, BYTES), timeout=SEND_S)
            if flood:
                machine.node("c").poll("grep -q sent /tmp/forged", SEND_S)
        busy = busy_ms(node) - before
    if taken["damaged"]:
        raise RuntimeError(f"datagrams are not what was sent: {taken.text}")
    return {"app": taken["cpu_ms"] / SECONDS, "woken": taken["woken"] / SECONDS,
            "node": busy / SECONDS, "good": 100.0 * taken["taken"] / count}


def measure(machine: Machine, reps: int) -> List[Table]:
    """500 datagrams of 1000 bytes a second, and forged ones of the same length."""
    start(machine)
    tables = {
        "app": Table("guard_app", "CPU time of the program", "ms per second", "decrypted"),
        "woken": Table("guard_woken", "Times that it was woken", "per second", "decrypted"),
        "node": Table("guard_node", "CPU time of its whole node", "ms per second",
                      "decrypted"),
        "good": Table("guard_good", "Good datagrams that it has got", "%", "decrypted"),
    }
    for _ in range(reps):
        for flood, rate in FLOODS.items():
            for way in WAYS:
                for name, value in one_round(machine, way, rate).items():
                    tables[name].add(way, value, f"forged: {flood}")
    return list(tables.values())

# SPDX-License-Identifier: GPL-2.0
"""Short frames travel in their descriptors, and need no buffer."""

from typing import Dict

import traffic
from conftest import Boot, join
from machine import Machine

INLINE_BYTES = 92
HEADERS = 14 + 20 + 8   # Ethernet, IPv4, ICMP
LIMIT = INLINE_BYTES - HEADERS


def buffers_in_use(machine: Machine) -> Dict[str, int]:
    """Buffers outside of the pool, by state."""
    return {state: count for state, count in traffic.buffers(machine.node()).items()
            if count and state not in ("pool", "listed")}


def test_only_longer_frames_take_buffers(boot: Boot) -> None:
    machine = boot()
    machine.start_node("b")
    for name in ("node0", "b"):
        machine.node(name).run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
    join(machine, ["node0", "b"])

    traffic.ping(machine.node(), "10.0.0.2", size=LIMIT, count=20)
    assert not buffers_in_use(machine)
    traffic.ping(machine.node(), "10.0.0.2", size=LIMIT + 1, count=1)
    assert buffers_in_use(machine)


def test_every_length_around_the_limits_arrives_intact(pair: Machine) -> None:
    # ping compares what comes back, and says which byte is wrong. One request
    # each: another would be sent after 30 s, but it waits no longer than 20.
    output = pair.node().run(
        f"for size in $(seq 0 {2 * LIMIT}); do ping -c 1 -i 30 -w 20 -s $size 10.0.0.2 || "
        "echo lost $size; done", timeout=120).output
    assert output.count(" 0% packet loss") == 2 * LIMIT + 1
    assert "lost" not in output and "wrong" not in output

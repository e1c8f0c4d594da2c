# SPDX-License-Identifier: GPL-2.0
"""How long frames were on their way: counted when asked for, and only then."""

from typing import Dict, List

import traffic
from machine import Machine, Shell

LATENCY = "/sys/kernel/debug/vni.0/latency"
FLAG = "ethtool --set-priv-flags vni0 rx-latency"
PINGS = 50
# Frames that nobody has asked for: ARP, neighbours of IPv6.
OTHERS = 20
A_SECOND = 1_000_000_000


def rows(shell: Shell) -> List[Dict[str, int]]:
    """The lines of the table."""
    head, *lines = shell.run(f"cat {LATENCY}").output.splitlines()
    return [dict(zip(head.split(), map(int, line.split()))) for line in lines]


def frames(shell: Shell) -> int:
    """How many have been counted."""
    return sum(row["frames"] for row in rows(shell))


def test_latency_is_counted_by_source_and_queue(shared_pair: Machine) -> None:
    sender, receiver = shared_pair.node(), shared_pair.node("b")
    traffic.ping(sender, "10.0.0.2")
    assert not rows(receiver)
    receiver.run(f"{FLAG} on")
    try:
        traffic.flood(sender, "10.0.0.2", count=PINGS)
        traffic.flood(sender, "10.0.0.2", "-s 1000", count=PINGS)
        found = rows(receiver)
        assert {row["source"] for row in found} == {0}
        assert 2 * PINGS <= frames(receiver) <= 2 * PINGS + OTHERS
        for row in found:
            steps = [row[name] for name in row if name.endswith("_ns")]
            assert len(steps) == 5 and steps == sorted(steps) and 0 < steps[0] < A_SECOND, row
        # Who has not asked is told nothing.
        assert not rows(sender)
        receiver.run(f"echo >{LATENCY}")
        assert frames(receiver) <= OTHERS
    finally:
        receiver.run(f"{FLAG} off")
    receiver.run(f"echo >{LATENCY}")
    traffic.flood(sender, "10.0.0.2", count=PINGS)
    assert not frames(receiver)


def test_long_frames_and_streams_are_counted_too(shared_pair: Machine) -> None:
    sender, receiver = shared_pair.node(), shared_pair.node("b")
    receiver.run(f"{FLAG} on; echo >{LATENCY}")
    try:
        before = traffic.link_counters(receiver)["rx_packets"]
        traffic.send_numbers(sender, receiver, "10.0.0.2")
        taken = traffic.link_counters(receiver)["rx_packets"] - before
        assert abs(frames(receiver) - taken) <= OTHERS
    finally:
        receiver.run(f"{FLAG} off; echo >{LATENCY}")

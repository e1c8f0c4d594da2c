# SPDX-License-Identifier: GPL-2.0
"""Frames of vni0 as captures see them, by the program `tap`."""

import re
import time
from typing import Dict

import pytest
import traffic
from conftest import Boot, join
from machine import Machine, Shell
from roots import extended_root

PEERS = ("10.0.0.2", "fd00::2")
PORT = 5201
TRY_SECONDS = 60.0
# A capture that shares its CPU with the reader follows so many, in long frames.
GENTLE = "-b 200M -l 1M"
BIG = "ethtool --set-priv-flags vni0 tx-big {}"


@pytest.fixture(name="tapped")
def tapped_fixture(boot: Boot) -> Machine:
    """Node 0 and node b with IPv4 and IPv6 on vni0, and a server on b."""
    machine = boot(initrd=extended_root("tap"))
    machine.start_node("b")
    join(machine, ["node0", "b"])
    for index, name in enumerate(("node0", "b"), 1):
        machine.node(name).run(f"ip -6 addr add fd00::{index}/64 dev vni0 nodad")
    traffic.iperf_server(machine.node("b"))
    return machine


def captured(sender: Shell, receiver: Shell, address: str) -> Dict[str, int]:
    """What a capture of one port sees of a stream, and its bytes as `sent`."""
    receiver.run(f"(tap count vni0 {PORT} >/tmp/seen 2>&1 &)")
    receiver.poll("grep -q ready /tmp/seen", traffic.SECONDS)
    end = traffic.iperf(sender, address, seconds=1, options=GENTLE)
    receiver.run("kill $(pidof tap)")
    output = receiver.poll("grep bytes= /tmp/seen", traffic.SECONDS).output
    seen = {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", output)}
    return {"sent": end["sum_received"]["bytes"], **seen}


def captures_see_all_unless_frames_are_big(sender: Shell, receiver: Shell) -> None:
    """By default; and that such a capture would tell, by frames over 64 KB."""
    for address in PEERS:
        seen = captured(sender, receiver, address)
        assert seen["bytes"] > seen["sent"] and not seen["no_length"], seen
    assert not traffic.link_counters(receiver)["rx_big"]

    # Longer ones hide their length, over IPv6 their port too.
    sender.run(BIG.format("on"))
    deadline = time.monotonic() + TRY_SECONDS
    while True:
        both = [captured(sender, receiver, address) for address in PEERS]
        if both[0]["no_length"] and both[1]["bytes"] < both[1]["sent"]:
            break
        assert time.monotonic() < deadline, both
    sender.run(BIG.format("off"))


def test_captures(tapped: Machine) -> None:
    sender, receiver = tapped.node(), tapped.node("b")
    captures_see_all_unless_frames_are_big(sender, receiver)
    for shell in (sender, receiver):
        assert not traffic.damage(shell)

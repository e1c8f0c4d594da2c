# SPDX-License-Identifier: GPL-2.0
"""
Programs of generic XDP on vni0, by the program `xdp`: they see frames as off a
wire, and cost nothing any more when they are gone.
"""

import re
import time
from contextlib import contextmanager
from typing import Dict, Iterator

import traffic
from conftest import Boot, start_pair
from machine import Machine, Shell, deadline_in
from roots import extended_root

ADDRESS = "10.0.0.2"
WAYS = ("link", "netlink")
ETHERNET_BYTES = 14
SECONDS = 60.0
STREAM_BYTES = 1 << 20


@contextmanager
def counting(shell: Shell, way: str) -> Iterator[None]:
    """A program on vni0 of a node, as long as the body runs."""
    shell.run(f"(xdp {way} vni0 >/tmp/counts 2>&1 &)")
    shell.poll("grep -q ready /tmp/counts", traffic.SECONDS)
    yield
    shell.run("kill $(pidof xdp)")
    shell.poll("grep -q longest= /tmp/counts", traffic.SECONDS)


def counts(shell: Shell) -> Dict[str, int]:
    """What the last program has counted."""
    output = shell.run("cat /tmp/counts").output
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", output)}


def wire_bytes(shell: Shell) -> int:
    """The longest frame of vni0 on a wire."""
    return int(shell.run("cat /sys/class/net/vni0/mtu").output) + ETHERNET_BYTES


def wait_segmented(sender: Shell, receiver: Shell) -> None:
    """Waits until the sender leaves no segmentation to the receiver."""
    deadline = deadline_in(SECONDS)
    while traffic.frame_bytes(sender, receiver, ADDRESS) > wire_bytes(receiver):
        assert time.monotonic() < deadline


def wait_as_long_as(sender: Shell, receiver: Shell, before: float) -> None:
    """Waits until a stream comes in frames as long as they were, within what varies."""
    deadline = deadline_in(SECONDS)
    while traffic.frame_bytes(sender, receiver, ADDRESS) < before / 2:
        assert time.monotonic() < deadline


def check_a_program(sender: Shell, receiver: Shell, way: str) -> None:
    """It sees frames as off a wire; those that come when it has gone are long again."""
    before = traffic.frame_bytes(sender, receiver, ADDRESS)
    assert before > wire_bytes(receiver)
    with counting(receiver, way):
        wait_segmented(sender, receiver)
        # The first may have been sent before the sender knew of the program.
        receiver.run("kill -USR1 $(pidof xdp)")
        traffic.send_numbers(sender, receiver, ADDRESS)
    seen = counts(receiver)
    assert seen["frames"] and seen["longest"] == wire_bytes(receiver), seen
    wait_as_long_as(sender, receiver, before)


def wait_bytes(shell: Shell, more: int) -> None:
    """Waits until so many more bytes have come over vni0."""
    received = "cat /sys/class/net/vni0/statistics/rx_bytes"
    before = int(shell.run(received).output)
    shell.poll(f"[ $({received}) -ge {before + more} ]", SECONDS)


def check_under_a_stream(sender: Shell, receiver: Shell) -> None:
    """Programs come and go under a stream, which goes on."""
    before = traffic.frame_bytes(sender, receiver, ADDRESS)
    sender.run(f"(iperf3 -c {ADDRESS} -t 0 >/tmp/stream 2>&1 &)")
    for way in WAYS:
        with counting(receiver, way):
            wait_bytes(receiver, STREAM_BYTES)
        assert counts(receiver)["frames"]
        wait_bytes(receiver, STREAM_BYTES)
    sender.run("kill $(pidof iperf3)")
    receiver.poll("! netstat -tn | grep -q ':5201 .*ESTABLISHED'", SECONDS)
    wait_as_long_as(sender, receiver, before)


def test_programs_of_generic_xdp(boot: Boot) -> None:
    machine: Machine = boot(initrd=extended_root("xdp"))
    start_pair(machine)
    sender, receiver = machine.node(), machine.node("b")
    traffic.iperf_server(receiver)
    for way in WAYS:
        check_a_program(sender, receiver, way)
    check_under_a_stream(sender, receiver)
    sender.run("ethtool --set-priv-flags vni0 tx-big on")
    check_a_program(sender, receiver, WAYS[0])
    check_under_a_stream(sender, receiver)
    # Nothing but the checksums is left to a receiver that wants no segments.
    receiver.run("ethtool --set-priv-flags vni0 rx-gso off")
    with counting(receiver, WAYS[0]):
        wait_segmented(sender, receiver)
    wait_segmented(sender, receiver)
    for shell in (sender, receiver):
        assert not traffic.damage(shell)

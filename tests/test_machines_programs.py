# SPDX-License-Identifier: GPL-2.0
"""
What programs find in a kernel with BTF and tracing: functions of vni that they can call,
and events of a frame's way.
"""

import re
from typing import Dict, List

import pytest
import traffic
from background import running
from conftest import Shared
from machine import ANY, Machine, Shell
from roots import extended_root
from xdp_programs import (ALL, B, C_MAC, COUNT, LENGTHS, MTU, check_sound, moved, prepare, send,
                          send_lengths, taken_by)

CALLS = "PROGRAMS=/lib/calls.bpf.o "
EVENTS = "/sys/kernel/tracing"
PINGS = 20
BYTES = 3000
SHORT_MTU = 1500
LONG = [length for length in LENGTHS if length > SHORT_MTU - 28]


@pytest.fixture(name="nodes")
def nodes_fixture(request: pytest.FixtureRequest, shared: Shared) -> Machine:
    """Node 0, b and c with one CPU each."""
    return shared.lend(request.node, prepare, build=ANY, cpus=4,
                       initrd=extended_root("xdp", ANY), mint="cpus=0,mem=512M,shm=64M")


def test_a_program_sends_copies_and_keeps_the_frame(nodes: Machine) -> None:
    sender, middle, end = nodes.node(), nodes.node("b"), nodes.node("c")
    before = traffic.link_counters(middle)
    with running(middle, f"xdp native vni0 copy {C_MAC}", where=CALLS) as seen, \
            taken_by(middle, ALL) as kept, taken_by(end, ALL) as copies:
        send_lengths(sender)
    now = moved(middle, before)
    assert kept == copies == {"taken": ALL, "wrong": 0}
    # Other frames may have passed beside them, as of ARP.
    assert seen["frames"] == now["tx_xdp"] == ALL <= now["rx_xdp_pass"] and not seen["errors"]
    check_sound(nodes)


@pytest.mark.parametrize("way, program", [
    ("link vni0", f"copy {C_MAC}"), ("native vni0", f"redirect_guarded {C_MAC} vni0")])
def test_copies_are_refused_where_no_driver_shows_the_frame(nodes: Machine, way: str,
                                                            program: str) -> None:
    """By generic XDP, and by the program of a map's entry."""
    sender, middle, end = nodes.node(), nodes.node("b"), nodes.node("c")
    before = traffic.link_counters(middle)
    goes_on = "guarded" in program
    with running(middle, f"xdp {way} {program}", where=CALLS) as seen, \
            taken_by(end if goes_on else middle, COUNT) as taken:
        send(sender, 1000)
    assert taken == {"taken": COUNT, "wrong": 0}
    assert seen["frames"] == seen["errors"] == COUNT
    assert moved(middle, before).get("tx_xdp", 0) == (COUNT if goes_on else 0)
    check_sound(nodes)


@pytest.mark.parametrize("obstacle, counter, refused", [
    ("down", "tx_peer_down", ALL), (f"mtu {SHORT_MTU}", "tx_too_long", COUNT * len(LONG))])
def test_a_copy_that_nobody_takes_is_refused_and_counted(nodes: Machine, obstacle: str,
                                                         counter: str, refused: int) -> None:
    sender, middle, end = nodes.node(), nodes.node("b"), nodes.node("c")
    before = traffic.link_counters(middle)
    end.run(f"ip link set vni0 {obstacle}")
    try:
        with running(middle, f"xdp native vni0 copy {C_MAC}", where=CALLS) as seen, \
                taken_by(middle, ALL) as kept:
            send_lengths(sender)
    finally:
        end.run(f"ip link set vni0 mtu {MTU} up")
        traffic.wait_carrier(end)
    now = moved(middle, before)
    assert kept == {"taken": ALL, "wrong": 0} and seen["errors"] == refused
    # Other frames may have been for nobody beside them, as of ARP.
    assert refused <= now[counter] < refused + COUNT, now
    assert now.get("tx_xdp", 0) == ALL - refused
    check_sound(nodes)


def events(shell: Shell, name: str) -> List[Dict[str, int]]:
    """What has been traced of an event."""
    lines = shell.run(f"grep ' {name}: ' {EVENTS}/trace || :").output.splitlines()
    return [{key: int(value, 0) for key, value in re.findall(r"(\w+)=(\w+)", line)}
            for line in lines]


def trace(shell: Shell, on: bool) -> None:
    """Switches the events of vni."""
    shell.run(f"mountpoint -q {EVENTS} || mount -t tracefs tracefs {EVENTS}; "
              + (f"echo >{EVENTS}/trace; " if on else "")
              + f"echo {int(on)} >{EVENTS}/events/vni/enable")


def test_a_frame_can_be_followed_from_node_to_node(nodes: Machine) -> None:
    sender, receiver = nodes.node(), nodes.node("b")
    receiver.run("ethtool --set-priv-flags vni0 rx-zerocopy on")
    for shell in (sender, receiver):
        trace(shell, True)
    try:
        traffic.flood(sender, B, f"-s {BYTES}", count=PINGS)
    finally:
        for shell in (sender, receiver):
            trace(shell, False)
        receiver.run("ethtool --set-priv-flags vni0 rx-zerocopy off")
    posts, takes = events(sender, "vni_post"), events(receiver, "vni_take")
    wanted = {post["handle"] for post in posts if post["length"] > BYTES and post["node"] == 1}
    assert wanted and wanted <= {take["handle"] for take in takes if take["source"] == 0}
    assert all(post["posted"] == post["frames"] for post in posts)
    assert any(ring["node"] == 1 for ring in events(sender, "vni_doorbell"))
    # Each buffer that the stack has got to read has come back.
    lent = [loan["handle"] for loan in events(receiver, "vni_lend")]
    assert len(lent) >= PINGS
    assert sorted(lent) == sorted(loan["handle"] for loan in events(receiver, "vni_return"))


def test_a_burial_is_told_of(nodes: Machine) -> None:
    shell = nodes.node()
    shell.run(f"mint create {nodes.node_file('d', '3')} && mint start d", timeout=90)
    shell.poll("mint exec -n d -- ip link set vni0 up", traffic.SECONDS)
    shell.poll("mint exec -n d -- grep -q 1 /sys/class/net/vni0/carrier", traffic.SECONDS)
    trace(shell, True)
    try:
        shell.run("mint kill d")
        shell.poll(f"grep -q vni_bury {EVENTS}/trace", traffic.SECONDS)
    finally:
        trace(shell, False)
    told = events(shell, "vni_bury")[-1]
    assert told == {"node": 3, "generation": 1, "done": 1}

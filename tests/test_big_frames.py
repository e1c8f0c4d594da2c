# SPDX-License-Identifier: GPL-2.0
"""
Frames over 64 KB of a TCP stream: who gets them, and what is in them.

What is sent is `seq N`, which every node can make. Behind node b is a network
namespace, at an interface that takes no such frames; b forwards to it.
"""

import functools
import time
from typing import List

import abi
import faults
import pytest
import shared_region
import traffic
from conftest import Boot, join
from machine import Machine, Shell

PEERS = ("10.0.0.2", "fd00::2")
FAR = ("10.1.0.2", "fd01::2")
IN_FAR = "ip netns exec far "
SECONDS = 60.0
STUCK_MS = 60_000
# Frames as long as there are data and room for, however slow the nodes are.
ROOM = ("echo 4096 4000000 4000000 >/proc/sys/net/ipv4/tcp_rmem; "
        "echo 31 >/proc/sys/net/ipv4/tcp_tso_rtt_log")

ON = "ethtool --set-priv-flags vni0 tx-big on"
OFF = "ethtool --set-priv-flags vni0 tx-big off"

SET_UP_FAR = (
    "ip netns add far; ip link add veth0 type veth peer name veth1 netns far; "
    "ip addr add 10.1.0.1/24 dev veth0; ip -6 addr add fd01::1/64 dev veth0 nodad; "
    "ip link set veth0 up; ip -n far addr add 10.1.0.2/24 dev veth1; "
    "ip -n far -6 addr add fd01::2/64 dev veth1 nodad; ip -n far link set veth1 up; "
    "ip -n far route add default via 10.1.0.1; "
    "ip -n far -6 route add default via fd01::1; " + IN_FAR + f"sh -c '{ROOM}'; "
    "echo 1 >/proc/sys/net/ipv4/ip_forward; "
    "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding")


def send_until(sender: Shell, receiver: Shell, address: str, counters: "tuple[str, ...]",
               where: str = "") -> None:
    """Sends until all of these counters of the receiver have moved."""
    before = traffic.link_counters(receiver)
    deadline = time.monotonic() + SECONDS
    while True:
        traffic.send_numbers(sender, receiver, address, where)
        after = traffic.link_counters(receiver)
        if all(after[name] > before[name] for name in counters):
            return
        assert time.monotonic() < deadline, (counters, before, after)


@pytest.fixture(name="both_families")
def both_families_fixture(wide: Machine) -> Machine:
    """Two nodes with IPv4 and IPv6 on vni0."""
    for index, name in enumerate(("node0", "b")):
        wide.node(name).run(f"ip -6 addr add fd00::{index + 1}/64 dev vni0 nodad; {ROOM}; {ON}")
    return wide


def test_they_arrive_intact_copied_lent_and_forwarded(both_families: Machine) -> None:
    sender, receiver = both_families.node(), both_families.node("b")
    lent = {"off": (), "on": ("rx_zerocopy",)}
    for state, counters in lent.items():
        receiver.run(f"ethtool --set-priv-flags vni0 rx-zerocopy {state}")
        for address in PEERS:
            send_until(sender, receiver, address, ("rx_big", *counters))
    assert not traffic.link_counters(receiver)["rx_split"]

    receiver.run(SET_UP_FAR)
    sender.run("ip route add 10.1.0.0/24 via 10.0.0.2; "
               "ip -6 route add fd01::/64 via fd00::2")
    for state, counters in lent.items():
        receiver.run(f"ethtool --set-priv-flags vni0 rx-zerocopy {state}")
        for address in FAR:
            send_until(sender, receiver, address, ("rx_split", *counters), IN_FAR)
    for family in ("Icmp6OutPktTooBigs", "Ip6FragCreates"):
        assert receiver.run(f"awk '$1 == \"{family}\" {{print $2}}' "
                            "/proc/net/snmp6").output.strip() == "0"
    for shell in (sender, receiver):
        traffic.wait_buffers_free(shell)
        assert not traffic.damage(shell)


def test_who_wants_none_gets_none(both_families: Machine) -> None:
    sender, receiver = both_families.node(), both_families.node("b")
    send_until(sender, receiver, PEERS[0], ("rx_big",))
    for shell, off, on in (
            (receiver, "ethtool --set-priv-flags vni0 rx-gso off",
             "ethtool --set-priv-flags vni0 rx-gso on"),
            (sender, OFF, ON)):
        shell.run(off)
        before = traffic.link_counters(receiver)["rx_big"]
        for address in PEERS:
            traffic.send_numbers(sender, receiver, address)
        assert traffic.link_counters(receiver)["rx_big"] == before, off
        shell.run(on)
        send_until(sender, receiver, PEERS[1], ("rx_big",))
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


def test_a_small_section_has_none(boot: Boot) -> None:
    machine = boot(mint="cpus=0-1,mem=512M,shm=16M")
    machine.start_node("b")
    join(machine, ["node0", "b"])
    sender, receiver = machine.node(), machine.node("b")
    assert "tso_max_size 65536 " in sender.run("ip -d link show vni0").output
    for refused in ("ip link set vni0 gso_max_size 65537", ON):
        assert sender.run(refused, check=False).status != 0
    traffic.send_numbers(sender, receiver, PEERS[0])
    assert not traffic.link_counters(receiver)["rx_big"]
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


def long_slots(shell: Shell) -> List[int]:
    """Where the slots of frames over 64 KB lie that node b has not taken yet."""
    read = functools.partial(shared_region.read, shell)
    section = shared_region.VniSection(read)
    nr_slots = section.header.nr_slots
    found = []
    for queue in range(section.nr_queues):
        at = section.start + section.ring_offset(1, queue)
        ring = shared_region.load(read, at, abi.vni_ring)
        at += abi.offsetof(abi.vni_ring, "slots")
        slots = shared_region.load(read, at, abi.vni_slot * nr_slots)
        for slot in (position % nr_slots for position in range(ring.head, ring.tail)):
            word = abi.vni_slot_word.unpack(slots[slot].word)
            if word.length > abi.VNI_MAX_PLAIN_FRAME:
                found.append(at + slot * abi.sizeof(abi.vni_slot))
    return found


def test_others_of_that_length_are_dropped(boot: Boot) -> None:
    """A frame over 64 KB without GSO data, as no sender makes it."""
    machine = boot(initrd=faults.root())
    machine.start_node("b")
    join(machine, ["node0", "b"])
    sender, receiver = machine.node(), machine.node("b")
    for shell in (sender, receiver):
        shell.run(f"{ROOM}; {ON}")
    traffic.iperf_server(receiver)
    deadline = time.monotonic() + SECONDS
    while not traffic.link_counters(receiver)["rx_bad_desc"]:
        assert time.monotonic() < deadline, "no long frame was caught on its way"
        sender.run("((iperf3 -c 10.0.0.2 -t 4 >/tmp/iperf 2>&1; echo $? >/tmp/status) "
                   ">/dev/null 2>&1 &)")
        receiver.poll("ethtool -S vni0 | grep -q 'rx_big: [^0]'", SECONDS)
        receiver.run(f"dmesg -c >/dev/null; (fault receiver-stuck {STUCK_MS} "
                     ">/dev/null 2>&1 &)")
        receiver.poll("dmesg | grep -q receiver-stuck", SECONDS)
        for slot in long_slots(sender):
            gso_type = slot + abi.offsetof(abi.vni_slot, "gso_type")
            sender.run(shared_region.write_command(gso_type, bytes(1)))
        receiver.run("kill $(pidof fault)")
        sender.poll("test -s /tmp/status", SECONDS)
        sender.run("rm /tmp/status")
    traffic.send_numbers(sender, receiver, PEERS[0])
    traffic.wait_buffers_free(sender)

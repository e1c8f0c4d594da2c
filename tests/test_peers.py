# SPDX-License-Identifier: GPL-2.0
"""What a node knows of the others: which address is where, what they take."""

import pytest
import traffic
from conftest import Boot, join
from machine import Machine

NAMES = ("node0", "b", "c")
ROUTER = "00:00:5e:00:01:01"
MAC_OF_B = "02:4d:49:4e:54:01"
SECONDS = traffic.SECONDS
DEATH_SECONDS = 20.0
PINGS = 100
# Address resolution floods, and so do multicasts of IPv6; pings must not.
FEW_COPIES = 50


@pytest.fixture(name="three")
def three_fixture(boot: Boot) -> Machine:
    """Nodes 0, b and c on vni0, 10.0.0.1 to 10.0.0.3."""
    machine = boot()
    machine.node_file("c", "3")
    for name in NAMES[1:]:
        machine.start_node(name)
    join(machine, list(NAMES))
    return machine


def one_address_in_two_vlans(three: Machine) -> None:
    """As two groups of VRRP have it whose masters are on two nodes."""
    sender = three.node()
    for vlan, name in ((10, "b"), (20, "c")):
        for index, shell in enumerate((sender, three.node(name)), 1):
            shell.run(f"ip link add link vni0 name v{vlan} type vlan id {vlan}; "
                      f"ip addr add 10.{vlan}.0.{index}/24 dev v{vlan}")
        three.node(name).run(f"ip link set v{vlan} address {ROUTER}; ip link set v{vlan} up")
        sender.run(f"ip link set v{vlan} up")
        traffic.ping(sender, f"10.{vlan}.0.2")
    before = traffic.link_counters(sender)["tx_copies"]
    sender.run(f"ping -q -c {PINGS} -i 0.05 10.10.0.2 >/tmp/v10 & "
               f"ping -q -c {PINGS} -i 0.05 10.20.0.2 >/tmp/v20; wait", timeout=60)
    for vlan in (10, 20):
        assert " 0% packet loss" in sender.run(f"cat /tmp/v{vlan}").output
    assert traffic.link_counters(sender)["tx_copies"] - before < FEW_COPIES


def a_dead_node_s_address_is_taken_over(three: Machine) -> None:
    """Node c has the address that was made for b, until b sends from it again."""
    sender, heir = three.node(), three.node("c")
    sender.run("mint kill b")
    three.close_shell("b")
    sender.poll("dmesg | grep -q 'vni0: node 1 takes no frames'", DEATH_SECONDS)
    heir.run(f"ip link set vni0 address {MAC_OF_B}; ip addr add 10.0.0.2/24 dev vni0")
    # Whoever asks is answered, and knows by that where the address is.
    sender.run("ip neigh flush dev vni0")
    traffic.ping(sender, "10.0.0.2", count=20)

    heir.run("ip link set vni0 address 02:4d:49:4e:54:02; ip addr del 10.0.0.2/24 dev vni0")
    sender.run("mint start b", timeout=60)
    three.node_shell("b")
    traffic.bring_up(three.node("b"), "10.0.0.2")
    traffic.wait_carrier(three.node("b"))
    traffic.ping(three.node("b"), "10.0.0.1")
    traffic.ping(sender, "10.0.0.2", count=20)


def another_mtu_is_told_on_both_sides(three: Machine) -> None:
    """In the log, once, and by a counter as long as it is so."""
    one, other = three.node(), three.node("c")
    shown = "ethtool -S vni0 | grep -q 'peers_other_mtu: {}$'"
    line = "dmesg | grep -c 'vni0: node {} has MTU {}, this one {}: .* ip link set vni0 mtu 1500$'"
    one.run("ip link set vni0 mtu 9000")
    for shell, count in ((one, 2), (other, 1)):
        shell.poll(shown.format(count), SECONDS)
    assert one.run(line.format(2, 1500, 9000)).output.strip() == "1"
    assert other.run(line.format(0, 9000, 1500)).output.strip() == "1"
    for name in ("b", "c"):
        three.node(name).run("ip link set vni0 mtu 9000")
    for name in NAMES:
        three.node(name).poll(shown.format(0), SECONDS)
    # A peer that is closed has no other MTU.
    other.run("ip link set vni0 mtu 1500")
    one.poll(shown.format(1), SECONDS)
    other.run("ip link set vni0 down")
    for shell in (one, other):
        shell.poll(shown.format(0), SECONDS)
    other.run("ip link set vni0 mtu 9000 up")
    one.poll("dmesg | grep 'vni0: node 2' | tail -n 1 | grep -q 'takes frames'", SECONDS)


def test_addresses_and_mtus(three: Machine) -> None:
    another_mtu_is_told_on_both_sides(three)
    one_address_in_two_vlans(three)
    a_dead_node_s_address_is_taken_over(three)
    for name in NAMES:
        assert not traffic.damage(three.node(name))

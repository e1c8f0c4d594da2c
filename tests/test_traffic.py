# SPDX-License-Identifier: GPL-2.0
"""Unmodified programs over vni0, between two nodes and both ways."""

import random
from typing import Tuple

import pytest
import traffic
from machine import Machine, Shell

BYTES_64M = 64 << 20
MTU_EDGES = [68, 69, 576, 1280, 1499, 1500, 1501, 2047, 2048, 2049, 4082, 4096,
             9000, 16384, 32768, 65000, 65521, 65534, 65535]
IP_AND_ICMP_BYTES = 28

BOTH_WAYS = pytest.mark.parametrize("way", ["from node 0", "to node 0"])


def ends(machine: Machine, way: str) -> Tuple[Shell, Shell, str]:
    """Sender, receiver and the receiver's address."""
    if way == "from node 0":
        return machine.node(), machine.node("b"), "10.0.0.2"
    return machine.node("b"), machine.node(), "10.0.0.1"


@pytest.fixture(name="pair")
def pair_fixture(shared_pair: Machine) -> Machine:
    """Two nodes, which each test leaves as it found them."""
    return shared_pair


@pytest.fixture(autouse=True)
def no_notification_is_missed(pair: Machine) -> object:
    """Whatever a test does: no doorbell may get lost, no field be bad."""
    yield
    for name in ("node0", "b"):
        assert not traffic.damage(pair.node(name))


@BOTH_WAYS
def test_ping(pair: Machine, way: str) -> None:
    sender, _, address = ends(pair, way)
    traffic.ping(sender, address, count=20)


def test_flood_ping_loses_nothing(pair: Machine) -> None:
    traffic.flood(pair.node(), "10.0.0.2", count=2000)


@BOTH_WAYS
@pytest.mark.parametrize("udp", [False, True], ids=["tcp", "udp"])
def test_string_arrives(pair: Machine, way: str, udp: bool) -> None:
    sender, receiver, address = ends(pair, way)
    text = f"A string, {random.getrandbits(64):x}."
    assert traffic.send_string(sender, receiver, address, text,
                               udp=udp) == text


@BOTH_WAYS
def test_64_megabytes_arrive_intact(pair: Machine, way: str) -> None:
    sender, receiver, address = ends(pair, way)
    sender.run(f"head -c {BYTES_64M} /dev/urandom >/tmp/sent", timeout=120)
    receiver.run("rm -f /tmp/string")
    traffic.listen(receiver, "/tmp/got")
    sender.run(f"nc -N {address} {traffic.STRING_PORT} </tmp/sent",
               timeout=180)
    receiver.poll("test -e /tmp/got.done", 60)
    sent = sender.run("sha256sum </tmp/sent", timeout=120).output
    assert receiver.run("sha256sum </tmp/got", timeout=120).output == sent
    assert int(receiver.run("stat -c %s /tmp/got").output) == BYTES_64M
    sender.run("rm /tmp/sent")
    receiver.run("rm /tmp/got")


@BOTH_WAYS
@pytest.mark.parametrize("options", ["", "-P 4", "-R", "--bidir",
                                     "-u -b 200M", "-u -b 200M -l 60000"])
def test_iperf3_carries_data(pair: Machine, way: str, options: str) -> None:
    sender, receiver, address = ends(pair, way)
    traffic.iperf_server(receiver)
    end = traffic.iperf(sender, address, seconds=1, options=options)
    assert traffic.gbit(end) > 0


def test_every_mtu_carries_frames_of_its_size(pair: Machine) -> None:
    chosen = random.Random(612).sample(range(70, 65535), 20)
    # Shrinking below 1280 takes IPv6 away, not IPv4.
    for mtu in MTU_EDGES + sorted(chosen):
        for name in ("node0", "b"):
            pair.node(name).run(f"ip link set vni0 mtu {mtu}")
        size = mtu - IP_AND_ICMP_BYTES
        traffic.ping(pair.node(), "10.0.0.2", size=size, count=1)
        # One byte more must not pass: the size above was the real limit.
        result = pair.node().run(
            f"ping -M do -c 1 -W 0.1 -s {size + 1} 10.0.0.2 2>&1", check=False)
        assert "too long" in result.output.lower(), f"MTU {mtu} let {mtu + 1} bytes through"
    for name in ("node0", "b"):
        pair.node(name).run("ip link set vni0 mtu 1500")


def test_mtu_beyond_the_limits_is_refused(pair: Machine) -> None:
    for mtu in (0, 67, 65536):
        assert pair.node().run(f"ip link set vni0 mtu {mtu}",
                               check=False).status != 0
    traffic.ping(pair.node(), "10.0.0.2")


def test_mtu_changes_under_traffic(pair: Machine) -> None:
    traffic.iperf_server(pair.node("b"))
    # Twice in parentheses: the shell must not report the end of a job.
    pair.node().run("((iperf3 -c 10.0.0.2 -t 6 >/tmp/iperf 2>&1; "
                    "echo $? >/tmp/iperf.status) >/dev/null 2>&1 &)")
    for mtu in (9000, 1500, 65535, 1280, 1500):
        for name in ("node0", "b"):
            pair.node(name).run(f"ip link set vni0 mtu {mtu}")
    pair.node().poll("test -s /tmp/iperf.status", 60)
    assert pair.node().run("cat /tmp/iperf.status").output.strip() == "0"


def test_multicast_and_broadcast_arrive(pair: Machine) -> None:
    for name in ("node0", "b"):
        pair.node(name).run(
            "echo 0 > /proc/sys/net/ipv4/icmp_echo_ignore_broadcasts")
    multicasts = []
    for address in ("10.0.0.255", "224.0.0.1"):
        # Its warning about the broadcast would look like one of the kernel.
        output = pair.node().run(f"ping -b -I vni0 -c 3 -w 15 {address} "
                                 "2>/dev/null").output
        assert "from 10.0.0.2" in output
        multicasts.append(int(pair.node("b").run(
            "cat /sys/class/net/vni0/statistics/multicast").output))
    # IPv6 may send some of its own at any time.
    assert multicasts[1] - multicasts[0] >= 3


def test_vlan_tags_arrive_as_they_were_sent(pair: Machine) -> None:
    ends = [pair.node(), pair.node("b")]
    for number, end in enumerate(ends, 1):
        for tag in (5, 4094):
            end.run(f"ip link add link vni0 name v{tag} type vlan id {tag} && "
                    f"ip addr add 10.{tag % 256}.0.{number}/24 dev v{tag} && "
                    f"ip link set v{tag} up")
    for tag in (5, 4094):
        traffic.ping(ends[0], f"10.{tag % 256}.0.2")
    traffic.iperf_server(ends[1])
    assert traffic.gbit(traffic.iperf(ends[0], "10.5.0.2", seconds=1)) > 0
    ends[1].run("ip link set v5 down")
    assert ends[0].run("ping -c 1 -W 1 10.5.0.2", check=False).status != 0
    traffic.ping(ends[0], "10.254.0.2")
    for end in ends:
        end.run("ip link del v5; ip link del v4094")


def test_ipv6_neighbours_find_each_other(pair: Machine) -> None:
    pair.node().poll("ping -6 -c 1 -W 1 -I vni0 ff02::1", 20)
    address = pair.node("b").poll(
        "ip -6 -o addr show dev vni0 scope link | grep -o 'fe80::[0-9a-f:]*'",
        20).output.strip()
    pair.node().poll(f"ping -6 -c 1 -W 1 {address}%vni0", 20)


def test_carrier_follows_the_peer_s_interface(pair: Machine) -> None:
    pair.node("b").run("ip link set vni0 down")
    pair.node("b").run("ip link set vni0 up")
    traffic.wait_carrier(pair.node())
    traffic.ping(pair.node(), "10.0.0.2")
    # Closing stops all queues, but none that would have to be woken.
    for shell in (pair.node(), pair.node("b")):
        counters = traffic.link_counters(shell)
        assert counters["wake"] == counters["stop"]


def test_ethtool_tells_the_driver(pair: Machine) -> None:
    output = pair.node().run("ethtool -i vni0").output
    assert "driver: vni" in output
    assert "Link detected: yes" in pair.node().run("ethtool vni0").output


def path_cost(shell: Shell) -> int:
    """What a bridge thinks of vni0 as its port."""
    cost = shell.run("ip link add br0 type bridge; ip link set vni0 master br0; "
                     "cat /sys/class/net/vni0/brport/path_cost; ip link del br0").output
    return int(cost)


def test_speed_is_told_to_who_compares_by_it(pair: Machine) -> None:
    shell = pair.node()
    assert shell.run("cat /sys/class/net/vni0/speed").output.strip() == "10000"
    assert path_cost(shell) == 2
    shell.run("insmod /lib/modules/bonding.ko max_bonds=0; "
              "ip link add bond0 type bond mode 802.3ad miimon 50; "
              "ip link set vni0 down; ip link set vni0 master bond0; ip link set bond0 up")
    shell.poll("test $(cat /sys/class/net/bond0/carrier) = 1", traffic.SECONDS)
    assert shell.run("cat /sys/class/net/bond0/speed").output.strip() == "10000"
    shell.run("ip link del bond0; ip link set vni0 up")
    traffic.wait_carrier(shell)

    shell.run("ethtool -s vni0 speed 100 duplex half")
    assert shell.run("cat /sys/class/net/vni0/speed /sys/class/net/vni0/duplex"
                     ).output.split() == ["100", "half"]
    assert path_cost(shell) == 19
    refused = shell.run("ethtool -s vni0 speed 1000 duplex full autoneg on 2>&1", check=False)
    assert refused.status and "Invalid argument" in refused.output
    assert shell.run("cat /sys/class/net/vni0/speed").output.strip() == "100"


def test_hardware_address_is_stable_and_local(pair: Machine) -> None:
    addresses = [pair.node(name).run("cat /sys/class/net/vni0/address"
                                     ).output.strip() for name in ("node0", "b")]
    assert addresses[0] != addresses[1]
    for address in addresses:
        assert int(address[:2], 16) & 3 == 2


def test_statistics_count_what_was_sent(pair: Machine) -> None:
    before = traffic.link_counters(pair.node())
    traffic.ping(pair.node(), "10.0.0.2", count=10)
    after = traffic.link_counters(pair.node())
    sent = [key for key in after if key.endswith("tx_packets")]
    assert sent and sum(after[key] - before[key] for key in sent) >= 10
    received = int(pair.node().run(
        "cat /sys/class/net/vni0/statistics/rx_packets").output)
    assert received >= 10

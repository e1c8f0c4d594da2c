# SPDX-License-Identifier: GPL-2.0
"""examples/multicast: each member gets each datagram, whole; nobody waits for the dead."""

from contextlib import ExitStack
from typing import Dict

import pytest
import traffic
from conftest import Shared
from machine import Machine
from examples.multicast import BYTES, GROUP, MEMBERS, NODES, command
from examples.place import node, options, prepare, running, said, words

# So few that a ring has room for all, and a socket.
COUNT = 40
MTU = 9000
MULTICAST = command("in the driver")
# The shortest; the longest without a buffer and the next; the longest.
LENGTHS = (4, 50, 51, 1472, MTU - 28)


@pytest.fixture(name="nodes")
def nodes_fixture(request: pytest.FixtureRequest, shared: Shared) -> Machine:
    """Node 0, which sends; b between; c, d and node 0 are the members."""
    return shared.lend(request.node, lambda machine: prepare(machine, NODES), **options())


def counts(nodes: Machine) -> Dict[str, Dict[str, float]]:
    """What the program has counted, by member; of all by "all"."""
    first, *lines = said(node(nodes, "b"), "multicast").replace("ready\n", "").splitlines()
    return {"all": words(first), **{line.split()[0]: words(line) for line in lines}}


def taken(nodes: Machine, count: int, length: int) -> Dict[str, Dict[str, float]]:
    """Sends datagrams to the group; what has arrived at each member."""
    found: Dict[str, Dict[str, float]] = {}
    with ExitStack() as takers:
        for name, address in MEMBERS.items():
            takers.enter_context(running(node(nodes, name), f"flow take {address}:7", ends=True))
        nodes.node().run(f"flow send {GROUP} {count} {length}")
    for name in MEMBERS:
        found[name] = words(said(node(nodes, name), "flow"))
    return found


def check_sound(nodes: Machine) -> None:
    """Nothing is damaged, and no buffer is anywhere but in the pool."""
    for name in ("node0", *NODES):
        assert not traffic.damage(node(nodes, name)), name
    traffic.wait_buffers_free(nodes.node())


@pytest.mark.parametrize("way", [MULTICAST, command("in user space")])
def test_each_member_gets_each_datagram_whole(nodes: Machine, way: str) -> None:
    for name in ("node0", *NODES):
        node(nodes, name).run(f"ip link set vni0 mtu {MTU}")
    before = traffic.link_counters(node(nodes, "b"))
    for length in LENGTHS:
        with running(node(nodes, "b"), way):
            assert taken(nodes, COUNT, length) == dict.fromkeys(
                MEMBERS, {"taken": COUNT, "damaged": 0, "late": 0}), length
        if way == MULTICAST:
            assert counts(nodes) == {
                "all": {"received": COUNT, "expired": 0},
                **dict.fromkeys(MEMBERS.values(), {"sent": COUNT, "failed": 0})}
    if way == MULTICAST:
        # The stack of the node between has seen none of them.
        now = traffic.link_counters(node(nodes, "b"))
        sent = COUNT * len(LENGTHS)
        assert now["rx_xdp_tx"] - before["rx_xdp_tx"] == sent
        assert now["tx_xdp"] - before["tx_xdp"] == sent * len(MEMBERS)
    check_sound(nodes)


def test_all_else_passes(nodes: Machine) -> None:
    sender, middle = nodes.node(), node(nodes, "b")
    with running(middle, MULTICAST):
        traffic.ping(sender, "10.0.0.2")
        traffic.send_numbers(sender, middle, "10.0.0.2")
        with running(middle, "flow take 10.0.0.2:8", ends=True):
            sender.run(f"flow send 10.0.0.2:8 {COUNT} {BYTES}")
        # In fragments, which the program leaves alone.
        with running(middle, "flow take 10.0.0.2:7", ends=True):
            sender.run(f"flow send {GROUP} 1 60000")
        assert words(said(middle, "flow"))["taken"] == 1
    assert counts(nodes)["all"] == {"received": 0, "expired": 0}
    check_sound(nodes)


@pytest.mark.parametrize("last", [False, True])
def test_a_member_that_is_down_keeps_nobody_from_the_others(nodes: Machine, last: bool) -> None:
    name, address = ("d", MEMBERS["d"]) if last else ("c", MEMBERS["c"])
    down = node(nodes, name)
    before = traffic.link_counters(node(nodes, "b"))
    others = [other for other in MEMBERS if other != name]
    with running(node(nodes, "b"), MULTICAST):
        down.run("ip link set vni0 down")
        try:
            with ExitStack() as takers:
                for other in others:
                    takers.enter_context(running(
                        node(nodes, other), f"flow take {MEMBERS[other]}:7", ends=True))
                nodes.node().run(f"flow send {GROUP} {COUNT} {BYTES}")
        finally:
            down.run("ip link set vni0 up")
            traffic.wait_carrier(down)
    for other in others:
        assert words(said(node(nodes, other), "flow"))["taken"] == COUNT, other
    counted = counts(nodes)
    now = traffic.link_counters(node(nodes, "b"))
    # What the last member should have got is the driver's to count.
    assert counted[address]["failed"] == (0 if last else COUNT)
    assert now["rx_xdp_failed"] - before["rx_xdp_failed"] == (COUNT if last else 0)
    # There may be frames beside them that are for nobody now, as of ARP.
    assert COUNT <= now["tx_peer_down"] - before["tx_peer_down"] < 2 * COUNT
    check_sound(nodes)


def test_a_list_that_leads_back_to_itself_ends(nodes: Machine) -> None:
    with running(node(nodes, "b"), "multicast vni0 10.0.0.2:7 10.0.0.3"), \
            running(node(nodes, "c"), "multicast vni0 10.0.0.3:7 10.0.0.2"):
        nodes.node().run("flow send 10.0.0.2:7 3 100")
        traffic.ping(nodes.node(), "10.0.0.2")
    b, c = (words(said(node(nodes, name), "multicast").replace("10.0.0.", ""))
            for name in ("b", "c"))
    # With 64 hops, each node sees a datagram 32 times.
    assert b["received"] == c["received"] == 3 * 32
    assert b["expired"] + c["expired"] == 3
    check_sound(nodes)


@pytest.mark.parametrize("words_given, said_of_it", [
    ("vni0 10.0.0.2:7", "multicast INTERFACE ADDRESS:PORT MEMBER..."),
    ("eth7 10.0.0.2:7 10.0.0.3", "there is no interface 'eth7'. Try: ip link"),
    ("vni0 10.0.0.2 10.0.0.3", "'10.0.0.2' is no address and port. Try: 10.0.0.2:7000"),
    ("vni0 10.0.0.2:0 10.0.0.3", "'10.0.0.2:0' is no address and port"),
    ("vni0 10.0.0.2:65536 10.0.0.3", "'10.0.0.2:65536' is no address and port"),
    ("vni0 10.0.0.2:+7 10.0.0.3", "'10.0.0.2:+7' is no address and port"),
    ("vni0 10.0.0.2:7 node-c", "'node-c' is no address of IPv4. Try: 10.0.0.2"),
    ("vni0 10.0.0.2:7 10.0.0.99", "no node with the address 10.0.0.99 answers by vni0."),
    ("vni0 10.0.0.2:7 10.0.0.2", "no node with the address 10.0.0.2 answers by vni0."),
    ("vni0 10.0.0.2:7" + " 10.0.0.3" * 17, "17 members are too many. Try: up to 16"),
])
def test_what_cannot_be_is_refused_in_one_line(nodes: Machine, words_given: str,
                                               said_of_it: str) -> None:
    done = node(nodes, "b").run(f"multicast {words_given} 2>&1", check=False)
    assert done.status == 2 if "answers" not in said_of_it else done.status == 1
    assert said_of_it in done.output
    assert done.output.count("\n") == 1 or "MEMBER" in said_of_it


def test_an_interface_has_one_program_and_is_left_as_it_was(nodes: Machine) -> None:
    middle = node(nodes, "b")
    with running(middle, MULTICAST):
        done = middle.run(f"{MULTICAST} 2>&1", check=False)
        assert done.status == 1 and "as it has one. Try: ip link show" in done.output
        assert "xdp" in middle.run("ip link show vni0").output
    assert "xdp" not in middle.run("ip link show vni0").output
    # Killed, too.
    middle.run(f"(({MULTICAST}) >/tmp/killed 2>&1 &)")
    middle.poll("grep -q ready /tmp/killed", traffic.SECONDS)
    middle.run("kill -9 $(pidof multicast)")
    middle.poll("! ip link show vni0 | grep xdp", traffic.SECONDS)

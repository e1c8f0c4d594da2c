# SPDX-License-Identifier: GPL-2.0
"""examples/multicast: each member gets each datagram, whole; nobody waits for the dead."""

from contextlib import ExitStack
from typing import Dict, Iterable

import pytest
import traffic
from background import Said, numbers, running
from conftest import Shared
from machine import Machine
from xdp_programs import wait_counted
from examples.multicast import BYTES, GROUP, MEMBERS, NODES, command
from examples.place import node, options, prepare

# So few that a ring has room for all, and a socket, and that the copies fit into what three
# queues may hold of the pool's large buffers (docs/vni.md, "Shares of the pool").
COUNT = 20
WHOLE = {"taken": COUNT, "damaged": 0, "late": 0}
MTU = 9000
MULTICAST = command("in the driver")
# The shortest; the longest without a buffer and the next; the longest.
LENGTHS = (4, 50, 51, 1472, MTU - 28)


@pytest.fixture(name="nodes")
def nodes_fixture(request: pytest.FixtureRequest, shared: Shared) -> Machine:
    """Node 0, which sends; b between; c, d and node 0 are the members."""
    return shared.lend(request.node, lambda machine: prepare(machine, NODES), **options())


def by_member(said: Said) -> Dict[str, Dict[str, float]]:
    """What the program has counted, by member; of all by "all"."""
    first, *lines = said.text.replace("ready\n", "").splitlines()
    return {"all": numbers(first), **{line.split()[0]: numbers(line) for line in lines}}


def taken(nodes: Machine, names: Iterable[str], length: int) -> Dict[str, Said]:
    """Sends datagrams to the group; what has arrived at each of these members."""
    with ExitStack() as takers:
        found = {name: takers.enter_context(
                     running(node(nodes, name), f"flow take {MEMBERS[name]}:7", ends=True))
                 for name in names}
        nodes.node().run(f"flow send {GROUP} {COUNT} {length}")
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
        with running(node(nodes, "b"), way) as said:
            assert taken(nodes, MEMBERS, length) == dict.fromkeys(MEMBERS, WHOLE), length
        if way == MULTICAST:
            assert by_member(said) == {
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
    with running(middle, MULTICAST) as said:
        traffic.ping(sender, "10.0.0.2")
        traffic.send_numbers(sender, middle, "10.0.0.2")
        with running(middle, "flow take 10.0.0.2:8", ends=True) as other_port:
            sender.run(f"flow send 10.0.0.2:8 {COUNT} {BYTES}")
        # In fragments, which the program leaves alone.
        with running(middle, "flow take 10.0.0.2:7", ends=True) as fragments:
            sender.run(f"flow send {GROUP} 1 60000")
    assert other_port == WHOLE and fragments["taken"] == 1 and not fragments["damaged"]
    assert by_member(said)["all"] == {"received": 0, "expired": 0}
    check_sound(nodes)


@pytest.mark.parametrize("last", [False, True])
def test_a_member_that_is_down_keeps_nobody_from_the_others(nodes: Machine, last: bool) -> None:
    name = "d" if last else "c"
    down, middle = node(nodes, name), node(nodes, "b")
    others = [other for other in MEMBERS if other != name]
    before = traffic.link_counters(middle)
    with running(middle, MULTICAST) as said:
        down.run("ip link set vni0 down")
        try:
            assert taken(nodes, others, BYTES) == dict.fromkeys(others, WHOLE)
        finally:
            down.run("ip link set vni0 up")
            traffic.wait_carrier(down)
    now = traffic.link_counters(middle)
    # What the last member should have got is the driver's to count.
    assert by_member(said)[MEMBERS[name]]["failed"] == (0 if last else COUNT)
    assert now["rx_xdp_failed"] - before["rx_xdp_failed"] == (COUNT if last else 0)
    # There may be frames beside them that are for nobody now, as of ARP.
    assert COUNT <= now["tx_peer_down"] - before["tx_peer_down"] < 2 * COUNT
    check_sound(nodes)


def test_a_list_that_leads_back_to_itself_ends(nodes: Machine) -> None:
    last = node(nodes, "c")
    before = traffic.link_counters(last)["rx_xdp_drop"]
    with running(node(nodes, "b"), "multicast vni0 10.0.0.2:7 10.0.0.3") as b, \
            running(last, "multicast vni0 10.0.0.3:7 10.0.0.2") as c:
        nodes.node().run("flow send 10.0.0.2:7 3 100")
        wait_counted(last, "rx_xdp_drop", before + 3)
    # With 64 hops, each node sees a datagram 32 times.
    assert by_member(b)["all"] == {"received": 3 * 32, "expired": 0}
    assert by_member(c)["all"] == {"received": 3 * 32, "expired": 3}
    check_sound(nodes)


@pytest.mark.parametrize("command_given, said_of_it", [
    ("multicast vni0 10.0.0.2:7", "multicast INTERFACE ADDRESS:PORT MEMBER..."),
    ("multicast eth7 10.0.0.2:7 10.0.0.3", "there is no interface 'eth7'. Try: ip link"),
    ("multicast vni0 10.0.0.2 10.0.0.3", "'10.0.0.2' is no address and port. Try: 10.0.0.2:7000"),
    ("multicast vni0 10.0.0.2:0 10.0.0.3", "'10.0.0.2:0' is no address and port"),
    ("multicast vni0 10.0.0.2:65536 10.0.0.3", "'10.0.0.2:65536' is no address and port"),
    ("multicast vni0 10.0.0.2:+7 10.0.0.3", "'10.0.0.2:+7' is no address and port"),
    ("multicast vni0 10.0.0.2:7 node-c", "'node-c' is no address of IPv4. Try: 10.0.0.2"),
    ("multicast vni0 10.0.0.2:7 10.0.0.99", "no node with the address 10.0.0.99 answers by vni0."),
    ("multicast vni0 10.0.0.2:7 10.0.0.2", "no node with the address 10.0.0.2 answers by vni0."),
    ("multicast vni0 10.0.0.2:7 $(yes 10.0.0.3 | head -n 17)",
     "17 members are too many. Try: up to 16"),
    ("multicast lo 127.0.0.1:7 127.0.0.1", "no node with the address 127.0.0.1 answers by lo."),
    ("relay 10.0.0.2:7", "relay ADDRESS:PORT MEMBER..."),
    ("relay 10.0.0.2 10.0.0.3", "'10.0.0.2' is no address and port"),
    ("relay 10.0.0.2:7 c", "'c' is no address of IPv4"),
    ("relay 10.0.0.99:7 10.0.0.3", "10.0.0.99:7: Cannot assign requested address"),
    ("flow send 10.0.0.2:7 1", "flow send ADDRESS:PORT COUNT BYTES"),
    ("flow send 10.0.0.2:7 0 100", "'0' is no number from 1 to 1000000"),
    ("flow send 10.0.0.2:7 -1 100", "'-1' is no number from 1 to 1000000"),
    ("flow send 10.0.0.2:7 1 3", "'3' is no number from 4 to 65507"),
    ("flow send 10.0.0.2:7 1 ''", "'' is no number from 4 to 65507"),
])
def test_what_cannot_be_is_refused_in_one_line(nodes: Machine, command_given: str,
                                               said_of_it: str) -> None:
    done = node(nodes, "b").run(f"{command_given} 2>&1", check=False)
    assert done.status == (1 if "ssign" in said_of_it or "answers" in said_of_it else 2)
    assert said_of_it in done.output
    assert done.output.count("\n") == 1 or "ADDRESS" in said_of_it


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

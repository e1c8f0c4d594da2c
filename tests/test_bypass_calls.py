# SPDX-License-Identifier: GPL-2.0
"""
Calls of TCP sockets return the same, whether bytes go by TCP or past it.

Each scenario of tests/calls is run with the bypass off and on, with the client on
either node, and what both ends say is compared line by line.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List, NamedTuple, Tuple

import pytest
from conftest import Shared, start_pair
from machine import SANITIZE, TOP, Machine, Shell
from roots import extended_root

PORT = 7000
SWITCH = "/proc/sys/net/mint/bypass"
# A scenario that takes longer hangs.
SECONDS = 240 if SANITIZE else 30
SCENARIOS = [name for path in sorted((TOP / "tests/calls").glob("*.c"))
             for name in re.findall(r'^\t\{ "(\w+)", \w+, \.lanes', path.read_text("ascii"),
                                    re.MULTILINE)]
# Lines that differ, and how: docs/bypass.md names each of them.
DIFFERENCES: Dict[str, Dict[str, str]] = {
    "ulp": {"tls: 0": "tls: EOPNOTSUPP", "nonsense: ENOENT": "nonsense: EOPNOTSUPP",
            "repair: 0": "repair: EOPNOTSUPP"},
    "ulp_name": {"the connection: none": "the connection: mint",
                 "TCP_ULP: none": "TCP_ULP: mint"},
    "epoll_edge_unread": {"nothing read: epoll IN": "nothing read: epoll none",
                          "half read: epoll IN": "half read: epoll none"},
}
# What takes long is called from node 0 only: both ends do the same, or time is all it takes.
LONG = {"backlog", "duplex", "keepalive", "recv_while_connecting", "sequence"}
# A network namespace whose packets node 0 forwards.
INNER = ("ip netns add inner && ip link add outer type veth peer name inside netns inner && "
         "ip addr add 10.1.0.1/24 dev outer && ip link set outer up && "
         "ip -n inner addr add 10.1.0.2/24 dev inside && ip -n inner link set inside up && "
         "ip -n inner route add default via 10.1.0.1 && "
         "echo 1 >/proc/sys/net/ipv4/ip_forward")


class Transcript(NamedTuple):
    """What both ends have said; directions that left TCP, and how many were to; what is left."""

    lines: List[str]
    lanes: List[Tuple[int, int]]
    left: str


def call(client: Shell, name: str, address: str, switch: str, where: str = "") -> Transcript:
    """Runs a scenario from a node."""
    output = client.run(f"CALLS_SECONDS={SECONDS} {where}calls {name} {address} {PORT} {switch}",
                        timeout=SECONDS + 30).output
    lines = output.splitlines()
    return Transcript([line for line in lines if not line.startswith("#")],
                      [(int(count), int(wanted)) for count, wanted
                       in re.findall(r"^#lanes (\d+) of (-?\d+)$", output, re.MULTILINE)],
                      "".join(re.findall(r"^#left (.*)$", output, re.MULTILINE)))


def check(name: str, off: Transcript, on: Transcript, lanes: bool = True) -> None:
    """Both are the same, but for the way of the bytes; and nothing is left."""
    changes = DIFFERENCES.get(name, {}) if lanes else {}
    assert on.lines == [changes.get(line, line) for line in off.lines]
    assert on.left == "0 0"
    assert len(on.lanes) == 2
    assert not any(count for count, _ in off.lanes)
    for count, wanted in on.lanes:
        assert count >= wanted if lanes and wanted else count == 0


def serve(machine: Machine) -> None:
    """A pair of nodes, with a server on each."""
    start_pair(machine)
    for index, name in enumerate(("node0", "b"), 1):
        shell = machine.node(name)
        shell.run(f"test -e {SWITCH} || insmod /lib/modules/mint_bypass.ko")
        shell.run(f"ip -6 addr add fd00::{index}/64 dev vni0 nodad; (CALLS_SECONDS={SECONDS} "
                  f"calls serve {PORT} </dev/null >/dev/null 2>&1 &)")
        shell.poll(f"netstat -ltn | grep -q ':{PORT} '", SECONDS)


@pytest.fixture(name="callers")
def callers_fixture(request: pytest.FixtureRequest, shared: Shared) -> List[Tuple[Shell, str]]:
    """Both nodes, each with the address of the other one."""
    machine = shared.lend(request.node, serve, initrd=extended_root("calls"))
    return [(machine.node(), "10.0.0.2"), (machine.node("b"), "10.0.0.1")]


@pytest.mark.parametrize("name", SCENARIOS)
def test_calls_return_what_they_return_by_tcp(callers: List[Tuple[Shell, str]],
                                              name: str) -> None:
    callers = callers[:1] if name in LONG else callers
    # Only who runs alone can tell how many lanes are its own.
    with ThreadPoolExecutor() as pool:
        offs = list(pool.map(lambda caller: call(caller[0], name, caller[1], "off"), callers))
    for (client, address), off in zip(callers, offs):
        check(name, off, call(client, name, address, "on"))


@pytest.mark.parametrize("switch", ["here", "there"])
def test_one_end_alone_stays_with_tcp(callers: List[Tuple[Shell, str]], switch: str) -> None:
    for client, address in callers:
        for name in ("half_close", "ulp", "ulp_name"):
            check(name, call(client, name, address, "off"),
                  call(client, name, address, switch), lanes=False)


def test_each_network_namespace_has_a_switch(callers: List[Tuple[Shell, str]]) -> None:
    (node0, address), (b, _) = callers
    node0.run(INNER)
    b.run("ip route add 10.1.0.0/24 via 10.0.0.1")
    inner = "ip netns exec inner "
    off = call(node0, "half_close", address, "off", inner)
    check("half_close", off, call(node0, "half_close", address, "there"), lanes=False)
    check("half_close", off, call(node0, "half_close", address, "on", inner))
    assert node0.run(f"cat {SWITCH}").output.strip() == "0"
    node0.run("ip netns del inner; ip link del outer; echo 0 >/proc/sys/net/ipv4/ip_forward")
    b.run("ip route del 10.1.0.0/24")

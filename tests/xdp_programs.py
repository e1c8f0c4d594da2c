# SPDX-License-Identifier: GPL-2.0
"""
Programs of tests/xdp on the nodes of a machine: node 0 sends to node b, where a program
is, and what it sends on arrives at node c.
"""

import re
from contextlib import contextmanager
from typing import ContextManager, Dict, Iterator

import traffic
from conftest import join
from machine import Machine, Shell

B = "10.0.0.2"
B_MAC, C_MAC = "0x024d494e5401", "0x024d494e5402"
MTU = 9000
# Beside ordinary ones: the shortest, the longest inline, the first in a buffer, the
# first that takes a large buffer once there is room before it, the longest.
LENGTHS = (18, 50, 51, 1000, 1472, 3798, 3799, MTU - 28)
COUNT = 40
ALL = COUNT * len(LENGTHS)
Counted = ContextManager[Dict[str, int]]


def prepare(machine: Machine) -> None:
    """Three nodes. Node c takes what is for the address of b, and has a VLAN."""
    for name, cpu in (("b", "1"), ("c", "2")):
        machine.node_file(name, cpu)
        machine.start_node(name)
    join(machine, ["node0", "b", "c"])
    for name in ("node0", "b", "c"):
        machine.node(name).run(f"ip link set vni0 mtu {MTU}")
    machine.node("c").run(f"ip addr add {B}/32 dev lo; ip link add link vni0 name vlan type vlan "
                          "id 10; ip link set vlan up; "
                          "sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.vlan.rp_filter=0")
    # Who has an address is not asked for: c would answer as well.
    machine.node().run(f"ip neigh replace {B} lladdr 02:4d:49:4e:54:01 dev vni0")


def values(output: str) -> Dict[str, int]:
    """Numbers by name."""
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", output)}


@contextmanager
def running(shell: Shell, program: str, words: str, *, where: str = "", ends: bool = False
            ) -> Iterator[Dict[str, int]]:
    """
    A program in the background as long as the body runs, or until it ends by itself; then
    what it has counted.
    """
    found: Dict[str, int] = {}
    output = f"/tmp/{program}"
    shell.run(f"rm -f {output}; (({where}{program} {words}) >{output} 2>&1 &)")
    shell.poll(f"grep -q ready {output}", traffic.SECONDS)
    yield found
    if not ends:
        shell.run(f"kill $(pidof {program})")
    shell.poll(f"grep -q = {output} && ! pidof {program}", traffic.SECONDS)
    found.update(values(shell.run(f"cat {output}").output))


def attached(shell: Shell, program: str, interface: str = "vni0", way: str = "native"
             ) -> Counted:
    """A program on an interface, with its settings."""
    return running(shell, "xdp", f"{way} {interface} {program}")


def taken_by(shell: Shell, count: int, where: str = "") -> Counted:
    """So many datagrams are taken, and how many of them were damaged."""
    return running(shell, "datagrams", f"take {count}", where=where, ends=True)


def moved(shell: Shell, before: Dict[str, int]) -> Dict[str, int]:
    """Counters of vni0 that have moved."""
    return {name: value - before.get(name, 0)
            for name, value in traffic.link_counters(shell).items()
            if value != before.get(name, 0)}


def ask(shell: Shell, length: int, count: int = COUNT) -> Dict[str, int]:
    """Datagrams that want an answer."""
    return values(shell.run(f"datagrams ask {B} {count} {length}", timeout=180).output)


def send(shell: Shell, length: int, count: int = COUNT) -> None:
    """Datagrams that want none."""
    shell.run(f"datagrams send {B} {count} {length}", timeout=60)


def send_lengths(shell: Shell) -> None:
    """Datagrams of all lengths."""
    for length in LENGTHS:
        send(shell, length)


def wait_counted(shell: Shell, counter: str, value: int) -> None:
    """Waits until a counter of vni0 has reached a value."""
    shell.poll(f"[ $(ethtool -S vni0 | awk '/ {counter}:/ {{ print $2 }}') -ge {value} ]",
               traffic.SECONDS)


def check_sound(machine: Machine) -> None:
    """Nothing is damaged, and no buffer is anywhere but in the pool."""
    for name in ("node0", "b", "c"):
        assert not traffic.damage(machine.node(name)), name
    traffic.wait_buffers_free(machine.node())

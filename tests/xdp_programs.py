# SPDX-License-Identifier: GPL-2.0
"""
Programs of tests/xdp on the nodes of a machine: node 0 sends to node b, where a program
is, and what it sends on arrives at node c.
"""

from typing import ContextManager, Dict

import traffic
from background import Said, numbers, running
from conftest import join
from machine import Machine, Shell

B = "10.0.0.2"
B_MAC, C_MAC = "0x024d494e5401", "0x024d494e5402"
MTU = 9000
# Beside ordinary ones: the shortest, the longest inline, the first in a buffer, the
# first that takes a large buffer once there is room before it, the longest.
LENGTHS = (18, 50, 51, 1000, 1472, 3798, 3799, MTU - 28)
# A node whose CPU the host does not run takes nothing, and a program's frames are dropped
# beyond a queue's share of the pool: these fit, of large buffers and for two nodes, too.
COUNT = 20
ALL = COUNT * len(LENGTHS)


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


def attached(shell: Shell, program: str, interface: str = "vni0", way: str = "native"
             ) -> ContextManager[Said]:
    """A program on an interface, with its settings."""
    return running(shell, f"xdp {way} {interface} {program}")


def taken_by(shell: Shell, count: int, where: str = "") -> ContextManager[Said]:
    """So many datagrams are taken, and how many of them were damaged."""
    return running(shell, f"datagrams take {count}", where=where, ends=True)


def moved(shell: Shell, before: Dict[str, int]) -> Dict[str, int]:
    """Counters of vni0 that have moved."""
    return {name: value - before.get(name, 0)
            for name, value in traffic.link_counters(shell).items()
            if value != before.get(name, 0)}


def ask(shell: Shell, length: int, count: int = COUNT) -> Dict[str, float]:
    """Datagrams that want an answer."""
    return numbers(shell.run(f"datagrams ask {B} {count} {length}", timeout=180).output)


def send(shell: Shell, length: int, count: int = COUNT) -> None:
    """Datagrams that want none."""
    shell.run(f"datagrams send {B} {count} {length}", timeout=60)


def send_lengths(shell: Shell) -> None:
    """Datagrams of all lengths, those of each when the ones before have been taken."""
    for length in LENGTHS:
        send(shell, length)
        traffic.wait_buffers_free(shell)


def wait_counted(shell: Shell, counter: str, value: int) -> None:
    """Waits until a counter of vni0 has reached a value."""
    shell.poll(f"[ $(ethtool -S vni0 | awk '/ {counter}:/ {{ print $2 }}') -ge {value} ]",
               traffic.SECONDS)


def check_sound(machine: Machine) -> None:
    """Nothing is damaged, and no buffer is anywhere but in the pool."""
    for name in ("node0", "b", "c"):
        assert not traffic.damage(machine.node(name)), name
    traffic.wait_buffers_free(machine.node())

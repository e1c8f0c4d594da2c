# SPDX-License-Identifier: GPL-2.0
"""
A machine of two NUMA domains, on one boot: they are shown, memory is taken near the
CPUs, and a started node has the domains in which it has something.
"""

import json
from typing import Any, List

from conftest import Boot
from machine import ANY, Machine, Shell, roomy
from region_image import MB

GB = 1 << 30
FAR = 21
# Domain 0 has the first GB, of which node 0 and the region take 576 MB; domain 1 the rest.
# A socket each, since Linux warns of cores that share a cache and are not near.
BORDER = GB
NUMA = ["-smp", "4,sockets=2,cores=2,threads=1",
        "-object", "memory-backend-ram,id=near,size=1G",
        "-object", "memory-backend-ram,id=far,size=3G",
        "-machine", "hmat=off",
        "-numa", "node,nodeid=0,cpus=0-1,memdev=near",
        "-numa", "node,nodeid=1,cpus=2-3,memdev=far",
        "-numa", f"dist,src=0,dst=1,val={FAR}"]
NODES = "/sys/devices/system/node"


def plan(node0: Shell, path: str) -> List[Any]:
    """The memory that a node would get."""
    report = json.loads(node0.run(f"mint create --dry-run --json {path}").output)
    memory: List[Any] = report["node"]["memory"]
    return memory


def domains_are_shown(node0: Shell) -> None:
    """By mint hw, with what is where."""
    report = json.loads(node0.run("mint hw --json").output)
    near, far = report["domains"]
    assert (near["cpus"], near["distances"]) == ([0, 1], [10, FAR])
    assert (far["cpus"], far["distances"]) == ([2, 3], [FAR, 10])
    assert (near["bytes"], far["bytes"]) == (1022 * MB, 3070 * MB)
    assert [cpu["domain"] for cpu in report["cpus"]] == [0, 0, 1, 1]
    for piece in report["memory"]:
        assert piece["domains"] == [int(piece["base"] >= BORDER)], piece
    text = node0.run("mint hw").output
    assert f"  1    CPUs 2-3, memory 3070M, distances {FAR} 10\n" in text
    assert "node0, domain 0\n" in text and "-, domain 1\n" in text


def memory_is_near(machine: Machine) -> None:
    """What create takes, unless the file names an address or too much is wanted."""
    node0, size = machine.node(), f"{roomy(128)}M"
    for cpus, memory, domain, near in [
            ("1", size, 0, True), ("2", size, 1, True), ("2-3", size, 1, True),
            ("1", "600M", 1, False), ("2", f"{size}@0x30000000", 0, False)]:
        piece, = plan(node0, machine.node_file("b", cpus, memory=memory))
        assert (piece["domains"], piece["near"]) == ([domain], near), (cpus, memory, piece)
    machine.node_file("b", "1", memory="600M")
    assert "(domain 1, far from its CPUs)" in node0.run("mint create /etc/mint/b.conf").output
    node0.run("mint destroy b")


def values(shell: Shell, pattern: str) -> List[str]:
    """The contents of some files, in one line each."""
    return shell.run(f"cat {NODES}/{pattern}").output.split("\n")[:-1]


def free_of(shell: Shell, node: int) -> int:
    """Bytes of memory that a node of NUMA has for programs."""
    line = shell.run(f"grep MemTotal {NODES}/node{node}/meminfo").output
    return int(line.split()[3]) << 10


def a_node_across_the_border(machine: Machine) -> None:
    """One piece of memory, half of it on each side, and a CPU on each side."""
    half = roomy(128) * MB
    machine.node_file("b", "1-2", memory=f"{2 * half // MB}M@{BORDER - half:#x}")
    shell = machine.start_node("b")
    assert values(shell, "node[01]/cpulist") == ["0", "1"]
    assert values(shell, "node[01]/distance") == [f"10 {FAR}", f"{FAR} 10"]
    assert free_of(shell, 0) > half // 4 and free_of(shell, 1) > half // 4
    assert "No NUMA configuration" not in shell.run("dmesg").output
    end_node(machine)


def a_node_in_the_far_domain(machine: Machine) -> None:
    """In the near one it has nothing but the region, which makes no NUMA node."""
    machine.node_file("b", "2-3")
    shell = machine.start_node("b")
    assert values(shell, "node*/distance") == ["10"]
    assert "mint: NUMA node 0 is domain 1 of the machine" in shell.run("dmesg").output
    assert "SLUB: Unable" not in shell.run("dmesg").output
    end_node(machine)


def end_node(machine: Machine) -> None:
    """Gives back what b has."""
    machine.node().run("mint kill b && mint destroy b")
    machine.close_shell("b")


def test_numa_domains_are_shown_used_and_handed_over(boot: Boot) -> None:
    machine = boot(build=ANY, mint="cpus=0,mem=512M,shm=64M", extra=NUMA)
    domains_are_shown(machine.node())
    memory_is_near(machine)
    a_node_across_the_border(machine)
    a_node_in_the_far_domain(machine)

# SPDX-License-Identifier: GPL-2.0
"""What /sys tells of nodes, and that hangs of a node are noticed by the others."""

import re
from typing import Dict, Set

from machine import TOP, Machine, Shell

SYS = "/sys/devices/mint"
DOCUMENT = TOP / "docs/sysfs-devices-mint"


def values(shell: Shell, node: str) -> Dict[str, str]:
    """What a node's directory says, by file."""
    lines = shell.run(f"cd {SYS}/{node}/ && for file in *; do [ $file = uevent ] || "
                      "[ ! -f $file ] || echo \"$file $(cat $file)\"; done").output.splitlines()
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}


def nodes(shell: Shell) -> Set[str]:
    """The nodes that have a directory."""
    return set(shell.run(f"cd {SYS} && echo node?*").output.split())


def test_sys_tells_of_each_node_what_is_documented(pair: Machine) -> None:
    shell = pair.node()
    assert nodes(shell) == {"node0", "node1"}
    told = values(shell, "node1")
    assert set(told) == set(re.findall(rf"^What:\t\t{SYS}/node<ID>/(\w+)$",
                                       DOCUMENT.read_text(), re.M))
    assert int(told.pop("heartbeat_age_ms")) < 500
    release = shell.run("uname -r").output.strip()
    assert told == {"name": "b", "state": "running", "cpus": "2", "memory_bytes": str(256 << 20),
                    "generation": "1", "stalled": "0", "policy": "no", "release": release}
    assert values(shell, "self")["name"] == "node0"
    # All nodes are equal: the other one sees the same.
    theirs = values(pair.node("b"), "node1")
    assert int(theirs.pop("heartbeat_age_ms")) < 500
    assert theirs == told
    assert values(pair.node("b"), "self")["name"] == "b"


def test_directories_come_and_go_with_the_nodes(node0: Machine) -> None:
    shell = node0.node()
    assert nodes(shell) == {"node0"}
    shell.run("mint create /etc/mint/bc.conf")
    shell.poll(f"grep -q '^created$' {SYS}/node1/state", 10)
    told = values(shell, "node1")
    assert (told["cpus"], told["generation"], told["release"]) == ("2-3", "0", "")
    # An open file outlives its node, and holds nobody up.
    shell.run(f"exec 5<{SYS}/node1/state; mint destroy bc")
    shell.poll(f"[ ! -e {SYS}/node1 ]", 10)
    shell.run("cat <&5 2>/dev/null; exec 5<&-", check=False)
    shell.run("mint create /etc/mint/b.conf")
    shell.poll(f"grep -q '^2$' {SYS}/node1/cpus", 10)

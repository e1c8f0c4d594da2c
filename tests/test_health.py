# SPDX-License-Identifier: GPL-2.0
"""What /sys tells of nodes, and that hangs of a node are noticed by the others."""

import re
import time
from typing import Dict, List, Set

import faults
import pytest
import traffic
from conftest import Boot, join
from machine import TOP, Machine, Shell, roomy
from mint_list import state_of

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
    assert told == {"name": "b", "state": "running", "cpus": "2",
                    "memory_bytes": str(roomy(256) << 20),
                    "generation": "1", "stalled": "0", "policy": "no", "release": release,
                    "init": "initramfs"}
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


# What hangs: the fault, on which of the node's two CPUs, and how it is called.
HANGS = [("hang-interrupts-on", 0, "stalled"), ("hang-interrupts-on", 1, "stalled"),
         ("hang-interrupts-off", 1, "stalled"), ("hang-interrupts-off", 0, "silent")]
HANG_MS = 6000
NOTICE_SECONDS = 5.0    # generous: the aim is 2 s on a host with time to spare
END_SECONDS = 30.0      # likewise, for a hang that ends after HANG_MS


def wait_noticed(machine: Machine, witnesses: List[str], word: str) -> float:
    """Waits until all witnesses call node bc by that word; how long it took."""
    began = time.monotonic()
    for name in witnesses:
        machine.node(name).poll(f"grep -q '^{word}$' {SYS}/node1/state", NOTICE_SECONDS)
    return time.monotonic() - began


def hang(machine: Machine, fault: str, cpu: int) -> None:
    """Lets a CPU of node bc hang for a while."""
    machine.node("bc").start(f"taskset -c {cpu} fault {fault} {HANG_MS}")


@pytest.fixture(name="three")
def three_fixture(boot: Boot) -> Machine:
    """Node 0 on CPU 0, node bc on CPUs 2 and 3, node c on CPU 1, all on vni0."""
    machine = boot(initrd=faults.root(), mint="cpus=0,mem=512M,shm=64M")
    machine.expect_splat(faults.SPLATS)
    machine.start_node("bc")
    machine.node().run("sed -i 's/^cpus.*/cpus = 1/' /etc/mint/c.conf")
    machine.start_node("c")
    join(machine, ["node0", "bc", "c"])
    return machine


def test_hangs_are_noticed_by_all_other_nodes_and_so_is_their_end(three: Machine) -> None:
    shell, measured = three.node(), []
    for fault, cpu, word in HANGS:
        hang(three, fault, cpu)
        seconds = wait_noticed(three, ["node0", "c"], word)
        measured.append(f"{fault} on CPU {cpu}: {word} after {seconds:.2f} s")
        assert state_of(shell, "bc") == word
        for name in ("node0", "c"):
            three.node(name).poll(f"grep -q '^running$' {SYS}/node1/state", END_SECONDS)
            for line in (f"node 1: {word}, was running", f"node 1: running, was {word}"):
                # The file asks at once; the line comes with the next heartbeat.
                three.node(name).poll(f"dmesg | grep -q '{line}'", NOTICE_SECONDS)
        assert state_of(shell, "bc") == "running"
        # Forget what was printed and find the node as it was before.
        for name in ("node0", "c"):
            three.node(name).run("dmesg -c >/dev/null")
        three.node("bc").run("true")
        traffic.ping(shell, "10.0.0.2")
    (three.log_dir / "noticed").write_text("\n".join(measured) + "\n", encoding="utf-8")
    print("\n".join(measured))


def test_carrier_and_neighbours_follow_a_silent_peer(three: Machine) -> None:
    shell = three.node()
    shell.run("mint kill c")
    traffic.ping(shell, "10.0.0.2")
    shell.run("ip neigh show dev vni0 | grep -q '^10.0.0.2 lladdr'")
    hang(three, "hang-interrupts-off", 0)
    traffic.wait_carrier(shell, present=False, seconds=NOTICE_SECONDS)
    # A neighbour without a link is forgotten and not believed in.
    shell.poll("! ip neigh show dev vni0 | grep '^10.0.0.2 lladdr'", NOTICE_SECONDS)
    traffic.wait_carrier(shell, seconds=END_SECONDS)
    traffic.ping(shell, "10.0.0.2")
    text = "once again"
    assert traffic.send_string(shell, three.node("bc"), "10.0.0.2", text) == text


def test_load_is_not_taken_for_a_hang(three: Machine) -> None:
    shell, busy = three.node(), three.node("bc")
    busy.run("for cpu in 0 1; do"
             " (timeout 6 taskset -c $cpu chrt -f 99 sh -c 'while :; do :; done' &) ;"
             "done >/dev/null 2>&1;"
             "(timeout 6 sh -c 'while :; do for i in 1 2 3 4 5 6 7 8; do true & done; wait; done'"
             " >/dev/null 2>&1 &)")
    busy.poll("! pgrep timeout", 60)
    lines = shell.run("dmesg | grep 'node 1: ' | tail -n 1").output
    assert "running, was booting" in lines

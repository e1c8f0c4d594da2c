# SPDX-License-Identifier: GPL-2.0
"""Many nodes on one machine, of little memory each, and how many there can be."""

import time
from typing import Dict

import abi
import crowd
from conftest import Boot
from machine import BUILD, START_SECONDS, Machine, deadline_in, roomy
from mint_list import nodes_of

NR_NODES = 8
# What tests/soak/smallest.py measures at the worst place, 40 MB, with a reserve for
# the traffic program and its connections.
MEMORY_MB = 48
ADDRESSES = range(1, NR_NODES + 1)
MEMBERS = [crowd.Member(f"n{cpu}", str(cpu), MEMORY_MB,
                        "100000 0 0 " + " ".join(map(str, ADDRESSES)))
           for cpu in range(1, NR_NODES)]
NR_STARTED = 16
DEADLINE_S = 120.0


def wait_talk(machine: Machine, names: Dict[str, int], more: int) -> None:
    """Waits until each of these nodes has exchanged data with each other one."""
    deadline = deadline_in(DEADLINE_S)
    goal = {name: {peer: counts[0] + more for peer, counts in
                   crowd.talked(machine.node(), name).items()} for name in names}
    for name, address in names.items():
        peers = set(names.values()) | {1}
        while True:
            talked = crowd.talked(machine.node(), name)
            missing = [peer for peer in peers - {address} if talked.get(peer, (0, 0))[0]
                       < goal[name].get(peer, more)]
            assert not any(wrong for _, wrong in talked.values()), (name, talked)
            if not missing:
                break
            assert time.monotonic() < deadline, (
                f"{name} gets nothing from {missing}",
                machine.node().run(f"mint log {name} | tail -n 20").output)
            time.sleep(0.2)


def test_eight_small_nodes_reach_each_other_and_survive_one(boot: Boot) -> None:
    work = BUILD / "tests/many"
    machine = boot(cpus=NR_NODES, memory=f"{roomy(768, NR_NODES)}M",
                   mint=f"cpus=0,mem={roomy(256)}M,shm=64M",
                   initrd=crowd.make_root(work, MEMBERS))
    shell = machine.node()
    shell.run("talk 100000 0 0 " + " ".join(map(str, ADDRESSES)))
    crowd.start_all(machine, MEMBERS)
    names = {member.name: address + 1 for address, member in enumerate(MEMBERS, 1)}
    wait_talk(machine, names, 2)
    for address in names.values():
        shell.run(f"ping -c 1 -w 10 10.0.0.{address}")
    nodes = nodes_of(machine.node())
    assert [node["name"] for node in nodes] == ["node0", *names]
    assert {node["state"] for node in nodes} == {"running"}
    assert [node["cpus"] for node in nodes] == [[cpu] for cpu in range(NR_NODES)]
    assert {node["memory_bytes"] for node in nodes[1:]} == {roomy(MEMORY_MB) << 20}

    shell.run("mint kill n4")
    del names["n4"]
    wait_talk(machine, names, 3)
    for address in names.values():
        counts = crowd.counts(shell, f"/tmp/to-{address}")
        assert counts["connections"] == 1 and not counts["mismatches"]
    assert [node["name"] for node in nodes_of(machine.node()) if node["state"] != "running"
            ] == ["n4"]


def test_there_are_as_many_nodes_as_ids(boot: Boot) -> None:
    """All of them are created; more of them run than low memory would have had slots for."""
    machine = boot(cpus=abi.MINT_MAX_NODES, mint="cpus=0,mem=512M,shm=64M")
    shell = machine.node()
    make = ("sed 's/^name.*/name = n{0}/;s/^cpus.*/cpus = {0}/;s,^initrd.*,initrd = "
            "/boot/small.cpio.gz,;s/^memory.*/memory = {1}M/;"
            "s/^cmdline.*/cmdline = rootfstype=ramfs hostname=n{0}/'"
            " /etc/mint/b.conf >/tmp/n.conf; mint create /tmp/n.conf")
    for number in range(1, abi.MINT_MAX_NODES):
        shell.run(make.format(number, roomy(64) if number <= NR_STARTED else 32))
    before = shell.run("mint list --json").output
    result = shell.run(make.format(abi.MINT_MAX_NODES, 32), check=False)
    assert result.status == 1 and "all 64 node ids are in use" in result.output
    assert shell.run("mint list --json").output == before

    for number in range(1, NR_STARTED + 1):
        shell.run(f"mint start n{number} --timeout {START_SECONDS}", timeout=90)
    # What low memory has to do with it: the first is started again, beside the others.
    shell.run(f"mint kill n1 && mint start n1 --timeout {START_SECONDS}", timeout=90)
    states = {node["name"]: node["state"] for node in nodes_of(shell)}
    assert [states[f"n{number}"] for number in range(1, NR_STARTED + 2)] == \
        ["running"] * NR_STARTED + ["created"]
    shell.run("mint destroy n63 && " + make.format(63, 32))

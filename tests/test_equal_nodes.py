# SPDX-License-Identifier: GPL-2.0
"""
All nodes are equal: any node starts, stops and outlives any other, node 0
included. Node b manages from its own UART, so it needs nobody.
"""

import shlex
from typing import Dict

import abi
import faults
import pytest
import shared_region
import traffic
from conftest import Boot, join
from machine import Machine, Shell
from manager import IMAGES, NODE0_CONF, start_manager
from mint_list import nodes_of

DEATH_SECONDS = 20.0
# A node file whose initrd brings the images along, for a node that starts others.
WITH_IMAGES = (f"{IMAGES} && "
               "sed 's,^initrd.*,initrd = /tmp/images.cpio,' /etc/mint/{0}.conf >/tmp/{0}.conf")


def states(shell: Shell) -> Dict[str, str]:
    """The state of each node, as a node sees it."""
    return {node["name"]: node["state"] for node in nodes_of(shell)}


def wait_state(shell: Shell, name: str, state: str) -> None:
    """Waits until a node is in a state, as another node sees it."""
    shell.poll(f"mint show {name} | grep -q '^state *{state}$'", DEATH_SECONDS)


@pytest.fixture(name="three")
def three_fixture(boot: Boot) -> Machine:
    """Nodes 0, b and c on vni0; b was started by node 0, and c by b."""
    machine = boot()
    shell = start_manager(machine)
    shell.run("mint create /etc/mint/c.conf && mint start c", timeout=60)
    machine.node_shell("c")
    join(machine, ["node0", "b", "c"])
    return machine


@pytest.mark.parametrize("end,state", [
    ("poweroff -f", "off"), ("reboot -f", "rebooted"),
    ("echo b >/proc/sysrq-trigger", "rebooted"),
    ("echo c >/proc/sysrq-trigger", "panicked")])
def test_the_others_go_on_when_node0_ends(three: Machine, end: str, state: str) -> None:
    three.expect_splat(r"sysrq|Kernel panic|Call Trace|Oops|BUG: kernel NULL|unable to handle")
    shell = three.node("b")
    three.node().start(end)
    wait_state(shell, "node0", state)
    # What it held comes back: its boot CPU was halted, the other got an INIT.
    shell.poll("mint show node0 | grep -q '^fenced *1$'", DEATH_SECONDS)
    shell.poll("dmesg | grep -q 'vni0: node 0 takes no frames'", DEATH_SECONDS)
    traffic.ping(shell, "10.0.0.3")
    shell.run("mint kill c && mint start c")
    assert states(shell) == {"node0": state, "b": "running", "c": "running"}
    three.check_alive()
    # Whoever is last switches the machine off.
    shell.run("mint kill c")
    shell.start("poweroff -f")
    assert three.wait_exit() == 0


@pytest.mark.parametrize("fault", ["true", "fault hang-all"])
def test_node0_is_killed_and_started_again_by_another_node(boot: Boot, fault: str) -> None:
    machine = boot(initrd=faults.root())
    machine.expect_splat(faults.SPLATS)
    shell = start_manager(machine)
    shell.run("mint create /etc/mint/c.conf && mint start c", timeout=60)
    machine.node().start(fault)
    if fault != "true":
        wait_state(shell, "node0", "silent")
    shell.run("mint kill node0")
    assert states(shell) == {"node0": "stopped", "b": "running", "c": "running"}
    assert shell.run("mint kill node0", check=False).status == 4

    # An ordinary node from here on, in the memory that it had.
    shell.run(NODE0_CONF + "mint start node0 --file /tmp/node0.conf", timeout=60)
    assert "generation  2" in shell.run("mint show node0").output
    shell.run("mint exec node0 -- ifconfig vni0 10.0.0.1 netmask 255.255.255.0 up")
    traffic.bring_up(shell, "10.0.0.2")
    traffic.wait_carrier(shell)
    traffic.ping(shell, "10.0.0.1")
    shell.run("mint kill node0 && mint start node0 --file /tmp/node0.conf", timeout=60)
    shell.run("mint kill node0 && mint destroy node0")
    assert "node0" not in states(shell)

    # The boot CPU and the memory go where they are wanted.
    shell.run(NODE0_CONF + "sed -i -e 's/node0/d/' -e 's/256M/400M@32M/' /tmp/node0.conf;"
              "mint create /tmp/node0.conf && mint start d", timeout=60)
    assert states(shell) == {"d": "running", "b": "running", "c": "running"}
    shell.run("mint kill d && mint kill c")
    shell.start("poweroff -f")
    assert machine.wait_exit() == 0


def test_a_boot_cpu_that_cannot_be_halted_keeps_what_it_has(three: Machine) -> None:
    shell = three.node("b")
    # As if its kernel had not come so far that it takes NMIs.
    node = shared_region.Entry(shell, abi.MINT_SECTION_NODES, 0)
    node.put("self.generation", 9)
    for command in ("kill node0", "destroy node0 --force"):
        result = shell.run(f"mint {command}", check=False)
        assert result.status == 5 and "cannot be stopped" in result.output
    assert shell.run("dmesg | grep -c 'does not halt by NMI'").output.strip() == "1"
    assert "fenced      0" in shell.run("mint show node0").output
    assert three.node().run("nproc").output.strip() == "2"
    node.put("self.generation", 1)
    wait_state(shell, "node0", "running")

    # A boot CPU that runs is not given away, though the ledger has no owner.
    ledger = shared_region.Entry(shell, abi.MINT_SECTION_LEDGER)
    shell.run("sed -e 's/= b$/= d/' -e 's/^cpus.*/cpus = 0/' /etc/mint/b.conf >/tmp/d.conf")
    ledger.put("cpus[0].owner", abi.MINT_OWNER_NONE)
    result = shell.run("mint create /tmp/d.conf", check=False)
    assert result.status == 1 and "the machine's boot CPU runs" in result.output
    ledger.put("cpus[0].owner", 0)
    shell.run("mint kill node0")
    assert states(shell)["node0"] == "stopped"


def test_a_node_outlives_the_one_that_started_it(three: Machine) -> None:
    node0, shell = three.node(), three.node("b")
    shell.start("echo c >/proc/sysrq-trigger")
    three.expect_splat(r"sysrq|Kernel panic|Call Trace|Oops|BUG: kernel NULL|unable to handle")
    wait_state(node0, "b", "panicked")
    traffic.ping(node0, "10.0.0.3")
    traffic.ping(three.node("c"), "10.0.0.1")


def test_started_nodes_stop_and_start_each_other(node0: Machine) -> None:
    shell = node0.node()
    for node in ("b", "c"):
        shell.run(f"{WITH_IMAGES.format(node)} && mint create /tmp/{node}.conf && "
                  f"mint start {node}", timeout=60)
    for manager, other in (("b", "c"), ("c", "b")):
        work = f"{WITH_IMAGES.format(other)} && mint kill {other} && " \
               f"mint start {other} --file /tmp/{other}.conf"
        shell.run(f"mint exec {manager} -- sh -c {shlex.quote(work)}", timeout=60)
    assert "generation  2" in shell.run("mint show b").output
    assert states(shell) == {"node0": "running", "b": "running", "c": "running"}


def test_kexec_is_forbidden(node0: Machine) -> None:
    knob = "/proc/sys/kernel/kexec_load_disabled"
    shell = node0.node()
    assert shell.run(f"cat {knob}; echo 0 >{knob}; cat {knob}", check=False).output.count("1") >= 2
    assert shell.run("dmesg | grep -c 'mint: kexec is disabled'").output.strip() == "1"


def test_a_bad_uart_gives_the_node_none(node0: Machine) -> None:
    shell = node0.node()
    shell.run("mint create /etc/mint/b.conf")
    for value in ("4", "x", "-1", ""):
        shell.run(f"sed 's,^cmdline.*,& mint_uart={value},' /etc/mint/b.conf >/tmp/b.conf;"
                  "mint start b --file /tmp/b.conf")
        log = shell.run("mint log b").output
        assert f"mint_uart: '{value}' is not a number" in log
        assert "is a 16550A" not in log
        shell.run("mint kill b")

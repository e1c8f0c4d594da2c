# SPDX-License-Identifier: GPL-2.0
"""
All nodes are equal: any node starts, stops and outlives any other, node 0
included. Node b manages from its own UART, so it needs nobody.
"""

import json
from typing import Dict

import pytest
import traffic
from conftest import Boot, join
from machine import Machine, Shell
from manager import start_manager

DEATH_SECONDS = 20.0


def states(shell: Shell) -> Dict[str, str]:
    """The state of each node, as a node sees it."""
    nodes = json.loads(shell.run("mint list --json").output)["nodes"]
    return {node["name"]: node["state"] for node in nodes}


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
    shell.poll("dmesg | grep -q 'vni0: node 0 takes no frames'", DEATH_SECONDS)
    traffic.ping(shell, "10.0.0.3")
    shell.run("mint kill c && mint start c")
    assert states(shell) == {"node0": state, "b": "running", "c": "running"}
    three.check_alive()
    # Whoever is last switches the machine off.
    shell.run("mint kill c")
    shell.start("poweroff -f")
    assert three.wait_exit() == 0


def test_a_node_outlives_the_one_that_started_it(three: Machine) -> None:
    node0, shell = three.node(), three.node("b")
    shell.start("echo c >/proc/sysrq-trigger")
    three.expect_splat(r"sysrq|Kernel panic|Call Trace|Oops|BUG: kernel NULL|unable to handle")
    wait_state(node0, "b", "panicked")
    traffic.ping(node0, "10.0.0.3")
    traffic.ping(three.node("c"), "10.0.0.1")


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

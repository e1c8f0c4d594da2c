# SPDX-License-Identifier: GPL-2.0
"""
Who has a node in its hands: a mint start that was stopped while it loads is
named, and loses the node to mint kill, wherever it runs and however its node
does. What it does later harms nobody.
"""

import json
import re

import abi
import faults
from conftest import Boot
from machine import SANITIZE, Machine, Shell, roomy
from manager import IMAGES
from mint_list import state_of
from shared_region import Entry

SECONDS = 30.0
# Long enough to load that a shell sees it. Where kernels have checks they take longer
# for it, and leave less memory, of which a root takes no more than half.
LARGE = f"""
mount -t tmpfs -o size=80% tmpfs /tmp
{{ cat /boot/node.cpio; head -c {20000000 if SANITIZE else 60000000} /dev/zero; }} >/tmp/large
sed 's,^initrd.*,initrd = /tmp/large,' /etc/mint/c.conf >/tmp/c.conf
"""
C_NODE = 2
# No word of jobs amid the output.
LOAD = (f"set +m; mint start c --file /tmp/c.conf >/tmp/said 2>&1 & echo $! >/tmp/loader; "
        f"until grep -q loading /sys/devices/mint/node{C_NODE}/state; do :; done; "
        "kill -STOP $(cat /tmp/loader); "
        # It stops on its way out of the kernel: only then its hold is at rest.
        "until grep -q '^State:.T' /proc/$(cat /tmp/loader)/status; do :; done; "
        "until mint show c >/tmp/shown; grep -q '^held by' /tmp/shown; do :; done")
GO_ON = "kill -CONT $(cat /tmp/loader); wait $(cat /tmp/loader)"


def stop_while_loading(shell: Shell) -> str:
    """Starts node c and stops the command that loads it; its process id."""
    shell.run(LOAD)
    loader = shell.run("cat /tmp/loader").output.strip()
    assert state_of(shell, "c") == "loading"
    return loader


def goes_on_in_vain(shell: Shell) -> None:
    """The command that was stopped goes on, and finds that it has lost the node."""
    result = shell.run(GO_ON + "; code=$?; cat /tmp/said; exit_with() { return $1; }; "
                       "exit_with $code", check=False)
    assert result.status == 4, result.output
    assert "it was killed while it was loaded. Try: mint show c" in result.output


def refused(shell: Shell, command: str, *said: str) -> None:
    """A command that does not get the node says who has it."""
    result = shell.run(command, check=False)
    assert result.status == 4, result.output
    for text in said:
        assert text in result.output


def check_on_one_node(shell: Shell) -> None:
    """The loader and those who want the node are on the same node."""
    loader = stop_while_loading(shell)
    holder = f"mint, process {loader} on node 'node0'"
    assert re.search(f"^held by +{holder}$", shell.run("mint show c").output, re.M)
    shown = json.loads(shell.run("mint show c --json").output)["node"]
    assert shown["holder"] == {"node": 0, "process": int(loader), "command": "mint"}
    for verb in ("start", "destroy"):
        refused(shell, f"mint {verb} c", f"it is being loaded by {holder}. Try: mint kill c")
    shell.run("mint kill c")
    assert state_of(shell, "c") == "created"
    assert json.loads(shell.run("mint show c --json").output)["node"]["holder"] is None
    # It has another owner by the time that the old one goes on.
    shell.run("mint start c")
    goes_on_in_vain(shell)
    assert shell.run("mint exec c -- hostname </dev/null").output == "c\n"

    # The same in the hands of one process after the other, and of none at the end.
    shell.run("mint kill c")
    stop_while_loading(shell)
    shell.run("mint destroy c --force")
    assert state_of(shell, "c") == ""
    goes_on_in_vain(shell)
    shell.run("mint create /etc/mint/c.conf")


def set_hold(shell: Shell, node: int, generation: int) -> None:
    """As if that node were at work on c."""
    word = abi.mint_hold_word(node=node, turn=0x7fff, at_work=1, generation=generation)
    Entry(shell, abi.MINT_SECTION_NODES, C_NODE).put("hold.word", word.pack())


def check_across_nodes(shell: Shell, other: Shell) -> None:
    """The loader is on another node, which runs at first and then hangs."""
    loader = stop_while_loading(other)
    refused(shell, "mint start c", f"it is being loaded by mint, process {loader} on node 'b'")
    shell.run("mint kill c && mint start c")
    goes_on_in_vain(other)
    assert shell.run("mint exec c -- hostname </dev/null").output == "c\n"

    shell.run("mint kill c")
    stop_while_loading(other)
    other.start("fault hang-all")
    shell.poll("mint list | grep -q ' b .* silent '", SECONDS)
    shell.run("mint kill c")
    assert state_of(shell, "c") == "stopped"
    # Had it hung in the middle of a write, it might still end it.
    set_hold(shell, 1, 1)
    refused(shell, "mint start c", "on node 'b', which is silent. Try: mint kill b")
    shell.run("mint kill b && mint start c")
    assert state_of(shell, "c") == "running"


def check_a_loader_that_died(machine: Machine, shell: Shell) -> None:
    """A node that was restarted has not what its former start had."""
    shell.run("mint kill c; mint start b")
    other = machine.node_shell("b")
    other.run(LARGE)
    stop_while_loading(other)
    shell.run("mint kill b")
    machine.close_shell("b")
    shell.run("mint start b")
    assert state_of(shell, "c") == "loading"
    assert "on node 'b', which is dead" in shell.run("mint show c").output
    shell.run("mint start c")
    assert state_of(shell, "c") == "running"


def check_a_killer_that_died(shell: Shell) -> None:
    """A node whose killer died over it is killed by the next one."""
    set_hold(shell, 1, Entry(shell, abi.MINT_SECTION_NODES, 1).get("life.generation"))
    Entry(shell, abi.MINT_SECTION_NODES, C_NODE).put("life.life", abi.MINT_LIFE_LOADING)
    assert state_of(shell, "c") == "loading"
    shell.run("mint kill b")
    shell.poll("mint list | grep -q ' c .* stopped '", SECONDS)
    shell.run("mint start c")
    assert state_of(shell, "c") == "running"


def test_a_loader_that_is_stopped_loses_the_node_to_kill(boot: Boot) -> None:
    machine = boot(initrd=faults.root())
    machine.expect_splat(faults.SPLATS)
    shell = machine.node()
    shell.run(LARGE + IMAGES)
    machine.node_file("b", "2", memory=f"{roomy(448, nodes=3)}M", initrd="/tmp/images.cpio")
    machine.start_node("b")
    shell.run("mint create /etc/mint/c.conf")
    machine.node("b").run(LARGE)
    check_on_one_node(shell)
    check_across_nodes(shell, machine.node("b"))
    machine.close_shell("b")
    check_a_loader_that_died(machine, shell)
    check_a_killer_that_died(shell)

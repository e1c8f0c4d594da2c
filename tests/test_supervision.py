# SPDX-License-Identifier: GPL-2.0
"""mint supervise: nodes that fail are started again without hands."""

import json
import time
from typing import Any, Dict, List

import faults
import pytest
import traffic
from conftest import Boot
from machine import Machine, Shell

AGAIN_SECONDS = 60.0
ADDRESS = {"b": "10.0.0.2", "c": "10.0.0.3"}


def create(shell: Shell, name: str, restart: str) -> None:
    """Creates a node with a policy, that brings up its vni0 by itself."""
    path = f"/tmp/{name}.conf"
    shell.run(f"sed -e 's/^name.*/&\\nrestart = {restart}/' "
              f"-e 's,^cmdline.*,& vni0={ADDRESS[name]}/24,' /etc/mint/{name}.conf >{path} && "
              f"mint create {path}")


def supervise(shell: Shell, options: str = "", log: str = "/tmp/supervise") -> None:
    """Leaves a supervisor running."""
    shell.run(f"(mint supervise --json {options} >{log} 2>&1 </dev/null &)")


def told(shell: Shell, log: str = "/tmp/supervise") -> List[Dict[str, Any]]:
    """What a supervisor has said so far."""
    return [json.loads(line) for line in shell.run(f"cat {log}").output.splitlines()]


def generation(shell: Shell, name: str) -> int:
    """How often a node was started."""
    return int(json.loads(shell.run(f"mint show --json {name}").output)["node"]["generation"])


def state(shell: Shell, name: str) -> str:
    """The state of a node."""
    return str(json.loads(shell.run(f"mint show --json {name}").output)["node"]["state"])


def end(machine: Machine, name: str, command: str) -> None:
    """Lets a node do what it does not survive."""
    machine.node_shell(name).start(command)


def wait_start(machine: Machine, name: str, wanted: int) -> None:
    """Waits until a node runs in that generation, however its console ended."""
    shell = machine.node()
    shell.poll(f"mint show {name} | grep -q '^generation *{wanted}$'", AGAIN_SECONDS)
    shell.poll(f"mint show {name} | grep -q '^state *running$'", AGAIN_SECONDS)
    if name in machine.shells:
        machine.close_shell(name)


@pytest.fixture(name="kept")
def kept_fixture(boot: Boot) -> Machine:
    """Node 0 that supervises b (on-failure) and c (always); c was not started."""
    machine = boot(initrd=faults.root())
    machine.expect_splat(faults.SPLATS)
    shell = machine.node()
    traffic.bring_up(shell, "10.0.0.1")
    create(shell, "b", "on-failure")
    create(shell, "c", "always")
    shell.run("mint start b")
    supervise(shell, "--grace 1")
    return machine


def reach(shell: Shell, name: str) -> None:
    """Waits until a node answers, however long its user space takes to boot."""
    shell.poll(f"ping -c 1 -W 1 {ADDRESS[name]}", AGAIN_SECONDS)


def test_failures_are_mended_and_users_wishes_are_not(kept: Machine) -> None:
    shell = kept.node()
    reach(shell, "b")
    kept.node_shell("b")
    began = time.monotonic()
    end(kept, "b", "fault panic")
    # The address is the same, so is the neighbour: nothing is done by hand.
    shell.poll("mint show b | grep -q '^generation *2$'", AGAIN_SECONDS)
    reach(shell, "b")
    measured = f"panic to ping: {time.monotonic() - began:.2f} s"
    (kept.log_dir / "restart").write_text(measured + "\n", encoding="utf-8")
    print(measured)
    kept.close_shell("b")
    text = "the same node, and another"
    assert traffic.send_string(shell, kept.node_shell("b"), ADDRESS["b"], text) == text

    end(kept, "b", "fault soft-lockup")
    wait_start(kept, "b", 3)
    end(kept, "b", "fault hard-lockup")
    wait_start(kept, "b", 4)
    assert [(line["name"], line["state"], line["generation"], line["waited_s"], line["error"])
            for line in told(shell)] == [
        ("b", "panicked", 1, 0, None), ("b", "stalled", 2, 1, None), ("b", "silent", 3, 2, None)]

    # What c does shows that the supervisor has seen what happened to b before.
    shell.run("mint kill b && mint start c")
    end(kept, "c", "poweroff -f")
    wait_start(kept, "c", 2)
    assert (state(shell, "b"), generation(shell, "b")) == ("stopped", 4)
    shell.run("mint start b")
    end(kept, "b", "poweroff -f")
    kept.close_shell("b")
    end(kept, "c", "reboot -f")
    wait_start(kept, "c", 3)
    assert (state(shell, "b"), generation(shell, "b")) == ("off", 5)
    assert [line["state"] for line in told(shell)[3:]] == ["off", "rebooted"]


def test_a_start_that_fails_is_told_of_once_and_tried_again(kept: Machine) -> None:
    shell = kept.node()
    shell.run("mv /run/mint/b.conf /tmp/kept.conf; mv /etc/mint/b.conf /tmp/b.etc")
    end(kept, "b", "fault panic")
    shell.poll("grep -q error /tmp/supervise", AGAIN_SECONDS)
    shell.run("mv /tmp/kept.conf /run/mint/b.conf")
    wait_start(kept, "b", 2)
    first, *rest = told(shell)
    assert "there is neither /run/mint/b.conf" in first["error"]
    assert [line["error"] for line in rest] == [None]
    assert rest[0]["waited_s"] > 0


def give_images(machine: Machine, name: str) -> None:
    """Gives another node what it needs to start node b."""
    shell, other = machine.node(), machine.node_shell(name)
    other.run("mkdir -p /run/mint /boot")
    for path in ("/boot/bzImage", "/boot/node.cpio", "/run/mint/b.conf"):
        traffic.listen(other, path)
        shell.run(f"nc -N {ADDRESS[name]} {traffic.STRING_PORT} <{path}")
        other.poll(f"test -e {path}.done", traffic.SECONDS)


def test_of_two_supervisors_one_starts_the_node_and_the_other_is_quiet(kept: Machine) -> None:
    shell = kept.node()
    shell.run("mint start c")
    reach(shell, "c")
    give_images(kept, "c")
    supervise(kept.node("c"), "--grace 1 b")
    for wanted in (2, 3):
        end(kept, "b", "fault panic")
        wait_start(kept, "b", wanted)
        both = told(shell) + told(kept.node("c"))
        assert sorted((line["generation"], line["error"]) for line in both) == [
            (number, None) for number in range(1, wanted)]


def test_what_cannot_be_supervised_is_refused(node0: Machine) -> None:
    for operands, status, reason in (
            ("nobody", 3, "no node 'nobody'"), ("node0", 4, "restart = no"),
            ("--grace 0", 2, "--grace '0' is not"), ("--grace soon", 2, "--grace 'soon' is not")):
        result = node0.node().run(f"mint supervise {operands}", check=False)
        assert result.status == status and reason in result.output, result

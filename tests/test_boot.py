# SPDX-License-Identifier: GPL-2.0
"""Booting nodes, their console, clock, CPUs, death and restart."""

import re
import time

import abi
import pytest
import traffic
from conftest import Boot, join
from machine import CommandFailed, Machine, Shell, roomy
from mint_list import nodes_of

PANIC_SECONDS = 30.0


def restart(machine: Machine, name: str) -> None:
    """Starts a node again whose console has ended, and opens it."""
    machine.close_shell(name)
    machine.node().run(f"mint start {name}", timeout=90)
    machine.node_shell(name)


def test_node0_sees_only_its_share(node0: Machine) -> None:
    shell = node0.node()
    assert shell.run("nproc").output.strip() == "2"
    total = int(shell.run("awk '/MemTotal/ {print $2}' /proc/meminfo").output)
    assert total < 512 * 1024


def test_without_the_parameter_the_machine_is_whole(boot: Boot) -> None:
    shell = boot(mint=None).node()
    assert shell.run("nproc").output.strip() == "4"
    total = int(shell.run("awk '/MemTotal/ {print $2}' /proc/meminfo").output)
    assert total > 3 * 1024 * 1024
    assert shell.run("test -e /dev/mint", check=False).status != 0


def test_two_nodes_run_their_own_kernels(shared_pair: Machine) -> None:
    boots = {shared_pair.node(name).run("cat /proc/sys/kernel/random/boot_id").output
             for name in ("node0", "b")}
    assert len(boots) == 2
    assert shared_pair.node("b").run("hostname").output.strip() == "b"
    assert shared_pair.node("b").run("nproc").output.strip() == "1"
    total = int(shared_pair.node("b").run(
        "awk '/MemTotal/ {print $2}' /proc/meminfo").output)
    assert total < roomy(256) * 1024


def test_list_reports_both_nodes_as_json(shared_pair: Machine) -> None:
    states = {node["name"]: node["state"] for node in nodes_of(shared_pair.node())}
    assert len(states) == 2
    assert states["b"] == "running"


def test_node_with_two_cpus_uses_both(boot: Boot) -> None:
    machine = boot()
    shell = machine.start_node("bc")
    assert shell.run("nproc").output.strip() == "2"
    for cpu in (0, 1):
        assert shell.run(f"taskset -c {cpu} sh -c 'cut -d\" \" -f39 "
                         "/proc/self/stat'").output.strip() == str(cpu)
    join(machine, ["node0", "bc"])
    traffic.ping(machine.node(), "10.0.0.2")


def test_no_node_broadcasts_interrupts(shared_pair: Machine) -> None:
    for name in ("node0", "b"):
        line = shared_pair.node(name).run("dmesg | grep 'IPI shorthand'").output
        assert "disabled" in line


def test_clock_of_a_node_is_right_to_the_second(pair: Machine) -> None:
    # Asked before and after, so that a slow line cannot make a difference.
    before = int(pair.node().run("date +%s").output)
    between = int(pair.node("b").run("date +%s").output)
    after = int(pair.node().run("date +%s").output)
    assert before - 1 <= between <= after + 1


def test_console_shows_what_was_printed_before_attaching(shared_pair: Machine) -> None:
    log = (shared_pair.log_dir / "ttyS2.log").read_text("utf-8", "replace")
    assert "Linux version 6.12" in log


def test_console_carries_every_byte(shared_pair: Machine) -> None:
    # Less at a time than a node keeps for a reader that is slow.
    for first in range(1, 20001, 1000):
        last = first + 999
        expected = "".join(f"{number}\n" for number in range(first, last + 1))
        assert shared_pair.node("b").run(f"seq {first} {last}").output == expected


def test_log_of_a_node_starts_with_its_first_line(shared_pair: Machine) -> None:
    lines = shared_pair.node().run("mint log b").output.splitlines()
    assert "Linux version 6.12" in lines[0]


@pytest.mark.parametrize("way,state", [
    ("poweroff -f", "off"), ("halt -f", "off"), ("reboot -f", "rebooted")])
def test_a_node_that_ends_parks_only_itself(boot: Boot, way: str,
                                            state: str) -> None:
    machine = boot()
    machine.start_node("b").start(way)
    machine.close_shell("b")
    machine.node().poll(f"mint list --json | grep -q '\"{state}\"'", 10)
    machine.check_alive()


def panic(machine: Machine, name: str) -> None:
    """Lets a node panic, and declares what that prints."""
    machine.expect_splat(r"sysrq|Kernel panic|Call Trace|Oops|BUG: kernel NULL"
                         r"|unable to handle")
    machine.node(name).start("echo c > /proc/sysrq-trigger")


def test_panic_of_a_node_leaves_node0_running(pair: Machine) -> None:
    panic(pair, "b")
    traffic.wait_carrier(pair.node(), present=False, seconds=PANIC_SECONDS)
    assert pair.node().run("nproc").output.strip() == "2"
    pair.node().run("iperf3 -s -D; iperf3 -c 127.0.0.1 -t 1")
    text = pair.node().run("mint log b").output
    assert "Kernel panic" in text


def test_node_that_panicked_is_started_again_and_reached(pair: Machine) -> None:
    for _ in range(2):
        panic(pair, "b")
        traffic.wait_carrier(pair.node(), present=False, seconds=PANIC_SECONDS)
        restart(pair, "b")
        traffic.bring_up(pair.node("b"), "10.0.0.2")
        traffic.wait_carrier(pair.node())
        traffic.ping(pair.node(), "10.0.0.2")
        text = f"after restart {time.time_ns()}"
        assert text == traffic.send_string(pair.node(), pair.node("b"),
                                           "10.0.0.2", text)
    generation = [node["generation"] for node in nodes_of(pair.node())
                  if node["name"] == "b"]
    assert generation == [3]


def test_restart_under_traffic_does_not_disturb_node0(pair: Machine) -> None:
    pair.node().run("(ping -f 10.0.0.2 >/dev/null 2>&1 &)")
    panic(pair, "b")
    traffic.wait_carrier(pair.node(), present=False, seconds=PANIC_SECONDS)
    restart(pair, "b")
    traffic.bring_up(pair.node("b"), "10.0.0.2")
    traffic.wait_carrier(pair.node())
    traffic.ping(pair.node("b"), "10.0.0.1")
    pair.node().run("killall ping")


def test_what_a_panicked_node_held_comes_back_without_a_restart(
        pair: Machine) -> None:
    node0 = pair.node()
    pair.node("b").run("iperf3 -s -D")
    node0.run("(iperf3 -c 10.0.0.2 --bidir -t 60 >/dev/null 2>&1 &)")
    node0.poll("test $(cat /sys/class/net/vni0/statistics/rx_packets) -ge 100", 30)
    panic(pair, "b")
    node0.poll("mint show b | grep -q '^fenced *1$'", PANIC_SECONDS)
    node0.poll("mint list | grep -q panicked", 10)
    # A census counts all buffers; with the interface down all must be free.
    node0.run("ip link set vni0 down")
    traffic.wait_buffers_free(node0, "cached|alloc|inflight|held|bad|invalid")


def test_three_nodes_reach_each_other(boot: Boot) -> None:
    machine = boot()
    names = ["node0", "b", "c"]
    for name in names[1:]:
        machine.start_node(name)
    join(machine, names)
    for sender in names:
        for index, receiver in enumerate(names):
            if sender == receiver:
                continue
            address = f"10.0.0.{index + 1}"
            traffic.ping(machine.node(sender), address)
            text = f"{sender} to {receiver}"
            assert text == traffic.send_string(
                machine.node(sender), machine.node(receiver), address, text)


def test_a_third_node_is_not_disturbed_by_a_panic(boot: Boot) -> None:
    machine = boot()
    for name in ("b", "c"):
        machine.start_node(name)
    join(machine, ["node0", "b", "c"])
    panic(machine, "b")
    machine.node().poll("mint list --json | grep -q panicked", PANIC_SECONDS)
    traffic.ping(machine.node(), "10.0.0.3")
    traffic.ping(machine.node("c"), "10.0.0.1")
    assert machine.node("c").run("cat /sys/class/net/vni0/carrier"
                                 ).output.strip() == "1"


def test_power_off_ends_the_machine(node0: Machine) -> None:
    node0.node().start("poweroff -f")
    assert node0.wait_exit() == 0


def write_conf(shell: Shell, **changes: str) -> str:
    """Writes a node file that differs from b.conf; its path."""
    edits = "".join(f"-e 's|^{key} = .*|{key} = {value}|' "
                    for key, value in changes.items())
    shell.run(f"sed {edits} /etc/mint/b.conf >/tmp/changed.conf")
    return "/tmp/changed.conf"


REFUSED = [
    ({"cpus": "0"}, "CPU 0"),
    ({"cpus": "1"}, "CPU 1"),
    ({"cpus": "17"}, "CPU 17"),
    ({"memory": "64G"}, "memory"),
    ({"kernel": "/boot/nothing"}, "/boot/nothing"),
    ({"kernel": "/tmp/corrupt"}, "/tmp/corrupt"),
    ({"kernel": "/tmp/short"}, "/tmp/short"),
    ({"kernel": "/dev/null"}, "/dev/null"),
    ({"initrd": "/boot/nothing"}, "/boot/nothing"),
]


def test_a_bad_node_is_refused_and_leaves_nothing_claimed(node0: Machine) -> None:
    shell = node0.node()
    shell.run("dd if=/dev/urandom of=/tmp/corrupt bs=64k count=8 2>/dev/null;"
              "head -c 20000 /boot/bzImage >/tmp/short")
    before = nodes_of(shell)
    for changes, reason in REFUSED:
        path = write_conf(shell, **changes)
        result = shell.run(f"mint create {path} && mint start b", check=False)
        assert result.status == 1, changes
        errors = [line for line in result.output.splitlines()
                  if line.startswith("mint: ")]
        assert len(errors) == 1 and reason in errors[0], result.output
        if any(node["name"] == "b" for node in nodes_of(shell)):
            shell.run("mint destroy b")
        assert nodes_of(shell) == before, changes
    # The same CPUs and memory are free for a good node file.
    node0.start_node("b")


def test_a_node_is_created_only_once(shared_pair: Machine) -> None:
    before = nodes_of(shared_pair.node())
    with pytest.raises(CommandFailed, match="mint: "):
        shared_pair.node().run("mint create /etc/mint/b.conf")
    with pytest.raises(CommandFailed, match="CPU 2"):
        shared_pair.node().run("mint create /etc/mint/bc.conf")
    names = [node["name"] for node in before]
    assert [node["name"] for node in nodes_of(shared_pair.node())] == names
    traffic.ping(shared_pair.node(), "10.0.0.2")


@pytest.mark.parametrize("command,status", [
    ("mint start nobody", 3), ("mint show nobody", 3),
    ("mint console nobody", 3), ("mint frobnicate", 2), ("mint", 2),
    ("mint start b", 4), ("mint create", 2),
])
def test_exit_codes_on_a_running_machine(shared_pair: Machine, command: str,
                                         status: int) -> None:
    assert shared_pair.node().run(command, check=False).status == status


def test_version_names_the_abi(node0: Machine) -> None:
    output = node0.node().run("mint version").output
    assert re.search(rf"\b{abi.MINT_ABI_MAJOR}\.{abi.MINT_ABI_MINOR}\b", output)

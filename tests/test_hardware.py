# SPDX-License-Identifier: GPL-2.0
"""What a started node touches of the machine: its local APICs, nothing else."""

import re
from pathlib import Path
from typing import Dict, Set

import pytest
from conftest import Boot
from machine import Machine

# QEMU names the CPU of every access to an emulated device.
ACCESS = re.compile(r"memory_region_ops_(?:read|write) cpu (?P<cpu>\d+) .*"
                    r"name '(?P<device>[^']*)'")


def devices_by_cpu(trace: Path) -> Dict[int, Set[str]]:
    """The devices that each CPU has touched."""
    devices: Dict[int, Set[str]] = {}
    with open(trace, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            access = ACCESS.match(line)
            if access:
                devices.setdefault(int(access["cpu"]), set()).add(access["device"])
    return devices


def end(machine: Machine, command: str, state: str) -> None:
    """Lets node bc end itself, and waits until node 0 has seen it."""
    machine.node("bc").start(command)
    machine.close_shell("bc")
    machine.node().poll(f"mint list --json | grep -q '\"{state}\"'", 10)


@pytest.mark.parametrize("command, state", [
    ("reboot -f", "rebooted"), ("poweroff", "off"),
    ("echo c >/proc/sysrq-trigger", "panicked")])
def test_a_node_touches_no_device_of_another(
        boot: Boot, tmp_path: Path, command: str, state: str) -> None:
    trace = tmp_path / "trace"
    machine = boot(extra=["-trace", "memory_region_ops_*", "-D", str(trace)])
    machine.expect_splat(r"sysrq|Kernel panic|Call Trace")
    shell = machine.start_node("bc")
    shell.run("ip link set vni0 up; date; date -s @0; cat /proc/interrupts")
    end(machine, command, state)
    machine.node().start("poweroff")
    machine.wait_exit()

    devices = devices_by_cpu(trace)
    # Node 0 on CPUs 0 and 1 shows that the trace sees devices at all.
    assert {"rtc", "serial"} <= devices[0] | devices[1]
    assert devices[2] | devices[3] == {"apic-msi"}

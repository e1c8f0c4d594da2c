# SPDX-License-Identifier: GPL-2.0
"""
What a started node touches of the machine: its local APICs and its devices. It also
reads the ACPI PM timer, which nobody can set.
"""

import re
from pathlib import Path
from typing import List, Tuple

import pytest
from accesses import TIMER, accesses, devices_by_cpu, traced
from conftest import Boot
from machine import Extra, Machine

ECAM = 0xB0000000


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
    machine = boot(extra=traced(trace))
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


def own_ranges(machine: Machine, name: str) -> List[Tuple[int, int]]:
    """The addresses of a node's functions: configuration space and BARs."""
    shell = machine.node(name)
    ranges = []
    for function in shell.run("ls /sys/bus/pci/devices").output.split():
        bus, device, number = re.split("[:.]", function)[1:]
        at = ECAM + (int(bus, 16) << 20) + (int(device, 16) << 15) + (int(number) << 12)
        ranges.append((at, at + 4095))
        bars = shell.run(f"cat /sys/bus/pci/devices/{function}/resource").output
        ranges += [(int(start, 16), int(end, 16)) for start, end, _ in
                   (line.split() for line in bars.splitlines()) if int(end, 16)]
    return ranges


def test_a_node_touches_no_device_but_its_own(boot: Boot, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    devices = Extra().nic("4", 0).nic("5.0", 0).nic("5.1", 0).line
    machine = boot(mint="cpus=0-1,mem=512M,shm=64M,nodevices=00:05.1",
                   extra=traced(trace) + devices)
    node0 = machine.node()
    node0.run(f"mint create {machine.node_file('bc', '2-3', devices='00:05.1')}")
    node0.run("mint start bc", timeout=90)
    shell = machine.node_shell("bc")
    ranges = own_ranges(machine, "bc")
    # The neighbours may be asked for, but do not answer.
    shell.run("ip addr add 10.1.0.2/24 dev eth0; ip link set eth0 up; echo 1 >/sys/bus/pci/rescan")
    card = node0.run("ls /sys/bus/pci/devices/0000:00:04.0/virtio*/net").output.strip()
    node0.run(f"ip addr add 10.1.0.1/24 dev {card}; ip link set {card} up; ping -c 2 10.1.0.2")
    end(machine, "poweroff", "off")
    node0.start("poweroff")
    machine.wait_exit()

    touched = {(access.device, access.addr) for access in accesses(trace)
               if access.cpu in (2, 3) and access.device != "apic-msi" and
               (access.device, access.kind) != TIMER}
    assert {"pcie-mmcfg-mmio", "msix-table"} <= {device for device, _ in touched}
    assert [(device, hex(addr)) for device, addr in touched if
            not any(first <= addr <= last for first, last in ranges)] == []

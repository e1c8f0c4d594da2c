# SPDX-License-Identifier: GPL-2.0
"""
Machines that save power, sleep, or have a counter that nobody trusts: what their
nodes do, and what they refuse. With the kernel for any machine.
"""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import List

import traffic
from conftest import Boot, join
from machine import ANY, Extra, Machine, Shell, deadline_in
from roots import extended_root

SECONDS = 60.0
SHARE = "cpus=0-1,mem=512M,shm=64M"
CONSOLE = "console=hvc0 hostname=b"
MEASURED_MS = 3000
# Uncalibrated counters are off by several hundred, counted ticks by ten thousands.
MOST_PPM = 100.0
PORT, NVME = "0000:00:04.0", "0000:01:00.0"
OTHER_PORT, OTHER = "0000:00:05.0", "0000:02:00.0"


def disk_image(path: Path) -> str:
    """Makes a disk of random content; its sha256."""
    content = os.urandom(4 << 20)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def nvme_behind_a_port(image: Path) -> List[str]:
    """A disk with virtual functions behind a root port, something else behind another."""
    ports = [f"pcie-root-port,id=bus-{name},addr={addr},chassis={addr},hotplug=off"
             for name, addr in (("port", 4), ("other", 5))]
    devices = [*ports, "nvme-subsys,id=subsys",
               "nvme,id=nvme,serial=1,subsys=subsys,bus=bus-port,sriov_max_vfs=2,"
               "sriov_vq_flexible=4,sriov_vi_flexible=2",
               "nvme-ns,drive=disk,bus=nvme", "virtio-rng-pci,bus=bus-other"]
    return ["-drive", f"if=none,id=disk,format=raw,file={image}",
            *(word for device in devices for word in ("-device", device))]


def runtime_status(shell: Shell, function: str) -> str:
    """Whether a PCI function of node 0 is awake, as its kernel has it."""
    return shell.run(f"cat /sys/bus/pci/devices/{function}/power/runtime_status").output.strip()


def refuses_to_sleep(shell: Shell, state: str, error: str, why: str) -> None:
    """Asks a node to sleep, and is refused with an error and one line in the log."""
    shell.run("dmesg -c >/dev/null")
    # Only the greater of the two shells tells which error it was.
    result = shell.run(f"bash -c 'echo {state} >/sys/power/state'", check=False)
    assert result.status != 0 and error in result.output, (state, result)
    lines = [line for line in shell.run("dmesg").output.splitlines() if "mint:" in line]
    assert len(lines) == 1 and why in lines[0] and "Try: " in lines[0], (state, lines)


def ticks(shell: Shell) -> float:
    """Ticks of the time stamp counter in a second, by the clock of a node."""
    return float(shell.run(f"clock {MEASURED_MS}").output)


def apart_ppm(one: float, other: float) -> float:
    """By how many millionths two rates differ."""
    return abs(one / other - 1) * 1e6


def ledger_ticks(shell: Shell) -> float:
    """The same as the ledger has it."""
    rate: int = json.loads(shell.run("mint hw --json").output)["tsc_khz"]
    return rate * 1000.0


def wait_for_rate(shell: Shell) -> float:
    """Waits until the ledger has the rate that node 0's clock has; the rate."""
    deadline = deadline_in(SECONDS)
    while True:
        rate, told = ticks(shell), ledger_ticks(shell)
        if apart_ppm(rate, told) < MOST_PPM:
            return rate
        assert time.monotonic() < deadline, (rate, told)


def start_b(machine: Machine, cpus: str, **keys: str) -> Shell:
    """Starts node b, which was created, with other keys in its file."""
    path = machine.node_file("b", cpus, **keys)
    machine.node().run(f"mint start b --file {path}", timeout=SECONDS)
    return machine.node_shell("b")


def test_a_machine_that_saves_power_and_distrusts_its_counter(boot: Boot, tmp_path: Path) -> None:
    content = disk_image(tmp_path / "disk")
    machine = boot(build=ANY, initrd=extended_root("clock", ANY), mint=SHARE,
                   append="tsc=unstable pcie_port_pm=force",
                   extra=nvme_behind_a_port(tmp_path / "disk"))
    node0 = machine.node()
    node0.run(f"echo {NVME} >/sys/bus/pci/devices/{NVME}/driver/unbind")
    node0.run(f"mint create {machine.node_file('b', '2-3', devices='01:00.0')}")
    rate = wait_for_rate(node0)
    b = start_b(machine, "2-3")
    assert apart_ppm(ticks(b), rate) < MOST_PPM

    # A port whose function is gone sleeps, and so would that of the disk.
    node0.run(f"echo 1 >/sys/bus/pci/devices/{OTHER}/remove")
    node0.poll(f"grep -qx suspended /sys/bus/pci/devices/{OTHER_PORT}/power/runtime_status",
               SECONDS)
    assert runtime_status(node0, PORT) == "active"
    assert b.run("sha256sum /dev/nvme0n1").output.split()[0] == content
    function = f"/sys/bus/pci/devices/{NVME}"
    assert b.run(f"cat {function}/sriov_totalvfs").output.strip() == "0"
    assert b.run(f"echo 2 >{function}/sriov_numvfs", check=False).status != 0
    assert "no virtual functions on a started node" in b.run("dmesg").output

    for state in "mem", "freeze":
        refuses_to_sleep(node0, state, "busy", "node 1 would lose its CPUs")
        refuses_to_sleep(b, state, "not supported", "nothing could wake this node")
    refuses_to_sleep(node0, "disk", "not supported", "no hibernation")
    join(machine, ["node0", "b"])
    traffic.ping(b, "10.0.0.1")

    node0.run("mint kill b")
    machine.close_shell("b")
    refuses_to_sleep(node0, "mem", "busy", "PCI functions that were given away")
    b = start_b(machine, "2-3", cmdline=f"{CONSOLE} tsc=unstable noapic nosmp")
    clock = "cat /sys/devices/system/clocksource/clocksource0/current_clocksource"
    assert b.run(clock).output.strip() == "acpi_pm"
    assert apart_ppm(ticks(b), rate) < MOST_PPM

    # Without its local APIC, by a word that the command lets through.
    node0.run("mint kill b")
    machine.close_shell("b")
    machine.expect_splat(r"Kernel panic|Call Trace")
    path = machine.node_file("b", "2-3", cmdline=f"{CONSOLE} clearcpuid=apic")
    result = node0.run(f"mint start b --file {path}", timeout=SECONDS, check=False)
    assert result.status == 1 and "after its start. Try: mint log b" in result.output, result
    assert "no local APIC" in node0.run("mint log b").output


def sleep_and_wake(machine: Machine) -> None:
    """Suspends node 0 to memory, and wakes the machine as its power button does."""
    node0 = machine.node()
    node0.start("echo mem >/sys/power/state; echo $? >/tmp/slept")
    deadline = deadline_in(SECONDS)
    while "suspended" not in machine.tell_qemu("info status"):
        assert time.monotonic() < deadline, "node 0 does not sleep"
    machine.tell_qemu("system_wakeup")
    node0.poll("grep -qx 0 /tmp/slept", SECONDS)


def test_node0_sleeps_when_it_is_alone(boot: Boot, tmp_path: Path) -> None:
    content = disk_image(tmp_path / "disk")
    machine = boot(build=ANY, initrd=extended_root("clock", ANY), mint=SHARE,
                   extra=Extra().disk("4", tmp_path / "disk").line)
    node0 = machine.node()
    node0.run(f"mint create {machine.node_file('b', '2')}")
    rate = wait_for_rate(node0)
    assert apart_ppm(ticks(start_b(machine, "2")), rate) < MOST_PPM
    node0.run("mint kill b")
    machine.close_shell("b")

    sleep_and_wake(machine)
    assert node0.run("sha256sum /dev/vda").output.split()[0] == content
    assert "came back without ECAM" in node0.run("dmesg").output
    start_b(machine, "2")
    join(machine, ["node0", "b"])
    traffic.ping(node0, "10.0.0.2")
    node0.run("echo 0000:00:04.0 >/sys/bus/pci/devices/0000:00:04.0/driver/unbind")
    refused = node0.run(f"mint create {machine.node_file('c', '3', devices='00:04.0')}",
                        check=False)
    assert refused.status == 1 and "out of reach of other nodes" in refused.output, refused

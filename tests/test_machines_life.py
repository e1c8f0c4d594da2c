# SPDX-License-Identifier: GPL-2.0
"""
Machines with a counter that nobody trusts: what their nodes do. With the kernel for any machine.
"""

import json
import time

from conftest import Boot
from machine import ANY, Machine, Shell, deadline_in
from roots import extended_root

SECONDS = 60.0
SHARE = "cpus=0-1,mem=512M,shm=64M"
CONSOLE = "console=hvc0 hostname=b"
MEASURED_MS = 3000
# Uncalibrated counters are off by several hundred, counted ticks by ten thousands.
MOST_PPM = 100.0


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


def test_a_machine_that_distrusts_its_counter(boot: Boot) -> None:
    machine = boot(build=ANY, initrd=extended_root("clock", ANY), mint=SHARE,
                   append="tsc=unstable")
    node0 = machine.node()
    node0.run(f"mint create {machine.node_file('b', '2-3')}")
    rate = wait_for_rate(node0)
    b = start_b(machine, "2-3")
    assert apart_ppm(ticks(b), rate) < MOST_PPM

    node0.run("mint kill b")
    machine.close_shell("b")
    b = start_b(machine, "2-3", cmdline=f"{CONSOLE} tsc=unstable noapic nosmp")
    clock = "cat /sys/devices/system/clocksource/clocksource0/current_clocksource"
    assert b.run(clock).output.strip() == "acpi_pm"
    assert apart_ppm(ticks(b), rate) < MOST_PPM

# SPDX-License-Identifier: GPL-2.0
"""
The kernel for a distribution, whose drivers look for what PCs have, on a node that has
none of it.
"""

from pathlib import Path

from accesses import devices_by_cpu, traced
from conftest import Boot
from machine import ANY


def test_a_node_with_drivers_of_a_pc_touches_no_device(boot: Boot, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    machine = boot(build=ANY, extra=traced(trace))
    shell = machine.start_node("bc")
    assert shell.run("uname -r").output.strip().endswith("-mint")
    # Screens, keyboards and clocks; and files of /dev that would wake a driver.
    shell.run("cat /proc/interrupts /proc/consoles; hwclock -r; date -s @0; "
              "for file in /dev/tty0 /dev/fb0 /dev/rtc0 /dev/input/*; do true <$file; done; true")
    shell.start("poweroff")
    machine.close_shell("bc")
    machine.node().poll("mint list --json | grep -q '\"off\"'", 10)
    machine.node().start("poweroff")
    machine.wait_exit()

    devices = devices_by_cpu(trace)
    # Node 0 has them, and its drivers find them.
    assert {"rtc", "i8042-data", "serial"} <= devices[0] | devices[1]
    assert devices[2] | devices[3] == {"apic-msi"}

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Measures the smallest memory with which a node boots the small root and runs
iperf3 as server and as client, by bisection in steps of 2 MB.

A kernel keeps 2 MB of page descriptors for each 128 MB of addresses that it has
any memory in. So the figure is taken for the best place, beside the shared
region, and for the worst, across a border away from it.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import crowd  # pylint: disable=wrong-import-position
import traffic  # pylint: disable=wrong-import-position
from machine import (BUILD, CommandFailed, CommandTimeout,  # pylint: disable=wrong-import-position
                     Machine)
from splats import SPLATS  # pylint: disable=wrong-import-position

LOWEST, HIGHEST, STEP = 16, 64, 2
MEMBER = crowd.Member("small", "1", 64, "")
ADDRESS = "10.0.0.2"
SERVE = f"ip addr add {ADDRESS}/24 dev vni0; ip link set vni0 up; iperf3 -s -D"


PLACES = {"best": "@0x24000000", "worst": "@0x2f000000"}


def runs_with(machine: Machine, memory: int, place: str) -> bool:
    """Does a node of so many MB there boot and carry iperf3 both ways?"""
    shell = machine.node()
    shell.run(f"sed 's/^memory.*/memory = {memory}M{place}/' /etc/mint/small.conf >/tmp/small.conf;"
              "mint create /tmp/small.conf")
    try:
        shell.run("mint start small --timeout 20", timeout=60)
        shell.poll(f"ping -c 1 -W 1 {ADDRESS}", 10)
        shell.poll(f"nc -z -w 1 {ADDRESS} 5201", 10)
        for options in ("", "-R"):
            traffic.iperf(shell, ADDRESS, 1, options)
    except (CommandFailed, CommandTimeout, AssertionError, json.JSONDecodeError):
        return False
    finally:
        log = shell.run("mint log small", check=False).output
        shell.run("mint kill small; mint destroy small")
    return "Out of memory" not in log and not SPLATS.search(log)


def smallest(machine: Machine, place: str) -> int:
    """The least memory in MB that does; what is above it does too."""
    low, high = LOWEST, HIGHEST
    while high - low > STEP:
        middle = (low + high) // 2 // STEP * STEP
        if runs_with(machine, middle, place):
            high = middle
        else:
            low = middle
    return high


def boot(log_dir: Path) -> Machine:
    """A machine whose node 0 can start the node in question."""
    work = BUILD / "tests/smallest"
    root = crowd.make_root(work, [MEMBER])
    # Nothing but the small root: the traffic program would take 1 MB more.
    image = crowd.make_image(work, f"{MEMBER.name}.cpio.gz", SERVE, [])
    root.write_bytes(root.read_bytes() + crowd.pack(
        [f"file /boot/{image.name} {image} 0644 0 0"], work, "more"))
    machine = Machine(log_dir, cpus=2, mint="cpus=0,mem=512M,shm=64M", initrd=root)
    machine.start()
    machine.node().run("ip addr add 10.0.0.1/24 dev vni0; ip link set vni0 up")
    return machine


def main() -> None:
    """Prints the figure."""
    with boot(BUILD / "soak/smallest") as machine:
        for name, place in PLACES.items():
            print(f"{name} place: {smallest(machine, place)} MB")


if __name__ == "__main__":
    main()

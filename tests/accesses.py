# SPDX-License-Identifier: GPL-2.0
"""Which CPU of a machine has touched which emulated device."""

import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Set

# QEMU names the CPU of every access to an emulated device.
ACCESS = re.compile(r"memory_region_ops_(?P<kind>read|write) cpu (?P<cpu>\d+) .*"
                    r"addr (?P<addr>0x[0-9a-f]+) .*name '(?P<device>[^']*)'")
# What all may read.
TIMER = ("acpi-tmr", "read")


def traced(trace: Path) -> List[str]:
    """Words for QEMU: it writes each access to this file."""
    return ["-trace", "memory_region_ops_*", "-D", str(trace)]


class Access(NamedTuple):
    """An access to an emulated device."""

    cpu: int
    device: str
    addr: int
    kind: str


def accesses(trace: Path) -> Iterator[Access]:
    """Each access, in their order."""
    with open(trace, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            access = ACCESS.match(line)
            if access:
                yield Access(int(access["cpu"]), access["device"], int(access["addr"], 16),
                             access["kind"])


def devices_by_cpu(trace: Path) -> Dict[int, Set[str]]:
    """The devices that each CPU has touched, but for what all may read."""
    devices: Dict[int, Set[str]] = {}
    for access in accesses(trace):
        if (access.device, access.kind) != TIMER:
            devices.setdefault(access.cpu, set()).add(access.device)
    return devices

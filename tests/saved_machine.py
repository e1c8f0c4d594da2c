# SPDX-License-Identifier: GPL-2.0
"""
Machines as `mint check-machine` sees them: the files of /proc and /sys that it
reads, one JSON file for each machine in tests/machines.

    PYTHONPATH=tests /usr/bin/python3 -B -m saved_machine q35 uefi ...

boots those shapes without mint=, and saves them again; any other name is for the
machine that this runs on. tests/test_check_machine.py has the command look at them.
"""

import base64
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List

from machine import ANY, BUILD, Machine
from shapes import x2apic_machine

MACHINES = Path(__file__).resolve().parent / "machines"
CPUINFO = "processor|apicid|model name|flags|address sizes"
MSR = 0x1B      # of the local APIC's base, which is where the file is read

# "F path base64" for a file, "L path target" for a link.
COLLECT = f"""
file() {{ [ -r "$1" ] && [ ! -d "$1" ] && echo "F $1 $(base64 -w0)"; }}
for f in /proc/interrupts /proc/iomem /proc/sys/kernel/osrelease /sys/power/state \
        /sys/firmware/acpi/tables/APIC /sys/firmware/acpi/tables/MCFG \
        /sys/firmware/acpi/tables/SRAT /sys/firmware/acpi/tables/SLIT \
        /sys/firmware/acpi/tables/DMAR /sys/firmware/acpi/tables/IVRS \
        /sys/firmware/efi/fw_platform_size /sys/firmware/memmap/*/* \
        /sys/devices/system/clocksource/clocksource0/current_clocksource \
        /sys/devices/system/cpu/cpu*/topology/thread_siblings_list \
        /sys/kernel/kexec_crash_loaded /sys/class/dmi/id/sys_vendor \
        /sys/class/dmi/id/product_name /sys/hypervisor/guest_type \
        /sys/module/kvm_intel/refcnt /sys/module/kvm_amd/refcnt; do
    file "$f" <"$f"
done 2>/dev/null
grep -E '^({CPUINFO})|^$' /proc/cpuinfo | file /proc/cpuinfo
dd if=/dev/cpu/0/msr bs=8 count=1 skip={MSR} iflag=skip_bytes 2>/dev/null | file /dev/cpu/0/msr
for d in /sys/bus/pci/devices/* /sys/class/iommu/*; do
    [ -L "$d" ] || continue
    echo "L $d $(readlink "$d")"
    at=$(readlink -f "$d")
    for f in vendor device class config; do
        [ -r "$at/$f" ] && head -c 256 "$at/$f" | file "$at/$f"
    done
    [ -L "$at/driver" ] && echo "L $at/driver $(readlink "$at/driver")"
done
true
"""


@dataclass
class Saved:
    """Files and links, by absolute path."""

    files: Dict[str, bytes] = field(default_factory=dict)
    links: Dict[str, str] = field(default_factory=dict)

    def write(self, root: Path) -> Path:
        """Makes them below a folder; returns it."""
        for path, content in self.files.items():
            at = root / path[1:]
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_bytes(content)
        for path, target in self.links.items():
            at = root / path[1:]
            at.parent.mkdir(parents=True, exist_ok=True)
            at.symlink_to(target)
        return root

    def save(self, path: Path) -> None:
        """Keeps them in a file."""
        files: Dict[str, Any] = {}
        for name, content in sorted(self.files.items()):
            try:
                files[name] = content.decode("ascii")
            except UnicodeDecodeError:
                files[name] = {"base64": base64.b64encode(content).decode()}
            if "\0" in str(files[name]):
                files[name] = {"base64": base64.b64encode(content).decode()}
        whole = {"files": files, "links": dict(sorted(self.links.items()))}
        path.write_text(json.dumps(whole, indent=1) + "\n", encoding="ascii")


def load(name: str) -> Saved:
    """A machine of tests/machines."""
    whole = json.loads((MACHINES / f"{name}.json").read_text(encoding="ascii"))
    return Saved({path: base64.b64decode(content["base64"]) if isinstance(content, dict)
                  else content.encode() for path, content in whole["files"].items()},
                 whole["links"])


def parse(listing: str) -> Saved:
    """What COLLECT has printed."""
    saved = Saved()
    for line in listing.splitlines():
        kind, path, *rest = line.split(" ")
        if kind == "L":
            saved.links[path] = rest[0]
        elif kind == "F":
            content = base64.b64decode(rest[0])
            saved.files[path] = bytes(MSR) + content if path.endswith("/msr") else content
    return saved


CARD = ["-device", "pcie-root-port,id=port5,addr=5,chassis=1",
        "-device", "e1000e,bus=port5,romfile=", "-device", "virtio-rng-pci,addr=6"]
TWO_DOMAINS = ["-object", "memory-backend-ram,id=near,size=1G",
               "-object", "memory-backend-ram,id=far,size=3G",
               "-numa", "node,nodeid=0,cpus=0-1,memdev=near",
               "-numa", "node,nodeid=1,cpus=2-3,memdev=far"]
SHAPES: Dict[str, Callable[[], Dict[str, Any]]] = {
    "q35": lambda: {"extra": CARD},
    "uefi": lambda: {"extra": ["-bios", "/usr/share/ovmf/OVMF.fd"]},
    "pc": lambda: {"extra": ["-machine", "pc"]},
    "qemu64": lambda: {"extra": ["-cpu", "qemu64"]},
    "numa": lambda: {"extra": TWO_DOMAINS},
    "iommu": lambda: {"extra": ["-device", "intel-iommu,intremap=on"],
                      "append": "intel_iommu=on"},
    "x2apic": x2apic_machine,
}


def collect(name: str) -> Saved:
    """Boots a machine of that shape, or takes this one, and saves it."""
    if name not in SHAPES:
        return parse(subprocess.run(["sh", "-c", COLLECT], check=True, capture_output=True,
                                    text=True).stdout)
    with Machine(BUILD / "saved-machine" / name, mint=None, build=ANY,
                 **SHAPES[name]()) as machine:
        machine.start()
        return parse(machine.node().run(COLLECT).output)


def main(names: List[str]) -> None:
    """Saves machines again."""
    for name in names:
        print(name)
        collect(name).save(MACHINES / f"{name}.json")


if __name__ == "__main__":
    main(sys.argv[1:])

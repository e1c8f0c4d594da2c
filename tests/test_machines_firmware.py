# SPDX-License-Identifier: GPL-2.0
"""
Machines of other shapes: UEFI by its ways, KASLR, memory in many pieces, firmware that
lacks what node 0 needs. One boot for each shape.
"""

import functools
import json
import re
from typing import Any, Dict, List

import abi
import node_logs
import shared_region
import uefi
from conftest import Boot, join
from machine import ANY, Machine, Shell
from mint_list import nodes_of

MB = 1 << 20
GB = 1 << 30

# Where a kernel lies without KASLR.
LINKED_PLACE, LINKED_TEXT = 16 * MB, 0xffffffff81000000

# Linux takes the PCI window out of e820 if the firmware calls it MMIO, and then learns
# from a device of ACPI that it is reserved. QEMU's firmware calls it reserved.
NO_ECAM_IN_E820 = "memmap=256M%0xb0000000-2"

# What the firmware has left in memory, and the kernel reads there each time.
KEPT = "sha256sum /sys/kernel/boot_params/setup_data/*/* /sys/firmware/acpi/bgrt/image"


def hardware(shell: Shell) -> Any:
    """What `mint hw` tells."""
    return json.loads(shell.run("mint hw --json").output)


def unassigned(shell: Shell, below: int) -> List[Dict[str, int]]:
    """Pieces of memory that no node has."""
    return [piece for piece in hardware(shell)["memory"]
            if piece["node"] is None and not piece["shared"] and piece["base"] < below]


def said(shell: Shell, pattern: str) -> List[str]:
    """Lines of the kernel's log."""
    return [line for line in shell.run("dmesg").output.splitlines() if re.search(pattern, line)]


def ledger_of(machine: Machine) -> abi.mint_ledger:
    """The ledger, read from outside."""
    line, = said(machine.node(), node_logs.REGION.pattern)
    found = node_logs.REGION.search(line)
    assert found
    reader = functools.partial(read_at, machine, int(found[1], 16))
    section = shared_region.section_at(reader, abi.MINT_SECTION_LEDGER)
    return shared_region.load(reader, section.offset, abi.mint_ledger)


def read_at(machine: Machine, base: int, offset: int, count: int) -> bytes:
    """Bytes of memory that begins somewhere."""
    return machine.read_physical(base + offset, count)


def start_and_talk(machine: Machine, **keys: str) -> None:
    """Starts node b, and has both nodes reach each other."""
    machine.node_file("b", "2", **keys)
    machine.start_node("b")
    join(machine, ["node0", "b"])
    machine.node().run("ping -c 1 10.0.0.2")


def test_uefi_node0_keeps_what_its_firmware_has_left(boot: Boot) -> None:
    """
    By the EFI stub. Node b gets all the memory below 4 GB that is not assigned, and
    writes to each byte of it.
    """
    machine = boot(build=ANY, memory="2G", append=NO_ECAM_IN_E820, extra=uefi.FIRMWARE)
    node0 = machine.node()
    kept = node0.run(KEPT).output
    assert said(node0, r"not using ECAM") and len(hardware(node0)["devices"]) > 3
    assert said(node0, r"mint: \d+M of that are beyond mem=")

    pieces = sorted(unassigned(node0, 4 * GB), key=lambda piece: -piece["bytes"])[:8]
    assert sum(piece["bytes"] for piece in pieces) > 1024 * MB
    memory = ", ".join(f"{piece['bytes'] // MB}M@{piece['base']:#x}" for piece in pieces)
    start_and_talk(machine, memory=memory, cmdline="console=hvc0 hostname=b memtest=1")
    assert said(machine.node("b"), "early_memtest")
    node0.run("echo 1 >/sys/bus/pci/rescan")
    assert node0.run(KEPT).output == kept


def test_uefi_by_systemd_boot(boot: Boot) -> None:
    machine = boot(uefi.SystemdBoot, build=ANY, memory="2G")
    assert said(machine.node(), r"mint: node 0: 2 of 4 CPUs")
    start_and_talk(machine)
    machine.node().run("mint kill b && mint start b", timeout=90)


def kernel_place(shell: Shell) -> int:
    """Where the code of a node's kernel lies."""
    line = shell.run("grep 'Kernel code' /proc/iomem").output
    return int(line.split("-")[0], 16)


def test_kaslr_on_every_node(boot: Boot) -> None:
    machine = boot(build=ANY)
    node0 = machine.node()
    place = kernel_place(node0)
    text = int(node0.run("sed -n 's/ T _text$//p' /proc/kallsyms").output, 16)
    assert (place, text) != (LINKED_PLACE, LINKED_TEXT)
    assert place < 512 * MB
    start_and_talk(machine)
    assert kernel_place(machine.node("b")) >= 512 * MB


def test_memory_in_many_pieces_and_two_domains(boot: Boot) -> None:
    """Forty pieces, and node 0's share reaches over the hole below 4 GB."""
    holes = " ".join(f"memmap=1M${(4096 + 40 * i) * MB:#x}" for i in range(1, 41))
    machine = boot(cpus=4, memory="6G", mint="cpus=0-1,mem=3G,shm=64M", append=holes, extra=[
        "-object", "memory-backend-ram,id=near,size=3G",
        "-object", "memory-backend-ram,id=far,size=3G",
        "-numa", "node,nodeid=0,memdev=near,cpus=0-1",
        "-numa", "node,nodeid=1,memdev=far,cpus=2-3", "-numa", "dist,src=0,dst=1,val=31"])
    node0 = machine.node()
    own, = [node for node in nodes_of(node0) if node["name"] == "node0"]
    assert own["memory_bytes"] == 3 * GB
    pieces = hardware(node0)["memory"]
    assert pieces[-1]["base"] + pieces[-1]["bytes"] == 8 * GB and len(pieces) > 40

    ledger = ledger_of(machine)
    assert ledger.nr_domains == 2
    assert [cpu.domain for cpu in ledger.cpus[:4]] == [0, 0, 1, 1]
    assert [piece.domain for piece in ledger.ram[:ledger.nr_ram]] == \
        [int(piece.base >= 5 * GB) for piece in ledger.ram[:ledger.nr_ram]]
    assert list(ledger.distances[:2]) == [10, 31]
    start_and_talk(machine, memory=f"256M@{7 * GB:#x}")


def test_a_firmware_without_table_of_cpus_boots_without_mint(boot: Boot) -> None:
    """A machine of this kind has its CPUs in a table of another standard."""
    shell = boot(cpus=2, memory="1G", extra=[
        "-machine", "microvm,acpi=off,rtc=on,isa-serial=off"]).node()
    lines = said(shell, r"\] mint: ")
    assert len(lines) == 1 and "no ACPI table of CPUs (MADT); booting without Mint" in lines[0]

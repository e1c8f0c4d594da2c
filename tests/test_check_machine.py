# SPDX-License-Identifier: GPL-2.0
"""mint check-machine: on saved machines, on such that are broken, and on this one."""

import json
import random
import struct
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest
import saved_machine
from mint_command import Mint, command_fixture, mint_fixture
from region_image import MB
from saved_machine import Saved

__all__ = ["command_fixture", "mint_fixture"]
TABLES = "/sys/firmware/acpi/tables/"
SAVED = sorted(path.stem for path in saved_machine.MACHINES.glob("*.json"))
# What differs from "good"; the kernels that were booted had no boot/config.
USUAL = {"kernel": "less", "clock": "less"}
VERDICTS: Dict[str, Dict[str, str]] = {"pc": {"ecam": "less"}, "firecracker": {"clock": "good"}}
SAID = [("q35", "firmware", "BIOS"), ("uefi", "firmware", "UEFI"),
        ("q35", "apic", "xAPIC; ids up to 3"), ("qemu64", "pages", "40 bits of address; Mint"),
        ("q35", "pages", "40 bits of address, pages of 1G"),
        ("numa", "numa", "2 domains"), ("q35", "numa", "none"), ("numa", "acpi", "MADT MCFG SRAT"),
        ("x2apic", "apic", "x2APIC; ids up to 256"), ("x2apic", "cpus", "4"),
        ("iommu", "iommu", "of Intel (DMAR), in use, interrupt remapping on"),
        ("q35", "iommu", "none"), ("firecracker", "ecam", "buses 00-00 of segment 0"),
        ("q35", "suspend", "freeze mem disk"), ("firecracker", "suspend", "not there")]

Look = Callable[[Saved], Dict[str, Any]]


@pytest.fixture(name="look")
def look_fixture(mint: Mint, tmp_path: Path) -> Look:
    """Has the command look at a saved machine; its report, whatever it says."""

    def look(saved: Saved) -> Dict[str, Any]:
        root = saved.write(tmp_path / f"root{len(list(tmp_path.iterdir()))}")
        result = mint("check-machine", "--json", "--root", root)
        report: Dict[str, Any] = json.loads(result.out)
        assert report["runs"] == (result.code == 0)
        assert result.err.count("\n") == result.code
        return report

    return look


def verdicts(report: Dict[str, Any]) -> Dict[str, str]:
    """Those that are not good."""
    return {name: check["verdict"] for name, check in report["checks"].items()
            if check["verdict"] != "good"}


def table(signature: bytes, body: bytes) -> bytes:
    """An ACPI table."""
    whole = struct.pack("<4sIBB6s8sI4sI", signature, 36 + len(body), 1, 0, b"TEST", b"TEST",
                        1, b"TEST", 1) + body
    return whole[:9] + bytes([-sum(whole) & 0xFF]) + whole[10:]


def madt(*entries: bytes) -> bytes:
    """A table of CPUs."""
    return table(b"APIC", struct.pack("<II", 0xFEE00000, 1) + b"".join(entries))


def xapic(apic_id: int, flags: int = 1) -> bytes:
    """A CPU in it."""
    return struct.pack("<BBBBI", 0, 8, 0, apic_id, flags)


def x2apic(apic_id: int, flags: int = 1) -> bytes:
    """A CPU in it with a long id."""
    return struct.pack("<BBHIII", 9, 16, 0, apic_id, flags, 0)


def with_file(path: str, content: bytes) -> Saved:
    """The usual machine with one more file, or another one."""
    saved = saved_machine.load("q35")
    saved.files[path] = content
    return saved


def memory_map(*pieces: Tuple[int, int]) -> Dict[str, bytes]:
    """RAM, as /sys/firmware/memmap has it."""
    files = {}
    for number, (base, size) in enumerate(pieces):
        at = f"/sys/firmware/memmap/{number}/"
        files.update({at + "start": hex(base).encode(), at + "type": b"System RAM\n",
                      at + "end": hex(base + size - 1).encode()})
    return files


def q35(**changes: bytes) -> Saved:
    """The usual machine, but for some tables of its firmware."""
    saved = saved_machine.load("q35")
    saved.files.update({TABLES + name: content for name, content in changes.items()})
    return saved


def with_memory(*pieces: Tuple[int, int]) -> Saved:
    """The usual machine with other RAM."""
    saved = saved_machine.load("q35")
    saved.files = {path: content for path, content in saved.files.items()
                   if "/memmap/" not in path}
    saved.files.update(memory_map(*pieces))
    return saved


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_machine_is_told_what_it_lacks(look: Look, name: str) -> None:
    report = look(saved_machine.load(name))
    assert report["runs"]
    assert verdicts(report) == {key: verdict for key, verdict in
                                {**USUAL, **VERDICTS.get(name, {})}.items()
                                if verdict != "good"}
    assert report["proposal"]["mint"]


@pytest.mark.parametrize("name, check, words", SAID)
def test_a_saved_machine_is_told_what_it_has(look: Look, name: str, check: str,
                                             words: str) -> None:
    assert look(saved_machine.load(name))["checks"][check]["text"].startswith(words)


def test_a_machine_is_told_in_lines_with_the_next_step(mint: Mint, tmp_path: Path) -> None:
    root = saved_machine.load("pc").write(tmp_path / "root")
    result = mint("check-machine", "--root", root)
    assert result.code == 0 and result.err == ""
    lines = result.out.splitlines()
    assert lines[0] == "Mint can run on this machine"
    at = next(i for i, line in enumerate(lines) if line.startswith("ecam "))
    assert "less" in lines[at] and "node 0" in lines[at]
    assert lines[at + 1].strip() == "Try: a machine with PCI Express; for QEMU: -machine q35"
    assert any(line.startswith("  mint=cpus=0,mem=") for line in lines)


def test_this_machine_is_looked_at(mint: Mint) -> None:
    result = mint("check-machine", "--json")
    report = json.loads(result.out)
    assert report["runs"] == (result.code == 0)
    assert set(report["checks"]) == set(json.loads(
        mint("check-machine", "--json", "--root", "/").out)["checks"])


def test_devices_are_told_with_what_another_node_needs(look: Look) -> None:
    report = look(saved_machine.load("q35"))
    devices = {device["address"]: device for device in report["devices"]}
    card = next(device for device in devices.values() if device["class"] == 0x020000)
    assert card["msix"] and card["msi"] and card["can_be_given"]
    assert devices[card["port"]]["bridge"] and not devices[card["port"]]["can_be_given"]
    assert devices["0000:00:00.0"]["bridge"]
    disk = devices["0000:00:1f.2"]
    assert disk["msi"] and disk["can_be_given"] and not disk["reset"]
    assert devices["0000:00:06.0"]["driver"] == "virtio-pci"


@pytest.mark.parametrize("saved, name, verdict, words", [
    (q35(APIC=madt(xapic(0))), "cpus", "stops", "1, and each node needs one"),
    (q35(APIC=madt(xapic(0), xapic(0), x2apic(0), xapic(255), xapic(3, 0))), "cpus", "stops",
     "1, and each"),
    (q35(APIC=madt(*(x2apic(i) for i in range(300)))), "cpus", "less", "300; Mint uses"),
    (q35(APIC=madt(xapic(0), x2apic(700))), "apic", "good", "x2APIC; ids up to 700"),
    # As Linux and node 0 count: beside local APICs, an x2APIC with a small id is one of them.
    (q35(APIC=madt(xapic(0), xapic(1), x2apic(2), x2apic(2**32 - 1))), "cpus", "good", "2"),
    (q35(APIC=b"APIC"), "acpi", "stops", "is damaged"),
    (q35(APIC=madt()), "acpi", "stops", "is damaged"),
    (q35(APIC=madt(xapic(0), xapic(1), bytes(8))), "acpi", "stops", "is damaged"),
    (q35(APIC=madt(xapic(0), xapic(1))[:-1] + b"\1"), "acpi", "stops", "is damaged"),
    (q35(MCFG=table(b"MCFG", bytes(8))), "ecam", "unknown", "makes no sense"),
    (q35(MCFG=table(b"MCFG", bytes(8) + struct.pack("<QHBBI", 1 << 32, 1, 0, 9, 0))), "ecam",
     "less", "no PCI configuration space of segment 0"),
    (q35(MCFG=table(b"MCFG", bytes(8) + b"".join(
        struct.pack("<QHBBI", 1 << 32, segment, 0, 9, 0) for segment in (0, 1)))), "ecam",
     "less", "buses 00-09 of segment 0; node 0 keeps those of 1 more"),
    (q35(SRAT=table(b"SRAT", bytes(12))), "numa", "unknown", "makes no sense"),
    (q35(DMAR=table(b"DMAR", bytes(12))), "iommu", "good", "of Intel (DMAR), not in use"),
    (with_file("/dev/cpu/0/msr", bytes(27) + struct.pack("<Q", 0xFEE00D00)), "apic", "good",
     "x2APIC; ids up to 3"),
    (with_file("/dev/cpu/0/msr", bytes(27) + struct.pack("<Q", 0xFEE00900)), "apic", "good",
     "xAPIC; ids up to 3"),
    (with_file("/proc/interrupts", b" 1: 0 IR-IO-APIC 1-edge\n"), "iommu", "good", "none"),
    (with_file("/sys/class/iommu/dmar0", b""), "iommu", "good", "in use, interrupt remapping off"),
    (with_file("/sys/kernel/kexec_crash_loaded", b"1\n"), "kexec", "less", "a crash kernel"),
    (with_file("/sys/power/state", b"freeze mem\n"), "suspend", "good", "freeze mem; refused"),
    (with_file("/sys/module/kvm_intel/refcnt", b"0\n"), "kvm", "good", "take an NMI"),
    (with_file("/sys/module/kvm_amd/refcnt", b"0\n"), "kvm", "good", "take INIT"),
    (with_file("/sys/hypervisor/guest_type", b"PV\n"), "hypervisor", "stops", "of Xen"),
    (with_file("/sys/firmware/efi/fw_platform_size", b"64\n"), "firmware", "good", "UEFI"),
    (with_file("/sys/devices/mint/nodes", b""), "kernel", "good", "a node runs it"),
    (with_file("/boot/config-6.12.117", b"#\nCONFIG_MINT=y\n"),
     "kernel", "good", "runs without Mint"),
    (with_file("/proc/cpuinfo", b"processor\t: 0\nflags\t\t: constant_tsc nonstop_tsc\n"),
     "clock", "good", "one rate and does not stop"),
    (with_memory((0, 0x4000), (MB, 4095 * MB)), "low_memory", "stops", "12K in one piece"),
    (with_memory((0x1000, 0x5000), (0x8000, 0x4000), (MB, 4095 * MB)), "low_memory", "good",
     "20K in one piece"),
    (with_memory((0, 640 << 10), *((i * 4 * MB, 2 * MB) for i in range(1, 200))), "memory",
     "less", "in 199 pieces; Mint uses the largest 128"),
])
def test_what_is_lacking_is_told(look: Look, saved: Saved, name: str, verdict: str,
                                 words: str) -> None:
    check = look(saved)["checks"][name]
    assert check["verdict"] == verdict and words in check["text"], check


def test_without_a_table_of_cpus_it_cannot_run(mint: Mint, tmp_path: Path) -> None:
    saved = saved_machine.load("q35")
    del saved.files[TABLES + "APIC"]
    result = mint("check-machine", "--root", saved.write(tmp_path / "root"))
    assert result.code == 1 and result.out.startswith("Mint cannot run on this machine\n")
    assert result.err.startswith("mint: Mint cannot run on this machine: acpi: the firmware has "
                                 "no table of CPUs (MADT)") and "Try: " in result.err


def test_what_cannot_be_read_is_unknown(look: Look, mint: Mint, tmp_path: Path) -> None:
    report = look(Saved({"/empty": b""}))
    assert report["runs"] and report["proposal"]["mint"] is None
    assert {"acpi", "cpus", "memory", "low_memory"} <= set(verdicts(report))
    assert report["checks"]["acpi"]["text"] == "this kernel shows no tables of the firmware"
    assert report["checks"]["memory"]["text"] == "the memory map: No such file or directory"
    result = mint("check-machine", "--root", tmp_path / "nowhere")
    assert result.code == 1 and "no saved machine in" in result.err


def test_who_is_not_root_is_told_so(look: Look) -> None:
    saved = with_memory()
    saved.files["/proc/iomem"] = b"00000000-00000000 : System RAM\n"
    for path in saved.files:
        if path.endswith("/config"):
            saved.files[path] = saved.files[path][:64]
    checks = look(saved)["checks"]
    for name in ("memory", "low_memory", "devices"):
        assert checks[name]["verdict"] == "unknown" and checks[name]["next"] == "the same as root"


def test_without_the_firmwares_map_that_of_the_kernel_is_read(look: Look) -> None:
    saved = with_memory()
    saved.files["/proc/iomem"] = (
        b"00001000-0009fbff : System RAM\n0009fc00-0009ffff : Reserved\n"
        b"00100000-7fffffff : System RAM\n  01000000-01ffffff : Kernel code\n")
    report = look(saved)
    assert report["checks"]["memory"]["text"] == "2047.6M in 1 piece of whole 2M"
    assert report["proposal"]["mem"] == 512 * MB


def siblings(pairs: List[str]) -> Saved:
    """A machine of so many CPUs: the first threads of all cores, and the second ones."""
    cores = range(len(pairs) // 2)
    ids = [2 * i for i in cores] + [2 * i + 1 for i in cores]
    saved = q35(APIC=madt(*map(xapic, ids)))
    saved.files["/proc/cpuinfo"] = b"".join(
        b"processor\t: %d\napicid\t\t: %d\n\n" % (i, id_) for i, id_ in enumerate(ids))
    for i, pair in enumerate(pairs):
        saved.files[f"/sys/devices/system/cpu/cpu{i}/topology/thread_siblings_list"] = pair.encode()
    return saved


@pytest.mark.parametrize("saved, value", [
    (q35(), "cpus=0,mem=1G,shm=128M"),
    (siblings([f"{i % 8},{i % 8 + 8}\n" for i in range(16)]), "cpus=0-1,8-9,mem=1G,shm=128M"),
    (siblings(["0-1\n"] * 2), "cpus=0,mem=1G,shm=128M"),
    (siblings(["nonsense"] * 16), "cpus=0-3,mem=1G,shm=128M"),
    (q35(APIC=madt(xapic(9), xapic(1), xapic(0))), "cpus=2,mem=1G,shm=128M"),
    (with_memory((0, 640 << 10), (MB, 63 * 1024 * MB)), "cpus=0,mem=4G,shm=256M"),
    (with_memory((0, 640 << 10), (MB, 511 * MB)), "cpus=0,mem=256M,shm=64M"),
    (with_memory((0, 640 << 10), (MB, 127 * MB)), None),
    (with_memory((0, 640 << 10), *((i * 4 * MB, 2 * MB) for i in range(1, 200))), None),
    (q35(APIC=madt(xapic(77), xapic(78))), None),
])
def test_a_value_of_mint_is_proposed(look: Look, saved: Saved, value: Optional[str]) -> None:
    proposal = look(saved)["proposal"]
    assert proposal["mint"] == value, proposal
    assert bool(value) != ("why_not" in proposal)


def mutations(content: bytes, chance: random.Random) -> List[bytes]:
    """Ways in which a file may be broken."""
    cut = chance.randrange(len(content) + 1)
    scribbled = bytearray(content)
    for _ in range(1 + len(content) // 50):
        if scribbled:
            scribbled[chance.randrange(len(scribbled))] = chance.randrange(256)
    return [b"", content[:cut], bytes(scribbled), content * 3, chance.randbytes(300),
            b"\xff" * 5000]


def test_files_that_make_no_sense_are_survived(look: Look) -> None:
    """Of each kind of file one is broken, in every way."""
    whole, chance = q35(SRAT=table(b"SRAT", bytes(12) + struct.pack(
        "<BBIHQQIIQ", 1, 40, 0, 0, 0, 1 << 32, 0, 1, 0))), random.Random(1)
    kinds = {path.rsplit("/", 1)[1]: path for path in whole.files}
    for path in kinds.values():
        for content in mutations(whole.files[path], chance):
            look(Saved({**whole.files, path: content}, whole.links))


def test_tables_that_make_no_sense_are_survived(look: Look) -> None:
    """Lengths and entries of any value."""
    chance = random.Random(2)
    for _ in range(40):
        changes = {}
        for name in ("APIC", "MCFG"):
            content = bytearray(saved_machine.load("q35").files[TABLES + name])
            for _ in range(3):
                content[chance.randrange(4, len(content))] = chance.choice((0, 1, 2, 255))
            content[9] = (content[9] - sum(content)) & 0xFF
            changes[name] = bytes(content)
        look(q35(**changes))


def test_paths_that_are_no_files_are_survived(look: Look) -> None:
    whole = saved_machine.load("q35")
    files = {f"{path}/folder": b"" for path in whole.files}
    assert verdicts(look(Saved(files)))
    whole.links.update({path: path.rsplit("/", 1)[1] for path in whole.files})
    report = look(Saved({}, whole.links))
    assert "Too many levels of symbolic links" in report["checks"]["acpi"]["text"]

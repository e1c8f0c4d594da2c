# SPDX-License-Identifier: GPL-2.0
"""
What the mint command says of files: node files, kernels and initrds, good and bad. No
machine is booted.
"""

import os
from pathlib import Path
from typing import Any, Dict, Optional

import pytest
from machine import BZIMAGE
from mint_command import (CPIO, Files, Mint, bzimage, command_fixture, cpio_entry, files_fixture,
                          mint_fixture, refused)
from region_image import MB, Region

__all__ = ["command_fixture", "files_fixture", "mint_fixture"]


# Node files


def test_a_good_node_file_passes(mint: Mint, files: Files) -> None:
    path = files.make()
    report = mint("check", "--json", path, region=Region()).json()
    folder = files.folder
    assert report == {
        "schema": 1, "file": str(path), "name": "b", "cpus": [2, 3],
        "memory": [{"base": 320 * MB, "bytes": 64 * MB}], "devices": [],
        "restart": "no", "autostart": False,
        "kernel": f"{folder}/bzImage", "kernel_release": "6.12.0-test",
        "kernel_bytes": len(bzimage()), "initrd": f"{folder}/initrd",
        "initrd_bytes": len(CPIO), "cmdline": "console=hvc0", "ledger_checked": True}
    text = mint("check", path, region=Region())
    assert text.code == 0 and "'b'" in text.out and "2-3" in text.out


@pytest.mark.skipif(Path("/dev/mint").exists(), reason="this machine runs Mint")
def test_check_works_without_mint_and_says_so(mint: Mint, files: Files) -> None:
    report = mint("check", "--json", files.make()).json()
    assert report["ledger_checked"] is False
    assert report["memory"] == [{"base": None, "bytes": 64 * MB}]
    assert "not compared" in mint("check", files.make()).out


def test_comments_blank_lines_and_long_command_lines_are_read(mint: Mint, files: Files) -> None:
    files.make()
    words = [f"word{number}=" + "x" * 60 for number in range(20)]
    path = files.text("# a node\n\n; more\n[node]\r\nname=b\ncpus = 3, 2 ; both\n"
                      "memory = 64m , 4096K@0x30000000, 1G@4G\nkernel = bzImage\ncmdline =\n" +
                      "".join(f"\t{word}\n" for word in words))
    region = Region(ram=[(MB, 1023 * MB), (4096 * MB, 1024 * MB)])
    report = mint("check", "--json", path, region=region).json()
    assert report["cmdline"] == " ".join(words)
    assert report["initrd"] is None and report["initrd_bytes"] == 0
    assert report["memory"] == [{"base": 320 * MB, "bytes": 64 * MB},
                                {"base": 768 * MB, "bytes": 4 * MB},
                                {"base": 4096 * MB, "bytes": 1024 * MB}]


@pytest.mark.parametrize("value, expected", [("yes", True), ("no", False), (None, False)])
def test_only_a_file_that_says_so_starts_a_node_at_boot(mint: Mint, files: Files,
                                                        value: Optional[str],
                                                        expected: bool) -> None:
    report = mint("check", "--json", files.make(autostart=value)).json()
    assert report["autostart"] is expected


@pytest.mark.parametrize("key", ["name", "cpus", "memory", "kernel"])
def test_a_missing_key_is_named(mint: Mint, files: Files, key: str) -> None:
    changes: Dict[str, Any] = {key: None}
    refused(mint("check", files.make(**changes)), 1, "b.conf:", f"{key}: ", "missing")


@pytest.mark.parametrize("key, value, reason", [
    ("name", "", "empty"),
    ("name", "x" * 32, "longer than 31"),
    ("name", "a/b", "other characters"),
    ("name", "a b", "other characters"),
    ("name", "\xe4", "begin with a letter"),
    ("name", "1", "begin with a letter"),
    ("name", "-n", "begin with a letter"),
    ("cpus", "", "empty"),
    ("cpus", "two", "'two'"),
    ("cpus", "2,,3", "''"),
    ("cpus", "2-", "'2-'"),
    ("cpus", "-2", "'-2'"),
    ("cpus", "2-3-4", "'2-3-4'"),
    ("cpus", "3-2", "backwards"),
    ("cpus", "2,2", "CPU 2 is named twice"),
    ("cpus", "1-3,2", "CPU 2 is named twice"),
    ("cpus", "256", "CPU 256"),
    ("cpus", "2-99999999999999999999999", "not a CPU number"),
    ("memory", "", "empty"),
    ("memory", "lots", "'lots'"),
    ("memory", "0", "multiple of 2M"),
    ("memory", "3M", "multiple of 2M"),
    ("memory", "64", "multiple of 2M"),
    ("memory", "64MB", "'64MB'"),
    ("memory", "-64M", "'-64M'"),
    ("memory", "64M,", "''"),
    ("memory", "99999999999999999999", "not a size"),
    ("memory", "18014398509481984G", "not a size"),
    ("memory", "64M@", "'64M@'"),
    ("memory", "64M@0x", "'64M@0x'"),
    ("memory", "64M@somewhere", "not a size"),
    ("memory", "64M@1M", "address"),
    ("memory", "64M@0x30000001", "address"),
    ("memory", "64M@0xffffffffffe00000", "last address"),
    ("memory", "64M@512M,64M@544M", "overlaps"),
    ("memory", ",".join(["2M"] * 9), "more than 8"),
    ("devices", "", "empty"),
    ("devices", "eth0", "'eth0'"),
    ("devices", "00:04", "'00:04'"),
    ("devices", "00:04.0,", "''"),
    ("devices", "00:04.0 00:05.0", "not a PCI function"),
    ("devices", "00:04.8", "not a PCI function"),
    ("devices", "00:20.0", "not a PCI function"),
    ("devices", "100:04.0", "not a PCI function"),
    ("devices", "00:-4.0", "not a PCI function"),
    ("devices", "00:04.0,0000:00:04.0", "named twice"),
    ("devices", ",".join(f"00:{number:02x}.0" for number in range(16)) + ",01:00.0",
     "more than 16"),
    ("kernel", "", "empty"),
    ("initrd", "", "empty"),
    ("restart", "sometimes", "neither no nor on-failure nor always"),
    ("restart", "", "it is empty"),
    ("autostart", "", "it is empty"),
    ("autostart", "true", "'true' is neither yes nor no"),
    ("autostart", "Yes", "'Yes' is neither yes nor no"),
    ("cmdline", "quiet # really", "cannot be passed on"),
    ("color", "blue", "no such key"),
])
def test_a_bad_value_is_told_with_line_and_key(mint: Mint, files: Files, key: str, value: str,
                                               reason: str) -> None:
    changes: Dict[str, Any] = {key: value}
    path = files.make(**changes)
    lines = path.read_text(encoding="latin1").splitlines()
    line = 1 + next(i for i, text in enumerate(lines) if text.startswith(f"{key} ="))
    refused(mint("check", path), 1, f"{path}:{line}: {key}: ", reason)


NO_APIC = "no other timer and interrupts. Try: without it"
NO_ACPI = "may lose its local APIC"
FOREIGN = "may have only the port of the node's own UART. Try: mint_uart="


@pytest.mark.parametrize("words, bad, reason", [
    ("nolapic", "nolapic", NO_APIC),
    ("quiet disableapic", "disableapic", NO_APIC),
    ('"" noapictimer', "noapictimer", NO_APIC),
    ("nolapic-timer", "nolapic-timer", NO_APIC),
    ("acpi=off", "acpi=off", NO_ACPI),
    ('"acpi=off"', "acpi=off", NO_ACPI),
    ('acpi="strict,noirq"', "acpi=strict,noirq", NO_ACPI),
    ("pci=nocrs,noacpi", "pci=nocrs,noacpi", NO_ACPI),
    ("pci=nomsi", "pci=nomsi", "no other interrupts than MSI"),
    ("pmtmr=0x608", "pmtmr=0x608", "learns from node 0"),
    ("mem=128M", "mem=128M", "what its file says. Try: memory = in its file"),
    ("memmap=1G@4G", "memmap=1G@4G", "Try: memory = in its file"),
    ("initrdmem=0x1000,0x1000", "initrdmem=0x1000,0x1000", "Try: initrd = in its file"),
    ("mint=cpus=0,mem=1G,shm=64M", "mint=cpus=0,mem=1G,shm=64M", "Try: cpus =, memory ="),
    ("earlycon=uart8250,io,0x3f8,115200n8", "earlycon=uart8250,io,0x3f8,115200n8", FOREIGN),
    ("earlycon=uart,mmio32,0xfe030000", "earlycon=uart,mmio32,0xfe030000", FOREIGN),
    ("earlycon=efifb", "earlycon=efifb", FOREIGN),
    ("console=uart8250,io,0x2f8", "console=uart8250,io,0x2f8", FOREIGN),
    ("console=efifb", "console=efifb", FOREIGN),
    ("earlyprintk=serial", "earlyprintk=serial", FOREIGN),
    ("earlyprintk=ttyS0,115200,keep", "earlyprintk=ttyS0,115200,keep", FOREIGN),
    ("earlyprintk=vga", "earlyprintk=vga", FOREIGN),
    ("earlyprintk=xdbc", "earlyprintk=xdbc", FOREIGN),
    ("kgdbdbgp=0", "kgdbdbgp=0", FOREIGN),
    # An own UART, and the early console on another, or not only on it.
    ("mint_uart=1 earlyprintk=ttyS0", "earlyprintk=ttyS0", FOREIGN),
    ("mint_uart=1 earlyprintk=ttyS1,115200,serial", "earlyprintk=ttyS1,115200,serial", FOREIGN),
    ("mint_uart=4 earlycon=uart,io,0x3f8", "earlycon=uart,io,0x3f8", FOREIGN),
    ("mint_uart=1 earlycon=uart,mmio,0x2f8", "earlycon=uart,mmio,0x2f8", FOREIGN),
    ("mint_uart=1 mint_uart=0 earlycon=uart,io,0x2f8", "earlycon=uart,io,0x2f8", FOREIGN),
])
def test_a_word_that_cannot_work_on_a_node_is_refused(mint: Mint, files: Files, words: str,
                                                      bad: str, reason: str) -> None:
    path = files.make(cmdline=f"console=hvc0\n {words}\n quiet")
    refused(mint("check", path), 1, f"{path}:7: cmdline: '{bad}': ", reason)


@pytest.mark.parametrize("words", [
    "noapic nosmp maxcpus=0 nr_cpus=1 notsc tsc=unstable acpi=strict pci=noaer,nocrs",
    "memtest=1 memory_hotplug.x=1 acpi_osi=off mint_uart=2 earlycon earlyprintk",
    "console=ttyS0,115200 console=uartless0", "init=/bin/sh -- nolapic mem=1M",
    "foo=\"nolapic acpi=off\"",
    "mint_uart=1 earlycon=uart8250,io,0x2f8,115200n8 console=ttyS1",
    "mint_uart=0 earlyprintk=serial,ttyS0,115200", "mint_uart=1 earlyprintk=ttyS1,keep",
    "mint_uart=2 earlyprintk=serial,0x3e8 console=uart,io,0x3e8",
])
def test_a_word_that_works_on_a_node_is_passed_on(mint: Mint, files: Files, words: str) -> None:
    report = mint("check", "--json", files.make(cmdline=words)).json()
    assert report["cmdline"] == words


@pytest.mark.parametrize("text, place, reason", [
    ("[node]\nname = b\nname = c\n", ":3: name: ", "line 2 already"),
    ("[node]\nname = b\n c\n", ":3: name: ", "only cmdline"),
    ("name = b\n", ":1: name: ", "not in [node]"),
    ("[other]\nname = b\n", ":2: name: ", "section [other]"),
    ("[node]\nname = b\ngarbage\n", ":3: ", "neither"),
    ("[node\nname = b\n", ":1: ", "neither"),
    ("[node]\nname = b\ncmdline = " + "x" * 300, ":3: ", "longer than"),
    ("\n\n", ":2: name: ", "missing"),
    ("[node]\0\n", ":1: ", "not a text file"),
])
def test_a_malformed_file_is_told_with_its_line(mint: Mint, files: Files, text: str, place: str,
                                                reason: str) -> None:
    path = files.text(text)
    refused(mint("check", path), 1, f"{path}{place}", reason)


def test_an_unreadable_node_file_is_named(mint: Mint, files: Files, tmp_path: Path) -> None:
    refused(mint("check", tmp_path / "nothing"), 1, "nothing", "No such file")
    refused(mint("check", tmp_path), 1, "not a regular file")
    refused(mint("check", files.text("")), 1, "empty")
    refused(mint("check", files.text("#" * 70000)), 1, "longer than")
    os.mkfifo(tmp_path / "pipe")
    refused(mint("check", tmp_path / "pipe"), 1, "not a regular file")


# Kernel and initrd


@pytest.mark.parametrize("changes, reason", [
    ({"boot_flag": 0}, "not a bzImage"),
    ({"header": 0x12345678}, "not a bzImage"),
    ({"version": 0x20B}, "older than 2.12"),
    ({"xloadflags": 2}, "not a 64-bit kernel"),
    ({"relocatable_kernel": 0}, "not relocatable"),
    ({"kernel_alignment": 0}, "kernel_alignment"),
    ({"kernel_alignment": 3 * MB}, "kernel_alignment"),
    ({"kernel_alignment": 0x80000000}, "kernel_alignment"),
    ({"init_size": 0}, "init_size"),
    ({"syssize": 0}, "syssize"),
    ({"cmdline_size": 5}, "cmdline: "),
    ({"jump": 0x00EB}, "older than 2.12"),
])
def test_a_kernel_that_cannot_be_started_is_refused(mint: Mint, files: Files,
                                                    changes: Dict[str, Any], reason: str) -> None:
    refused(mint("check", files.make(image=bzimage(**changes))), 1, reason)


@pytest.mark.parametrize("kernel, reason", [
    pytest.param(bzimage()[:-1], "cut off", id="one byte short"),
    pytest.param(bzimage()[:4096], "cut off", id="one page"),
    pytest.param(bzimage()[:0x220], "not a bzImage", id="half a header"),
    pytest.param(b"\x7fELF" + bytes(5000), "not a bzImage", id="ELF"),
    pytest.param(b"", "empty", id="empty"),
])
def test_a_damaged_kernel_file_is_refused(mint: Mint, files: Files, kernel: bytes,
                                          reason: str) -> None:
    refused(mint("check", files.make(image=kernel)), 1, "bzImage'", reason)


def test_a_release_outside_the_kernel_file_is_not_read(mint: Mint, files: Files) -> None:
    kernel = bzimage(kernel_version=0xFFF0, syssize=0x100)
    report = mint("check", "--json", files.make(image=kernel), region=Region()).json()
    assert report["kernel_release"] == "?"


@pytest.mark.parametrize("pieces, changes", [
    pytest.param(b"", {}, id="nothing"),
    pytest.param(b"Other\0\0\0", {}, id="wild size"),
    pytest.param(b"More\x08\0\0\0More\0\0\0\0", {}, id="size 0"),
    pytest.param(b"More\xff\xff\xff\xffMint\x08\0\0\0", {}, id="size beyond the end"),
    pytest.param(b"Mint", {}, id="half"),
    pytest.param(b"Mint\x08\0\0\0", {"version": 0x20E}, id="older protocol"),
    pytest.param(b"Mint\x08\0\0\0", {"kernel_info_offset": 0}, id="no kernel_info"),
    pytest.param(b"Mint\x08\0\0\0", {"kernel_info_offset": 0xFFFFFFF0}, id="wild offset"),
    pytest.param(b"Mint\x08\0\0\0", {"syssize": 0x40}, id="kernel_info beyond the end"),
])
def test_a_kernel_without_mint_is_refused(mint: Mint, files: Files, pieces: bytes,
                                          changes: Dict[str, Any]) -> None:
    image = bzimage(pieces, **changes)
    refused(mint("check", files.make(image=image)), 1, "built without Mint", "CONFIG_MINT")


def test_mint_is_found_behind_other_pieces_of_kernel_info(mint: Mint, files: Files) -> None:
    image = bzimage(b"More\x0c\0\0\0\xff\xff\xff\xffMint\x08\0\0\0")
    assert mint("check", files.make(image=image), region=Region()).code == 0


@pytest.mark.skipif(not BZIMAGE.exists(), reason="no kernel under build/: make kernel")
def test_the_built_kernel_says_that_it_has_mint(mint: Mint, files: Files) -> None:
    image, piece = BZIMAGE.read_bytes(), b"Mint\x08\0\0\0"
    assert image.count(piece) == 1
    assert mint("check", files.make(image=image, memory="128M"), region=Region()).code == 0
    refused(mint("check", files.make(image=image.replace(piece, b"None\x08\0\0\0"))), 1,
            "built without Mint")


LZ4 = b"\x02\x21\x4c\x18" + b"\x05\0\0\0abcde" + b"\x03\0\0\0abc"
XZ = b"\xfd7zXZ\0" + bytes(20) + b"YZ"


@pytest.mark.parametrize("archive", [
    CPIO, CPIO + bytes(400), CPIO.replace(b"070701", b"070702"), CPIO + CPIO,
    CPIO + bytes(600) + LZ4, LZ4, LZ4 + bytes(8), LZ4 + LZ4, LZ4 + CPIO, XZ, XZ + bytes(4),
    b"\x1f\x8b" + bytes(64), b"\x28\xb5\x2f\xfd" + bytes(64), b"\x5d\0\0" + bytes(64),
    b"BZh" + bytes(64), b"\x89LZO" + bytes(64)])
def test_every_known_initrd_is_taken(mint: Mint, files: Files, archive: bytes) -> None:
    assert mint("check", files.make(archive=archive), region=Region()).code == 0


def test_an_initrd_that_is_cut_off_anywhere_is_refused(mint: Mint, files: Files) -> None:
    for whole in (CPIO, LZ4, XZ):
        for kept in range(8, len(whole) - 1, 5):
            result = mint("check", files.make(archive=whole[:kept]))
            if whole is LZ4 and kept == 13:     # the end of a block
                continue
            refused(result, 1, "initrd", "cut off")


@pytest.mark.parametrize("archive", [
    cpio_entry(b"init").replace(b"070701", b"07070x", 1) + CPIO,
    CPIO.replace(b"0000000a", b"0000zzzz", 1),
    CPIO.replace(b"0000000a", b"ffffffff", 1),
    CPIO.replace(b"00000005", b"ffffffff", 1),
    CPIO + b"junk"])
def test_a_damaged_initrd_is_refused(mint: Mint, files: Files, archive: bytes) -> None:
    refused(mint("check", files.make(archive=archive)), 1, "initrd")


@pytest.mark.parametrize("initrd, reason", [
    (b"", "empty"), (b"garbage" * 9, "neither a cpio archive"), (b"\x1f", "neither"),
    (b"07070", "neither"), (bytes(16), "neither")])
def test_a_bad_initrd_is_refused(mint: Mint, files: Files, initrd: bytes, reason: str) -> None:
    refused(mint("check", files.make(archive=initrd)), 1, "initrd", reason)


@pytest.mark.parametrize("key", ["kernel", "initrd"])
def test_a_missing_file_is_named(mint: Mint, files: Files, key: str) -> None:
    changes: Dict[str, Any] = {key: "/nowhere/file"}
    refused(mint("check", files.make(**changes)), 1, key, "/nowhere/file", "No such file")


def test_too_little_memory_is_refused_with_what_is_needed(mint: Mint, files: Files) -> None:
    refused(mint("check", files.make(memory="26M"), region=Region()), 1, "do not fit", "28M")
    assert mint("check", files.make(memory="28M"), region=Region()).code == 0
    assert mint("check", files.make(memory="26M", archive=None), region=Region()).code == 0
    # Two pieces do not help: kernel and initrd lie in one.
    refused(mint("check", files.make(memory="14M,14M"), region=Region()), 1, "do not fit")
    big = CPIO + bytes(40 * MB)
    refused(mint("check", files.make(archive=big), region=Region()), 1, "do not fit")


def test_a_kernel_for_low_memory_is_not_placed_above_4g(mint: Mint, files: Files) -> None:
    region = Region(ram=[(MB, 1023 * MB), (4096 * MB, 1024 * MB)])
    path = files.make(memory="64M@4G", image=bzimage(xloadflags=1))
    refused(mint("check", path, region=region), 1, "below 4G")
    assert mint("check", files.make(memory="64M@4G"), region=region).code == 0


def test_a_kernel_out_of_reach_of_page_tables_is_refused(mint: Mint, files: Files) -> None:
    top = 64 << 40
    region = Region(ram=[(MB, 1023 * MB), (top - 1024 * MB, 2048 * MB), (1 << 40, 4096 * MB)])
    reached = files.make(memory=f"64M@{top - 64 * MB:#x}")
    assert mint("check", reached, region=region).code == 0
    too_high = files.make(memory=f"64M@{top - 2 * MB:#x}")
    refused(mint("check", too_high, region=region), 1, "below 64T")
    too_long = files.make(memory="3G@1024G", image=bzimage(init_size=1024 * MB))
    refused(mint("check", too_long, region=region), 1, "within 1G")

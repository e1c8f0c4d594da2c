# SPDX-License-Identifier: GPL-2.0
"""
The mint command on its own: command line, node files, kernel and initrd files,
and plans against a saved ledger. No machine is booted.
"""

import graphlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Set

import abi
import pytest
from machine import BZIMAGE
from mint_command import (CLOSED, CPIO, TIMEOUT_S, Files, Mint, bzimage, command_fixture,
                          cpio_entry, files_fixture, mint_fixture, refused, two_nodes)
from region_image import MB, OURS, Node, Region

__all__ = ["command_fixture", "files_fixture", "mint_fixture"]
VERBS = ("check-machine check create start list show hw console log exec stop kill destroy sysrq "
         "supervise version").split()
SOURCES = Path(__file__).resolve().parent.parent / "boot/mint-loader"


def test_no_two_files_of_the_command_need_each_other() -> None:
    needs: Dict[str, Set[str]] = {}
    for path in SOURCES.glob("*.[ch]"):
        found = re.findall(r'^#include "([\w-]+)\.h"', path.read_text("utf-8"), re.MULTILINE)
        needs.setdefault(path.stem, set()).update(set(found) - {path.stem})
    graphlib.TopologicalSorter(needs).prepare()     # an error when there is a circle


# The command line


def test_help_lists_every_verb(mint: Mint) -> None:
    result = mint("-h")
    assert result.code == 0 and result.err == ""
    for verb in VERBS:
        assert f"\n  {verb} " in result.out
    assert mint("--help").out == result.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(mint: Mint, verb: str) -> None:
    result = mint(verb, "--help")
    assert result.code == 0 and result.err == ""
    assert f"usage: mint {verb}" in result.out
    assert mint(verb, "-h").out == result.out


@pytest.mark.parametrize("words, reason", [
    ([], "what shall be done"),
    (["frobnicate"], "no verb 'frobnicate'"),
    (["--nonsense"], "'--nonsense'"),
    (["-x"], "'-x'"),
    (["--region"], "'--region'"),
    (["start"], "which NODE"),
    (["check"], "which FILE"),
    (["create", "a", "b"], "'b' is one word too many"),
    (["list", "a"], "'a' is one word too many"),
    (["list", "--history"], "'--history'"),
    (["check-machine", "a"], "'a' is one word too many"),
    (["check-machine", "--root"], "needs a value"),
    (["show", "--wrong", "a"], "'--wrong'"),
    (["kill", "-z", "a"], "'-z'"),
    (["start", "a", "--timeout"], "needs a value"),
    (["start", "a", "--timeout", "soon"], "'soon'"),
    (["start", "a", "--timeout", "0"], "'0'"),
    (["start", "a", "--timeout", "-1"], "'-1'"),
    (["start", "a", "--timeout", "5s"], "'5s'"),
    (["start", "a", "--timeout", "99999999999999999999"], "86400"),
])
def test_wrong_usage_is_told_in_one_line(mint: Mint, words: List[str], reason: str) -> None:
    refused(mint(*words), 2, reason)


@pytest.mark.parametrize("verb", ["create", "start", "kill", "destroy"])
def test_a_saved_region_cannot_be_changed(mint: Mint, verb: str) -> None:
    refused(mint(verb, "b", region=two_nodes()), 2, "saved region")


@pytest.mark.skipif(Path("/dev/mint").exists(), reason="this machine runs Mint")
@pytest.mark.parametrize("words", [["list"], ["show", "1"], ["start", "1"], ["create", "x"],
                                   ["console", "1"], ["log", "1"], ["kill", "1"],
                                   ["destroy", "1"]])
def test_without_mint_the_device_is_named(mint: Mint, words: List[str]) -> None:
    refused(mint(*words), 1, "/dev/mint", "Try: ")


def test_version_names_both_abis(mint: Mint) -> None:
    report = mint("version", "--json", region=Region(version=(1, 4))).json()
    assert report == {"schema": 1, "version": report["version"], "abi": OURS,
                      "kernel_abi": "1.4"}
    text = mint("version", region=Region(version=(7, 0)))
    assert text.code == 0 and OURS in text.out and "7.0" in text.out


def test_a_full_disk_is_no_success(command: Path, tmp_path: Path) -> None:
    (tmp_path / "region").write_bytes(two_nodes().pack())
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([command, "--region", tmp_path / "region", "list"], stdout=full,
                              stderr=subprocess.PIPE, check=False, timeout=TIMEOUT_S)
    assert done.returncode == 1 and b"could not be written" in done.stderr


@pytest.mark.parametrize("closed", CLOSED)
def test_a_closed_output_is_an_error_where_it_matters(command: Path, tmp_path: Path,
                                                      closed: str) -> None:
    (tmp_path / "region").write_bytes(two_nodes().pack())
    for words, matters in (("list", True), ("version", True), ("show b", True),
                           ("stop b --dry-run", False)):
        call = f"exec {command} --region {tmp_path / 'region'} {words} {closed}"
        done = subprocess.run(["sh", "-c", call], capture_output=True, check=False,
                              timeout=TIMEOUT_S)
        unread = matters and ">&-" in closed.split()
        assert done.returncode == int(unread), (closed, words)
        assert (b"could not be written" in done.stderr) == (unread and "2>&-" not in closed)


# Node files


def test_a_good_node_file_passes(mint: Mint, files: Files) -> None:
    path = files.make()
    report = mint("check", "--json", path, region=Region()).json()
    folder = files.folder
    assert report == {
        "schema": 1, "file": str(path), "name": "b", "cpus": [2, 3],
        "memory": [{"base": 320 * MB, "bytes": 64 * MB}], "devices": [],
        "restart": "no", "kernel": f"{folder}/bzImage", "kernel_release": "6.12.0-test",
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


# Plans against the ledger


@pytest.mark.parametrize("changes, reason", [
    ({"cpus": "1"}, "CPU 1 belongs to node 'node0'"),
    ({"cpus": "0"}, "CPU 0 belongs to node 'node0'"),
    ({"cpus": "9"}, "no CPU 9"),
    ({"cpus": "2"}, "CPU 2 belongs to node 'a'"),
    ({"cpus": "3", "memory": "64M@512M"}, "belongs to node 'a'"),
    ({"cpus": "3", "memory": "64M@256M"}, "belongs to the shared region"),
    ({"cpus": "3", "memory": "64M@128M"}, "belongs to node 'node0'"),
    ({"cpus": "3", "memory": "64M@4G"}, "no memory in all of"),
    ({"cpus": "3", "memory": "64M@992M"}, "no memory in all of"),
    ({"cpus": "3", "memory": "512M"}, "at most 448M"),
    ({"cpus": "3", "memory": "448M,448M"}, "at most 192M"),
    ({"cpus": "3", "devices": "00:06.0"}, "no PCI function 00:06.0"),
    ({"cpus": "3", "devices": "0001:00:05.0"}, "no PCI function 0001:00:05.0"),
    ({"cpus": "3", "devices": "00:00.0"}, "00:00.0 is a bridge, which stays with node 'node0'"),
    ({"cpus": "3", "devices": "00:04.0"}, "PCI function 00:04.0 belongs to node 'a'"),
    ({"cpus": "3", "devices": "00:05.0,00:03.0"}, "00:03.0 belongs to node 'node0'"),
])
def test_a_claim_on_what_has_an_owner_is_refused(mint: Mint, files: Files,
                                                 changes: Dict[str, Any], reason: str) -> None:
    region = Region(cpus=[0, 0, 1, abi.MINT_OWNER_NONE])
    region.nodes[1] = Node(b"a")
    region.extents.append((512 * MB, 64 * MB, 1))
    region.pci = [(0x00, 0, abi.MINT_PCI_BRIDGE), (0x18, 0, 0), (0x20, 1, 0),
                  (0x28, abi.MINT_OWNER_NONE, 0)]
    path = files.make(**changes)
    refused(mint("check", path, region=region), 1, reason)
    refused(mint("create", "--dry-run", path, region=region), 1,
            "cannot create a node from", reason, "Try: mint ")


def test_devices_need_a_first_cpu_that_they_can_interrupt(mint: Mint, files: Files) -> None:
    free = abi.MINT_OWNER_NONE
    region = Region(cpus=[0, free, free])
    region.pci = [(0x20, free, 0)]
    region.apic_ids = [0, 254, 255]
    path = files.make(cpus="2", devices="00:04.0")
    for verb in (["check"], ["create", "--dry-run"]):
        refused(mint(*verb, path, region=region), 1, "00:04.0 cannot interrupt CPU 2",
                "APIC id is 255, of at most 254. Try: mint hw")
    # Without devices it may boot there; with one that they reach, too.
    assert mint("check", files.make(cpus="2"), region=region).code == 0
    assert mint("check", files.make(cpus="1-2", devices="00:04.0"), region=region).code == 0
    # It boots on the machine's boot CPU if it has that.
    region.cpus[0], region.apic_ids = free, [300, 1, 2]
    refused(mint("check", files.make(cpus="0-2", devices="00:04.0"), region=region), 1,
            "cannot interrupt CPU 0")


@pytest.mark.parametrize("state, hint", [
    (abi.MINT_SELF_RUNNING, "Try: mint kill a"), (abi.MINT_SELF_OFF, "Try: mint destroy a")])
def test_the_hint_frees_what_is_in_the_way(mint: Mint, files: Files, state: int,
                                           hint: str) -> None:
    region = two_nodes(state=state)
    region.nodes[1].name = b"a"
    refused(mint("create", "--dry-run", files.make(), region=region), 1, hint)


def test_a_name_is_given_once_but_may_be_checked_again(mint: Mint, files: Files) -> None:
    path = files.make(memory="64M@512M")
    refused(mint("create", "--dry-run", path, region=two_nodes()), 4, "a node of that name")
    assert mint("check", path, region=two_nodes()).code == 0


def test_a_full_node_table_is_told(mint: Mint, files: Files) -> None:
    region = Region(nodes={number: Node(b"n%d" % number) for number in range(64)})
    refused(mint("create", "--dry-run", files.make(), region=region), 1, "64 node ids")


def test_a_machine_without_a_low_area_is_told(mint: Mint, files: Files) -> None:
    refused(mint("create", "--dry-run", files.make(), region=Region(low_base=0)), 1,
            "memory below 1 MB")
    assert "none: no other node" in mint("hw", region=Region(low_base=0)).out


def test_create_shows_its_plan(mint: Mint, files: Files) -> None:
    path = files.make(memory="64M,32M@512M", devices="0000:00:05.0")
    region = Region(pci=[(0x28, abi.MINT_OWNER_NONE, 0)])
    report = mint("create", "--dry-run", "--json", path, region=region).json()
    assert report == {"schema": 1, "dry_run": True, "node": {
        "id": None, "name": "b", "cpus": [2, 3],
        "memory": [
            {"base": 320 * MB, "bytes": 64 * MB, "domains": [], "near": True},
            {"base": 512 * MB, "bytes": 32 * MB, "domains": [], "near": True}],
        "devices": ["00:05.0"]}}
    text = mint("create", "--dry-run", path, region=region)
    assert text.code == 0 and "would create node 'b'" in text.out
    assert text.out.endswith(", devices 00:05.0\n")


def test_start_shows_its_plan(mint: Mint, files: Files) -> None:
    region = two_nodes(state=abi.MINT_SELF_OFF)
    path = files.make(image=bzimage(kernel_alignment=16 * MB))
    report = mint("start", "--dry-run", "--json", "b", "--file", path, region=region).json()
    assert report == {"schema": 1, "dry_run": True, "node": {"id": 1, "name": "b"}, "plan": {
        "params": 512 * MB, "kernel": 528 * MB, "kernel_bytes": 24 * MB,
        "initrd": 576 * MB - 4096, "initrd_bytes": len(CPIO), "entry": 528 * MB + 0x200}}
    text = mint("start", "--dry-run", "1", "--file", path, region=region)
    assert text.code == 0 and "0x21000000" in text.out


def test_a_kernel_is_never_placed_below_its_preferred_address(mint: Mint, files: Files) -> None:
    region = two_nodes(state=abi.MINT_SELF_OFF)
    region.extents[0] = (128 * MB, 64 * MB, 0)
    region.extents[2] = (2 * MB, 62 * MB, 1)
    report = mint("start", "--dry-run", "--json", "b", "--file", files.make(),
                  region=region).json()
    assert report["plan"]["params"] == 2 * MB and report["plan"]["kernel"] == 16 * MB


def test_start_uses_the_first_piece_with_room(mint: Mint, files: Files) -> None:
    region = two_nodes(life=abi.MINT_LIFE_STOPPED)
    region.extents[2:] = [(512 * MB, 4 * MB, 1), (640 * MB, 64 * MB, 1)]
    report = mint("start", "--dry-run", "--json", "b", "--file", files.make(),
                  region=region).json()
    assert report["plan"]["params"] == 640 * MB


def test_a_node_may_lie_across_the_border_of_a_domain(mint: Mint, files: Files) -> None:
    """There two pieces of the machine's memory touch; the node's own is one."""
    region = two_nodes(life=abi.MINT_LIFE_STOPPED)
    border = 530 * MB   # in what would be the kernel
    region.ram = [(MB, border - MB), (border, 1024 * MB - border)]
    report = mint("start", "--dry-run", "--json", "b", "--file", files.make(),
                  region=region).json()
    assert report["plan"]["kernel"] == 514 * MB
    region.extents.pop()
    region.cpus[3] = abi.MINT_OWNER_NONE
    for memory in ("400M", "400M@0x20000000"):
        path = files.make(name="c", cpus="3", memory=memory)
        assert mint("create", "--dry-run", path, region=region).code == 0


def test_of_many_pieces_the_largest_count(mint: Mint, files: Files) -> None:
    """As on node 0, when it is started again: more than a hand-over has room for."""
    region = two_nodes(life=abi.MINT_LIFE_STOPPED)
    region.extents[2:] = [((512 + 4 * i) * MB, 2 * MB, 1) for i in range(20)] + \
        [(640 * MB, 64 * MB, 1)]
    report = mint("start", "--dry-run", "--json", "b", "--file", files.make(),
                  region=region).json()
    assert report["plan"]["params"] == 640 * MB


@pytest.mark.parametrize("state, word", [
    (abi.MINT_SELF_RUNNING, "running"), (abi.MINT_SELF_BOOTING, "booting")])
def test_what_runs_is_not_started_or_destroyed(mint: Mint, state: int, word: str) -> None:
    region = two_nodes(state=state)
    for verb in ("start", "destroy"):
        refused(mint(verb, "--dry-run", "b", region=region), 4, f"cannot {verb} node 'b'", word,
                "Try: mint kill b")
    forced = mint("destroy", "--force", "--dry-run", "b", region=region)
    assert forced.code == 0 and "would have destroyed node 'b'" in forced.out


@pytest.mark.parametrize("life", [abi.MINT_LIFE_CREATED, abi.MINT_LIFE_STOPPED])
def test_what_stands_still_is_not_killed(mint: Mint, life: int) -> None:
    refused(mint("kill", "--dry-run", "b", region=two_nodes(life=life)), 4, "Try: mint start b")


def test_kill_and_destroy_show_their_plan(mint: Mint) -> None:
    assert "would have killed" in mint("kill", "--dry-run", "b", region=two_nodes()).out
    ended = two_nodes(state=abi.MINT_SELF_PANICKED)
    assert "would have destroyed" in mint("destroy", "--dry-run", "1", region=ended).out


def test_start_wants_the_file_of_that_node(mint: Mint, files: Files) -> None:
    region = two_nodes(state=abi.MINT_SELF_OFF)
    region.nodes[1].name = b"no.such-node_for.sure"
    path = files.make()
    refused(mint("start", "--dry-run", "1", region=region), 1, "neither /run/mint/", "--file")
    refused(mint("start", "--dry-run", "1", "--file", path, region=region), 1, "node 'b'")


@pytest.mark.parametrize("words", [
    ["show", "nobody"], ["show", "5"], ["show", "99999999999999999999"], ["show", ""],
    ["log", "nobody"], ["console", "nobody"], ["start", "--dry-run", "nobody"],
    ["kill", "--dry-run", "nobody"], ["destroy", "--dry-run", "nobody"]])
def test_a_node_that_is_not_there(mint: Mint, words: List[str]) -> None:
    refused(mint(*words, region=two_nodes()), 3, "Try: mint list")

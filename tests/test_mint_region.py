# SPDX-License-Identifier: GPL-2.0
"""
What the mint command makes of a shared region: reports from a sound one, one
clear line about a corrupt one. Works on saved regions; no machine is booted.
"""

import os
import pty
import subprocess
import termios
from pathlib import Path
from typing import Any, Dict, List, Tuple

import abi
import pytest
from mint_command import (TIMEOUT_S, Files, Mint, command_fixture, damaged, files_fixture,
                          mint_fixture, refused, two_nodes)
from region_image import HEADER, MB, OURS, Region, Stream

__all__ = ["command_fixture", "files_fixture", "mint_fixture"]
IUTF8 = 0o40000     # of c_iflag


# Reports


def test_list_reports_nodes_and_what_is_unassigned(mint: Mint) -> None:
    region = two_nodes(state=abi.MINT_SELF_BOOTING)
    region.pci = [(0x0000, 0, abi.MINT_PCI_BRIDGE), (0x0020, 1, 0),
                  (0x01FF, abi.MINT_OWNER_NONE, 0)]
    report = mint("list", "--json", region=region).json()
    assert report == {
        "schema": 1,
        "nodes": [
            {"id": 0, "name": "node0", "state": "running", "generation": 1, "cpus": [0, 1],
             "memory_bytes": 256 * MB, "devices": ["00:00.0"], "kernel": "6.12.0-test"},
            {"id": 1, "name": "b", "state": "booting", "generation": 3, "cpus": [2, 3],
             "memory_bytes": 64 * MB, "devices": ["00:04.0"], "kernel": "6.12.0-test"}],
        "unassigned": {"cpus": [], "memory_bytes": 640 * MB, "devices": ["01:1f.7"]},
        "shared_bytes": 64 * MB,
        "roles": {"firmware": 0, "ioapic": 0, "rtc": 0, "pci_ports": 0}}
    lines = mint("list", region=region).out.splitlines()
    assert lines[0].split() == ["ID", "NAME", "STATE", "GEN", "CPUS", "MEMORY", "DEVS",
                                "KERNEL"]
    assert lines[2].split() == ["1", "b", "booting", "3", "2-3", "64M", "1", "6.12.0-test"]
    assert lines[-1] == "roles of node0: firmware ioapic rtc pci_ports"
    assert lines[-2].split() == ["-", "unassigned", "-", "-", "-", "640M", "1", "-"]
    assert len(lines) == 5


STATES: List[Tuple[Dict[str, int], str]] = [
    ({"life": abi.MINT_LIFE_CREATED, "generation": 0}, "created"),
    ({"life": abi.MINT_LIFE_LOADING}, "loading"),
    ({"life": abi.MINT_LIFE_STOPPED}, "stopped"),
    ({"fenced": 3}, "stopped"),
    ({"self_generation": 2, "state": abi.MINT_SELF_PANICKED}, "booting"),
    ({"state": abi.MINT_SELF_BOOTING}, "booting"),
    ({"state": abi.MINT_SELF_RUNNING}, "running"),
    ({"state": abi.MINT_SELF_RUNNING, "stalled": 1}, "stalled"),
    ({"state": abi.MINT_SELF_PANICKED, "stalled": 1}, "panicked"),
    ({"state": abi.MINT_SELF_PANICKED}, "panicked"),
    ({"state": abi.MINT_SELF_OFF}, "off"),
    ({"state": abi.MINT_SELF_REBOOT}, "rebooted"),
    ({"state": abi.MINT_SELF_REFUSED}, "refused"),
]


@pytest.mark.parametrize("changes, word", STATES)
def test_every_state_has_its_word(mint: Mint, changes: Dict[str, int], word: str) -> None:
    region = two_nodes(**changes)
    assert mint("list", "--json", region=region).json()["nodes"][1]["state"] == word
    assert mint("show", "--json", "b", region=region).json()["node"]["state"] == word


def test_no_state_is_left_out() -> None:
    # A saved region has no heartbeat; what is damaged or destroyed is tested below.
    assert {word for _, word in STATES} | {"silent", "damaged", "destroyed"} == {
        state.word for state in abi.mint_node_state}


def test_show_reports_all_of_a_node(mint: Mint) -> None:
    region = two_nodes(fenced=2, heartbeat=99, nr_cpus=2,
                       policy=abi.MINT_POLICY_ON_FAILURE)
    region.pci.append((0x0028, 1, 0))
    region.logs[1] = Stream(b"12345")
    region.consoles[1] = Stream(b"123")
    assert mint("show", "--json", "b", region=region).json() == {"schema": 1, "node": {
        "id": 1, "name": "b", "state": "running", "holder": None, "generation": 3, "fenced": 2,
        "restart": "on-failure",
        "cpus": [2, 3], "apic_ids": [12, 13], "boot_cpu": 2, "cpus_online": 2,
        "cpus_stalled": 0, "init": "none",
        "memory": [{"base": 512 * MB, "bytes": 64 * MB}], "memory_bytes": 64 * MB,
        "devices": [{"address": "00:05.0", "vendor": "1af4", "device": "1041",
                     "class": "020000"}],
        "heartbeat": 99, "abi": OURS, "kernel": "6.12.0-test",
        "log_bytes": 5, "console_bytes": 3}}
    text = mint("show", "1", region=region).out
    assert "APIC id 13" in text and "0x20000000-0x23ffffff" in text


@pytest.mark.parametrize("line, word", [
    ({"init": abi.MINT_INIT_INITRAMFS}, "initramfs"), ({"init": abi.MINT_INIT_ROOT}, "root"),
    ({"init": abi.MINT_INIT_ROOT, "user_generation": 2}, "none"), ({"init": 0xffff}, "?"),
])
def test_how_far_user_space_is_belongs_to_the_present_start(mint: Mint, line: Dict[str, int],
                                                            word: str) -> None:
    report = mint("show", "--json", "b", region=two_nodes(**line)).json()
    assert report["node"]["init"] == word


@pytest.mark.parametrize("word, process, name, said", [
    (abi.mint_hold_word(generation=4, turn=9), 812, b"mint",
     "mint, process 812 on node 'node0'"),
    (abi.mint_hold_word(generation=4, at_work=1), 0, b"", "the kernel of node 'node0'"),
    (abi.mint_hold_word(generation=4), 812, b"\x1b[2J" + b"x" * 12,
     "?[2Jxxxxxxxxxxx, process 812 on node 'node0'"),
    (abi.mint_hold_word(generation=2, node=1), 812, b"mint",
     "mint, process 812 on node 'b', which is dead"),
    (abi.mint_hold_word(generation=4, node=abi.MINT_MAX_NODES - 1), 812, b"mint", ""),
    (abi.mint_hold_word(generation=4, node=254), 812, b"mint", ""),
    (abi.mint_hold_word(generation=4, node=-1), 812, b"mint", ""),
    (abi.mint_hold_word.unpack(0), 812, b"mint", ""),
])
def test_show_names_who_has_a_node(mint: Mint, word: abi.mint_hold_word, process: int,
                                   name: bytes, said: str) -> None:
    region = two_nodes(life=abi.MINT_LIFE_LOADING, fenced=2, hold=word.pack(), process=process,
                       command=name)
    held = [line for line in mint("show", "b", region=region).out.splitlines()
            if line.startswith("held by")]
    assert held == ([f"held by     {said}"] if said else [])
    holder = mint("show", "--json", "b", region=region).json()["node"]["holder"]
    assert (holder and holder["node"]) == (word.node if said else None)


def test_log_prints_the_present_start_only(mint: Mint) -> None:
    region = two_nodes()
    region.logs[1] = Stream(b"old\nLinux version\nlast\n", start=4)
    assert mint("log", "b", region=region).out == "Linux version\nlast\n"
    assert mint("log", "node0", region=region).out == ""


def test_a_log_of_an_earlier_start_is_called_so(mint: Mint) -> None:
    region = two_nodes(self_generation=2)
    region.logs[1] = Stream(b"before\n")
    result = mint("log", "b", region=region)
    assert result.code == 0 and result.out == "before\n"
    assert "nothing from generation 3" in result.err and "generation 2" in result.err


@pytest.mark.parametrize("printed, shown", [
    (b"~ # ls\r\n\x1b[1mbin\x1b[m\r\n\tx\b", b"~ # ls\r\n\x1b[1mbin\x1b[m\r\n\tx\b"),
    (b"a\x1b[38;2;1:2;3mb", b"a\x1b[38;2;1:2;3mb"),
    (b"a\x1b[6nb\x1b[cc\x1bZd\x05e\x1b[0;6Hf\x0eg\x7fh", b"abcdefgh"),
    # Questions that end like a colour, and a colour without end
    (b"a\x1b[?4mb\x1b[>4;2mc\x1b[0$md\x1b[" + b"1" * 40 + b"me\x1b[31", b"abcde"),
    (b"a\x1b]0;title\x07b\x1bP$qm\x1b\\c\x1b]no end\nd", b"abc\nd"),
    (b"a\x1b(Bb\x1b\x1b[31mc\x1b[3\x1b[32md\x1b[3\ne", b"ab\x1b[31mc\x1b[32md\ne"),
    # The ring begins in the middle of a sequence.
    (b";6n\x07a", b";6na"),
    # Controls of eight bits: bare, as UTF-8, longer than they must be
    (b"a\x9b6nb\xc2\x9b6nc\xe0\x82\x9b6nd\xe0\x80\x9b6n", b"a6nb6nc6nd6n"),
    ("ä€𝄞ß".encode(), "ä€𝄞ß".encode()), (b"a\xe2\x82b\xe2\x1b[6n\xe2", b"ab"),
])
def test_old_output_is_shown_as_text(mint: Mint, printed: bytes, shown: bytes) -> None:
    region = two_nodes()
    region.consoles[1] = Stream(printed)
    assert mint("console", "--history", "b", region=region).out.encode("latin1") == shown


def shown_by_terminal(command: Path, folder: Path, region: Region, words: str,
                      utf8: bool = True) -> bytes:
    """What a call prints on a terminal."""
    (folder / "region").write_bytes(region.pack())
    above, below = pty.openpty()
    settings = termios.tcgetattr(below)
    settings[0] = IUTF8 if utf8 else 0
    termios.tcsetattr(below, termios.TCSANOW, settings)
    subprocess.run([command, "--region", folder / "region", *words.split()], stdout=below,
                   check=True, timeout=TIMEOUT_S)
    text = os.read(above, 1000)
    os.close(above)
    os.close(below)
    return text


def test_a_log_drives_no_terminal(command: Path, tmp_path: Path) -> None:
    region = two_nodes()
    region.logs[1] = Stream(b"one\x1b]0;title\x07\n\x9btwo\xc2\x9b\n")
    assert shown_by_terminal(command, tmp_path, region, "log b") == \
        b"one?]0;title?\r\n?two\xc2?\r\n"


def test_a_terminal_of_eight_bits_gets_no_controls_either(command: Path, tmp_path: Path) -> None:
    # For such a terminal the second byte of U+00DB is a CSI.
    region = two_nodes()
    region.logs[1] = region.consoles[1] = Stream("é Û6n\n".encode())
    for words, utf8, text in (("log b", True, b"\xc3\xa9 \xc3\x9b6n\r\n"),
                              ("log b", False, b"\xc3\xa9 \xc3?6n\r\n"),
                              ("console b --history", True, b"\xc3\xa9 \xc3\x9b6n\r\n"),
                              ("console b --history", False, b"\xc3\xa9 \xc36n\r\n")):
        assert shown_by_terminal(command, tmp_path, region, words, utf8) == text


# Corrupt regions

READERS = [["list"], ["list", "--json"], ["show", "1"], ["log", "1"],
           ["console", "--history", "1"]]


@pytest.mark.parametrize("words", READERS)
@pytest.mark.parametrize("changes, reason", [
    ({"magic": 0}, "magic"),
    ({"nr_sections": abi.MINT_MAX_SECTIONS + 1}, "number of sections"),
    ({"nr_sections": 0xFFFFFFFF}, "number of sections"),
    ({"nr_sections": 0}, "no ledger"),
    ({"without": (abi.MINT_SECTION_LEDGER,)}, "no ledger"),
    ({"without": (abi.MINT_SECTION_NODES,)}, "no node table"),
    ({"section_offset": {abi.MINT_SECTION_NODES: 1 << 40}}, "place of section 2"),
    ({"section_offset": {abi.MINT_SECTION_LEDGER: 0xFFFFFFFFFFFFF000}}, "place of section 1"),
    ({"section_offset": {abi.MINT_SECTION_NODES: 4097}}, "place of section 2"),
    ({"section_bytes": {abi.MINT_SECTION_NODES: 64}}, "place of section 2"),
    ({"section_bytes": {abi.MINT_SECTION_LOGS: 0xFFFFFFFFFFFFFFFF}}, "place of section 4"),
    ({"nr_cpus": abi.MINT_MAX_CPUS + 1}, f"{abi.MINT_MAX_CPUS + 1} CPUs"),
    ({"nr_cpus": 0xFFFFFFFF}, "CPUs"),
    ({"nr_ram": abi.MINT_MAX_RAM + 1}, "memory ranges"),
    ({"nr_pci": abi.MINT_MAX_PCI + 1}, "functions"),
])
def test_a_corrupt_region_is_told_in_one_line(mint: Mint, words: List[str],
                                              changes: Dict[str, Any], reason: str) -> None:
    region = two_nodes()
    for key, value in changes.items():
        setattr(region, key, value)
    refused(mint(*words, region=region), 1, "shared region is damaged", reason)


@pytest.mark.parametrize("words", READERS)
def test_another_abi_is_refused_with_both_versions(mint: Mint, words: List[str]) -> None:
    region = two_nodes()
    region.version = (abi.MINT_ABI_MAJOR + 1, 7)
    refused(mint(*words, region=region), 6, f"{abi.MINT_ABI_MAJOR + 1}.7", OURS, "Try: ")
    region.version = (abi.MINT_ABI_MAJOR, abi.MINT_ABI_MINOR + 8)
    assert mint(*words, region=region).code == 0


@pytest.mark.parametrize("kept", [
    1, 100, HEADER - 1, HEADER, 2 * HEADER, -1])
def test_a_cut_off_region_is_told_in_one_line(mint: Mint, kept: int) -> None:
    whole = two_nodes().pack()
    for words in READERS:
        refused(mint(*words, region=whole[:kept]), 1, "shared region is")


@pytest.mark.parametrize("changes", [
    {"name": b"x" * abi.MINT_NAME_BYTES}, {"name": b"a\nb"}, {"name": b""},
    {"name": b"\xff\xfe"}, {"name": b"../../etc/nfs"}, {"name": b"$(reboot)"},
    {"life": 77}, {"state": 99}, {"release": b"r" * 40}, {"release": b"\x1b[2J"}])
def test_a_corrupt_node_does_not_hide_the_others(mint: Mint, changes: Dict[str, Any]) -> None:
    region = two_nodes()
    for key, value in changes.items():
        setattr(region.nodes[1], key, value)
    result = mint("list", region=region)
    damaged(result, "node 1")
    assert "node0" in result.out and "damaged" in result.out and "\x1b" not in result.out
    damaged(mint("show", "1", region=region), "node 1")


@pytest.mark.parametrize("entry", [
    (512 * MB, 0, 1), (1 << 63, 1 << 63, 1), (0xFFFFFFFFFFE00000, 0x400000, 1),
    (1 << 60, 2 * MB, abi.MINT_OWNER_SHARED)])
def test_a_corrupt_extent_is_told(mint: Mint, entry: Any) -> None:
    region = two_nodes()
    region.extents.append(entry)
    result = mint("list", region=region)
    damaged(result, "extent 3")
    assert "node0" in result.out


def test_unknown_owners_are_nobody(mint: Mint, files: Files) -> None:
    region = Region(cpus=[0, 0, 777, 40000], extents=[(320 * MB, 64 * MB, 777)])
    assert mint("list", region=region).code == 0
    refused(mint("create", "--dry-run", files.make(), region=region), 1, "node 777")


@pytest.mark.parametrize("stream", [
    Stream(b"x", capacity=0), Stream(b"x", capacity=3), Stream(b"x", capacity=1 << 31),
    Stream(b"x", capacity=abi.MINT_LOG_BYTES * 2), Stream(b"x", start=2)])
def test_a_corrupt_stream_is_told_in_one_line(mint: Mint, stream: Stream) -> None:
    region = two_nodes()
    region.logs[1] = region.consoles[1] = stream
    refused(mint("log", "1", region=region), 1, "damaged")
    refused(mint("console", "--history", "1", region=region), 1, "damaged")


def test_a_wild_head_is_survived(mint: Mint) -> None:
    region = two_nodes()
    region.logs[1] = Stream(b"x" * 10, head=0xFFFFFFFFFFFFFFFF)
    result = mint("log", "1", region=region)
    assert result.code == 0 and len(result.out) > abi.MINT_LOG_BYTES


def test_logs_may_be_missing(mint: Mint) -> None:
    region = two_nodes()
    region.without = (abi.MINT_SECTION_LOGS, abi.MINT_SECTION_CONSOLES)
    refused(mint("log", "1", region=region), 1, "cannot print the log")
    assert mint("show", "1", region=region).code == 0


def test_random_damage_is_survived(mint: Mint, files: Files) -> None:
    """Every byte pattern ends in an exit code of ours, never in a crash."""
    whole = two_nodes().pack()
    path = files.make()
    sections = abi.mint_header.from_buffer_copy(whole).sections
    end = next(one.offset for one in sections if one.id == abi.MINT_SECTION_DOORBELLS)
    calls: List[List[object]] = [["list", "--json"], ["show", "1"], ["check", path]]
    for number in range(40):
        image = bytearray(whole)
        for step in range(32):
            image[(number * 7919 + step * 10007) % end] ^= (number * 31 + step * 17) % 255 + 1
        for words in calls:
            mint(*words, region=bytes(image))

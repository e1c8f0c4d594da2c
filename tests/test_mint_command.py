# SPDX-License-Identifier: GPL-2.0
"""
The mint command on its own: command line, and plans against a saved ledger. What it
says of files is in test_mint_files.py. No machine is booted.
"""

import graphlib
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Set

import abi
import pytest
from mint_command import (CLOSED, CPIO, TIMEOUT_S, Files, Mint, bzimage, command_fixture,
                          files_fixture, mint_fixture, refused, two_nodes)
from region_image import MB, OURS, Node, Region

__all__ = ["command_fixture", "files_fixture", "mint_fixture"]
VERBS = ("check-machine new check create start list show top hw console log exec stop kill destroy "
         "sysrq supervise version").split()
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
    (["new"], "which NAME"),
    (["new", "a", "b"], "'b' is one word too many"),
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
    (["start", "a", "--wait"], "needs a value"),
    (["start", "--wait", "a"], "which NODE"),
    (["start", "--wait=forever", "a"], "--wait 'forever' is neither init nor running"),
    (["start", "--wait=init", "--no-wait", "a"], "exclude each other"),
    (["top", "a"], "'a' is one word too many"),
    (["top", "--follow"], "'--follow'"),
    (["top", "--interval"], "needs a value"),
    *((["top", "--interval", value], f"--interval '{value}' is not a number of seconds from 0.5")
      for value in ("0", "0.4999", "3600.5", "", "-1", "+1", "1s", "1.", ".5", "1e1", "0x2", "nan",
                    " 2", "9" * 400)),
    (["top", "--count"], "needs a value"),
    *((["top", "--count", value], f"--count '{value}' is not a number from 1")
      for value in ("0", "", "-1", "2x", "1.5", "1000001", "9" * 30)),
    (["top", "--json", "--count", "1"], "exclude each other"),
])
def test_wrong_usage_is_told_in_one_line(mint: Mint, words: List[str], reason: str) -> None:
    refused(mint(*words), 2, reason)


@pytest.mark.parametrize("words", [["--interval", "0"], ["--count", "0"],
                                   ["--json", "--count", "1"]])
def test_a_wrong_value_of_top_has_the_next_step(mint: Mint, words: List[str]) -> None:
    refused(mint("top", *words), 2, "Try: mint top --")


@pytest.mark.parametrize("verb", ["create", "start", "kill", "destroy"])
def test_a_saved_region_cannot_be_changed(mint: Mint, verb: str) -> None:
    refused(mint(verb, "b", region=two_nodes()), 2, "saved region")


@pytest.mark.skipif(Path("/dev/mint").exists(), reason="this machine runs Mint")
@pytest.mark.parametrize("words", [["list"], ["show", "1"], ["start", "1"], ["create", "x"],
                                   ["console", "1"], ["log", "1"], ["kill", "1"],
                                   ["destroy", "1"], ["top"], ["top", "--json"]])
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
                           ("top --json --interval 0.5", True), ("stop b --dry-run", False)):
        call = f"exec {command} --region {tmp_path / 'region'} {words} {closed}"
        done = subprocess.run(["sh", "-c", call], capture_output=True, check=False,
                              timeout=TIMEOUT_S)
        unread = matters and ">&-" in closed.split()
        assert done.returncode == int(unread), (closed, words)
        assert (b"could not be written" in done.stderr) == (unread and "2>&-" not in closed)


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

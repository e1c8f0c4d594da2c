# SPDX-License-Identifier: GPL-2.0
"""mint hw, and the roles in mint list: saved regions, and a machine as it is."""

import json
from typing import Any, List

import abi
import pytest
from machine import Machine
from mint_command import Mint, command_fixture, damaged, mint_fixture, two_nodes
from region_image import MB, Stream

__all__ = ["command_fixture", "mint_fixture"]
ROLES = ["firmware", "ioapic", "rtc", "pci_ports"]


def test_hw_reports_what_there_is_and_whose_it_is(mint: Mint) -> None:
    region = two_nodes()
    region.logs[1] = Stream(b"x")
    report = mint("hw", "--json", region=region).json()
    assert report["cpus"] == [
        {"cpu": cpu, "apic_id": 10 + cpu, "boot": cpu == 0, "domain": None, "node": cpu // 2}
        for cpu in range(4)]
    assert report["memory"] == [
        {"base": base * MB, "bytes": size * MB, "shared": shared, "domains": [],
         "node": node}
        for base, size, shared, node in [
            (0, 256, False, 0), (256, 64, True, None), (320, 192, False, None),
            (512, 64, False, 1), (576, 448, False, None)]]
    assert report["low_area"] == {"base": 0x9A000, "bytes": abi.MINT_LOW_BYTES}
    assert report["devices"][1] == {
        "address": "00:04.0", "vendor": 0x1AF4, "device": 0x1041, "class": 0x020000,
        "bridge": False, "node": 0}
    assert report["roles"] == {role: 0 for role in ROLES}
    assert (report["tsc_khz"], report["lapic_khz"]) == (1000000, 1000000)
    use = {section["name"]: (section["used"], section["entries"])
           for section in report["region"]["sections"]}
    assert use["nodes"] == (2, 64) and use["logs"] == (1, 64) and use["ledger"] == (3, 256)
    text = mint("hw", region=region).out
    low = "0x00000009a000-0x00000009efff      20K  to start CPUs"
    for piece in (low, "APIC id 10    node0, boot CPU", "64M  b\n", "the shared region",
                  "00:04.0      1af4:1041 class 020000  node0", "node0: firmware ioapic rtc",
                  "1000000 kHz", "2 of 64 node ids in use"):
        assert piece in text, text


@pytest.mark.parametrize("changes", [
    {"fenced": 1}, {"life": abi.MINT_LIFE_NONE, "name": b""}])
def test_a_role_of_a_fenced_node_is_free(mint: Mint, changes: Any) -> None:
    region = two_nodes()
    for key, value in changes.items():
        setattr(region.nodes[0], key, value)
    assert mint("hw", "--json", region=region).json()["roles"] == {role: None for role in ROLES}
    assert "free roles: firmware" in mint("list", region=region).out


@pytest.mark.parametrize("words", [["hw"], ["hw", "--json"]])
def test_damage_is_told_with_the_rest(mint: Mint, words: List[str]) -> None:
    region = two_nodes()
    region.extents.append((512 * MB, 0, 1))
    damaged(mint(*words, region=region), "extent 3")
    region = two_nodes()
    region.nodes[1].state = 99
    damaged(mint(*words, region=region), "node 1")


def test_hw_of_a_machine_adds_up(node0: Machine) -> None:
    """What a machine has is owned once or unassigned, and nothing is left out."""
    shell = node0.node()
    shell.run("mint create /etc/mint/b.conf && mint start b")
    report = json.loads(shell.run("mint hw --json").output)
    assert [cpu["node"] for cpu in report["cpus"]] == [0, 0, 1, None]
    assert [cpu["boot"] for cpu in report["cpus"]] == [True, False, False, False]
    pieces = report["memory"]
    for before, after in zip(pieces, pieces[1:]):
        assert before["base"] + before["bytes"] <= after["base"]
    total = sum(piece["bytes"] for piece in pieces)
    assert 4090 * MB < total <= 4098 * MB
    low = report["low_area"]
    assert 0x10000 <= low["base"] and low["base"] + low["bytes"] <= 0xA0000
    assert report["tsc_khz"] > 0 and report["lapic_khz"] > 0
    assert set(report["roles"].values()) == {0}
    sections = {section["name"]: section for section in report["region"]["sections"]}
    assert sections["vni"]["entries"] > 0 and sections["nodes"]["used"] == 2
    end = max(section["offset"] + section["bytes"] for section in sections.values())
    assert end <= report["region"]["bytes"] == 64 * MB
    assert "roles of node0: firmware" in shell.run("mint list").output
    assert "APIC id" in shell.run("mint hw").output

# SPDX-License-Identifier: GPL-2.0
"""NUMA domains on saved regions: where mint create puts memory, what mint hw shows."""

from typing import Any, Dict, List, Optional, Tuple

import abi
import pytest
from mint_command import (Files, Mint, command_fixture, files_fixture, mint_fixture,
                          refused)
from region_image import MB, Region

__all__ = ["command_fixture", "files_fixture", "mint_fixture"]
NONE = abi.MINT_DOMAIN_NONE


def region(ram: List[Tuple[int, int, int]], **changes: Any) -> Region:
    """
    Four CPUs, the last two in the domains 0 and 1, and RAM as pairs of megabytes with
    its domain. Domain 2 has no CPU and is nearer to 1.
    """
    fields: Dict[str, Any] = {
        "ram": [(base * MB, size * MB) for base, size, _ in ram],
        "ram_domains": [domain for _, _, domain in ram],
        "cpu_domains": [0, 0, 0, 1],
        "distances": [[10, 20, 40], [20, 10, 30], [40, 30, 10]], **changes}
    return Region(**fields)


USUAL = [(2, 510, 0), (512, 512, 1), (1024, 512, 2)]


def placed(mint: Mint, files: Files, saved: Region, cpus: str, memory: str = "64M"
           ) -> List[Any]:
    """Address in megabytes, domains and nearness of each piece that b would get."""
    path = files.make(cpus=cpus, memory=memory)
    report = mint("create", "--dry-run", "--json", path, region=saved).json()
    return [(piece["base"] // MB, piece["domains"], piece["near"])
            for piece in report["node"]["memory"]]


@pytest.mark.parametrize("keys, where", [
    ({"cpus": "2"}, [(320, [0], True)]),
    ({"cpus": "3"}, [(512, [1], True)]),
    # Both are as near: the lower address.
    ({"cpus": "2-3"}, [(320, [0], True)]),
    # What is near is not enough, or not in one piece: the next nearest.
    ({"cpus": "2", "memory": "300M"}, [(512, [1], False)]),
    ({"cpus": "3", "memory": "500M,500M"}, [(512, [1], True), (1024, [2], False)]),
    ({"cpus": "3", "memory": "500M,100M"}, [(512, [1], True), (320, [0], False)]),
    # In no domain is enough: across them.
    ({"cpus": "3", "memory": "600M"}, [(320, [0, 1], False)]),
    # An address is an address.
    ({"cpus": "3", "memory": "64M@0x14000000"}, [(320, [0], False)]),
    ({"cpus": "3", "memory": "64M@0x1e000000"}, [(480, [0, 1], False)]),
])
def test_memory_is_taken_near_the_cpus(mint: Mint, files: Files, keys: Dict[str, str],
                                       where: List[Any]) -> None:
    assert placed(mint, files, region(USUAL), **keys) == where


@pytest.mark.parametrize("changes", [
    {"ram_domains": [NONE] * 3}, {"cpu_domains": [NONE] * 4}, {"cpu_domains": [200] * 4},
    {"ram_domains": [77] * 3}, {"distances": []}])
def test_without_known_domains_the_lowest_memory_is_taken(mint: Mint, files: Files,
                                                          changes: Any) -> None:
    assert placed(mint, files, region(USUAL, **changes), cpus="2")[0][0] == 320


def test_memory_that_is_too_much_is_told_with_the_longest_piece(mint: Mint,
                                                                files: Files) -> None:
    saved = region([(2, 510, 0), (512, 512, 1), (2048, 512, 2)])
    refused(mint("create", "--dry-run", files.make(memory="2G"), region=saved), 1,
            "no 2G of memory in one piece are unassigned, at most 704M")
    refused(mint("create", "--dry-run", files.make(memory="64M@0x3e000000"), region=saved), 1,
            "no memory in all of 64M@0x3e000000")


def test_far_memory_is_told(mint: Mint, files: Files) -> None:
    def line(saved: Region, memory: Optional[str] = "64M") -> str:
        return mint("create", "--dry-run", files.make(cpus="3", memory=memory),
                    region=saved).out

    assert line(region(USUAL)).endswith("memory 64M@0x20000000 (domain 1)\n")
    assert line(region(USUAL), "64M@0x14000000").endswith(
        "memory 64M@0x14000000 (domain 0, far from its CPUs)\n")
    assert line(Region()).endswith("memory 64M@0x14000000\n")


def test_hw_shows_domains(mint: Mint) -> None:
    saved = region(USUAL)
    report = mint("hw", "--json", region=saved).json()
    assert report["domains"] == [
        {"domain": 0, "cpus": [0, 1, 2], "bytes": 510 * MB, "distances": [10, 20, 40]},
        {"domain": 1, "cpus": [3], "bytes": 512 * MB, "distances": [20, 10, 30]},
        {"domain": 2, "cpus": [], "bytes": 512 * MB, "distances": [40, 30, 10]}]
    assert [cpu["domain"] for cpu in report["cpus"]] == [0, 0, 0, 1]
    assert [piece["domains"] for piece in report["memory"]] == [[0], [0], [0], [1], [2]]
    text = mint("hw", region=saved).out
    assert "  1    CPUs 3, memory 512M, distances 20 10 30\n" in text
    assert "0x000040000000-0x00005fffffff     512M  -, domain 2\n" in text
    text = mint("hw", region=Region()).out
    assert "DOMAINS" not in text and "domain" not in text


def test_too_many_domains_are_damage(mint: Mint) -> None:
    saved = region(USUAL, nr_domains=abi.MINT_MAX_DOMAINS + 1)
    refused(mint("hw", region=saved), 1, "damaged", "domains")

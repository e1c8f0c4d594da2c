# SPDX-License-Identifier: GPL-2.0
"""
mint stop, exec and serve on their own: command line, and what is refused by
the state of a node. No machine is booted.
"""

from pathlib import Path
from typing import Any, Dict, List

import abi
import pytest
from mint_command import Mint, command_fixture, mint_fixture, refused, two_nodes

__all__ = ["command_fixture", "mint_fixture"]


@pytest.mark.parametrize("words, reason", [
    (["stop"], "which NODE"),
    (["stop", "b", "c"], "'c' is one word too many"),
    (["stop", "b", "--timeout", "0"], "stop: --timeout '0'"),
    (["stop", "b", "--wait"], "'--wait'"),
    (["exec"], "which NODE"),
    (["exec", "b"], "which command"),
    (["exec", "b", "--"], "which command"),
    (["exec", "--json", "b", "true"], "'--json'"),
    (["serve"], "which REQUEST"),
])
def test_wrong_usage_is_told_in_one_line(mint: Mint, words: List[str], reason: str) -> None:
    refused(mint(*words), 2, reason)


@pytest.mark.skipif(Path("/dev/mint").exists(), reason="this machine runs Mint")
@pytest.mark.parametrize("words", [["stop", "b"], ["exec", "b", "ls", "-l"],
                                   ["exec", "b", "--", "ls", "--json"]])
def test_options_after_the_node_belong_to_the_command(mint: Mint, words: List[str]) -> None:
    refused(mint(*words), 1, "/dev/mint")


@pytest.mark.parametrize("verb", [["stop", "b"], ["exec", "b", "true"]])
def test_a_saved_region_cannot_be_asked(mint: Mint, verb: List[str]) -> None:
    refused(mint(*verb, region=two_nodes()), 2, "saved region")


@pytest.mark.parametrize("node, words", [
    ({"life": abi.MINT_LIFE_CREATED, "generation": 0}, ["not started", "Try: mint start b"]),
    ({"life": abi.MINT_LIFE_LOADING}, ["loading", "Try: mint show b"]),
    ({"state": abi.MINT_SELF_BOOTING}, ["booting", "Try: mint kill b"]),
    ({"state": abi.MINT_SELF_OFF}, ["off already", "Try: mint start b"]),
    ({"state": abi.MINT_SELF_PANICKED}, ["panicked already", "Try: mint start b"]),
    ({"life": abi.MINT_LIFE_STOPPED, "fenced": 3}, ["stopped already", "Try: mint start b"]),
    ({"state": 99}, ["damaged"]),
])
def test_only_a_running_node_can_be_stopped(mint: Mint, node: Dict[str, Any],
                                            words: List[str]) -> None:
    refused(mint("stop", "b", "--dry-run", region=two_nodes(**node)), 4, "'b'", *words)


def test_an_unknown_node_cannot_be_stopped(mint: Mint) -> None:
    refused(mint("stop", "c", "--dry-run", region=two_nodes()), 3, "'c'")


def test_a_dry_run_tells_what_would_be_asked(mint: Mint) -> None:
    result = mint("stop", "b", "--dry-run", region=two_nodes())
    assert result.out == "would ask node 'b' (1) to power off\n"
    report = mint("stop", "1", "--dry-run", "--json", region=two_nodes()).json()
    assert report == {"schema": 1, "dry_run": True, "node": {
        "id": 1, "name": "b", "state": "running", "generation": 3}}


def test_the_helper_is_not_offered_to_users(mint: Mint) -> None:
    assert "serve" not in mint("--help").out
    refused(mint("serve", "nonsense"), 2, "SESSION.SEQUENCE")

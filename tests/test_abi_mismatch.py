# SPDX-License-Identifier: GPL-2.0
"""A node that is handed another ABI stops, and names both versions."""

import time

import abi
from machine import Machine, deadline_in
from mint_list import nodes_of
from shared_region import write_command

OURS = f"{abi.MINT_ABI_MAJOR}.{abi.MINT_ABI_MINOR}"
OTHER = f"7.{abi.MINT_ABI_MINOR}"
SECONDS = 60.0


def write_major(major: int) -> str:
    """The command that gives the region another version."""
    return write_command(abi.offsetof(abi.mint_header, "abi_major"), major.to_bytes(2, "little"))


def test_another_abi_is_refused_by_the_node_and_by_the_command(
        node0: Machine) -> None:
    shell = node0.node()
    shell.run("mint create /etc/mint/b.conf")

    # The version changes while the node boots, before it reads the header: again
    # where a busy host has let node 0 be late.
    deadline = deadline_in(SECONDS)
    while True:
        result = shell.run("mint start b >/tmp/said 2>&1 & "
                           "until mint show b | grep -Eq 'booting|running'; do :; done; "
                           f"{write_major(7)}; "
                           "wait $!; echo status $?; cat /tmp/said")
        if "status 0" not in result.output or time.monotonic() > deadline:
            break
        shell.run(f"{write_major(abi.MINT_ABI_MAJOR)}; mint kill b")
    assert "status 6" in result.output
    assert OTHER in result.output and OURS in result.output

    result = shell.run("mint list", check=False)
    assert result.status == 6
    assert OTHER in result.output and OURS in result.output

    shell.run(write_major(abi.MINT_ABI_MAJOR))
    # It is "loading" for a moment while node 0 fences it.
    shell.poll("mint list --json | grep -q '\"refused\"'", 10)
    shell.run("mint start b")
    assert [node["state"] for node in nodes_of(shell)] == ["running", "running"]

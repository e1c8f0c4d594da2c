# SPDX-License-Identifier: GPL-2.0
"""What docs/vni.md says of bpftrace and perf: its commands, run between two Debian nodes."""

import re
from typing import Dict

import traffic
from conftest import Boot
from machine import TOP, Shell
from debian import NODES, Debian

PACKAGES = ("bpftrace", "linux-perf")
COMMAND = re.compile(r"^    # (.+)", re.MULTILINE)
PINGS = 50
# What each of the document's commands shows of pings of 3000 bytes, in fragments, and of
# a datagram that nobody wants.
SHOWN = {
    "vni_take {": r"(?s)@bytes\[0\]:.*\[1K, 2K\) +[1-9]",
    "kfree_skb {": r"@dropped\[\d+\]: [1-9]",
    "vni_poll {": r"@polls\[[01]\]: [1-9]",
    "perf stat": r"[1-9][\d,]* +vni:vni_take",
    "perf trace": r"vni:vni_take\((?:queue: 1, )?handle: \d+, length: 1514\)",
}


def documented() -> Dict[str, str]:
    """The commands of the document's part on tracepoints, by what they have in common with ours."""
    text = (TOP / "docs/vni.md").read_text("utf-8")
    part = text[text.index("**Tracepoints**"):text.index("## Limits")]
    found = COMMAND.findall(part)
    assert len(found) == len(SHOWN)
    return {key: next(command for command in found if key in command) for key in SHOWN}


def traced(shell: Shell, sender: Shell, command: str) -> str:
    """What a command prints that traces while another node sends."""
    shell.run(f"rm -f /tmp/said; (({command}; echo status $?) >/tmp/said 2>&1 &)")
    while shell.run("grep -q ^status /tmp/said", check=False).status:
        traffic.flood(sender, NODES["b"], "-s 3000", count=PINGS)
        sender.run(f"echo unwanted | nc -u -q 0 {NODES['b']} 9")
    # A warning of bpftrace that the document tells of; on a console it would be the kernel's.
    return shell.run("grep -v '^stdin:.* WARNING: vni_poll is not traceable' /tmp/said").output


def test_the_commands_of_the_document_show_what_it_says(boot: Boot) -> None:
    machine = boot(Debian, packages=PACKAGES)
    assert isinstance(machine, Debian)
    machine.create_b()
    machine.start_b()
    machine.join()
    for key, command in documented().items():
        output = traced(machine.node("b"), machine.node(), command)
        assert output.endswith("status 0\n") and re.search(SHOWN[key], output), output

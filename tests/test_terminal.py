# SPDX-License-Identifier: GPL-2.0
"""
How people and scripts call `mint` on a running machine: with files that are
closed, full, slow or shared with others, at terminals, and by signals.
"""

import pytest
from conftest import Boot
from machine import Machine, Shell
from mint_command import CLOSED

SECONDS = 30.0


@pytest.fixture(name="two")
def two_fixture(boot: Boot) -> Machine:
    """Node 0 and node b."""
    machine = boot()
    machine.start_node("b")
    return machine


def returns(shell: Shell, status: int, command: str) -> str:
    """What a command prints that ends with this status, and soon."""
    result = shell.run(f"timeout 60 {command}", check=False)
    assert result.status == status, (command, result)
    return result.output


def test_a_closed_standard_file_becomes_no_other_file(two: Machine) -> None:
    shell = two.node()
    for closed in CLOSED:
        files = closed if "<&-" in closed else f"</dev/null {closed}"
        unread = int(" >&-" in f" {closed}".replace("2>&-", ""))
        for command, status in (("list", unread), ("log b", unread), ("exec b -- cat", 0),
                                ("exec b -- echo x", unread), ("exec b -- sh -c 'exit 7'", 7),
                                ("exec b -- sh -c 'echo e >&2; exit 3'", 3)):
            returns(shell, status, f"mint {command} {files}")
    # What is done is done, whether or not anybody wants to read of it.
    for command in ("create /etc/mint/c.conf", "start c", "stop c", "destroy c"):
        returns(shell, 0, f"mint {command} <&- >&- 2>&-")


def test_exec_tells_what_could_not_be_moved(two: Machine) -> None:
    shell = two.node()
    shell.run("mkdir /tmp/small && mount -t tmpfs -o size=64k none /tmp/small")
    for command, what in (
            ("echo x >/dev/full", "output could not be written: No space"),
            ("seq 100000 >/dev/full", "output could not be written: No space"),
            ("seq 100000 >/tmp/small/file", "output could not be written: No space"),
            ("sh -c 'echo e >&2' 2>/dev/full", ""),
            ("cat </tmp", "standard input could not be read: Is a directory")):
        said = returns(shell, 1, f"mint exec b -- {command}")
        assert said.count("\n") == bool(what) and what in said, (command, said)
    # An input that nobody can read is what nohup gives, and no error.
    returns(shell, 0, "mint exec b -- hostname 0>/dev/null")
    # Nor is it one that the reader has seen enough.
    assert returns(shell, 141, "bash -c 'set -o pipefail; mint exec b -- yes | head -n 1' "
                   "</dev/null") == "y\n"
    # A loop keeps its lines by -n.
    loop = "printf 'b\\nnode0\\nb\\n' | while read n; do mint exec {} $n -- hostname; done"
    assert shell.run(loop.format("-n")).output == "b\nnode0\nb\n"
    assert shell.run(loop.format("")).output == "b\n"
    assert returns(shell, 0, "mint exec --no-input b -- wc -c") == "0\n"


def test_the_console_types_nothing_that_was_not_typed(two: Machine) -> None:
    shell, shell_b = two.node(), two.node("b")
    shell.run("printf 'touch /tmp/typed\\n' >/tmp/lines")
    for files in ("<&-", "<&- 2>&-", "</tmp/lines"):
        shell.run(f"(mint console b {files} >/tmp/log & echo $! >/tmp/pid)")
        shell_b.run("printf '\\ntouch /tmp/typed\\nshown\\n'")
        shell.poll("grep -q shown /tmp/log", SECONDS)
        shell.run("kill $(cat /tmp/pid); rm /tmp/log")
        # The shell of b would have read it before this.
        shell_b.run("test ! -e /tmp/typed")
    loop = shell.run("printf 'b\\ntouch /tmp/typed\\n' | while read n; do echo \"$n\"; "
                     "timeout 1 mint console b 2>&1 >/dev/null; done", check=False).output
    assert "touch /tmp/typed" in loop and "is no terminal and not read. Try: --input" in loop
    shell_b.run("test ! -e /tmp/typed")
    shell.run("timeout 20 mint console b --input </tmp/lines >/dev/null 2>&1 & echo")
    shell_b.poll("test -e /tmp/typed", SECONDS)

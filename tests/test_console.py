# SPDX-License-Identifier: GPL-2.0
"""
What a node's console carries besides text: every byte, keys of SysRq, which do
not come out of what is typed, and the size of the user's terminal.
"""

import re
import time

import abi
import faults
from conftest import Boot
from machine import Machine, Shell, deadline_in
from shared_region import Entry, write_command

SECONDS = 30.0
NODE_B = 1
MAX_SIDE = abi.MINT_CONSOLE_MAX_SIDE
HANG_MS = 5000
# Linux's own reboot by SysRq enables interrupts where it is called, in an interrupt.
LOCKDEP = r"WARNING: .* lockdep_hardirqs_on_prepare"


def has_keys(shell: Shell, node: str, count: int) -> None:
    """Waits until a node's kernel has done what the key h stands for so often."""
    shell.poll(f"[ $(mint log {node} | grep -c 'sysrq: HELP') = {count} ]", SECONDS)


def resize(machine: Machine, port: str, rows: int, columns: int) -> None:
    """Gives the terminal at the end of a port another size."""
    machine.node().run(f"stty -F /dev/{port} rows {rows} cols {columns}")


def has_size(shell: Shell, rows: int, columns: int) -> None:
    """Waits until the terminal of node b has a size."""
    shell.poll(f"[ \"$(mint exec b -- stty -F /dev/hvc0 size </dev/null)\" = '{rows} {columns}' ]",
               SECONDS)


def wait_followers(console: Entry, nodes: int) -> None:
    """Waits until these nodes follow a console, a bit for each."""
    deadline = deadline_in(SECONDS)
    while console.get("followers") != nodes:
        assert time.monotonic() < deadline


def check_control_o(shell: Shell) -> None:
    """What was the SysRq key is input, also in front of the letter that reboots."""
    shell.start("stty raw -echo; echo ready; head -c 4 | od -An -tx1; stty sane")
    assert shell.port.expect(re.compile("ready"), SECONDS)
    shell.port.send("\x0fb\x0f\x0f")
    assert shell.port.expect(re.compile("0f 62 0f 0f"), SECONDS)
    shell.attach(SECONDS)


def check_size(machine: Machine, shell: Shell, shell_b: Shell) -> None:
    """The size at the start of a console, and each that follows."""
    port = shell_b.port.name
    shell_b.poll("[ \"$(stty size)\" = '40 100' ]", SECONDS)
    shell_b.run("trap 'echo told >>/tmp/told' WINCH")
    resize(machine, port, 50, 132)
    shell_b.poll("[ -s /tmp/told ] && [ \"$(stty size)\" = '50 132' ]", SECONDS)
    # Who has no terminal has no size; the last of those who have one counts.
    shell.run("mint console b </dev/null >/dev/null 2>/tmp/said & "
              "until grep -q 'console of' /tmp/said; do :; done; kill $!; wait $!", check=False)
    has_size(shell, 50, 132)
    resize(machine, "ttyS3", 25, 80)
    shell.run("(mint console b </dev/ttyS3 >/dev/null 2>&1 & echo $! >/tmp/second)")
    has_size(shell, 25, 80)
    shell.run("kill $(cat /tmp/second)")
    has_size(shell, 25, 80)
    resize(machine, port, MAX_SIDE, 2)
    has_size(shell, MAX_SIDE, 2)


def check_bad_sizes(shell: Shell, shell_b: Shell) -> None:
    """What no terminal has changes nothing."""
    console = Entry(shell, abi.MINT_SECTION_CONSOLES, NODE_B)
    for rows, columns in ((0, 80), (25, 0), (MAX_SIDE + 1, 80), (25, 0xffff)):
        console.put("size", abi.mint_size_word(rows=rows, columns=columns).pack())
        shell_b.run("true")
        has_size(shell, MAX_SIDE, 2)


def check_bad_keys(shell: Shell, shell_b: Shell) -> None:
    """What is no key does nothing, and is not in the way of one."""
    console = Entry(shell, abi.MINT_SECTION_CONSOLES, NODE_B)
    for word in (abi.mint_sysrq_word(node=0xff).pack(), abi.mint_sysrq_word(key=7).pack(),
                 (1 << 64) - 1):
        console.put("sysrq", word)
        shell_b.run("true")
    shell.run("mint sysrq b h")
    has_keys(shell, "b", 4)


def check_keys(shell: Shell, shell_b: Shell) -> None:
    """On any node, from any node; and what is no key."""
    assert "node 'b' (1) took the key 'h'" in shell.run("mint sysrq b h").output
    assert '"key": "h"' in shell.run("mint sysrq b h --json").output
    has_keys(shell, "b", 2)
    shell_b.run("mint sysrq node0 h && mint sysrq b h")
    has_keys(shell, "node0", 1)
    has_keys(shell, "b", 3)
    for words, status in (("b", 2), ("b ''", 2), ("b ab", 2), ("b ' '", 2), ("b h h", 2),
                          ("nobody h", 3)):
        assert shell.run(f"mint sysrq {words}", check=False).status == status, words


def check_a_follower_that_dies(machine: Machine, shell: Shell) -> None:
    """Node 0 rings no node for what its former start wanted to hear."""
    console = Entry(shell, abi.MINT_SECTION_CONSOLES, 0)
    machine.node("b").run("(mint console node0 </dev/null >/dev/null 2>&1 &)")
    shell.poll("mint exec b -- ps </dev/null | grep -q '[m]int console node0'", SECONDS)
    wait_followers(console, 1 << NODE_B)
    shell.run("mint kill b")
    assert console.get("followers") == 1 << NODE_B
    machine.close_shell("b")
    shell.run("mint start b")
    assert console.get("followers") == 0
    machine.node_shell("b")


def check_a_head_that_goes_back(machine: Machine, shell: Shell, shell_b: Shell) -> None:
    """What was shown before does not come again as new."""
    console = Entry(shell, abi.MINT_SECTION_CONSOLES, NODE_B)
    log = machine.log_dir / f"{shell_b.port.name}.log"
    shell_b.run("echo shown once")
    before = log.read_bytes().count(b"shown once")
    assert before
    console.put("out.head", console.get("out.head") - 1)
    shell_b.run("true")
    assert log.read_bytes().count(b"shown once") == before


def check_a_hanging_node(machine: Machine, shell: Shell) -> None:
    """It takes keys as long as its first CPU takes interrupts, and none later."""
    machine.node("b").start(f"fault hang-interrupts-off {HANG_MS}")
    shell.poll("mint list | grep -q ' b .* silent '", SECONDS)
    result = shell.run("mint sysrq b b", check=False)
    assert result.status == 5 and "took no interrupt" in result.output
    shell.poll("mint list | grep -Eq ' b .* running +2 '", SECONDS)

    machine.node("b").start("fault soft-lockup")
    shell.poll("mint list | grep -q ' b .* stalled '", SECONDS)
    shell.run("mint sysrq b h")
    has_keys(shell, "b", 1)
    shell.run("mint sysrq b b")
    shell.poll("mint list | grep -q ' b .* rebooted '", SECONDS)
    result = shell.run("mint sysrq b h", check=False)
    assert result.status == 4 and "it is rebooted" in result.output


def put_input(shell: Shell, text: bytes) -> None:
    """Leaves something in the input of node b that its last start has not read."""
    console = Entry(shell, abi.MINT_SECTION_CONSOLES, NODE_B)
    head = console.get("in_head")
    start = head % abi.MINT_CONSOLE_IN_BYTES
    first = text[:abi.MINT_CONSOLE_IN_BYTES - start]
    shell.run(write_command(console.at("in_") + start, first))
    if text[len(first):]:
        shell.run(write_command(console.at("in_"), text[len(first):]))
    console.put("in_head", head + len(text))


def check_input_while_it_boots(shell: Shell) -> None:
    """It reaches the node from its first byte on; what was typed before does not."""
    shell.run("mint kill b")
    put_input(shell, b"echo stale >>/tmp/typed\n")
    shell.run("for i in 1 2 3 4; do echo \"echo $i >>/tmp/typed\"; done >/tmp/script")
    shell.run("mint start b --no-wait && { mint console -i b </tmp/script >/dev/null 2>&1 & }")
    shell.poll("mint list | grep -q ' b .* running '", SECONDS)
    shell.poll("mint exec b -- grep -qx 4 /tmp/typed </dev/null", SECONDS)
    typed = shell.run("mint exec b -- cat /tmp/typed </dev/null").output
    assert typed.split() == ["1", "2", "3", "4"]


def test_the_console_carries_bytes_sizes_and_keys(boot: Boot) -> None:
    machine = boot(initrd=faults.root())
    machine.expect_splat(faults.SPLATS)
    machine.expect_splat(LOCKDEP)
    shell = machine.node()
    resize(machine, "ttyS2", 40, 100)
    shell_b = machine.start_node("b")
    check_control_o(shell_b)
    check_keys(shell, shell_b)
    check_bad_keys(shell, shell_b)
    check_size(machine, shell, shell_b)
    check_bad_sizes(shell, shell_b)
    check_a_head_that_goes_back(machine, shell, shell_b)
    check_a_follower_that_dies(machine, shell)
    check_a_hanging_node(machine, shell)
    machine.close_shell("b")
    # A start begins without a size: stty has none to print.
    shell.run("mint start b")
    size = shell.run("mint exec b -- stty -F /dev/hvc0 size </dev/null").output
    assert size == "stty: /dev/hvc0\n"
    # A console that is opened while the node boots has one.
    shell.run("mint kill b; mint start b --no-wait; (mint console b </dev/ttyS3 >/dev/null 2>&1 &)")
    shell.poll("mint list | grep -q ' b .* running '", SECONDS)
    has_size(shell, 25, 80)
    check_input_while_it_boots(shell)

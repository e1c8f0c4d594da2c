# SPDX-License-Identifier: GPL-2.0
"""
How people and scripts call `mint` on a running machine: with files that are
closed, full, slow or shared with others, at terminals, and by signals.
"""

import re

import pytest
from conftest import Boot
from machine import Machine, Shell
from mint_command import CLOSED
from roots import extended_root

SECONDS = 30.0
RAW = "stty -a </dev/ttyS2 | grep -q -- -icanon"


@pytest.fixture(name="two")
def two_fixture(boot: Boot) -> Machine:
    """Node 0 and node b."""
    machine = boot(initrd=extended_root("terminal"))
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
    # A loop keeps its lines by -n. The program reads to the end of its input: one that
    # reads nothing may end before mint has read anything for it.
    loop = ("printf 'b\\nnode0\\nb\\n' | while read n; do "
            "mint exec {} $n -- sh -c 'cat >/dev/null; hostname'; done")
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
    # Not by the console, where two who type at once share lines.
    shell.poll("mint exec b -- test -e /tmp/typed </dev/null", SECONDS)


def user_of(machine: Machine) -> Shell:
    """A shell of node 0 on the terminal where b's console was until now."""
    port = machine.shells.pop("b").port
    port.send("\x1dq")
    user = Shell(port, "node0")
    user.attach(SECONDS)
    return user


def read_all(user: Shell) -> None:
    """Reads the user's terminal until nothing more comes: nobody else does."""
    while user.port.receive(0.2):
        pass


def on_b(shell: Shell, command: str) -> None:
    """Runs a command on b, with its console for output, and does not wait."""
    shell.run(f"mint exec -n b -- sh -c '({command}) <>/dev/hvc0 >&0 2>&0 &'")


def leave(shell: Shell, user: Shell, way: str) -> None:
    """Leaves a console whose terminal is the user's, which is as before then."""
    shell.poll(RAW, SECONDS)
    if way:
        shell.run(f"kill -{way} $(pidof mint)")
    else:
        user.port.send("\x1dq")
    shell.poll(f"! pidof mint && ! {RAW}", SECONDS)


def test_a_slow_terminal_keeps_nobody_in_the_console(two: Machine) -> None:
    # b reads nothing of what is typed.
    two.node("b").start("stty raw; exec sleep 1000")
    shell, user = two.node(), user_of(two)
    on_b(shell, "exec yes")
    # After that much the reader takes no more, and all that can be filled is full.
    slow = "(head -c 100000 >/dev/null; touch /tmp/slow; exec sleep 1000)"
    for way in ("", "TERM", "INT"):
        user.port.send(f"mint console b | {slow}\n")
        shell.poll("rm /tmp/slow", SECONDS)
        leave(shell, user, way)
        shell.run("killall sleep")
        user.attach(SECONDS)
    shell.run("mkfifo /tmp/none")
    for command in ("console b", "exec -n b -- yes"):
        shell.run(f"on-terminal mint {command} <>/tmp/none | {slow} & echo")
        shell.poll("rm /tmp/slow", SECONDS)
        shell.run("kill -TERM $(pidof mint)")
        shell.poll("! pidof mint", SECONDS)
        shell.run("killall sleep; killall -q on-terminal || :")
    # What is pasted waits for it, and the escape does not.
    shell.run("mint exec -n b -- killall yes")
    user.port.send("mint console b\n")
    shell.poll(RAW, SECONDS)
    read_all(user)
    user.port.send("x" * 20000)
    leave(shell, user, "")
    lost = user.port.expect(re.compile(r"(\d+) bytes that were typed did not reach node 'b'"),
                            SECONDS)
    assert lost and int(lost[1]) > 10000


def test_old_output_has_a_terminal_type_nothing(two: Machine) -> None:
    shell, user = two.node(), user_of(two)
    on_b(shell, r'printf "old\\033[6n\\033]0;t\\007\\033[31mred\\n\\005"')
    user.port.send("mint console b\n")
    seen = user.port.expect(re.compile("old(.*)red"), SECONDS)
    assert seen and seen[1] == "\x1b[31m"
    # What comes now may be a question of a program that waits for the answer.
    on_b(shell, r'printf "new\\033[6nlive\\n"')
    seen = user.port.expect(re.compile("new(.*)live"), SECONDS)
    assert seen and seen[1] == "\x1b[6n"
    leave(shell, user, "")


def test_the_terminal_is_as_before_whenever_the_console_does_not_have_it(two: Machine) -> None:
    shell, user = two.node(), user_of(two)
    for way in ("HUP", "QUIT", "TERM", "INT"):
        user.port.send("mint console b\n")
        leave(shell, user, way)
        read_all(user)
    user.port.send("mint console b\n")
    for rows, stop in ((33, "TSTP"), (44, "STOP")):
        shell.poll(RAW, SECONDS)
        read_all(user)
        shell.run(f"kill -{stop} $(pidof mint)")
        shell.poll("grep -q '^State:.T' /proc/$(pidof mint)/status", SECONDS)
        if stop == "TSTP":
            shell.run(f"! {RAW}")
        # What the shell sets is not what the console goes on with, but for the size.
        user.port.send(f"stty icanon rows {rows} cols 77\n")
        shell.poll(f"! {RAW}", SECONDS)
        user.port.send("fg\n")
        shell.poll("[ \"$(mint exec -n b -- stty -F /dev/hvc0 size)\" = "
                   f"'{rows} 77' ]", SECONDS)
    leave(shell, user, "")
    user.attach(SECONDS)

    shell.run("mkfifo /tmp/none")
    # A terminal that is gone, or a disk that is full, ends it; a reader that is gone, too.
    shell.run("(on-terminal sh -c 'trap \"\" HUP; exec mint console b' <>/tmp/none >/tmp/seen "
              "& echo $! >/tmp/pid)")
    shell.poll("grep -q 'console of node' /tmp/seen", SECONDS)
    shell.run("kill -9 $(cat /tmp/pid)")
    shell.poll("! pidof mint", SECONDS)
    assert "No space" in returns(shell, 1, "mint console b >/dev/full")
    assert "Is a directory" in returns(shell, 1, "mint console b --input </ >/dev/null")
    assert "left the console" in returns(shell, 0, "bash -c 'set -o pipefail; "
                                         "mint console b </dev/null | head -n 1'")
    # nohup's wish is kept.
    shell.run("(trap '' HUP; exec mint console b </dev/null >/tmp/log 2>&1) & echo")
    shell.poll("grep -q Linux /tmp/log", SECONDS)
    shell.run("kill -HUP $(pidof mint)")
    on_b(shell, "echo still here")
    shell.poll("grep -q 'still here' /tmp/log", SECONDS)
    shell.run("kill -TERM $(pidof mint)")
    shell.poll("! pidof mint", SECONDS)

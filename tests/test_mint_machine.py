# SPDX-License-Identifier: GPL-2.0
"""
The mint command on a running machine where it must undo, give up or let go:
interrupted loads, starts without a report, claims, the terminal.
"""

import functools
import time
from typing import Set

import abi
import pytest
from conftest import Boot
from machine import SANITIZE, Machine, Port, Result, Shell, roomy
from mint_list import state_of
from shared_region import Entry, ledger, read, write_command

CONF = "/etc/mint/b.conf"
# The two bytes at the 64-bit entry become a jump to themselves.
MAKE_HANGING_KERNEL = (
    "setup=$(($(od -An -tu1 -j497 -N1 /boot/bzImage) * 512 + 512));"
    "cp /boot/bzImage /tmp/hang;"
    "printf '\\353\\376' | dd of=/tmp/hang bs=1 seek=$((setup + 512)) conv=notrunc 2>/dev/null;"
    f"sed 's,^kernel.*,kernel = /tmp/hang,' {CONF} >/tmp/hang.conf")
MAKE_LARGE_INITRD = (
    # Kernels with checks take longer for it, and leave less memory.
    f"{{ cat /boot/node.cpio; head -c {20000000 if SANITIZE else 80000000} /dev/zero; }} "
    ">/tmp/large;"
    f"sed 's,^initrd.*,initrd = /tmp/large,' {CONF} >/tmp/large.conf")


@pytest.fixture(name="created")
def created_fixture(boot: Boot) -> Machine:
    """A machine where node b is created and never was started."""
    machine = boot()
    machine.node().run(f"mint create {CONF}")
    return machine


def test_a_kill_stops_the_cpus_that_the_firmware_named(created: Machine) -> None:
    shell = created.node()
    shell.run("mint start b")
    table = Entry(shell, abi.MINT_SECTION_LEDGER)
    cpu = ledger(functools.partial(read, shell))["cpus"].index(1)
    # A node gone wild says that its CPU is the one by which the machine was booted.
    table.put(f"cpus[{cpu}].apic_id", table.get("cpus[0].apic_id"))
    shell.run("mint kill b")
    assert state_of(shell, "b") == "stopped"
    shell.run("mint start b")
    assert state_of(shell, "b") == "running"


@pytest.mark.parametrize("signal", ["TERM", "KILL"])
def test_an_interrupted_load_leaves_the_node_stopped(created: Machine, signal: str) -> None:
    shell = created.node()
    shell.run(MAKE_LARGE_INITRD)
    result = shell.run(
        "(mint start b --file /tmp/large.conf & "
        "until grep -Eqs 'loading|booting|running' /sys/devices/mint/node1/state; do :; done;"
        f"kill -{signal} $!; wait $!)", check=False)
    assert result.status == {"TERM": 1, "KILL": 137}[signal], result.output
    if signal == "TERM":
        assert "interrupted while it was loaded; it is stopped" in result.output
    assert state_of(shell, "b") == "created"
    shell.run("rm /tmp/large; mint start b")
    assert state_of(shell, "b") == "running"


# Starts of which nothing is heard: the node file, and what is said.
NO_REPORT = [
    ("/tmp/hang.conf", "its kernel has not come as far as its log. Try: mint kill b"),
    ("/tmp/mute.conf", 'its kernel is not up yet, its log ends with "['),
]
MAKE_MUTE = ("sed 's,^cmdline.*,& initcall_blacklist=mint_announce_running,' "
             f"{CONF} >/tmp/mute.conf")


def test_a_start_without_report_times_out_and_can_be_repaired(created: Machine) -> None:
    shell = created.node()
    shell.run(f"{MAKE_HANGING_KERNEL};{MAKE_MUTE}")
    for conf, said in NO_REPORT:
        result = shell.run(f"mint start b --file {conf} --timeout 5", check=False)
        assert result.status == 5 and f"no report from it within 5 s: {said}" in result.output
        assert state_of(shell, "b") == "booting"
        assert shell.run("mint start b", check=False).status == 4
        shell.run("mint kill b")
    shell.run("mint start b")
    assert state_of(shell, "b") == "running"


# Roots of a node: a shell that makes the initrd /tmp/initrd.
NO_INIT = "mkdir -p bin && echo nothing >bin/sh && chmod 755 bin/sh"
ENDING_INIT = ("mkdir -p bin && cp /bin/busybox bin && "
               "echo '#!/bin/busybox false' >init && chmod 755 init")
SWITCHING_INIT = (
    "mkdir -p bin new && cp /bin/busybox bin && printf '%s\\n' '#!/bin/busybox sh' "
    "'B=/bin/busybox; $B mount -t tmpfs none /new; $B mkdir /new/bin; $B cp $B /new/bin' "
    "'exec $B switch_root /new /bin/busybox sleep 9999' >init && chmod 755 init")


def start_of(shell: Shell, root: str, cmdline: str, words: str = "") -> Result:
    """Starts node b anew with a root that is made by a shell; what the start comes to."""
    shell.run("mint kill b", check=False)
    initrd = "/^initrd/d"
    if root:
        shell.run(f"rm -rf /tmp/tree && mkdir /tmp/tree && cd /tmp/tree && {root} && "
                  "find . | cpio -o -H newc >/tmp/initrd 2>/dev/null; cd /")
        initrd = "s,^initrd.*,initrd = /tmp/initrd,"
    shell.run(f"sed '{initrd};s,^cmdline.*,cmdline = console=hvc0 {cmdline},' "
              f"{CONF} >/tmp/start.conf")
    return shell.run(f"mint start b --file /tmp/start.conf {words}", check=False)


@pytest.mark.parametrize("root, cmdline, said, help_", [
    ("", "", "VFS: Unable to mount root fs on", "root= in its cmdline, or initrd = in its file"),
    ("", "root=/dev/vda", "VFS: Unable to mount root fs on", "another root= in its cmdline"),
    (NO_INIT, "rdinit=/bin/sh", "No working init found. Try:", "init= in its cmdline"),
    # It is on the way to a root, so that it runs is not enough.
    (ENDING_INIT, "root=/dev/vda", "Attempted to kill init!", "mint console --history"),
])
def test_a_start_whose_kernel_finds_no_user_space_is_none(created: Machine, root: str,
                                                          cmdline: str, said: str,
                                                          help_: str) -> None:
    created.expect_splat(r"Kernel panic|Call Trace")
    shell = created.node()
    result = start_of(shell, root, cmdline)
    assert result.status == 1, result
    assert f"it is panicked after its start: {said}" in result.output
    assert f"Try: {help_}" in result.output
    # While it is fenced, it is in loading.
    shell.poll("test $(cat /sys/devices/mint/node1/state) = panicked", 10)


def init_of(shell: Shell) -> str:
    """How far user space of node b is, which is the same everywhere."""
    seen = shell.run("cat /sys/devices/mint/node1/init; mint show b | grep ^init").output.split()
    assert seen[1] == "init" and seen[0] == seen[2]
    return seen[0]


def test_an_init_counts_when_it_has_the_root_that_it_was_told(created: Machine) -> None:
    shell = created.node()
    assert init_of(shell) == "none"
    assert start_of(shell, SWITCHING_INIT, "root=tmpfs").status == 0
    assert init_of(shell) == "root"

    # The initrd of the tests stays on its root, whatever root= says.
    shell.run("cp /boot/node.cpio /tmp/initrd; mint kill b")
    file = "sed 's,^cmdline.*,& root=/dev/vda,' /tmp/start.conf >/tmp/root.conf;"
    shell.run(f"{file} mint start b --file /tmp/root.conf --wait=running")
    shell.run("mint kill b; mint start b --file /tmp/root.conf --no-wait")
    shell.run("mint kill b")
    result = shell.run("mint start b --file /tmp/root.conf --timeout 15", check=False)
    assert result.status == 5 and init_of(shell) == "initramfs"
    assert "has not come to the root that root= names. Try: mint console b" in result.output
    assert shell.run("cat /sys/devices/mint/self/init").output == "initramfs\n"


def test_nobody_waits_for_an_init_that_the_kernel_tells_nothing_of(created: Machine) -> None:
    shell = created.node()
    shell.run(f"sed 's,^cmdline.*,& root=/dev/vda,' {CONF} >/tmp/root.conf")
    # A kernel of ABI 3.0 leaves the line as it was at the start.
    line = Entry(shell, abi.MINT_SECTION_NODES, 1).at("user")
    forget = write_command(line, bytes(abi.sizeof(abi.mint_node_user)))
    shell.run("(mint start b --file /tmp/root.conf --timeout 60 & "
              "until grep -q initramfs /sys/devices/mint/node1/init; do sleep 0.1; done; "
              f"{forget}; wait $!)")
    assert init_of(shell) == "none" and state_of(shell, "b") == "running"


def test_a_new_node_is_made_once_and_taken_back(node0: Machine) -> None:
    shell = node0.node()
    new = f"mint new e --memory {roomy(128)}M --kernel /boot/bzImage --initrd /boot/node.cpio"
    shell.run(new)
    twice = shell.run(new, check=False)
    assert twice.status == 4
    assert "there is /etc/mint/e.conf. Try: mint new e --undo" in twice.output
    shell.run("mint create /etc/mint/e.conf && mint start e")
    assert state_of(shell, "e") == "running"
    assert "10.77.0.3" in shell.run(f"{new.replace(' e ', ' f ')} --dry-run").output
    used = shell.run("mint new e --undo", check=False)
    assert used.status == 4 and "it is running. Try: mint destroy e" in used.output
    shell.run("mint kill e && mint destroy e && mint new e --undo")
    assert shell.run("test -e /etc/mint/e.conf", check=False).status == 1


def test_a_create_that_cannot_keep_its_file_claims_nothing(node0: Machine) -> None:
    shell = node0.node()
    before = shell.run("mint list --json").output
    shell.run("mkdir -p /run/mint && mount -t tmpfs -o ro none /run/mint")
    result = shell.run(f"mint create {CONF}", check=False)
    assert result.status == 1 and "Read-only" in result.output
    assert shell.run("mint list --json").output == before


def test_kill_and_destroy_give_everything_back(node0: Machine) -> None:
    shell = node0.node()
    before = shell.run("mint list --json").output
    shell.run(f"mint create {CONF} && mint start b --no-wait")
    assert shell.run("mint destroy b", check=False).status == 4
    shell.run("mint kill b")
    assert state_of(shell, "b") == "stopped"
    assert shell.run("mint kill b", check=False).status == 4
    shell.run("mint destroy b")
    assert shell.run("mint list --json").output == before
    assert shell.run("test -e /run/mint/b.conf", check=False).status == 1


@pytest.mark.parametrize("end, said", [
    ("kill -TERM $(cat /tmp/pid)", "left the console"),
    ("mint kill b", "has ended: stopped"),
])
def test_the_console_sets_the_terminal_back(created: Machine, end: str, said: str) -> None:
    shell = created.node()
    shell.run("mint start b")
    raw = "stty -a </dev/ttyS1 | grep -q -- -icanon"
    result = shell.run(
        f"before=$(stty -g); (until {raw}; do :; done; {end}) & "
        "sh -c 'echo $$ >/tmp/pid; exec mint console b';"
        'test "$before" = "$(stty -g)"')
    assert said in result.output


def test_the_escape_leaves_the_console(created: Machine) -> None:
    created.node().run("mint start b")
    port = created.node_shell("b").port
    port.send("\x1dq")
    created.close_shell("b")
    assert state_of(created.node(), "b") == "running"
    created.node_shell("b").run("true")


def test_the_console_history_has_the_first_line(created: Machine) -> None:
    shell = created.node()
    shell.run("mint start b")
    for command in ("mint console b --history", "mint log b"):
        assert "Linux version" in shell.run(command).output.splitlines()[0]


# One interruption after each of these times, from before the command's first
# step to behind its last; the later ones where commands take that long.
INSTANTS_MS = (5, 30, 70, 110, 250, 500, 1000, 2000, 4000)
INSTANTS_LEAST = 5


def interrupt(shell: Shell, command: str, after_ms: int) -> None:
    """Types a command and then Ctrl-C."""
    port: Port = shell.port
    port.send(command + "\n")
    time.sleep(after_ms / 1000)     # the instant is what is tested; nothing is awaited
    port.send("\x03")
    # A loading ends when the kernel closes the file of the one who did it.
    shell.poll("! mint list | grep -q ' loading '", 10)


def kept(shell: Shell) -> bool:
    """Is there a node file of b that create has kept?"""
    return shell.run("test -e /run/mint/b.conf", check=False).status == 0


def test_ctrl_c_leaves_a_node_as_before_or_after(node0: Machine) -> None:
    """At each step of each verb: nothing is half claimed, half started, half gone."""
    shell = node0.node()
    unclaimed = shell.run("mint list --json").output
    # Some are to be interrupted before, some after what they do.
    wanted = {"create ", "create created", "kill running", "kill stopped"}
    seen: Set[str] = set()
    for count, instant in enumerate(INSTANTS_MS):
        if count >= INSTANTS_LEAST and wanted <= seen:
            break
        interrupt(shell, f"mint create {CONF}", instant)
        state = state_of(shell, "b")
        assert state in ("", "created") and kept(shell) == bool(state)
        shell.run("true" if state else f"mint create {CONF}")

        interrupt(shell, "mint start b", instant)
        started = state_of(shell, "b")
        assert started in ("created", "stopped", "booting", "running")
        if started in ("created", "stopped"):
            shell.run("mint start b")
        shell.poll("mint list | grep -q ' b .* running '", 30)

        interrupt(shell, "mint kill b", instant)
        killed = state_of(shell, "b")
        assert killed in ("running", "stopped")
        shell.run("true" if killed == "stopped" else "mint kill b")

        interrupt(shell, "mint destroy b", instant)
        gone = state_of(shell, "b")
        assert gone in ("", "stopped") and kept(shell) == bool(gone)
        shell.run("mint destroy b" if gone else "true")
        assert shell.run("mint list --json").output == unclaimed
        seen |= {f"create {state}", f"start {started}", f"kill {killed}", f"destroy {gone}"}
    assert wanted <= seen


# $1 claims the CPU that $2 claims on the other node; both let go at once.
CLAIM_LOOP = """claim() { won=0; i=0; while [ $i -lt 40 ]; do i=$((i + 1))
mint create /etc/mint/$1.conf >/dev/null 2>>/tmp/said || continue
won=$((won + 1)); mint list >/tmp/now
grep -Eq " $1 +created .* 3 " /tmp/now || cat /tmp/now
! grep -q " $2 " /tmp/now || cat /tmp/now
mint destroy $1 >/dev/null || echo not destroyed
done; echo won $won; }; """


def test_two_commands_on_two_nodes_never_claim_the_same(node0: Machine) -> None:
    shell = node0.node()
    shell.run("cd /; for name in d e; do sed \"s/^name.*/name = $name/; /^initrd/d\" "
              "etc/mint/c.conf >etc/mint/$name.conf; done; cp boot/node.cpio /tmp/large; "
              "printf '%s\\n' boot/bzImage etc/mint etc/mint/d.conf etc/mint/e.conf | "
              "cpio -o -H newc >>/tmp/large")
    shell.run(f"sed 's,^initrd.*,initrd = /tmp/large,' {CONF} >/tmp/b.conf; "
              "mint create /tmp/b.conf; mint start b")
    before = shell.run("mint list").output
    other = node0.node_shell("b")
    shell.run(f"(({CLAIM_LOOP} claim d e >/tmp/out 2>&1; touch /tmp/done) &)")
    theirs = other.run(f"{CLAIM_LOOP} claim e d")
    shell.poll("test -e /tmp/done", 60)
    said = shell.run("cat /tmp/said").output + other.run("cat /tmp/said").output
    for output in (shell.run("cat /tmp/out").output, theirs.output):
        assert output.startswith("won ") and int(output.split()[1]) > 0, output
    for line in said.splitlines():
        assert line.startswith("mint: cannot create a node from") and any(
            reason in line for reason in ("CPU 3 belongs to node", "gave it back")), line
    assert shell.run("mint list").output == before

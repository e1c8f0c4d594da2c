# SPDX-License-Identifier: GPL-2.0
"""
The cases: how a victim is brought down or kept busy, and what proves that it
really happened.
"""

import random
import time
from dataclasses import dataclass
from typing import Callable, Dict, List, Optional

from machine import MachineError
from isolation.site import FIRST_CPU, NODES, Site
from isolation.witness import Witness

EVIDENCE_S = 60.0
FLOOD = 5000
STARTED = [name for name in NODES if name != "node0"]


@dataclass(frozen=True)
class Case:
    """One way to fail or to be busy."""

    name: str
    provoke: Callable[[Site, str], None]
    """Brings it about; its witness may be gone afterwards."""
    evidence: str
    """Extended regular expression, for the victim's log or state."""
    undo: Optional[str] = None
    """
    Ends it on node 0, which nobody can start again. None: node 0 does not
    survive it, or not as it was.
    """
    victims: Optional[List[str]] = None
    """None: node 0, and one of the others in turn."""
    quick: bool = False
    """Belongs to `make test`."""


def command(text: str) -> Callable[[Site, str], None]:
    """A fault that the victim itself provokes by a command."""
    def provoke(site: Site, victim: str) -> None:
        site.witnesses[victim].start(text)
    return provoke


def quiet(text: str) -> str:
    """A command that goes on after its shell has returned."""
    return f"({text}) </dev/null >/dev/null 2>&1 &"


def other(victim: str) -> str:
    """A node that is neither node 0 nor the victim."""
    return next(name for name in reversed(STARTED) if name != victim)


def refused_kexec(site: Site, victim: str) -> None:
    """Asks for kexec; that it is refused is the point."""
    output = site.witnesses[victim].run("witness kexec | tee /dev/kmsg").output
    if "taken" in output:
        raise MachineError(f"kexec was not refused: {output}")


def begin_start(site: Site, victim: str, asks: str) -> None:
    """Lets node 0 start the victim, and returns when its CPU was set going."""
    old = site.table(asks)[victim]["generation"]
    site.witnesses["node0"].start(quiet(f"mint start {victim}"))
    site.wait_until(lambda: site.table(asks)[victim]["generation"] > old,
                    f"{victim} has not been started")


def doorbells(witness: Witness) -> int:
    """How many doorbell interrupts a node has taken."""
    return int(witness.run("awk '/PLT:/ { n = 0; for (i = 2; $i ~ /^[0-9]+$/; i++) "
                           "n += $i; print n }' /proc/interrupts").output)


def flood_peer(site: Site, victim: str) -> None:
    """Interrupts a peer without end; that they arrive is proved there."""
    peer = NODES[(NODES.index(victim) + 1) % len(NODES)]
    before = doorbells(site.witnesses[peer])
    # QEMU's APIC ids are the machine's CPU numbers.
    site.witnesses[victim].start(quiet(f"fault ipi-flood {FIRST_CPU[peer]}"))
    site.wait_until(lambda: doorbells(site.witnesses[peer]) > before + FLOOD,
                    f"no flood of doorbells arrives on {peer}")


def load_all_cpus(site: Site, victim: str) -> None:
    """Keeps every CPU of the victim busy with computing, memory and output."""
    witness = site.witnesses[victim]
    cpus = int(witness.run("nproc").output)
    witness.start("echo stress >/dev/kmsg; " +
                  quiet(f"stress --cpu {cpus} --io 2 --vm 2 --vm-bytes 16M"))
    witness.result(EVIDENCE_S)
    witness.poll(f"awk -F '[ /]' '{{ exit $4 <= {cpus} }}' /proc/loadavg", EVIDENCE_S)


def kill_during_boot(site: Site, victim: str) -> None:
    """Another node kills the victim at five moments of its boot."""
    killer = other(victim)
    site.witnesses[killer].run(f"mint kill {victim}")
    for _ in range(5):
        begin_start(site, victim, killer)
        time.sleep(random.uniform(0.0, 1.0))
        site.witnesses[killer].run(f"mint kill {victim}")
        site.witnesses["node0"].poll("! pidof mint", EVIDENCE_S)


def kill_under_traffic(site: Site, victim: str) -> None:
    """Another node kills the victim while all nodes exchange data, twice."""
    site.witnesses[other(victim)].run(f"mint kill {victim}")
    site.start(victim)
    site.wait_for_traffic(list(NODES))
    site.witnesses[other(victim)].run(f"mint kill {victim}")


# Each process starts two and waits for them.
FORK_BOMB = """
b() {
	[ $1 != 8 ] || echo "fork bomb: 255 processes" >/dev/kmsg
	b $(($1 + 1)) &
	b $(($1 + 1)) &
	wait
}
b 0
"""
OOPS = "BUG: kernel NULL pointer dereference"
CASES = [
    Case("panic", command("fault panic"), "panicked", quick=True),
    Case("BUG in interrupt", command("fault bug-in-interrupt"), "panicked"),
    Case("NULL dereference in a module", command("fault null-pointer"), OOPS,
         undo="true"),
    Case("soft lockup", command("fault soft-lockup"), "SOFTLOCKUP"),
    Case("hard lockup, interrupts off", command("fault hang-all"), "hang-all",
         quick=True),
    Case("out of memory", command(quiet("stress --vm 8 --vm-bytes 100M --vm-keep")),
         "Out of memory: Killed", undo="killall -9 stress"),
    Case("reboot -f", command("reboot -f"), "rebooted"),
    Case("poweroff -f", command("poweroff -f"), "off"),
    Case("kexec", refused_kexec, "reboot.KEXEC.: (Invalid|Function|Operation|Dev)",
         undo="true"),
    Case("sysrq b", command("echo b >/proc/sysrq-trigger"), "rebooted"),
    Case("sysrq c", command("echo c >/proc/sysrq-trigger"), "panicked"),
    Case("sysrq o", command("echo o >/proc/sysrq-trigger"), "off"),
    Case("IPI flood of a peer", flood_peer, "ipi-flood", undo="killall -9 fault", quick=True),
    Case("interrupt storm", command("fault interrupt-storm"), "interrupt-storm"),
    Case("stack overflow", command("fault stack-overflow"), "panicked"),
    Case("division by zero in the kernel", command("fault division-by-zero"),
         "divide error", undo="true"),
    Case("kill during boot", kill_during_boot, "stopped", victims=STARTED[:1]),
    Case("kill during traffic", kill_under_traffic, "stopped",
         victims=STARTED[1:2], quick=True),
    Case("fork bomb", command(quiet(FORK_BOMB)), "fork bomb: 255 processes"),
    Case("stress on all CPUs", load_all_cpus, "stress", undo="killall -9 stress"),
]


def wait_for_evidence(site: Site, case: Case, victim: str, asks: str) -> None:
    """Waits for the proof, as another node sees it."""
    witness = site.witnesses[asks]
    site.wait_until(
        lambda: site.table(asks)[victim]["state"] == case.evidence or witness.run(
            f"mint log {victim} | grep -qE '{case.evidence}'", check=False).status == 0,
        f"neither state nor log of {victim} says '{case.evidence}'")


def plan(wanted: Callable[[Case], bool]) -> Dict[str, List[Case]]:
    """The cases by victim: every node has its turn."""
    chosen: Dict[str, List[Case]] = {name: [] for name in NODES}
    turn = 0
    for case in CASES:
        if not wanted(case):
            continue
        if case.victims is None:
            chosen["node0"].append(case)
        for victim in case.victims or [STARTED[turn % len(STARTED)]]:
            chosen[victim].append(case)
        turn += 1
    # What node 0 survives comes first, so that it needs no new machine.
    chosen["node0"].sort(key=lambda case: case.undo is None)
    return chosen

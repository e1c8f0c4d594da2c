# SPDX-License-Identifier: GPL-2.0
"""
Kills at chosen instructions.

The emulator's gdb stub stops the CPU of node b there; it is killed by INIT
while it stands, with nodes 0 and c going on; and a census of the shared region
shows whether they have found everything again. A kill is done when nothing in
the vni section, nor in that of the bypass, names the dead incarnation and node b,
started again, delivers.
"""

import json
import random
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence

import abi
import bypass_census
import crowd
import past_tcp
from gdbstub import GdbStub
from machine import BUILD, SANITIZE, CommandTimeout, Machine, deadline_in
from shared_region import REGION, Census, VniSection, load

MEMBERS = [crowd.Member("b", "1", 64, "500 400 2 1 3"),
           crowd.Member("c", "2", 64, "1000 0 2 1 2")]
TALK_OF_NODE0 = "talk 1000 0 2 2 3"
# Datagrams that a program on node b sends back.
TALK_WITH_DATAGRAMS = "talk 1000 400 2 2 3"
TO_B, TO_C = "/tmp/to-2", "/tmp/to-3"
NODE_B, CPU_B, OTHERS = 1, 1, (0, 2, 3)
SETTLE_SECONDS, DELIVER_SECONDS, AIM_SECONDS = 20.0, 60.0, 180.0
# How long the victim runs alone at most; its peers hold still meanwhile. If it
# has not come to the place, all run for a moment, so that it gets work again:
# at least for a part of the time that the peers, whose clocks went on, have
# lost. Else their RCU would rightly complain after 21 s.
ALONE_SECONDS = 0.5 if SANITIZE else 0.15
TOGETHER_SECONDS = (0.1, 0.5) if SANITIZE else (0.005, 0.03)
TOGETHER_PART = 0.25
MAX_STEPS = 600
# How many locks it may take meanwhile before it takes one of the wanted kind.
MAX_LOCKS = 30

# Where to kill: under a lock; some instructions after the start of a function;
# while the node starts, at its first steps into the section; at any moment.
LOCKS = ("pool 0", "pool 1", "ring")
FUNCTIONS = ("vni_start_xmit", "vni_poll")
STARTING = ("vni_port_bury", "vni_ring_open")
SITES = LOCKS + FUNCTIONS + LOCKS + STARTING + ("anywhere",)
# Past TCP: before and in the copy, between bytes, cursor and signal, on both ends;
# where a pair comes and goes; in the look for memory, which is under a lock.
PAST_TCP = ("mint_writer_span", "mint_writer_publish", "mint_writer_kicks", "mint_signal",
            "mint_reader_span", "mint_reader_consume", "mint_reader_kicks",
            "mint_pair_offer", "mint_pair_join", "mint_pair_leave", "mint_units_free",
            "mint_run_claim", "mint_writer_use", "anywhere")
# A program sees the frame, moves it on in its buffer, and all of a poll are posted.
XDP = ("vni_xdp_receive", "vni_xdp_forward", "vni_tx_forward", "vni_tx_flush_queues",
       "ring", "anywhere")


@dataclass(frozen=True)
class Kind:
    """What the nodes do while one of them is killed, and where it is."""

    name: str
    sites: Sequence[str]
    past_tcp: bool = False
    """Connections go past TCP."""
    program: bool = False
    """A program of XDP on node b sends datagrams back."""

    def members(self) -> List[crowd.Member]:
        """Nodes b and c."""
        return [replace(member, past_tcp=self.past_tcp,
                        program=self.program and member.name == "b") for member in MEMBERS]


PLAIN = Kind("kills", SITES)
PAST = Kind("kills past TCP", PAST_TCP, past_tcp=True)
PROGRAMS = Kind("kills with programs of XDP", XDP, program=True)


@dataclass
class Kill:
    """One kill: where it hit, and what the others made of it."""

    site: str
    steps: int
    held: List[str]
    recover_s: float
    deliver_s: float = 0.0


@dataclass
class Campaign:
    """A machine under kills."""

    machine: Machine
    stub: GdbStub
    symbols: Dict[str, int]
    section: VniSection
    startup_at: int
    """Where the words of the start-up page lie."""
    dice: random.Random
    kills: List[Kill] = field(default_factory=list)
    takeovers: int = 0
    kind: Kind = PLAIN

    def _alone_until(self, address: int) -> bool:
        """Lets the victim run alone up to an address; False if it does not."""
        if self.stub.registers(CPU_B)["rip"] == address:
            self.stub.step(CPU_B)
        self.stub.break_at(address)
        self.stub.resume_only([CPU_B])
        self.stub.wait(ALONE_SECONDS)
        self.stub.stop()
        self.stub.break_no_more(address)
        return self.stub.registers(CPU_B)["rip"] == address

    def _word(self, address: int) -> int:
        return int.from_bytes(self.stub.read_virtual(CPU_B, address, 8), "little")

    def _steps(self, most: int, last: Optional[int] = None) -> int:
        """Some instructions, more often few than many; not past @last."""
        wanted = int(most ** self.dice.random())
        for done in range(wanted):
            if self.stub.registers(CPU_B)["rip"] == last:
                return done
            self.stub.step(CPU_B)
        return wanted

    def _alone_until_lock(self, wanted: str) -> Optional[str]:
        """Lets the victim run alone until it is about to take a lock of this kind."""
        for _ in range(MAX_LOCKS):
            if not self._alone_until(self.symbols["vni_lock"]):
                return None
            registers = self.stub.registers(CPU_B)
            # vni_lock(port, lock, cpu), and base is the port's first field.
            offset = registers["rsi"] - self._word(registers["rdi"])
            for name, at in self.section.lock_offsets().items():
                if at == offset and name.startswith(wanted):
                    return name
        return None

    def _aim_lock(self, wanted: str) -> Optional[int]:
        """Into what a lock of this kind guards: from its taking to its release."""
        name = self._alone_until_lock(wanted)
        if not name or not self._alone_until(self._word(self.stub.registers(CPU_B)["rsp"])):
            return None
        steps = self._steps(MAX_STEPS, self.symbols["vni_unlock"])
        return steps if name in self.section.locks_of(NODE_B) else None

    def _aim_function(self, name: str) -> Optional[int]:
        """Some instructions into a function."""
        if not self._alone_until(self.symbols[name]):
            return None
        return self._steps(MAX_STEPS)

    def _aim(self, site: str) -> int:
        """Leaves the machine standing, the victim at the chosen place."""
        deadline = deadline_in(AIM_SECONDS)
        while True:
            self.stub.stop()
            began = time.monotonic()
            steps = (self._aim_lock(site) if site in LOCKS else
                     self._aim_function(site))
            if steps is not None:
                return steps
            if time.monotonic() > deadline:
                raise CommandTimeout(f"node b never came to {site}")
            self.stub.resume()
            time.sleep(self.dice.uniform(*TOGETHER_SECONDS)
                       + TOGETHER_PART * (time.monotonic() - began))

    def _aim_start(self, name: str) -> int:
        """Starts the victim, which stands at the first call of a function."""
        self.machine.node().run("mint start b --no-wait", timeout=60)
        self.stub.stop()
        self.stub.break_at(self.symbols[name])
        deadline = deadline_in(AIM_SECONDS)
        while self.stub.registers(CPU_B)["rip"] != self.symbols[name]:
            if time.monotonic() > deadline:
                raise CommandTimeout(f"node b never came to {name}")
            self.stub.resume()
            self.stub.wait(1.0)
            self.stub.stop()
        self.stub.break_no_more(self.symbols[name])
        return self._steps(MAX_STEPS)

    def _aim_anywhere(self) -> int:
        time.sleep(self.dice.uniform(0, 0.2))
        self.stub.stop()
        return 0

    def census(self) -> "tuple[Census, List[str]]":
        """What the vni section holds at this moment, and what is wrong in any."""
        self.stub.stop()
        census = self.section.census()
        problems = census.problems()
        if self.kind.past_tcp:
            problems += bypass_census.take(self.section.reader).problems(census.living)
        self.stub.resume()
        return census, problems

    def settled(self) -> Census:
        """Waits until nothing is left of the dead and everything adds up."""
        deadline = deadline_in(SETTLE_SECONDS)
        while True:
            census, problems = self.census()
            if not problems:
                return census
            if time.monotonic() > deadline:
                raise AssertionError(f"after {SETTLE_SECONDS:.0f} s: "
                                     + "; ".join(problems[:5]))
            time.sleep(0.02)

    def _kill_where_it_stands(self) -> None:
        """The victim goes on when an INIT waits for it: it has to say that it took it."""
        shell = self.machine.node()
        shell.run("set +m; mint kill b & echo $! >/tmp/killer")
        deadline = deadline_in(SETTLE_SECONDS)
        while True:
            startup = load(self.machine.read_physical, self.startup_at, abi.mint_startup)
            if startup.flags & abi.MINT_STARTUP_HALT and not startup.arrived:
                break
            if time.monotonic() > deadline:
                raise CommandTimeout("node b got no INIT")
        self.stub.stop()
        self.stub.resume()
        shell.run("wait $(cat /tmp/killer)")
        self.stub.stop()

    def kill(self, site: str) -> Kill:
        """Kills the victim at such a place, and sees the others recover."""
        if site in STARTING:
            self.machine.node().run("mint kill b")
            steps = self._aim_start(site)
        else:
            steps = self._aim_anywhere() if site == "anywhere" else self._aim(site)
        held = self.section.locks_of(NODE_B)
        # INIT reaches the CPU where it stands: it executes nothing of its kernel any more.
        self.stub.resume_only(OTHERS)
        if held:
            # Peers meet the lock while its owner still counts as living.
            time.sleep(self.dice.uniform(0, 0.1))
        began = time.monotonic()
        self._kill_where_it_stands()
        census = self.settled()
        for name, lock in held.items():
            assert census.locks[name].takeovers > lock.takeovers, f"{name} was not taken over"
        self.takeovers = census.takeovers()
        result = Kill(site, steps, list(held), time.monotonic() - began)
        self.kills.append(result)
        return result

    def restart(self) -> float:
        """Starts the victim until it delivers what it is sent; seconds."""
        began = time.monotonic()
        self.machine.node().run("mint start b", timeout=60)
        crowd.wait_rounds(self.machine.node(), TO_B, 2, DELIVER_SECONDS)
        if self.kind.past_tcp:
            self.symbols.update(module_symbols(self.machine))
        return time.monotonic() - began

    def others_go_on(self) -> None:
        """Nodes 0 and c still exchange data on their first connection, intact."""
        shell = self.machine.node()
        crowd.wait_rounds(shell, TO_C, 2, DELIVER_SECONDS)
        counts = crowd.counts(shell, TO_C)
        assert counts["connections"] == 1 and not counts["mismatches"], counts

    def run(self, number: int) -> Iterator[Kill]:
        """So many kills, over all sites in turn."""
        for i in range(number):
            kill = self.kill(self.kind.sites[i % len(self.kind.sites)])
            self.others_go_on()
            kill.deliver_s = self.restart()
            yield kill

    def in_locks(self) -> int:
        """How many kills have hit a holder of a lock."""
        return sum(bool(kill.held) for kill in self.kills)

    def quiet(self) -> Census:
        """Ends all traffic; what is left is what everybody holds at rest."""
        node0 = self.machine.node()
        assert not any(wrong for _, wrong in crowd.talked(node0, "c").values())
        shells = [node0, self.machine.node_shell("c")]
        node0.run("mint kill b")
        for shell in shells:
            shell.run("killall checked")
        # What is closed has no units, though TCP may still try to tell the dead.
        if self.kind.past_tcp:
            past_tcp.wait_all_free(node0)
        for shell in shells:
            shell.run("ip link set vni0 down")
        return self.settled()


def read_symbols() -> Dict[str, int]:
    """Addresses in the kernel of the nodes, which is not moved (no KASLR)."""
    symbols = {}
    for line in (BUILD / "kernel/System.map").read_text("ascii").splitlines():
        address, _, name = line.split()
        symbols[name] = int(address, 16)
    return symbols


def module_symbols(machine: Machine, name: str = "b") -> Dict[str, int]:
    """Addresses of the bypass in a node, which tells in its log where it has it."""
    line = machine.node().run(f"mint log {name} | grep -o 'past-tcp: .*' | tail -n 1").output
    text = int(line.split()[1], 16)
    table = subprocess.run(["nm", "--format=sysv", str(crowd.MODULE)], check=True,
                           capture_output=True, encoding="ascii").stdout
    rows = (list(map(str.strip, row.split("|"))) for row in table.splitlines())
    return {row[0]: text + int(row[1], 16) for row in rows
            if len(row) == 7 and row[6] == ".text"}


def options(work: Path, kind: Kind = PLAIN) -> Dict[str, Any]:
    """How to boot a machine for a campaign."""
    return {"mint": "cpus=0,mem=512M,shm=64M",
            "initrd": crowd.make_root(work, kind.members()),
            "accelerator": "tcg,thread=multi",
            "extra": ["-gdb", f"unix:{work}/gdb,server=on,wait=off"]}


def begin(machine: Machine, work: Path, seed: int, kind: Kind = PLAIN) -> Campaign:
    """Starts the nodes and their traffic."""
    machine.node().run("past-tcp; " * kind.past_tcp +
                       (TALK_WITH_DATAGRAMS if kind.program else TALK_OF_NODE0))
    crowd.start_all(machine, kind.members())
    stub = GdbStub(work / "gdb")
    section = VniSection(lambda at, n: stub.read_physical(REGION + at, n))
    stub.resume()
    low = json.loads(machine.node().run("mint hw --json").output)["low_area"]["base"]
    campaign = Campaign(machine, stub, read_symbols(), section,
                        low + abi.MINT_LOW_STARTUP + abi.MINT_STARTUP, random.Random(seed),
                        kind=kind)
    for path in (TO_B, TO_C):
        machine.node().poll(f"test -s {path}", DELIVER_SECONDS)
    if kind.past_tcp:
        campaign.symbols.update(module_symbols(machine))
    return campaign


def write_table(path: Path, kills: Sequence[Kill]) -> None:
    """One line for each kill, for those who look into a failure or a soak."""
    lines = [f"{kill.site},{kill.steps},{' '.join(kill.held)},"
             f"{kill.recover_s:.2f},{kill.deliver_s:.2f}" for kill in kills]
    path.write_text("site,steps,locks,recover_s,deliver_s\n" + "\n".join(lines) + "\n",
                    encoding="ascii")

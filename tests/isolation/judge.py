# SPDX-License-Identifier: GPL-2.0
"""
What the survivors of a fault say: did it disturb them?

Content and life are judged, never a rate: the machine may have to share two
cores of the host among all its CPUs. The longest gap is told, not judged.
"""

import itertools
import time
from dataclasses import dataclass, field
from typing import Dict, List

from machine import MachineError, deadline_in
from isolation.site import NODES, NUMBER, Site
from isolation.witness import Look, Witness

EXCHANGES = 50          # in each direction of each pair, after the fault
LIFE_S = 90.0           # within which all that has to be seen
CLOCK_S = 2.0           # by which clocks may differ: a look at one takes time
ANSWER_S = 20.0
STEP_S = 0.2            # by which a clock may jump against its own count

NUMBERS = itertools.count(1)


@dataclass
class Findings:
    """What was seen of the survivors during one case."""

    complaints: List[str] = field(default_factory=list)
    gap_ms: int = 0
    exchanges: int = 0


def question(name: str) -> str:
    """A command that succeeds if a node answers on its console."""
    if name == "node0":
        return "mint list | grep -q node0"
    # Not in the history of the console, which comes first.
    number = next(NUMBERS)
    return (f"(printf 'echo \"<$((2*{number}))>\"\\n'; sleep 3) | timeout 4 "
            f"mint console --input {name} | grep -q '<{2 * number}>'")


def answered(witness: Witness) -> bool:
    """Has the question been answered?"""
    try:
        return witness.result(ANSWER_S).status == 0
    except MachineError:
        return False


class Judge:
    """Watches the survivors from before a fault until they have proved life."""

    def __init__(self, site: Site, victim: str, life_s: float = LIFE_S) -> None:
        self.site = site
        self.life_s = life_s
        self.victim = victim
        self.survivors = [name for name in NODES if name != victim]
        epoch = next(NUMBERS)
        for name in self.survivors:
            site.witnesses[name].set_absent([NUMBER[victim]])
            site.witnesses[name].set_epoch(epoch)
        self.before = self._settled(epoch)
        self.fault = self.before

    def _looks(self) -> Dict[str, Look]:
        return {name: self.site.witnesses[name].look() for name in self.survivors}

    def _settled(self, epoch: int) -> Dict[str, Look]:
        deadline = deadline_in(LIFE_S)
        while True:
            looks = self._looks()
            if all(look.epoch == epoch for look in looks.values()):
                return looks
            if time.monotonic() > deadline:
                raise MachineError("the witnesses do not answer before the fault")
            time.sleep(0.02)

    def fault_is_there(self) -> None:
        """From now on the survivors have to prove that they live."""
        self.fault = self._looks()

    def findings(self) -> Findings:
        """Waits until all have proved it, or for as long as they may take."""
        result = Findings()
        deadline = deadline_in(self.life_s)
        missing = ["nothing was looked at"]
        while missing and time.monotonic() < deadline:
            self.site.machine.check_alive()
            time.sleep(0.1)
            missing = self._idle() + self._wrong_clocks() or self._silent()
        result.complaints = missing + self._damage()
        looks = self._looks()
        result.gap_ms = max(
            peer.gap_ns for name in self.survivors
            for number, peer in looks[name].peers.items()
            if number != NUMBER[self.victim]) // 1000000
        result.exchanges = sum(
            looks[name].peers[NUMBER[to]].exchanges -
            self.before[name].peers[NUMBER[to]].exchanges
            for name in self.survivors for to in self.survivors if to != name)
        return result

    def _idle(self) -> List[str]:
        """Traffic and memory watch that have not gone on since the fault."""
        looks, texts = self._looks(), []
        for name in self.survivors:
            now, then = looks[name], self.fault[name]
            # The pass that was under way when the fault came does not count.
            if now.watch.passes < then.watch.passes + 2:
                texts.append(f"{name} has not looked over its memory since the fault")
            for to in self.survivors:
                number = NUMBER[to]
                if to != name and (now.peers[number].exchanges <
                                   then.peers[number].exchanges + EXCHANGES):
                    texts.append(f"{name} has exchanged only "
                                 f"{now.peers[number].exchanges - then.peers[number].exchanges}"
                                 f" blocks with {to} since the fault")
        return texts

    def _wrong_clocks(self) -> List[str]:
        looks, texts = self._looks(), []
        offsets = {}
        for name in self.survivors:
            now, then = looks[name], self.before[name]
            real = (now.real_ns - then.real_ns) / 1e9
            mono = (now.mono_ns - then.mono_ns) / 1e9
            host = now.seen_s - then.seen_s
            if abs(real - host) > CLOCK_S:
                texts.append(f"the clock of {name} went on by {real:.1f} s "
                             f"while {host:.1f} s went by")
            if abs(real - mono) > STEP_S:
                texts.append(f"the clock of {name} jumped by {real - mono:.1f} s")
            offsets[name] = now.real_ns / 1e9 - now.seen_s
        if max(offsets.values()) - min(offsets.values()) > CLOCK_S:
            texts.append(f"the clocks differ: {offsets}")
        return texts

    def _silent(self) -> List[str]:
        """Nodes that do not answer, each asked by the next survivor."""
        asking = {}
        for index, name in enumerate(self.survivors):
            asks = self.survivors[(index + 1) % len(self.survivors)]
            asking[name] = self.site.witnesses[asks]
            asking[name].start(question(name))
        return [f"{name} does not answer {witness.name}"
                for name, witness in asking.items() if not answered(witness)]

    def _damage(self) -> List[str]:
        """What must never happen, before the fault or after it."""
        looks, texts = self._looks(), []
        for name in self.survivors:
            now, then = looks[name], self.before[name]
            if now.watch.bad != then.watch.bad:
                texts.append(f"memory of {name} was changed at {now.watch.bad_phys:#x}")
            for to in self.survivors:
                if to != name:
                    texts += self._bad_traffic(name, to, now, then)
        if self.site.digest_free_memory() != self.site.free_digest:
            texts.append("memory that no node owns was changed")
        return texts

    @staticmethod
    def _bad_traffic(name: str, to: str, now: Look, then: Look) -> List[str]:
        new, old = now.peers[NUMBER[to]], then.peers[NUMBER[to]]
        texts = []
        if (new.bad, new.served_bad) != (old.bad, old.served_bad):
            texts.append(f"{name} got wrong data from {to}")
        if new.broken != old.broken:
            texts.append(f"{name} lost its connection to {to}")
        return texts

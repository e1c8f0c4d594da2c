# SPDX-License-Identifier: GPL-2.0
"""A machine of four nodes, each with a witness."""

import itertools
import json
import re
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import faults
from machine import CommandTimeout, Machine, deadline_in, roomy
from isolation import witness
from isolation.memory import PhysicalMemory
from isolation.witness import Witness
from past_tcp import DEVICE

NODES = ("node0", "b", "c", "d")
NUMBER = {name: index + 1 for index, name in enumerate(NODES)}
CPUS = {"node0": "0", "b": "1-2", "c": "3", "d": "4"}
FIRST_CPU = {"node0": 0, "b": 1, "c": 3, "d": 4}

MB = 1 << 20
MACHINE_MB = roomy(1536, len(NODES))
# The firmware keeps its tables at the end of memory.
TOP = (MACHINE_MB - 32) * MB

BOOT_S = 120.0
SETTLE_S = 90.0


class Site:
    """The machine, its nodes' witnesses, and the memory that no node owns."""

    def __init__(self, log_dir: Path, past_tcp: bool) -> None:
        self.past_tcp = past_tcp
        self.machine = Machine(
            log_dir, cpus=5, memory=f"{MACHINE_MB}M", initrd=faults.root(),
            mint="cpus=0,mem=512M,shm=64M", append=self._arguments("node0"),
            open_memory=True)
        self.witnesses: Dict[str, Witness] = {}
        self.free_first = 0
        self.free_digest = ""
        self.memory = PhysicalMemory()

    def boot(self) -> None:
        """Starts the machine and all its nodes, and waits for their traffic."""
        self.machine.start(BOOT_S)
        self.memory.open(self.machine.memory_path())
        self._attach("node0")
        for name in NODES[1:]:
            self._create(name)
            self.start(name)
        self._fill_free_memory()
        self.wait_for_traffic(list(NODES))
        for one in self.witnesses.values():
            assert self.past_tcp == (self._bytes_past_tcp(one) > 0), f"{one.name} sends otherwise"

    @staticmethod
    def _bytes_past_tcp(one: Witness) -> int:
        # Without the module there is no such file.
        return int(one.run(f"cat {DEVICE}/statistics/bytes_sent 2>/dev/null || echo 0").output)

    def close(self) -> None:
        """Ends the machine."""
        self.memory.close()
        self.machine.kill()

    def _arguments(self, name: str) -> str:
        """For witness-start, on a node's command line."""
        return f"witness={NUMBER[name]}/{len(NODES)}" + " past-tcp" * self.past_tcp

    def _attach(self, name: str) -> None:
        self.witnesses[name] = witness.find(self.memory, name, NUMBER[name], BOOT_S)

    def _create(self, name: str) -> None:
        lines = ["[node]", f"name = {name}", f"cpus = {CPUS[name]}", f"memory = {roomy(160)}M",
                 "kernel = /boot/bzImage", "initrd = /boot/node.cpio",
                 f"cmdline = console=hvc0 hostname={name} {self._arguments(name)}"]
        text = "\\n".join(lines)
        output = self.witnesses["node0"].run(
            f"printf '{text}\\n' >/tmp/{name}.conf; mint create /tmp/{name}.conf"
        ).output
        place = re.search(r"memory (\d+)M@(0x[0-9a-f]+)", output)
        assert place, output
        self.free_first = max(self.free_first, int(place[2], 16) + int(place[1]) * MB)

    def _fill_free_memory(self) -> None:
        self.memory.fill(self.free_first, TOP - self.free_first)
        self.free_digest = self.digest_free_memory()

    def digest_free_memory(self) -> str:
        """A checksum over the memory that no node owns."""
        return self.memory.digest(self.free_first, TOP - self.free_first)

    def start(self, name: str, by: str = "node0") -> None:
        """Starts a node and finds its witness."""
        self.witnesses[by].run(f"mint start {name}", BOOT_S)
        self._attach(name)

    def restart(self, name: str, by: str = "node0") -> None:
        """Starts a node again, whatever it does at the moment."""
        self.witnesses[by].run(f"mint kill {name}", check=False)
        self.start(name, by)

    def table(self, by: str) -> Dict[str, Any]:
        """The nodes by name, as `mint list` of one of them says."""
        report = json.loads(self.witnesses[by].run("mint list --json").output)
        return {node["name"]: node for node in report["nodes"]}

    def wait_until(self, condition: Callable[[], object], otherwise: str) -> None:
        """Polls; raises what stands in `otherwise` when it takes too long."""
        deadline = deadline_in(SETTLE_S)
        while not condition():
            self.machine.check_alive()
            if time.monotonic() > deadline:
                raise CommandTimeout(f"{otherwise} within {SETTLE_S:.0f} s")
            time.sleep(0.1)

    def wait_for_traffic(self, names: List[str], exchanges: int = 3) -> None:
        """Waits until data goes both ways between all of these nodes."""
        before = {name: self.witnesses[name].look() for name in names}

        def missing() -> List[str]:
            return [f"{sender} to {to}"
                    for sender, to in itertools.permutations(names, 2)
                    if self._exchanged(before[sender], sender, to) < exchanges]

        self.wait_until(lambda: not missing(), "not all nodes exchange data")

    def _exchanged(self, before: witness.Look, sender: str, to: str) -> int:
        number = NUMBER[to]
        return (self.witnesses[sender].look().peers[number].exchanges -
                before.peers[number].exchanges)

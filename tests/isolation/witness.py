# SPDX-License-Identifier: GPL-2.0
"""The host's side of a node's witness: its page, as witness.h lays it out."""

import struct
import time
from dataclasses import dataclass
from typing import Dict, List

from machine import CommandFailed, CommandTimeout, MachineError, Result, deadline_in
from isolation.memory import PAGE_BYTES, PhysicalMemory

MAGIC = struct.pack("<Q", 0x53534E5449574E4D)
EPOCH_WANTED, ABSENT, COMMAND_NUMBER, COMMAND = 40, 56, 640, 1024
COMMAND_BYTES = PAGE_BYTES - COMMAND
POLL_S = 0.02


@dataclass(frozen=True)
class Peer:
    """What a witness says of its traffic with one other node."""

    exchanges: int
    bad: int
    broken: int
    gap_ns: int
    served: int
    served_bad: int


@dataclass(frozen=True)
class Watch:
    """What it says of the memory that it watches."""

    phys: int
    count: int
    passes: int
    bad: int
    bad_phys: int


@dataclass(frozen=True)
class Look:
    """A witness's page at one moment."""

    me: int
    nr_peers: int
    beat: int
    real_ns: int
    mono_ns: int
    epoch: int
    watch: Watch
    done_number: int
    status: int
    output_bytes: int
    output_phys: List[int]
    peers: Dict[int, Peer]
    """By node number, itself excepted."""
    seen_s: float
    """When the host looked, by its monotonic clock."""


def _peers(data: bytes, me: int, nr_peers: int) -> Dict[int, Peer]:
    return {node: Peer(*struct.unpack_from("<6Q", data, 128 + 64 * (node - 1)))
            for node in range(1, nr_peers + 1) if node != me}


def parse(data: bytes) -> Look:
    """Reads a page."""
    head = struct.unpack_from("<QIIQQQQQQQQQQQ", data)
    _, me, nr_peers, beat, real_ns, mono_ns, _, epoch, _ = head[:9]
    done, status, count = struct.unpack_from("<QII", data, COMMAND_NUMBER + 8)
    output = list(struct.unpack_from("<4Q", data, COMMAND_NUMBER + 24))
    return Look(me, nr_peers, beat, real_ns, mono_ns, epoch, Watch(*head[9:]),
                done, status, count, output, _peers(data, me, nr_peers),
                time.monotonic())


class Witness:
    """The witness of one start of a node."""

    def __init__(self, memory: PhysicalMemory, name: str, phys: int) -> None:
        self.memory = memory
        self.name = name
        self.phys = phys
        self.number = self.look().done_number

    def look(self) -> Look:
        """Its page now."""
        return parse(self.memory.read(self.phys, PAGE_BYTES))

    def set_epoch(self, epoch: int) -> None:
        """Begins to measure gaps anew."""
        self.memory.write(self.phys + EPOCH_WANTED, struct.pack("<Q", epoch))

    def set_absent(self, nodes: List[int]) -> None:
        """Says which nodes may be down: their connections may break."""
        mask = sum(1 << node for node in nodes)
        self.memory.write(self.phys + ABSENT, struct.pack("<Q", mask))

    def start(self, command: str) -> None:
        """Runs a command, perhaps for ever; run() is not to follow."""
        text = command.encode() + b"\0"
        if len(text) > COMMAND_BYTES:
            raise ValueError(f"a command of {len(text)} bytes")
        self.memory.write(self.phys + COMMAND, text)
        self.number += 1
        self.memory.write(self.phys + COMMAND_NUMBER, struct.pack("<Q", self.number))

    def _output(self, look: Look) -> str:
        pages = b"".join(self.memory.read(phys, PAGE_BYTES)
                         for phys in look.output_phys)
        return pages[:look.output_bytes].decode(errors="replace")

    def result(self, seconds: float) -> Result:
        """Waits for the end of what was started last."""
        deadline = deadline_in(seconds)
        look = self.look()
        while look.done_number != self.number:
            if time.monotonic() > deadline:
                raise CommandTimeout(f"{self.name}: no end of a command "
                                     f"within {seconds:.0f} s")
            time.sleep(POLL_S)
            look = self.look()
        return Result(self._output(look), look.status)

    def run(self, command: str, seconds: float = 60.0, check: bool = True) -> Result:
        """Runs a command to its end."""
        self.start(f"exec 2>&1; {command}")
        result = self.result(seconds)
        if check and result.status:
            raise CommandFailed(f"{self.name}: {command!r} returned "
                                f"{result.status}: {result.output.strip()}")
        return result

    def poll(self, command: str, seconds: float) -> Result:
        """Runs a command again and again until it returns 0."""
        deadline = deadline_in(seconds)
        while True:
            result = self.run(command, seconds, check=False)
            if result.status == 0:
                return result
            if time.monotonic() > deadline:
                raise CommandTimeout(f"{self.name}: {command!r} still fails after "
                                     f"{seconds:.0f} s: {result.output}")


def find(memory: PhysicalMemory, name: str, number: int, seconds: float) -> Witness:
    """
    The living witness of a node: pages of earlier starts may lie about, but
    only one counts on.
    """
    deadline = deadline_in(seconds)
    before: Dict[int, int] = {}
    while time.monotonic() < deadline:
        for phys in memory.pages_that_begin(MAGIC):
            look = parse(memory.read(phys, PAGE_BYTES))
            if look.me != number:
                continue
            if before.setdefault(phys, look.beat) != look.beat:
                return Witness(memory, name, phys)
        time.sleep(0.2)
    raise MachineError(f"{name}: no sign of its witness within {seconds:.0f} s")

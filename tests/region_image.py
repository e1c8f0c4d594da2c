# SPDX-License-Identifier: GPL-2.0
"""
Images of the shared region for tests of the mint command, as include/mint/abi.h
lays it out. Every part can be given a value that no kernel writes.
"""

import struct
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

MAGIC = 0x314D4853544E494D
ABI = (2, 1)
MAX_NODES, MAX_CPUS, MAX_RAM, MAX_EXTENTS, MAX_LOW_SLOTS = 64, 256, 32, 256, 16
MAX_PCI = 256
OWNER_NONE, OWNER_SHARED = 0xFFFF, 0xFFFE
PCI_BRIDGE = 1
LEDGER, NODES, DOORBELLS, LOGS, CONSOLES = 1, 2, 3, 4, 5
NONE, CREATED, LOADING, STARTED, STOPPED = range(5)
SELF_NONE, BOOTING, RUNNING, PANICKED, OFF, REBOOT, REFUSED = range(7)
LOG_BYTES, OUT_BYTES, IN_BYTES = 32768, 16384, 4096
MB = 1 << 20


@dataclass
class Node:
    """One entry of the node table."""

    name: bytes
    life: int = STARTED
    generation: int = 1
    fenced: int = 0
    boot_cpu: int = 0
    low_slot: int = OWNER_NONE
    state: int = RUNNING
    self_generation: Optional[int] = None
    nr_cpus: int = 1
    heartbeat: int = 7
    stalled: int = 0
    policy: int = 0
    release: bytes = b"6.12.0-test"
    hold: int = 0
    process: int = 0
    command: bytes = b""

    def pack(self) -> bytes:
        """The 256 bytes of struct mint_node."""
        own = self.generation if self.self_generation is None else self.self_generation
        life = struct.pack("<IIIIHHII32sI", self.life, self.generation, self.fenced,
                           self.boot_cpu, self.low_slot, 0, 0, self.policy, self.name, 0)
        line = struct.pack("<IIIIQII32s", ABI[0] << 16 | ABI[1], own, self.state,
                           0, self.heartbeat, self.nr_cpus, self.stalled, self.release)
        hold = struct.pack("<QI16s36x", self.hold, self.process, self.command)
        assert len(life) == len(line) == len(hold) == 64
        return (life + line + hold).ljust(256, b"\0")


@dataclass
class Stream:
    """A text stream: what was ever written, and where the present start began."""

    text: bytes = b""
    start: int = 0
    zero_tsc: int = 0
    head: Optional[int] = None
    capacity: Optional[int] = None

    def pack(self, room: int) -> bytes:
        """struct mint_stream with `room` bytes of data."""
        data = bytearray(room)
        for at in range(max(0, len(self.text) - room), len(self.text)):
            data[at % room] = self.text[at]
        head = len(self.text) if self.head is None else self.head
        capacity = room if self.capacity is None else self.capacity
        return struct.pack("<QQI4xQ32x", head, self.start, capacity,
                           self.zero_tsc) + bytes(data)


def extent(base: int, size: int, owner: int = OWNER_NONE) -> bytes:
    """struct mint_extent."""
    return struct.pack("<QQH6x", base, size, owner)


@dataclass
class Region:
    """A machine of four CPUs and 1 GB, shared by node 0 and nodes of the test."""

    nodes: Dict[int, Node] = field(default_factory=lambda: {0: Node(b"node0")})
    cpus: List[int] = field(default_factory=lambda: [0, 0, OWNER_NONE, OWNER_NONE])
    ram: List[Tuple[int, int]] = field(default_factory=lambda: [(MB, 1023 * MB)])
    extents: List[Tuple[int, int, int]] = field(default_factory=lambda: [
        (0, 256 * MB, 0), (256 * MB, 64 * MB, OWNER_SHARED)])
    pci: List[Tuple[int, int, int]] = field(default_factory=lambda: [
        (0x0000, 0, PCI_BRIDGE), (0x0020, 0, 0)])
    logs: Dict[int, Stream] = field(default_factory=dict)
    consoles: Dict[int, Stream] = field(default_factory=dict)
    abi: Tuple[int, int] = ABI
    magic: int = MAGIC
    nr_cpus: Optional[int] = None
    nr_ram: Optional[int] = None
    nr_pci: Optional[int] = None
    nr_sections: Optional[int] = None
    section_offset: Dict[int, int] = field(default_factory=dict)
    section_bytes: Dict[int, int] = field(default_factory=dict)
    without: Tuple[int, ...] = ()

    def _ledger(self) -> bytes:
        nr_cpus = len(self.cpus) if self.nr_cpus is None else self.nr_cpus
        nr_ram = len(self.ram) if self.nr_ram is None else self.nr_ram
        head = bytes(64) + struct.pack("<IIQII", nr_cpus, nr_ram, 0x10000, 0xC000, 4)
        head += struct.pack("<16H", *[OWNER_NONE] * MAX_LOW_SLOTS)
        head += struct.pack("<II", 1000000, 1000000)
        ram = b"".join(extent(base, size) for base, size in self.ram)
        cpus = b"".join(struct.pack("<IHH", 10 + number, owner, number == 0)
                        for number, owner in enumerate(self.cpus))
        extents = b"".join(extent(*entry) for entry in self.extents)
        extents += extent(0, 0) * (MAX_EXTENTS - len(self.extents))
        roles = struct.pack("<8H", *[0] * 4, *[OWNER_NONE] * 4)
        pci = b"".join(struct.pack("<HHHHHHI", 0, function, owner, flags, 0x1AF4, 0x1041,
                                   0x020000) for function, owner, flags in self.pci)
        nr_pci = len(self.pci) if self.nr_pci is None else self.nr_pci
        tail = roles + struct.pack("<QHHI", 0xB0000000, 0, 255, nr_pci)
        return (head.ljust(128, b"\0") + ram.ljust(24 * MAX_RAM, b"\0") +
                cpus.ljust(8 * MAX_CPUS, b"\0") + extents +
                tail + pci.ljust(16 * MAX_PCI, b"\0") +
                struct.pack("<8H", 0x604, 0, 0, 0, 0xCF9, 0xF, 0, 0))

    def _nodes(self) -> bytes:
        empty = Node(b"", NONE, 0, state=SELF_NONE, release=b"", heartbeat=0)
        return b"".join(self.nodes.get(number, empty).pack() for number in range(MAX_NODES))

    def _logs(self) -> bytes:
        return b"".join(self.logs.get(number, Stream()).pack(LOG_BYTES)
                        for number in range(MAX_NODES))

    def _consoles(self) -> bytes:
        return b"".join(bytes(192 + IN_BYTES) +
                        self.consoles.get(number, Stream()).pack(OUT_BYTES)
                        for number in range(MAX_NODES))

    def pack(self) -> bytes:
        """The whole region."""
        parts = [
            (LEDGER, 1, self._ledger()),
            (NODES, MAX_NODES, self._nodes()),
            (DOORBELLS, MAX_CPUS, bytes(64 * MAX_CPUS)),
            (LOGS, MAX_NODES, self._logs()),
            (CONSOLES, MAX_NODES, self._consoles()),
        ]
        body, directory = b"", b""
        for number, entries, data in parts:
            if number in self.without:
                continue
            padded = data.ljust(-(-len(data) // 4096) * 4096, b"\0")
            directory += struct.pack(
                "<IIIIQQ", number, entries, len(data) // entries, 0,
                self.section_offset.get(number, 4096 + len(body)),
                self.section_bytes.get(number, len(padded)))
            body += padded
        count = len(parts) - len(self.without)
        header = struct.pack("<QHHIQQQII", self.magic, *self.abi, 4096, 4096 + len(body),
                             256 * MB, 0,
                             count if self.nr_sections is None else self.nr_sections, 0)
        return (header + directory).ljust(4096, b"\0") + body

# SPDX-License-Identifier: GPL-2.0
"""
Images of the shared region for tests of the mint command, as include/mint/abi.h
lays it out. Every part can be given a value that no kernel writes.
"""

import ctypes
import itertools
from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, Optional, Tuple

import abi

MB = 1 << 20
OURS = f"{abi.MINT_ABI_MAJOR}.{abi.MINT_ABI_MINOR}"
PAGE = 4096
HEADER = abi.sizeof(abi.mint_header)


def cut(kind: Any, name: str, text: bytes) -> bytes:
    """What of a text fits into a field, perhaps without a NUL."""
    return text[:abi.sizeof(abi.member(kind, name)[1])]


@dataclass
class Node:
    """One entry of the node table."""

    name: bytes
    life: int = abi.MINT_LIFE_STARTED
    generation: int = 1
    fenced: int = 0
    boot_cpu: int = 0
    state: int = abi.MINT_SELF_RUNNING
    self_generation: Optional[int] = None
    nr_cpus: int = 1
    heartbeat: int = 7
    stalled: int = 0
    init: int = abi.MINT_INIT_NONE
    user_generation: Optional[int] = None
    policy: int = abi.MINT_POLICY_NO
    release: bytes = b"6.12.0-test"
    hold: int = 0
    process: int = 0
    command: bytes = b""

    def pack(self) -> abi.mint_node:
        """Its struct mint_node."""
        own = self.generation if self.self_generation is None else self.self_generation
        user = self.generation if self.user_generation is None else self.user_generation
        version = abi.MINT_ABI_MAJOR << 16 | abi.MINT_ABI_MINOR
        return abi.mint_node(
            life=abi.mint_node_life(
                life=self.life, generation=self.generation, fenced=self.fenced,
                boot_cpu=self.boot_cpu, policy=self.policy,
                name=cut(abi.mint_node_life, "name", self.name)),
            self=abi.mint_node_self(
                abi=version, generation=own, state=self.state, heartbeat=self.heartbeat,
                nr_cpus=self.nr_cpus, stalled=self.stalled,
                release=cut(abi.mint_node_self, "release", self.release)),
            hold=abi.mint_hold(word=self.hold, process=self.process,
                               command=cut(abi.mint_hold, "command", self.command)),
            user=abi.mint_node_user(generation=user, init=self.init))


@dataclass
class Stream:
    """A text stream: what was ever written, and where the present start began."""

    text: bytes = b""
    start: int = 0
    zero_tsc: int = 0
    stamp_khz: int = 0
    head: Optional[int] = None
    capacity: Optional[int] = None

    def pack(self, room: int) -> bytes:
        """struct mint_stream with `room` bytes of data."""
        data = bytearray(room)
        for at in range(max(0, len(self.text) - room), len(self.text)):
            data[at % room] = self.text[at]
        head = len(self.text) if self.head is None else self.head
        capacity = room if self.capacity is None else self.capacity
        return bytes(abi.mint_stream(head=head, start=self.start, bytes=capacity,
                                     zero_tsc=self.zero_tsc,
                                     stamp_khz=self.stamp_khz)) + bytes(data)


def fill(array: "ctypes.Array[Any]", entries: Iterable[Any]) -> None:
    """Puts entries where an array begins."""
    for at, entry in enumerate(entries):
        array[at] = entry


def known(domains: List[int]) -> Iterable[int]:
    """Domains, and from then on those of what is in none."""
    return itertools.chain(domains, itertools.repeat(abi.MINT_DOMAIN_NONE))


@dataclass
class Region:
    """A machine of four CPUs and 1 GB, shared by node 0 and nodes of the test."""

    nodes: Dict[int, Node] = field(default_factory=lambda: {0: Node(b"node0")})
    cpus: List[int] = field(default_factory=lambda: [
        0, 0, abi.MINT_OWNER_NONE, abi.MINT_OWNER_NONE])
    apic_ids: Optional[List[int]] = None  # 10 and more, if nothing is said
    ram: List[Tuple[int, int]] = field(default_factory=lambda: [(MB, 1023 * MB)])
    extents: List[Tuple[int, int, int]] = field(default_factory=lambda: [
        (0, 256 * MB, 0), (256 * MB, 64 * MB, abi.MINT_OWNER_SHARED)])
    pci: List[Tuple[int, int, int]] = field(default_factory=lambda: [
        (0x0000, 0, abi.MINT_PCI_BRIDGE), (0x0020, 0, 0)])
    cpu_domains: List[int] = field(default_factory=list)
    ram_domains: List[int] = field(default_factory=list)
    distances: List[List[int]] = field(default_factory=list)
    nr_domains: Optional[int] = None
    logs: Dict[int, Stream] = field(default_factory=dict)
    consoles: Dict[int, Stream] = field(default_factory=dict)
    low_base: int = 0x9A000
    version: Tuple[int, int] = (abi.MINT_ABI_MAJOR, abi.MINT_ABI_MINOR)
    magic: int = abi.MINT_ABI_MAGIC
    nr_cpus: Optional[int] = None
    nr_ram: Optional[int] = None
    nr_pci: Optional[int] = None
    nr_sections: Optional[int] = None
    section_offset: Dict[int, int] = field(default_factory=dict)
    section_bytes: Dict[int, int] = field(default_factory=dict)
    without: Tuple[int, ...] = ()

    def _ledger(self) -> bytes:
        ledger = abi.mint_ledger(
            nr_cpus=len(self.cpus) if self.nr_cpus is None else self.nr_cpus,
            nr_ram=len(self.ram) if self.nr_ram is None else self.nr_ram,
            nr_pci=len(self.pci) if self.nr_pci is None else self.nr_pci,
            low_base=self.low_base,
            tsc_khz=1000000, lapic_khz=1000000, ecam_base=0xB0000000, ecam_last_bus=255,
            firmware=abi.mint_firmware(pm1a_port=0x604, reset_port=0xCF9, reset_value=0xF))
        fill(ledger.ram, (abi.mint_extent(base, size, abi.MINT_OWNER_NONE, domain)
                          for (base, size), domain in zip(self.ram, known(self.ram_domains))))
        apic_ids = self.apic_ids or range(10, 10 + len(self.cpus))
        fill(ledger.cpus, (abi.mint_cpu(apic_id=apic_id, owner=owner, boot=number == 0,
                                        domain=domain)
                           for number, (apic_id, owner, domain) in
                           enumerate(zip(apic_ids, self.cpus, known(self.cpu_domains)))))
        ledger.nr_domains = len(self.distances) if self.nr_domains is None else self.nr_domains
        for number, row in enumerate(self.distances):
            for to, distance in enumerate(row):
                ledger.distances[number * abi.MINT_MAX_DOMAINS + to] = distance
        fill(ledger.extents, [abi.mint_extent(owner=abi.MINT_OWNER_NONE)] *
             abi.MINT_MAX_EXTENTS)
        fill(ledger.extents, (abi.mint_extent(*entry) for entry in self.extents))
        fill(ledger.role_owner, [abi.MINT_OWNER_NONE] * abi.MINT_MAX_ROLES)
        fill(ledger.role_owner, [0] * abi.MINT_NR_ROLES)
        fill(ledger.pci, (abi.mint_pci(function=function, owner=owner, flags=flags,
                                       vendor=0x1AF4, device=0x1041, class_=0x020000)
                          for function, owner, flags in self.pci))
        return bytes(ledger)

    def _nodes(self) -> bytes:
        table = (abi.mint_node * abi.MINT_MAX_NODES)()
        empty = Node(b"", abi.MINT_LIFE_NONE, 0, state=abi.MINT_SELF_NONE, release=b"",
                     heartbeat=0)
        fill(table, (self.nodes.get(number, empty).pack()
                     for number in range(abi.MINT_MAX_NODES)))
        return bytes(table)

    def _logs(self) -> bytes:
        return b"".join(self.logs.get(number, Stream()).pack(abi.MINT_LOG_BYTES)
                        for number in range(abi.MINT_MAX_NODES))

    def _consoles(self) -> bytes:
        before = bytes(abi.offsetof(abi.mint_console, "out"))
        return b"".join(before + self.consoles.get(number, Stream()).pack(
            abi.MINT_CONSOLE_OUT_BYTES) for number in range(abi.MINT_MAX_NODES))

    def _sections(self) -> Iterable[Tuple[int, int, bytes]]:
        """Id, number of entries and contents of each."""
        doorbells = bytes(abi.sizeof(abi.mint_doorbell) * abi.MINT_MAX_CPUS)
        return ((number, entries, data) for number, entries, data in (
            (abi.MINT_SECTION_LEDGER, 1, self._ledger()),
            (abi.MINT_SECTION_NODES, abi.MINT_MAX_NODES, self._nodes()),
            (abi.MINT_SECTION_DOORBELLS, abi.MINT_MAX_CPUS, doorbells),
            (abi.MINT_SECTION_LOGS, abi.MINT_MAX_NODES, self._logs()),
            (abi.MINT_SECTION_CONSOLES, abi.MINT_MAX_NODES, self._consoles()),
        ) if number not in self.without)

    def pack(self) -> bytes:
        """The whole region."""
        body, directory = b"", []
        for number, entries, data in self._sections():
            padded = data.ljust(-(-len(data) // PAGE) * PAGE, b"\0")
            directory.append(abi.mint_section(
                id=number, entries=entries, entry_bytes=len(data) // entries,
                offset=self.section_offset.get(number, HEADER + len(body)),
                bytes=self.section_bytes.get(number, len(padded))))
            body += padded
        major, minor = self.version
        header = abi.mint_header(
            magic=self.magic, abi_major=major, abi_minor=minor, header_bytes=HEADER,
            region_bytes=HEADER + len(body), region_phys=256 * MB,
            nr_sections=len(directory) if self.nr_sections is None else self.nr_sections)
        fill(header.sections, directory)
        return bytes(header) + body

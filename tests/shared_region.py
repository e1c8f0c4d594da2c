# SPDX-License-Identifier: GPL-2.0
"""
The shared region of a running machine, read and written through /dev/mem as a
peer gone wild would; and what its sections say to whoever can read them.
"""

import base64
import functools
import struct
from dataclasses import dataclass
from typing import Any, Callable, Dict, List

from machine import Shell

REGION = 0x20000000     # with mem=512M
LEDGER = 1              # MINT_SECTION_LEDGER
NODES = 2               # MINT_SECTION_NODES
DOORBELLS = 3           # MINT_SECTION_DOORBELLS
LOGS = 4                # MINT_SECTION_LOGS
VNI = 6                 # MINT_SECTION_VNI
LOG_BYTES = 32768       # MINT_LOG_BYTES
DOORBELL_BYTES = 64
NODE_BYTES = 256
OWNER_NONE = 0xffff
NODE_IDS = 16           # more than low memory has slots for

# Bytes of the region, by offset and count.
Reader = Callable[[int, int], bytes]

STATES = ("pool", "cached", "alloc", "inflight", "held", "bad")
GENERATION_MASK = 0x3fffff


def read(shell: Shell, offset: int, count: int) -> bytes:
    """Bytes of the region."""
    text = shell.run(f"dd if=/dev/mem bs=1 skip={REGION + offset} "
                     f"count={count} 2>/dev/null | base64").output
    return base64.b64decode(text)


def write_command(offset: int, data: bytes) -> str:
    """The command that writes bytes into the region."""
    octal = "".join(f"\\{byte:03o}" for byte in data)
    return (f"printf '{octal}' | dd of=/dev/mem bs=1 seek={REGION + offset} "
            "conv=notrunc 2>/dev/null")


def section_at(reader: Reader, which: int) -> int:
    """Where a section begins, by the directory in the header."""
    for entry in struct.iter_unpack("<IIIIQQ", reader(48, 16 * 32)):
        if entry[0] == which:
            return int(entry[4])
    raise AssertionError(f"the region has no section {which}")


def section(shell: Shell, which: int) -> int:
    """Where a section begins, as a node reads it."""
    return section_at(functools.partial(read, shell), which)


def doorbell(shell: Shell, cpu: int) -> int:
    """Where the pending word of a CPU lies."""
    return section(shell, DOORBELLS) + DOORBELL_BYTES * cpu


def ledger(reader: Reader) -> Dict[str, Any]:
    """Owners of CPUs and low memory slots, by number, and the owned extents."""
    data = reader(section_at(reader, LEDGER), 128 + 24 * 32 + 8 * 256 + 24 * 256)
    cpus = struct.iter_unpack("<IHH", data[128 + 24 * 32:][:8 * 256])
    extents = struct.iter_unpack("<QQH6x", data[128 + 24 * 32 + 8 * 256:])
    return {"lock": data[:8],
            "slots": struct.unpack_from("<16H", data, 88),
            "cpus": [owner for _, owner, _ in cpus],
            "extents": {extent for extent in extents if extent[2] != OWNER_NONE}}


@dataclass(frozen=True)
class Lock:
    """A lock between kernels: who has it, and how often it was taken over."""

    word: int
    takeovers: int

    @property
    def node(self) -> int:
        """Its owner, -1 when it is free."""
        return (self.word & 0xffff) - 1

    @property
    def generation(self) -> int:
        """The generation of its owner."""
        return self.word >> 32


@dataclass(frozen=True)
class Buffer:
    """A state word."""

    word: int
    nr_queues: int = 1
    """Rings of a node."""

    @property
    def state(self) -> str:
        """Its kind, by name."""
        kind = self.word & 0xf
        return STATES[kind] if kind < len(STATES) else "invalid"

    def holders(self) -> "List[tuple[int, int]]":
        """The incarnations that it names: (node, generation modulo 2^22)."""
        if self.state == "pool":
            return []
        found = [(self.word >> 4 & 0xff, self.word >> 20 & GENERATION_MASK)]
        if self.state == "inflight":
            found.append(((self.word >> 12 & 0xff) // self.nr_queues, self.word >> 42))
        return found


@dataclass(frozen=True)
class Census:
    """All of vni's shared state at one moment."""

    buffers: List[Buffer]
    lists: List[List[int]]
    locks: Dict[str, Lock]
    living: Dict[int, int]
    """Generation by node id, of the nodes that are not fenced."""

    def count(self) -> Dict[str, int]:
        """Buffers by state."""
        counts = dict.fromkeys(STATES + ("invalid",), 0)
        for buffer in self.buffers:
            counts[buffer.state] += 1
        return counts

    def states(self) -> "set[str]":
        """The states that buffers are in."""
        return {buffer.state for buffer in self.buffers}

    def takeovers(self) -> int:
        """Of all locks together."""
        return sum(lock.takeovers for lock in self.locks.values())

    def _lost_buffers(self) -> List[str]:
        problems = []
        for handle, buffer in enumerate(self.buffers):
            if buffer.state in ("bad", "invalid"):
                problems.append(f"buffer {handle} is {buffer.state}: {buffer.word:#x}")
            problems += [f"buffer {handle} is {buffer.state} by node {node}, "
                         f"generation {generation}, which is dead"
                         for node, generation in buffer.holders()
                         if self.living.get(node) != generation]
        return problems

    def _lost_locks(self) -> List[str]:
        return [f"the lock of {name} is held by node {lock.node}, generation "
                f"{lock.generation}, which is dead"
                for name, lock in self.locks.items()
                if lock.word and self.living.get(lock.node) != lock.generation]

    def _wrong_lists(self) -> List[str]:
        """Under its lock a pool may be in the middle of a change."""
        if any(lock.word for name, lock in self.locks.items() if "pool" in name):
            return ["a pool is in use"]
        listed = [handle for one in self.lists for handle in one]
        free = {handle for handle, buffer in enumerate(self.buffers)
                if buffer.state == "pool"}
        problems = []
        if len(listed) != len(set(listed)):
            problems.append("a buffer is in the free lists twice")
        if set(listed) != free:
            problems.append(f"free by state word but not listed: {free - set(listed)}; "
                            f"listed but not free: {set(listed) - free}")
        return problems

    def problems(self) -> List[str]:
        """What the dead have left behind, and what does not add up."""
        return self._lost_buffers() + self._lost_locks() + self._wrong_lists()


class VniSection:
    """Reader of the vni section; its geometry never changes."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.nodes_at = section_at(reader, NODES)
        self.start = section_at(reader, VNI)
        header = struct.unpack("<IIIIIIIIQQ", reader(self.start, 48))
        self.nr_nodes = min(header[2], NODE_IDS)
        self.nr_bufs, self.ring_bytes, self.nr_queues = header[4:7]
        self.ring_offset, self.state_offset = header[8:10]
        self.pools = [(count, pool) for _, count, _, _, pool, _ in struct.iter_unpack(
            "<IIIIQQ", reader(self.start + 48, 96))]

    def lock_offsets(self) -> Dict[str, int]:
        """Where each lock lies in the section, by name."""
        offsets = {f"pool {i}": pool for i, (_, pool) in enumerate(self.pools)}
        for ring in range(self.nr_nodes * self.nr_queues):
            offsets[f"ring {ring}"] = self.ring_offset + ring * self.ring_bytes
        return offsets

    def lock(self, offset: int) -> Lock:
        """The lock at an offset of the section."""
        return Lock(*struct.unpack("<QQ", self.reader(self.start + offset, 16)))

    def locks_of(self, node: int) -> Dict[str, Lock]:
        """The locks that a node holds."""
        locks = {name: self.lock(at) for name, at in self.lock_offsets().items()}
        return {name: lock for name, lock in locks.items() if lock.node == node}

    def _free(self, count: int, pool: int) -> List[int]:
        level, first = struct.unpack("<II", self.reader(self.start + pool + 64, 8))
        if level > count or first >= max(count, 1):
            raise AssertionError(f"the list has {level} of {count} buffers, from {first} on")
        entries = struct.unpack(f"<{count}I", self.reader(self.start + pool + 128, 4 * count))
        return list((entries[first:] + entries[:first])[:level])

    def _living(self) -> Dict[int, int]:
        data = self.reader(self.nodes_at, NODE_BYTES * self.nr_nodes)
        living = {}
        for node in range(self.nr_nodes):
            life, generation, fenced = struct.unpack_from("<III", data, NODE_BYTES * node)
            if life and generation > fenced:
                living[node] = generation
        return living

    def census(self) -> Census:
        """Everything at once; the machine must stand still meanwhile."""
        words = self.reader(self.start + self.state_offset, 8 * self.nr_bufs)
        return Census(
            [Buffer(word, self.nr_queues) for word, in struct.iter_unpack("<Q", words)],
            [self._free(count, pool) for count, pool in self.pools],
            {name: self.lock(offset) for name, offset in self.lock_offsets().items()},
            self._living())

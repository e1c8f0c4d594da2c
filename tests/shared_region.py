# SPDX-License-Identifier: GPL-2.0
"""
The shared region of a running machine, read and written through /dev/mem as a
peer gone wild would; and what its sections say to whoever can read them.
"""

import base64
import ctypes
import functools
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Type, TypeVar

import abi
from machine import Shell

REGION = 0x20000000     # with mem=512M
NODE_IDS = 16           # more than the tests of a census have
# Lock word of a CPU that node b has not, in its first generation.
LOCKED_BY_B = abi.mint_lock_word(node=1, cpu=63, generation=1).pack().to_bytes(8, "little")

# Bytes of the region, by offset and count.
Reader = Callable[[int, int], bytes]
Loaded = TypeVar("Loaded", bound="ctypes._CData")

# What the entries of a section are.
ENTRIES: Dict[int, Type[ctypes.LittleEndianStructure]] = {
    abi.MINT_SECTION_LEDGER: abi.mint_ledger,
    abi.MINT_SECTION_NODES: abi.mint_node,
    abi.MINT_SECTION_DOORBELLS: abi.mint_doorbell,
    abi.MINT_SECTION_LOGS: abi.mint_stream,
    abi.MINT_SECTION_CONSOLES: abi.mint_console,
    abi.MINT_SECTION_CONTROL: abi.mint_session,
}
STATES = {
    abi.VNI_STATE_POOL: "pool",
    abi.VNI_STATE_CACHED: "cached",
    abi.VNI_STATE_ALLOC: "alloc",
    abi.VNI_STATE_INFLIGHT: "inflight",
    abi.VNI_STATE_HELD: "held",
    abi.VNI_STATE_BAD: "bad",
}


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


def load(reader: Reader, offset: int, kind: Type[Loaded]) -> Loaded:
    """A structure of the region, or an array of them, as it is at the moment."""
    return kind.from_buffer_copy(reader(offset, abi.sizeof(kind)))


def section_at(reader: Reader, which: int) -> abi.mint_section:
    """Where a section lies, by the directory in the header."""
    entry: abi.mint_section
    for entry in load(reader, abi.offsetof(abi.mint_header, "sections"),
                      abi.mint_section * abi.MINT_MAX_SECTIONS):
        if entry.id == which:
            return entry
    raise AssertionError(f"the region has no section {which}")


class Entry:
    """An entry of a section, as a node reads and writes it."""

    def __init__(self, shell: Shell, which: int, index: int = 0) -> None:
        section = section_at(functools.partial(read, shell), which)
        self.shell = shell
        self.kind = ENTRIES[which]
        self.offset = section.offset + index * section.entry_bytes

    def at(self, path: str) -> int:
        """Where a member lies in the region."""
        return self.offset + abi.offsetof(self.kind, path)

    def get(self, path: str) -> int:
        """A word of it."""
        count = abi.sizeof(abi.member(self.kind, path)[1])
        return int.from_bytes(read(self.shell, self.at(path), count), "little")

    def put(self, path: str, value: int) -> None:
        """Writes a word of it."""
        count = abi.sizeof(abi.member(self.kind, path)[1])
        self.shell.run(write_command(self.at(path), value.to_bytes(count, "little")))


def ledger(reader: Reader) -> Dict[str, Any]:
    """Owners of CPUs, by number, and the owned extents."""
    table = load(reader, section_at(reader, abi.MINT_SECTION_LEDGER).offset, abi.mint_ledger)
    return {"lock": table.lock.word,
            "cpus": [cpu.owner for cpu in table.cpus],
            "extents": {(extent.base, extent.bytes, extent.owner) for extent in table.extents
                        if extent.owner != abi.MINT_OWNER_NONE}}


@dataclass(frozen=True)
class Lock:
    """A lock between kernels: who has it, and how often it was taken over."""

    word: int
    takeovers: int

    @property
    def node(self) -> int:
        """Its owner, -1 when it is free."""
        return abi.mint_lock_word.unpack(self.word).node

    @property
    def generation(self) -> int:
        """The generation of its owner."""
        return abi.mint_lock_word.unpack(self.word).generation


@dataclass(frozen=True)
class Buffer:
    """A state word."""

    word: int
    nr_queues: int = 1
    """Rings of a node."""

    @property
    def state(self) -> str:
        """Its kind, by name."""
        return STATES.get(abi.vni_state_word.unpack(self.word).state, "invalid")

    def holders(self) -> "List[tuple[int, int]]":
        """The incarnations that it names: (node, generation modulo 2^22)."""
        if self.state == "pool":
            return []
        word = abi.vni_state_word.unpack(self.word)
        found = [(word.owner, word.generation)]
        if self.state == "inflight":
            found.append((word.ring // self.nr_queues, word.destination_generation))
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
        counts = dict.fromkeys([*STATES.values(), "invalid"], 0)
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
        self.nodes_at = section_at(reader, abi.MINT_SECTION_NODES).offset
        self.start = section_at(reader, abi.MINT_SECTION_VNI).offset
        self.header = load(reader, self.start, abi.vni_header)
        self.nr_nodes = min(self.header.nr_nodes, NODE_IDS)
        self.nr_queues = self.header.nr_queues
        self.pools = [(size.count, size.pool_offset) for size in self.header.classes]

    def ring_offset(self, node: int, queue: int = 0) -> int:
        """Where a ring lies in the section."""
        number = node * self.nr_queues + queue
        return self.header.ring_offset + number * self.header.ring_bytes

    def lock_offsets(self) -> Dict[str, int]:
        """Where each lock lies in the section, by name."""
        offsets = {f"pool {i}": pool for i, (_, pool) in enumerate(self.pools)}
        for ring in range(self.nr_nodes * self.nr_queues):
            offsets[f"ring {ring}"] = self.ring_offset(0, ring)
        return offsets

    def lock(self, offset: int) -> Lock:
        """The lock at an offset of the section."""
        lock = load(self.reader, self.start + offset, abi.mint_lock)
        return Lock(lock.word, lock.takeovers)

    def locks_of(self, node: int) -> Dict[str, Lock]:
        """The locks that a node holds."""
        locks = {name: self.lock(at) for name, at in self.lock_offsets().items()}
        return {name: lock for name, lock in locks.items() if lock.node == node}

    def _free(self, count: int, offset: int) -> List[int]:
        pool = load(self.reader, self.start + offset, abi.vni_pool)
        if pool.level > count or pool.first >= max(count, 1):
            raise AssertionError(f"the list has {pool.level} of {count} buffers, "
                                 f"from {pool.first} on")
        entries = load(self.reader, self.start + offset + abi.offsetof(abi.vni_pool, "list"),
                       ctypes.c_uint32 * count)
        return [*entries[pool.first:], *entries[:pool.first]][:pool.level]

    def _living(self) -> Dict[int, int]:
        nodes = load(self.reader, self.nodes_at, abi.mint_node * self.nr_nodes)
        return {number: node.life.generation for number, node in enumerate(nodes)
                if node.life.life and node.life.generation > node.life.fenced}

    def census(self) -> Census:
        """Everything at once; the machine must stand still meanwhile."""
        words = load(self.reader, self.start + self.header.state_offset,
                     ctypes.c_uint64 * self.header.nr_bufs)
        return Census(
            [Buffer(word, self.nr_queues) for word in words],
            [self._free(count, pool) for count, pool in self.pools],
            {name: self.lock(offset) for name, offset in self.lock_offsets().items()},
            self._living())

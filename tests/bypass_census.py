# SPDX-License-Identifier: GPL-2.0
"""What the bypass section holds, for whoever can read the shared region."""

import ctypes
from dataclasses import dataclass
from typing import Dict, List

import abi
from shared_region import Lock, Reader, load, section_at


@dataclass(frozen=True)
class BypassCensus:
    """Who has which pair and which unit, at one moment."""

    pairs: List[int]
    """Pair words."""
    owners: List[int]
    """Of the units: the number of a pair plus 1, or 0."""
    lock: Lock

    def used(self) -> "tuple[int, int]":
        """Pairs and units that somebody has."""
        return sum(map(bool, self.pairs)), sum(map(bool, self.owners))

    def problems(self, living: Dict[int, int]) -> List[str]:
        """What the dead have left behind; `living` has generations by node id."""
        problems = []
        for number, word in enumerate(self.pairs):
            pair = abi.mint_pair_word.unpack(word)
            ends = {pair.client: pair.client_generation, pair.server: pair.server_generation}
            problems += [f"pair {number} names node {node}, generation {generation}, "
                         "which is dead" for node, generation in ends.items()
                         if 0 <= node < abi.MINT_MAX_NODES and living.get(node) != generation]
        problems += [f"unit {number} belongs to pair {owner - 1}, which is free"
                     for number, owner in enumerate(self.owners)
                     if owner and not self.pairs[owner - 1]]
        if self.lock.word and living.get(self.lock.node) != self.lock.generation:
            problems.append("the lock of the units is held by a dead node")
        return problems


def take(reader: Reader) -> BypassCensus:
    """Everything at once; the machine must stand still meanwhile."""
    start = section_at(reader, abi.MINT_SECTION_BYPASS).offset
    header = load(reader, start, abi.mint_bypass)
    pairs = load(reader, start + header.pair_offset, abi.mint_pair * header.nr_pairs)
    owners = load(reader, start + header.owner_offset, ctypes.c_uint16 * header.nr_units)
    return BypassCensus([pair.word for pair in pairs], list(owners),
                        Lock(header.lock.word, header.lock.takeovers))

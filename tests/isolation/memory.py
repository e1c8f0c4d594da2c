# SPDX-License-Identifier: GPL-2.0
"""The physical memory of a running machine, seen by the host."""

import hashlib
import os
from pathlib import Path
from typing import Iterator, List, Tuple

PAGE_BYTES = 4096
CHUNK_BYTES = 2 << 20


class PhysicalMemory:
    """Memory below 2 GB of a machine with open_memory."""

    def __init__(self) -> None:
        self.file = -1

    def open(self, path: Path) -> None:
        """Attaches to the file that is the memory."""
        self.file = os.open(path, os.O_RDWR)

    def close(self) -> None:
        """Lets go of the file."""
        if self.file >= 0:
            os.close(self.file)
        self.file = -1

    def read(self, phys: int, count: int) -> bytes:
        """What lies there."""
        return os.pread(self.file, count, phys)

    def write(self, phys: int, data: bytes) -> None:
        """Puts data there; up to 8 aligned bytes arrive at once."""
        os.pwrite(self.file, data, phys)

    def _used(self) -> Iterator[Tuple[int, int]]:
        """What was ever touched, as (first, end)."""
        end = 0
        while True:
            try:
                first = os.lseek(self.file, end, os.SEEK_DATA)
            except OSError:
                return
            end = os.lseek(self.file, first, os.SEEK_HOLE)
            yield first, end

    def pages_that_begin(self, magic: bytes) -> List[int]:
        """Where a page begins with these bytes."""
        found = []
        for first, end in self._used():
            for at in range(first, end, CHUNK_BYTES):
                chunk = self.read(at, min(CHUNK_BYTES, end - at))
                place = chunk.find(magic)
                while place >= 0:
                    if place % PAGE_BYTES == 0:
                        found.append(at + place)
                    place = chunk.find(magic, place + 1)
        return found

    def fill(self, phys: int, count: int) -> None:
        """Fills memory with bytes that depend on their place."""
        for at in range(phys, phys + count, CHUNK_BYTES):
            piece = hashlib.sha256(str(at).encode()).digest()
            size = min(CHUNK_BYTES, phys + count - at)
            self.write(at, (piece * (size // len(piece) + 1))[:size])

    def digest(self, phys: int, count: int) -> str:
        """A checksum over memory."""
        total = hashlib.blake2b(digest_size=16)
        for at in range(phys, phys + count, CHUNK_BYTES):
            total.update(self.read(at, min(CHUNK_BYTES, phys + count - at)))
        return total.hexdigest()

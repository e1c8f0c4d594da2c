# SPDX-License-Identifier: GPL-2.0
"""
The kernel logs of all nodes, read out of the machine's memory by the emulator:
no node has to live for it, and what former generations of a node have printed
is there too, as far back as a log reaches.
"""

import re
import struct
from typing import Dict, List

from machine import Machine
from shared_region import (LOG_BYTES, LOGS, NODE_BYTES, NODE_IDS, NODES, Reader,
                           section_at)

STREAM_BYTES = 64
NAME_AT, NAME_BYTES = 28, 32
NAME = re.compile(rb"[A-Za-z0-9._-]+")
REGION = re.compile(r"mint: node 0: .*shared region of \d+M at (0x[0-9a-f]+)")


def _names(reader: Reader) -> List[str]:
    table = reader(section_at(reader, NODES), NODE_BYTES * NODE_IDS)
    names = (table[NODE_BYTES * node + NAME_AT:][:NAME_BYTES].split(b"\0")[0]
             for node in range(NODE_IDS))
    return [name.decode("ascii") if NAME.fullmatch(name) else str(node)
            for node, name in enumerate(names)]


def _text(stream: bytes) -> str:
    head = struct.unpack_from("<Q", stream)[0] % LOG_BYTES
    data = stream[STREAM_BYTES:]
    return (data[head:] + data[:head]).replace(b"\0", b"").decode("utf-8", "replace")


def read(machine: Machine) -> Dict[str, str]:
    """What each log holds, by the name of its node or by its number."""
    console = (machine.log_dir / "ttyS0.log").read_text("utf-8", "replace")
    place = REGION.search(console)
    if not place or not machine.is_alive():
        return {}
    base = int(place[1], 16)

    def reader(offset: int, count: int) -> bytes:
        return machine.read_physical(base + offset, count)

    size = STREAM_BYTES + LOG_BYTES
    logs = reader(section_at(reader, LOGS), size * NODE_IDS)
    texts = {name: _text(logs[size * node:][:size])
             for node, name in enumerate(_names(reader))}
    return {name: text for name, text in texts.items() if text}


def save(machine: Machine) -> None:
    """Puts each log beside those of the consoles."""
    for name, text in read(machine).items():
        (machine.log_dir / f"kernel-{name}.log").write_text(text, encoding="utf-8")

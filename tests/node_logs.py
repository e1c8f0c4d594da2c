# SPDX-License-Identifier: GPL-2.0
"""
The kernel logs of all nodes, read out of the machine's memory by the emulator:
no node has to live for it, and what former generations of a node have printed
is there too, as far back as a log reaches.
"""

import re
from typing import Dict, List

import abi
from machine import Machine
from shared_region import NODE_IDS, Reader, load, section_at

NAME = re.compile(rb"[A-Za-z0-9._-]+")
REGION = re.compile(r"mint: node 0: .*shared region of \d+M at (0x[0-9a-f]+)")


def _names(reader: Reader) -> List[str]:
    table = load(reader, section_at(reader, abi.MINT_SECTION_NODES).offset,
                 abi.mint_node * NODE_IDS)
    names = (node.life.name for node in table)
    return [name.decode("ascii") if NAME.fullmatch(name) else str(node)
            for node, name in enumerate(names)]


def _text(log: bytes) -> str:
    head = abi.mint_stream.from_buffer_copy(log).head % abi.MINT_LOG_BYTES
    data = log[abi.sizeof(abi.mint_stream):]
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

    size = abi.sizeof(abi.mint_stream) + abi.MINT_LOG_BYTES
    logs = reader(section_at(reader, abi.MINT_SECTION_LOGS).offset, size * NODE_IDS)
    texts = {name: _text(logs[size * node:][:size])
             for node, name in enumerate(_names(reader))}
    return {name: text for name, text in texts.items() if text}


def save(machine: Machine) -> None:
    """Puts each log beside those of the consoles."""
    for name, text in read(machine).items():
        (machine.log_dir / f"kernel-{name}.log").write_text(text, encoding="utf-8")

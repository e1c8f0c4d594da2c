# SPDX-License-Identifier: GPL-2.0
"""
The shared region of a running machine, read and written through /dev/mem as a
peer gone wild would.
"""

import base64
import struct

from machine import Shell

REGION = 0x20000000     # with mem=512M
DOORBELLS = 3           # MINT_SECTION_DOORBELLS
DOORBELL_BYTES = 64


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


def section(shell: Shell, which: int) -> int:
    """Where a section begins, by the directory in the header."""
    directory = read(shell, 48, 16 * 32)
    for entry in struct.iter_unpack("<IIIIQQ", directory):
        if entry[0] == which:
            return int(entry[4])
    raise AssertionError(f"the region has no section {which}")


def doorbell(shell: Shell, cpu: int) -> int:
    """Where the pending word of a CPU lies."""
    return section(shell, DOORBELLS) + DOORBELL_BYTES * cpu

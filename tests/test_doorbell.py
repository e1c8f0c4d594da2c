# SPDX-License-Identifier: GPL-2.0
"""Doorbells under a peer that dies at the wrong instruction."""

import struct
import time

import traffic
from machine import Machine, deadline_in
from shared_region import doorbell, read, write_command

NODE_B_CPU = 2
DEADLINE_S = 30.0


def test_a_bit_without_its_interrupt_does_not_silence_a_channel(
        pair: Machine) -> None:
    shell = pair.node()
    word = doorbell(shell, NODE_B_CPU)
    # All channels, as if a node had died between the bit and the interrupt.
    shell.run(write_command(word, b"\xff" * 8))
    deadline = deadline_in(DEADLINE_S)
    while struct.unpack("<Q", read(shell, word, 8))[0]:
        assert time.monotonic() < deadline, "nobody takes the pending bits"
    traffic.ping(shell, "10.0.0.2")
    assert pair.node("b").run("echo typed").output == "typed\n"

# SPDX-License-Identifier: GPL-2.0
"""Doorbells under a peer that dies at the wrong instruction."""

import time

import abi
import traffic
from machine import Machine, deadline_in
from shared_region import Entry

NODE_B_CPU = 2
DEADLINE_S = 30.0


def test_a_bit_without_its_interrupt_does_not_silence_a_channel(
        pair: Machine) -> None:
    shell = pair.node()
    # All channels, as if a node had died between the bit and the interrupt.
    doorbell = Entry(shell, abi.MINT_SECTION_DOORBELLS, NODE_B_CPU)
    doorbell.put("pending", (1 << abi.MINT_NR_CHANNELS) - 1)
    deadline = deadline_in(DEADLINE_S)
    while doorbell.get("pending"):
        assert time.monotonic() < deadline, "nobody takes the pending bits"
    traffic.ping(shell, "10.0.0.2")
    assert pair.node("b").run("echo typed").output == "typed\n"

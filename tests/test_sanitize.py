# SPDX-License-Identifier: GPL-2.0
"""Kernels with checks notice faults, on every node, and the tests notice that."""

import faults
import node_logs
import pytest
from conftest import Boot
from machine import SANITIZE

# Fault, and what the kernel says of it.
NOTICED = {
    "kasan": [("use-after-free", "BUG: KASAN: slab-use-after-free in lkdtm"),
              ("lock-order", "WARNING: possible circular locking dependency")],
    "kcsan": [("data-race 1000", "BUG: KCSAN: data-race in provoke_data_race")],
}


@pytest.mark.parametrize("fault,words", NOTICED.get(SANITIZE, []))
def test_a_fault_is_noticed_and_fails_a_test(boot: Boot, fault: str, words: str) -> None:
    machine = boot(initrd=faults.root())
    machine.start_node("bc")
    machine.node("bc").run(f"fault {fault}; dmesg | grep '{words}'")
    machine.node().run("mint kill bc")
    # Of a node that has ended, and whose console has shown nothing of it.
    machine.shells.pop("bc")
    node_logs.save(machine)
    assert any(log == "kernel-bc.log" and words in line for log, line in machine.splats())
    machine.expect_splat(r"BUG: K|Call Trace|WARNING: possible circular")

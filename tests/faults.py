# SPDX-License-Identifier: GPL-2.0
"""
Nodes that can provoke faults of their own kernel: see tests/fault/fault.

    machine = boot(initrd=faults.root())
    machine.start_node("b").start("fault hard-lockup")
"""

from pathlib import Path

from roots import extended_root

# What a kernel prints that is brought down on purpose.
SPLATS = (r"BUG: (kernel NULL|TASK stack guard|unable to handle)|kernel BUG at|"
          r"Oops|Call Trace|Kernel panic|divide error|invalid opcode|"
          r"unable to handle|stack guard page|double fault|lkdtm|mint-fault|"
          r"sysrq|soft lockup|hard LOCKUP|rcu.*(stall|starved)")


def root() -> Path:
    """The initrd for node 0, its nodes' included."""
    return extended_root("fault")

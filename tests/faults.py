# SPDX-License-Identifier: GPL-2.0
"""
Nodes that can provoke faults of their own kernel: see tests/fault/fault.

    machine = boot(initrd=faults.root())
    machine.start_node("b").start("fault hard-lockup")
"""

import subprocess
from pathlib import Path

from machine import BUILD, TOP

# What a kernel prints that is brought down on purpose.
SPLATS = (r"BUG: (kernel NULL|TASK stack guard|unable to handle)|kernel BUG at|"
          r"Oops|Call Trace|Kernel panic|divide error|invalid opcode|"
          r"unable to handle|stack guard page|double fault|lkdtm|mint-fault|"
          r"sysrq|soft lockup|hard LOCKUP|rcu.*(stall|starved)")


def root() -> Path:
    """Builds what has changed; the initrd for node 0, its nodes' included."""
    done = subprocess.run(["make", "-s", "-C", str(TOP / "tests/fault")],
                          text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"make -C tests/fault: {done.stdout[-4000:]}")
    return BUILD / "fault/root.cpio"

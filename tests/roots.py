# SPDX-License-Identifier: GPL-2.0
"""Roots of nodes with more in them than users' nodes have."""

import subprocess
from pathlib import Path

from building import building
from machine import BUILD, TOP


def extended_root(name: str, build: Path = BUILD) -> Path:
    """
    Builds what has changed in tests/NAME, on top of the roots and the kernel in a
    folder; the initrd for node 0, its nodes' included.
    """
    with building():
        done = subprocess.run(["make", "-s", "-C", str(TOP / "tests" / name), f"ROOTS={build}"],
                              text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"make -C tests/{name}: {done.stdout[-4000:]}")
    return build / name / "root.cpio"

# SPDX-License-Identifier: GPL-2.0
"""Shapes of machines that the installed QEMU does not have, or not by an option."""

import functools
import subprocess
from pathlib import Path
from typing import Any, Dict

import pytest

NEWER_QEMU = Path(__file__).resolve().parent.parent / "scripts/newer-qemu"


@functools.lru_cache(maxsize=None)
def _fetch_newer_qemu() -> "subprocess.CompletedProcess[str]":
    return subprocess.run([NEWER_QEMU], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)


def newer_qemu() -> str:
    """The QEMU of Debian's backports; where it cannot be had, the test is skipped."""
    fetched = _fetch_newer_qemu()
    if fetched.returncode:
        pytest.skip(fetched.stderr.strip().splitlines()[-1])
    return fetched.stdout.strip()


def x2apic_machine() -> Dict[str, Any]:
    """
    Options of a machine whose firmware turns x2APIC on, since there are so many
    places for CPUs. CPU 3 sits in the second socket, where APIC ids begin at 256.
    """
    return {"qemu": newer_qemu(), "cpus": 3,
            "extra": ["-smp", "3,sockets=2,cores=129,threads=1,maxcpus=258", "-device",
                      "max-x86_64-cpu,socket-id=1,core-id=0,thread-id=0"]}

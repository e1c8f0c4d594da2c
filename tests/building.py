# SPDX-License-Identifier: GPL-2.0
"""What several tests build: two of them may run at once, in processes of their own."""

import contextlib
import fcntl
from pathlib import Path
from typing import Iterator

LOCK = Path(__file__).resolve().parent.parent / "build/tests.lock"


@contextlib.contextmanager
def building() -> Iterator[None]:
    """Keeps other tests from building anything meanwhile."""
    LOCK.parent.mkdir(exist_ok=True)
    with open(LOCK, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

# SPDX-License-Identifier: GPL-2.0
"""What tests/leaks.py takes for a leak, on a node that is made up."""

from itertools import cycle
from types import SimpleNamespace
from typing import Dict, cast

import leaks
import pytest
from machine import Result, Shell

QUIET = {"MemFree": 400000, "Slab": 4000, "Percpu": 200, "PageTables": 500, "listed": 10000,
         "mappings": 50, "files": 30, "kept": 2}


def holds(*samples: Dict[str, int]) -> Dict[str, int]:
    """What a node is taken to hold whose samples go round like these."""
    printed = cycle("\n".join(f"{name}:{value}" for name, value in each.items())
                    for each in samples)
    shell = SimpleNamespace(run=lambda _command: Result(next(printed), 0))
    return leaks.node0_holds(cast(Shell, shell))


def test_what_is_in_use_for_a_moment_is_no_leak() -> None:
    busy = {**QUIET, "MemFree": 398000, "Slab": 4400, "files": 40}
    assert not leaks.grown(holds(QUIET), holds(busy, busy, QUIET))
    assert not leaks.grown(holds(busy, QUIET), holds(QUIET))


@pytest.mark.parametrize("name, change", [
    ("MemFree", -300), ("listed", -300), ("MemFree", 300), ("Slab", 200), ("Percpu", 200),
    ("PageTables", 200), ("mappings", 5), ("files", 5), ("kept", 1)])
def test_what_stays_in_use_is_a_leak(name: str, change: int) -> None:
    after = {**QUIET, name: QUIET[name] + change}
    found, = leaks.grown(holds(QUIET), holds(after))
    assert found.split(":")[0] in (name, "free")

# SPDX-License-Identifier: GPL-2.0
"""
usage: python3 -m examples [REPS [EXAMPLE...]]

Measures all examples, or those named, each with its program and without it by turns, and
prints what they took: the median, the least and the most of REPS rounds.
"""

import sys
import time
from typing import Callable, Dict, List

from bench.report import aligned, table_rows
from bench.results import Table
from bench.words import refusal, repetitions
from machine import ANY, Machine
from examples import guard, multicast, units
from examples.place import options

EXAMPLES: Dict[str, Callable[[Machine, int], List[Table]]] = {
    "units": units.measure,
    "guard": guard.measure,
    "multicast": multicast.measure,
}
BOOT_S = 120.0


def measured(name: str, reps: int) -> List[Table]:
    """What an example takes, on a machine of its own."""
    machine = Machine(ANY / "examples/logs" / name, **options())
    try:
        machine.start(BOOT_S)
        tables = EXAMPLES[name](machine, reps)
        bad = machine.splats()
        if bad:
            raise RuntimeError(f"splat on a console: {bad[0]}")
        return tables
    finally:
        machine.kill()


def main(words: List[str]) -> int:
    """All of them, or those named."""
    wrong = refusal(words, "example", EXAMPLES)
    if wrong:
        print(f"examples: {wrong}", file=sys.stderr)
        return 2
    began = time.monotonic()
    for name in words[1:] or EXAMPLES:
        print(f"[{time.monotonic() - began:6.1f} s] {name}", flush=True)
        for table in measured(name, repetitions(words)):
            print(f"{table.title}, {table.unit}\n{aligned(table_rows(table))}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

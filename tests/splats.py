# SPDX-License-Identifier: GPL-2.0
"""
What in a log is a report of a fault.

Of the data races that a KCSAN kernel reports, only those count of which one
access is in a function of ours: the kernel around us has its own.
"""

import functools
import re
import subprocess
from pathlib import Path
from typing import FrozenSet, Iterator

SPLATS = re.compile(
    r"BUG:|WARNING:|Oops[: ]|Call Trace:|Kernel panic|KASAN|KCSAN: |UBSAN|"
    r"general protection|unable to handle|rcu.*(stall|starved)|soft lockup|"
    r"hard LOCKUP|blocked for more than|invalid opcode|divide error|"
    r"double fault|stack segment|bad page state|Bad page|"
    r"possible (recursive|circular) locking|refcount_t:|nobody cared|"
    r"INFO: trying to register|turning off the locking|ref_tracker:")
RACE = re.compile(r"BUG: KCSAN: data-race in (?P<places>.*)")
FUNCTION = re.compile(r"(?P<name>\w+)(?:[.+]\S*)?(?P<ours> \[(?:mint_fault|vni)\w*\])?")
FOLDERS = ("arch/x86/mint", "drivers/mint", "drivers/net/vni")


@functools.lru_cache(maxsize=None)
def functions_of_ours(kernel: Path) -> FrozenSet[str]:
    """The names of all functions of a kernel that are compiled from our files."""
    objects = [str(path) for folder in FOLDERS for path in (kernel / folder).glob("*.o")]
    lines = subprocess.run(["nm", "--defined-only", *objects], check=True, text=True,
                           capture_output=True).stdout.splitlines()
    return frozenset(words[2].split(".")[0] for words in map(str.split, lines)
                     if len(words) == 3 and words[1] in "tT")


def is_foreign_race(line: str, kernel: Path) -> bool:
    """Does a line report a data race between others?"""
    race = RACE.search(line)
    if not race:
        return False
    places = [match for match in map(FUNCTION.match, race["places"].split(" / ")) if match]
    return not any(place["ours"] or place["name"] in functions_of_ours(kernel)
                   for place in places)


def find(text: str, kernel: Path) -> Iterator[str]:
    """The lines that no sound kernel prints."""
    for line in text.splitlines():
        if SPLATS.search(line) and not is_foreign_race(line, kernel):
            yield line

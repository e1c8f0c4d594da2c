# SPDX-License-Identifier: GPL-2.0
"""
usage: python3 -m selftests [PROGRAM...]

Runs the kernel's selftests of network drivers, or those named, between two Debian nodes
and over veth. The exit status is 0 if each case ended as the file `expected` says.
"""

import shutil
import sys
import time
from typing import Dict, List

from selftests import expected, ktap, report
from selftests.ktap import FAIL, Result
from selftests.site import PROGRAMS, WORK, Place, Program


def run_one(place: Place, interface: str, program: Program) -> Dict[str, Result]:
    """The results of a program; one that does not say them all has failed as a whole."""
    began = time.monotonic()
    text = place.run(interface, program)
    (WORK / f"logs/{interface}-{program.name}").write_text(text, encoding="utf-8")
    try:
        results = ktap.parse(text)
    except ktap.Incomplete as error:
        results = {f"{program.name}.": Result(FAIL, f"says {error}: {text[-400:]}")}
    print(f"{interface:5} {program.name:14} {report.counts(results, program.name):>10}  "
          f"{time.monotonic() - began:4.0f} s", flush=True)
    return results


def run_all(programs: List[Program]) -> "tuple[report.Results, List[str]]":
    """The results over each interface, and what was wrong besides."""
    place = Place()
    results: report.Results = {}
    try:
        place.boot()
        for interface in expected.INTERFACES:
            results[interface] = {}
            for program in programs:
                results[interface].update(run_one(place, interface, program))
        return results, place.faults()
    finally:
        place.close()


def main(words: List[str]) -> int:
    """All of it; 1 if something was not as expected."""
    names = [program.name for program in PROGRAMS]
    for word in words:
        if word not in names:
            print(f"selftests: there is no program '{word}'. Try: {' '.join(names)}",
                  file=sys.stderr)
            return 2
    chosen = [program for program in PROGRAMS if not words or program.name in words]
    exemptions = expected.read(expected.FILE.read_text("utf-8"))
    shutil.rmtree(WORK / "logs", ignore_errors=True)
    (WORK / "logs").mkdir(parents=True)
    results, wrong = run_all(chosen)
    for interface, of in results.items():
        wrong += expected.surprises(exemptions, interface, of)
        wrong += expected.unused(exemptions, interface, {each.name for each in chosen}, of)
    told = (report.table(results, [each.name for each in chosen]) + "\n"
            + report.exceptions(results, exemptions))
    (WORK / "report.md").write_text(told, encoding="utf-8")
    print(f"\n{told}")
    for line in wrong:
        print(f"selftests: {line}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

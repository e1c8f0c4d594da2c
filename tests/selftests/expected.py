# SPDX-License-Identifier: GPL-2.0
"""
The exceptions from "every case passes", of the file `expected`, and the verdict.

A line names the interface (or `both`), a case or a pattern of cases, how they end
there, and why. A case that ends in another way is as much a surprise if it passes.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Dict, List, Set

from selftests.ktap import FAIL, PASS, SKIP, XFAIL, Result

FILE = Path(__file__).parent / "expected"
BOTH = "both"
INTERFACES = ("vni", "veth")


@dataclass(frozen=True)
class Exemption:
    """One line of the file."""

    interface: str
    case: str
    kind: str
    reason: str

    def covers(self, interface: str, case: str) -> bool:
        """Is it about this case there?"""
        return self.interface in (BOTH, interface) and fnmatchcase(case, self.case)


def read(text: str) -> List[Exemption]:
    """The lines of the file; raises ValueError on one that makes no sense."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        words = line.split(maxsplit=3)
        if (len(words) != 4 or words[0] not in (BOTH, *INTERFACES)
                or words[2] not in (FAIL, SKIP, XFAIL)):
            raise ValueError(f"{FILE.name}:{number}: {line!r}. Try: vni stats.check_fec xfail "
                             "why that is so")
        found.append(Exemption(*words))
    return found


def exemption(exemptions: List[Exemption], interface: str, case: str) -> "Exemption | None":
    """The first line that is about a case."""
    return next((each for each in exemptions if each.covers(interface, case)), None)


def surprises(exemptions: List[Exemption], interface: str,
              results: Dict[str, Result]) -> List[str]:
    """A line for each case that did not end as expected."""
    told = []
    for case, result in results.items():
        allowed = exemption(exemptions, interface, case)
        kind = allowed.kind if allowed else PASS
        if result.kind != kind:
            told.append(f"{interface}: {case}: {result.kind}, expected was {kind}"
                        f"{': ' + result.why if result.why else ''}")
    return told


def unused(exemptions: List[Exemption], interface: str, programs: Set[str],
           results: Dict[str, Result]) -> List[str]:
    """A line for each exemption about programs that ran, which no case was covered by."""
    return [f"{interface}: {each.case}: there is no such case" for each in exemptions
            if each.interface in (BOTH, interface) and each.case.split(".")[0] in programs
            and not any(each.covers(interface, case) for case in results)]

# SPDX-License-Identifier: GPL-2.0
"""What a program of the kernel's selftests says: KTAP, a line for each case."""

import re
from dataclasses import dataclass
from typing import Dict

PASS, FAIL, SKIP, XFAIL = "pass", "fail", "skip", "xfail"
PLAN = re.compile(r"^1\.\.(\d+)$", re.MULTILINE)
LINE = re.compile(r"^(?P<bad>not )?ok \d+ (?P<name>\S+)(?: # (?P<kind>SKIP|XFAIL)\b ?(?P<why>.*))?",
                  re.MULTILINE)


@dataclass
class Result:
    """How a case ended, and why, where it says that itself."""

    kind: str
    why: str = ""


class Incomplete(Exception):
    """A program has said nothing of some of its cases."""


def parse(text: str) -> Dict[str, Result]:
    """The results by the names of the cases; raises if some are missing."""
    results = {}
    for match in LINE.finditer(text):
        kind = FAIL if match["bad"] else (match["kind"] or PASS).lower()
        results[match["name"]] = Result(kind, (match["why"] or "").strip())
    plan = PLAN.search(text)
    if not plan or int(plan[1]) != len(results) or not results:
        raise Incomplete(f"{len(results)} of {plan[1] if plan else 'unknown'} cases")
    return results

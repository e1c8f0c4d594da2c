# SPDX-License-Identifier: GPL-2.0
"""The table of a run: a row for each program, with what it does not pass and why."""

from typing import Dict, List

from selftests import expected
from selftests.expected import Exemption
from selftests.ktap import PASS, Result

Results = Dict[str, Dict[str, Result]]
"""By interface and case."""


def counts(results: Dict[str, Result], program: str) -> str:
    """How many cases of a program have passed, of how many."""
    mine = [result for case, result in results.items() if case.split(".")[0] == program]
    if not mine:
        return "-"
    return f"{sum(result.kind == PASS for result in mine)} of {len(mine)}"


def table(results: Results, programs: List[str]) -> str:
    """Passes by program and interface."""
    lines = ["| program | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
    lines += [f"| `{program}` | " + " | ".join(
        counts(of, program) for of in results.values()) + " |" for program in programs]
    return "\n".join(lines) + "\n"


def exceptions(results: Results, exemptions: List[Exemption]) -> str:
    """What did not pass, a row for each reason."""
    lines = ["| over | case | ends in | why |", "|---|---|---|---|"]
    for each in exemptions:
        seen = [interface for interface, of in results.items()
                if any(expected.exemption(exemptions, interface, case) is each for case in of)]
        if seen:
            lines.append(f"| {', '.join(seen)} | `{each.case}` | {each.kind} | {each.reason} |")
    return "\n".join(lines) + "\n"

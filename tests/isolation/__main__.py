# SPDX-License-Identifier: GPL-2.0
"""
usage: python3 -m isolation [--past-tcp] [CASE...]

Runs all cases, or those whose names contain one of the words given; with blocks
that go by TCP over vni0, or past it.
"""

import sys
import time
from typing import List

from machine import BUILD
from isolation import cases, report, uncontained
from isolation.campaign import Campaign, victims
from isolation.report import BROKEN, HEADINGS, Row

WHERE = BUILD / "isolation"
WIDTHS = [38, 6, 13, 12, 7, 12, 0]


def tell(row: Row) -> None:
    """Prints a row as soon as it is known."""
    print(report.line(row.cells(), WIDTHS), flush=True)


def main(words: List[str]) -> int:
    """The whole campaign; 1 if a case failed."""
    began = time.monotonic()
    past_tcp = "--past-tcp" in words
    words = [word for word in words if word != "--past-tcp"]
    where = WHERE / "past-tcp" if past_tcp else WHERE
    print(report.line(HEADINGS, WIDTHS), flush=True)
    campaign = Campaign(where, tell, past_tcp)
    rows: List[Row] = []
    chosen = cases.plan(lambda case: not words or any(
        word in case.name for word in words))
    try:
        for victim in victims():
            rows += [campaign.run(case, victim) for case in chosen[victim]]
        if not words or "uncontained" in words:
            rows += uncontained.run_all(campaign)
    finally:
        campaign.close()
        report.write(rows, where)
    print(f"{report.summary(rows)}; {campaign.machines} machines, "
          f"{time.monotonic() - began:.0f} s; {where / 'report.md'}")
    return int(any(row.result == BROKEN for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

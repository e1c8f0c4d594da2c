# SPDX-License-Identifier: GPL-2.0
"""
usage: python3 -m bench.document

Writes what is measured in docs/evaluation.md: each part between
`<!-- table: NAME -->` and `<!-- end -->` becomes a table again, from the figures
in docs/evaluation/figures.json; the plots there likewise. `make bench` as a whole
makes that file from its raw results first.
"""

import re
import sys
from pathlib import Path
from typing import List

from machine import TOP
from bench import figures, native, plots, report
from bench.figures import Figures
from bench.results import ResultError

DOCUMENT = TOP / "docs/evaluation.md"
PLOTS = TOP / "docs/evaluation"
FIGURES = PLOTS / "figures.json"
PART = re.compile(r"(?P<begin><!-- table: (?P<name>[\w-]+) -->\n)(?P<content>.*?)"
                  r"(?P<end><!-- end -->)", re.DOTALL)


def part(name: str, found: Figures) -> str:
    """A table of the document."""
    if name == "goals":
        return report.markdown(report.goal_rows(found.verdicts + native.verdicts(found.ring)))
    if name == "host":
        return report.markdown(report.host_rows(found.host))
    if name == "ring":
        return report.markdown(native.rows(found.ring))
    if name == "ring-bursts":
        return report.markdown(native.burst_rows(found.ring))
    if name not in found.tables:
        raise ResultError(f"there are no results of '{name}' in {FIGURES}. Try: make bench")
    return report.markdown(report.table_rows(found.tables[name]))


def fill(text: str, found: Figures) -> str:
    """The document with its tables as the figures have them."""
    return PART.sub(lambda match: f"{match['begin']}\n{part(match['name'], found)}\n"
                                  f"{match['end']}", text)


def take_over(where: Path) -> None:
    """Makes the raw results of a folder those of the document."""
    figures.save(FIGURES, figures.collect(where))


def write() -> List[Path]:
    """Tables and plots of the document from its figures; the plots' files."""
    found = figures.load(FIGURES)
    DOCUMENT.write_text(fill(DOCUMENT.read_text(encoding="utf-8"), found), encoding="utf-8")
    return plots.draw_all(found.tables, PLOTS)


def main() -> int:
    """All of it; 1 with a line if results are missing or damaged."""
    try:
        pictures = write()
    except ResultError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(f"{DOCUMENT}, {len(pictures)} plots")
    return 0


if __name__ == "__main__":
    sys.exit(main())

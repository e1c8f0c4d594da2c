# SPDX-License-Identifier: GPL-2.0
"""
usage: python3 -m bench.document

Writes what is measured in docs/evaluation.md: each part between
`<!-- table: NAME -->` and `<!-- end -->` becomes a table again, from the raw
results in docs/evaluation; the plots there likewise. `make bench` as a whole
puts its results there first.
"""

import re
import shutil
import sys
from pathlib import Path
from typing import Dict, List

from machine import TOP
from bench import goals, native, plots, report, results
from bench.results import ResultError, Table

DOCUMENT = TOP / "docs/evaluation.md"
RAW = TOP / "docs/evaluation"
PART = re.compile(r"(?P<begin><!-- table: (?P<name>[\w-]+) -->\n)(?P<content>.*?)"
                  r"(?P<end><!-- end -->)", re.DOTALL)


def part(name: str, tables: Dict[str, Table], ring: native.Report) -> str:
    """A table of the document."""
    if name == "goals":
        return report.markdown(report.goal_rows(goals.judge(tables) + native.verdicts(ring)))
    if name == "host":
        return report.markdown(report.host_rows(RAW))
    if name == "ring":
        return report.markdown(native.rows(ring))
    if name == "ring-bursts":
        return report.markdown(native.burst_rows(ring))
    if name not in tables:
        raise ResultError(f"there are no results of '{name}' in {RAW}. Try: make bench")
    return report.markdown(report.table_rows(tables[name]))


def fill(text: str, tables: Dict[str, Table], ring: native.Report) -> str:
    """The document with its tables as the results have them."""
    return PART.sub(lambda match: f"{match['begin']}\n{part(match['name'], tables, ring)}\n"
                                  f"{match['end']}", text)


def take_over(where: Path) -> None:
    """Makes results those of the document."""
    RAW.mkdir(parents=True, exist_ok=True)
    for path in where.glob("*.json"):
        shutil.copy(path, RAW / path.name)


def write() -> List[Path]:
    """Tables and plots of the document from its raw results; the plots' files."""
    tables = results.load_all(RAW)
    text = fill(DOCUMENT.read_text(encoding="utf-8"), tables, native.load(RAW))
    DOCUMENT.write_text(text, encoding="utf-8")
    return plots.draw_all(tables, RAW)


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

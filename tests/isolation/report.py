# SPDX-License-Identifier: GPL-2.0
"""The table of cases with their results: printed, and kept as two files."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

CONTAINED, BROKEN, NOT_CONTAINED = "contained", "FAILED", "not contained"
NOTICED = "noticed"
"""Of a survivor that was disturbed on purpose, as a check of the judge."""


@dataclass
class Row:
    """A case with one victim."""

    case: str
    victim: str
    result: str
    detail: str = ""
    gap_ms: Optional[int] = None
    """Longest time without an exchange between two survivors."""
    exchanges: Optional[int] = None
    """Blocks of 16 KB that survivors exchanged meanwhile, checked."""
    restart_s: Optional[float] = None
    """From `mint start` to data between the victim and every other node."""
    seconds: float = 0.0

    def cells(self) -> List[str]:
        """The columns as text."""
        return [self.case, self.victim, self.result,
                "" if self.gap_ms is None else f"{self.gap_ms} ms",
                "" if self.exchanges is None else str(self.exchanges),
                "" if self.restart_s is None else f"{self.restart_s:.1f} s",
                self.detail]


HEADINGS = ["case", "victim", "result", "longest gap", "blocks", "restarted in", "notes"]


def line(cells: List[str], widths: List[int]) -> str:
    """A line of the table in plain text."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()


def markdown(rows: List[Row]) -> str:
    """The table for people."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def summary(rows: List[Row]) -> str:
    """What came out, in one line."""
    counts = {kind: sum(row.result == kind for row in rows)
              for kind in (CONTAINED, BROKEN, NOT_CONTAINED)}
    return (f"{counts[CONTAINED]} contained, {counts[BROKEN]} failed, "
            f"{counts[NOT_CONTAINED]} not contained by design")


def write(rows: List[Row], where: Path) -> None:
    """Keeps the report."""
    where.mkdir(parents=True, exist_ok=True)
    (where / "report.md").write_text(
        f"# Isolation\n\n{summary(rows)}\n\n{markdown(rows)}", encoding="utf-8")
    (where / "report.json").write_text(json.dumps(
        {"schema": 1, "rows": [dataclasses.asdict(row) for row in rows]},
        indent=1) + "\n", encoding="utf-8")

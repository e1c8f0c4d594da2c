# SPDX-License-Identifier: GPL-2.0
"""Tables for people: in Markdown, and aligned for a terminal."""

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Sequence

from machine import CPU_FLAGS, qemu_accelerator
from bench.goals import Verdict
from bench.results import Table, brief

MOST_ROWS = 10
"""Of a longer table, rows of nothing but 0 are left out."""
GOAL_HEADINGS = ["measure", "median (least to most)", "goal", "verdict"]


def host() -> Dict[str, object]:
    """What the figures depend on besides the code."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    version = subprocess.run(["qemu-system-x86_64", "--version"], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return {"cores": os.cpu_count(), "model": model, "kernel": platform.release(),
            "emulator": version.stdout.splitlines()[0],
            "accelerator": qemu_accelerator(), "cpu": CPU_FLAGS}


def host_of(where: Path) -> Dict[str, object]:
    """The host of results that were kept, and the most that others used of it."""
    found: Dict[str, object] = {}
    busy = 0.0
    for path in sorted(where.glob("*.json")):
        entry = json.loads(path.read_text(encoding="utf-8")).get("host", {})
        busy = max(busy, float(entry.pop("busy_with_other_work", 0.0)))
        found.update(entry)
    return {**found, "busy_with_other_work": busy}


def host_rows(found: Dict[str, Any]) -> List[List[str]]:
    """The host of a run."""
    rows = [["host", ""]] + [[key, str(value)] for key, value in found.items()
                             if key != "busy_with_other_work"]
    return rows + [["most that other work used of its CPUs",
                    f"{100 * found['busy_with_other_work']:.0f} %"]]


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table; the first row has the headings."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|---" * len(rows[0]) + "|")
    return "\n".join(lines) + "\n"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """The same for a terminal."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                   + "\n" for row in rows)


def goal_rows(verdicts: List[Verdict]) -> List[List[str]]:
    """All goals."""
    return [GOAL_HEADINGS] + [verdict.cells() for verdict in verdicts]


def table_rows(table: Table) -> List[List[str]]:
    """
    A table with a row for each series that is not nothing. Many columns show
    medians only.
    """
    columns = table.columns()
    rows = [[table.x or "series"] + [column or table.unit for column in columns]]
    for series, row in table.values.items():
        if len(table.values) > MOST_ROWS and not any(map(any, row.values())):
            continue
        cells = [series]
        for column in columns:
            if column not in row:
                cells.append("")
            elif len(columns) > 3:
                cells.append(brief(table.figure(series, column).median))
            else:
                cells.append(table.figure(series, column).text())
        rows.append(cells)
    return rows


def section(table: Table) -> str:
    """A heading and the table."""
    unit = f", {table.unit}" if table.unit else ""
    return f"### {table.title}{unit}\n\n{markdown(table_rows(table))}"


def whole(verdicts: List[Verdict], tables: Dict[str, Table], where: Path) -> str:
    """Everything that is there."""
    return "\n".join([f"# Measurements\n\n{markdown(goal_rows(verdicts))}",
                      markdown(host_rows(host_of(where)))] +
                     [section(table) for table in tables.values()])

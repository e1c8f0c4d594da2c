# SPDX-License-Identifier: GPL-2.0
"""
The figures of a whole `make bench`, in one small file from which tables and plots of
docs/evaluation.md are made: of all samples of one place the least, the median and the
most, whose figure is that of the samples. A ratio's spread needs the samples
themselves, so what became of the goals is kept too.
"""

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List

from bench import goals, native, report, results
from bench.goals import Verdict
from bench.results import Figure, ResultError, Table

SCHEMA = 1
RAW = "raw.tar.xz"


@dataclass
class Figures:
    """What docs/evaluation.md shows."""

    host: Dict[str, Any]
    verdicts: List[Verdict]
    tables: Dict[str, Table]
    ring: native.Report


def ends(figure: Figure) -> List[float]:
    """Samples that have the same figure."""
    return [figure.low, figure.median, figure.high]


def collect(where: Path) -> Figures:
    """The figures of the raw results of a folder."""
    tables = results.load_all(where)
    verdicts = goals.judge(tables)
    for table in tables.values():
        table.values = {series: {x: ends(table.figure(series, x)) for x in row}
                        for series, row in table.values.items()}
    ring = native.load(where)
    ring.pop("trials", None)
    return Figures(report.host_of(where), verdicts, tables, ring)


def lines(value: Any, indent: str = "") -> str:
    """JSON in which an object without objects in it is one line."""
    if not isinstance(value, dict) or not any(isinstance(inner, dict)
                                              for inner in value.values()):
        return json.dumps(value, ensure_ascii=False)
    inside = indent + " "
    return "{\n" + ",\n".join(
        f"{inside}{json.dumps(key, ensure_ascii=False)}: {lines(inner, inside)}"
        for key, inner in value.items()) + f"\n{indent}}}"


def save(path: Path, figures: Figures) -> None:
    """Keeps figures."""
    content = {
        "schema": SCHEMA, "host": figures.host,
        "goals": {verdict.goal.measure: verdict.value and ends(verdict.value)
                  for verdict in figures.verdicts},
        "tables": {name: {"title": table.title, "unit": table.unit, "x": table.x,
                          "values": table.values}
                   for name, table in figures.tables.items()},
        "ring": figures.ring}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lines(content) + "\n", encoding="utf-8")


def load(path: Path) -> Figures:
    """Figures that were kept."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise ValueError(f"not of schema {SCHEMA}")
        verdicts = [Verdict(goal, results.figure(content["goals"][goal.measure])
                            if content["goals"].get(goal.measure) else None)
                    for goal in goals.GOALS]
        tables = {name: Table(name, **table) for name, table in content["tables"].items()}
        return Figures(content["host"], verdicts, tables, content["ring"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ResultError(f"{path}: {error}. Try: make bench") from error


def pack(where: Path) -> Path:
    """All raw results of a folder in one compressed file."""
    with tarfile.open(where / RAW, "w:xz") as archive:
        for path in sorted(where.glob("*.json")):
            archive.add(path, path.name)
    return where / RAW

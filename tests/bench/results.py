# SPDX-License-Identifier: GPL-2.0
"""
Results: samples by series and by what was varied, kept as JSON.

A figure is the median with the least and the most of the repetitions. A ratio
is that of two medians; its spread is that of the ratios of repetitions that
were made one after the other.
"""

import json
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List

SCHEMA = 1


class ResultError(Exception):
    """Results that are missing, damaged or of another form."""


@dataclass(frozen=True)
class Figure:
    """A median with the least and the most."""

    median: float
    low: float
    high: float

    def text(self) -> str:
        """For tables: 3 digits, the spread in brackets."""
        return f"{brief(self.median)} ({brief(self.low)} to {brief(self.high)})"


def brief(value: float) -> str:
    """A number with 3 digits that count, never with an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    # What rounds to nothing has no sign.
    return f"{value:.2f}" if abs(value) >= 1 else f"{round(value, 3) or 0.0:.3f}"


def figure(samples: List[float]) -> Figure:
    """The figure of samples."""
    if not samples:
        raise ResultError("no samples")
    return Figure(statistics.median(samples), min(samples), max(samples))


@dataclass
class Table:
    """What one measure has found."""

    name: str
    title: str
    unit: str
    x: str = ""
    """What was varied within a series, with its unit; empty if nothing."""
    values: Dict[str, Dict[str, List[float]]] = field(default_factory=dict)
    """Samples by series and by what was varied, in the order of repetitions."""

    def add(self, series: str, value: float, x: object = "") -> None:
        """Keeps a sample."""
        self.values.setdefault(series, {}).setdefault(str(x), []).append(value)

    def samples(self, series: str, x: object = "") -> List[float]:
        """All samples of one place."""
        try:
            return self.values[series][str(x)]
        except KeyError:
            raise ResultError(
                f"{self.name}: nothing of '{series}' at '{x}'") from None

    def figure(self, series: str, x: object = "") -> Figure:
        """The figure of one place."""
        return figure(self.samples(series, x))

    def ratio(self, series: str, other: str, x: object = "",
              other_x: object = None) -> Figure:
        """How many times of another series this one has."""
        ours = self.samples(series, x)
        theirs = self.samples(other, x if other_x is None else other_x)
        if len(ours) != len(theirs) or not all(theirs):
            raise ResultError(f"{self.name}: '{series}' and '{other}' do not pair")
        pairs = [one / two for one, two in zip(ours, theirs)]
        return Figure(statistics.median(ours) / statistics.median(theirs),
                      min(pairs), max(pairs))

    def columns(self) -> List[str]:
        """What was varied, in the order of the first samples."""
        found: Dict[str, None] = {}
        for row in self.values.values():
            found.update(dict.fromkeys(row))
        return list(found)


def save(where: Path, host: Dict[str, Any], table: Table) -> None:
    """Keeps a table as where/NAME.json."""
    where.mkdir(parents=True, exist_ok=True)
    content = {"schema": SCHEMA, "name": table.name, "title": table.title,
               "unit": table.unit, "x": table.x, "host": host,
               "values": table.values}
    path = where / f"{table.name}.json"
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    new.rename(path)


def load(path: Path) -> Table:
    """A table that was kept; everything in it is checked."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultError(f"{path}: {error}. Try: make bench "
                          f"ONLY={path.stem}") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ResultError(f"{path}: not of schema {SCHEMA}. Try: make bench "
                          f"ONLY={path.stem}")
    for key in ("name", "title", "unit", "x"):
        if not isinstance(content.get(key), str):
            raise ResultError(f"{path}: '{key}' is no text")
    values = content.get("values")
    if not isinstance(values, dict) or not values:
        raise ResultError(f"{path}: 'values' is empty")
    for series, row in values.items():
        _check_row(path, series, row)
    return Table(content["name"], content["title"], content["unit"],
                 content["x"], values)


def _check_row(path: Path, series: str, row: object) -> None:
    if not isinstance(row, dict) or not row:
        raise ResultError(f"{path}: '{series}' is empty")
    for x, samples in row.items():
        if not isinstance(samples, list) or not samples or not all(
                isinstance(value, (int, float)) and not isinstance(value, bool)
                for value in samples):
            raise ResultError(f"{path}: '{series}' at '{x}' has no numbers")


def load_all(where: Path) -> Dict[str, Table]:
    """All tables of a folder by name; ring.json is of another form."""
    tables = [load(path) for path in sorted(where.glob("*.json"))
              if path.name != "ring.json"]
    return {table.name: table for table in tables}

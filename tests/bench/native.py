# SPDX-License-Identifier: GPL-2.0
"""
The results of the native benchmark of ring.c, which has a form of its own:
times by placement of the two CPUs, and goals judged within one placement.
"""

import json
from pathlib import Path
from typing import Any, Dict, List

from bench.goals import Goal, Verdict
from bench.results import Figure, ResultError, brief

NAME = "ring.json"
Report = Dict[str, Any]


def load(where: Path) -> Report:
    """The report, if there is one; an empty one says that nothing was measured."""
    path = where / NAME
    if not path.exists():
        return {}
    try:
        content: Report = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != 1 or (content["bin"] and content["bin"] not in content["bins"]):
            raise ValueError("not of schema 1")
    except (KeyError, TypeError, ValueError) as error:
        raise ResultError(f"{path}: {error}. Try: make bench ONLY=ring") from error
    return content if content["bin"] else {}


def _figure(entry: Dict[str, Any]) -> Figure:
    return Figure(entry["median"], entry["min"], entry["max"])


def verdicts(report: Report) -> List[Verdict]:
    """The goals of the placement that was seen best."""
    if not report:
        return []
    found = []
    for name, entry in report["bins"][report["bin"]]["goals"].items():
        if entry:
            goal = Goal(f"ring.c native, {report['bin']} cores: {name}", "ring",
                        lambda table: table.figure(""), entry["goal"],
                        not entry["at_least"])
            found.append(Verdict(goal, _figure(entry)))
    return found


def burst_rows(report: Report) -> List[List[str]]:
    """Frames that found no buffer when one destination did not read, by layout."""
    bursts = report.get("bursts")
    if not bursts:
        raise ResultError("there are no bursts among the results of the ring. "
                          "Try: make bench ONLY=ring")
    layouts = list(dict.fromkeys(entry["layout"] for entry in bursts))
    others = bursts[0]["others"]
    table = [["burst"] + [f"{layout}: lost, of {others} to others lost" for layout in layouts]]
    for burst in sorted({entry["burst"] for entry in bursts}):
        found = {entry["layout"]: f"{entry['lost']}, {entry['lost_others']}"
                 for entry in bursts if entry["burst"] == burst}
        table.append([str(burst)] + [found[layout] for layout in layouts])
    return table


def rows(report: Report) -> List[List[str]]:
    """Times by measure, for each placement that was seen."""
    if not report:
        raise ResultError("there are no results of the ring. Try: make bench ONLY=ring")
    bins = list(report["bins"])
    names: Dict[str, None] = {}
    for content in report["bins"].values():
        names.update(dict.fromkeys(content["measures"]))
    table = [["ns per frame"] + [f"{name} cores (trials)" for name in bins]]
    for name in names:
        cells = [name]
        for placement in bins:
            entry = report["bins"][placement]["measures"].get(name)
            cells.append(f"{_figure(entry).text()} ({brief(entry['n'])})" if entry else "")
        table.append(cells)
    return table

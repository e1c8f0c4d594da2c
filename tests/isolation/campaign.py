# SPDX-License-Identifier: GPL-2.0
"""Runs cases, one after the other, on as few machines as possible."""

import time
from pathlib import Path
from typing import Callable, Optional

from machine import MachineError
from isolation.cases import Case, STARTED, wait_for_evidence
from isolation.judge import Judge
from isolation.report import BROKEN, CONTAINED, Row
from isolation.site import NODES, Site

Tell = Callable[[Row], None]


def run_case(site: Site, case: Case, victim: str) -> Row:
    """One case; what goes wrong in it stands in the row."""
    row = Row(case.name, victim, BROKEN)
    began = time.monotonic()
    try:
        _observe(site, case, row)
        if victim != "node0":
            _take_back(site, row)
        elif case.undo:
            site.witnesses[victim].run(case.undo, check=False)
    except MachineError as error:
        row.result = BROKEN
        row.detail = " ".join(f"{row.detail} {error}".split())
    row.seconds = time.monotonic() - began
    return row


def _observe(site: Site, case: Case, row: Row) -> None:
    judge = Judge(site, row.victim)
    case.provoke(site, row.victim)
    wait_for_evidence(site, case, row.victim, judge.survivors[-1])
    judge.fault_is_there()
    found = judge.findings()
    row.gap_ms, row.exchanges = found.gap_ms, found.exchanges
    if found.complaints:
        row.detail = "; ".join(found.complaints)
        return
    state = site.table(judge.survivors[-1])[row.victim]["state"]
    row.result, row.detail = CONTAINED, f"seen as {state}"


def _take_back(site: Site, row: Row) -> None:
    began = time.monotonic()
    site.restart(row.victim)
    site.wait_for_traffic(list(NODES))
    row.restart_s = time.monotonic() - began


class Campaign:
    """The machine at hand, and new ones where a case leaves none behind."""

    def __init__(self, log_dir: Path, tell: Tell, past_tcp: bool = False) -> None:
        self.log_dir = log_dir
        self.past_tcp = past_tcp
        self.tell = tell
        self.site: Optional[Site] = None
        self.machines = 0

    def close(self) -> None:
        """Ends the machine at hand."""
        if self.site:
            self.site.close()
        self.site = None

    def machine(self) -> Site:
        """A machine on which all four nodes run; a new one if it has vanished."""
        if self.site and not self.site.machine.is_alive():
            self.close()
        if self.site is None:
            self.machines += 1
            self.site = Site(self.log_dir / f"machine{self.machines}", self.past_tcp)
            self.site.boot()
        return self.site

    def run(self, case: Case, victim: str) -> Row:
        """A case; a machine that it has broken is not used again."""
        try:
            row = run_case(self.machine(), case, victim)
        except MachineError as error:
            row = Row(case.name, victim, BROKEN, f"no machine: {error}")
        if row.result == BROKEN or (victim == "node0" and not case.undo):
            self.close()
        self.tell(row)
        return row


def victims() -> "list[str]":
    """Node 0 comes last: few of its cases leave a machine behind."""
    return STARTED + ["node0"]

# SPDX-License-Identifier: GPL-2.0
"""
What is not contained, shown where that is cheap; and the proof that the judge
would notice a node that was disturbed.
"""

import re
import struct
import time
from typing import Callable, List

from machine import MachineError, deadline_in
from isolation.campaign import Campaign
from isolation.judge import Judge
from isolation.report import BROKEN, NOT_CONTAINED, NOTICED, Row
from isolation.site import FIRST_CPU, NUMBER, Site

VANISH_S = 60.0
TWIN_LIFE_S = 15.0
BLOCK_BYTES = 16384      # BLOCK_WORDS of traffic.c

REASONS = [
    Row("DMA into another node's memory", "any", NOT_CONTAINED,
        "not run: without an IOMMU a device writes where its driver says"),
    Row("INIT, NMI or a broadcast by a wild write to the local APIC", "any",
        NOT_CONTAINED, "not run: the hardware asks nobody; our own code sends "
        "none but INIT to CPUs of a node that is being fenced"),
]


def wild_write(site: Site, victim: str, to: str) -> Row:
    """Writes by physical address into memory of another node."""
    row = Row("wild write by physical address", victim, BROKEN)
    judge = Judge(site, victim)
    phys = site.witnesses[to].look().watch.phys
    site.witnesses[victim].run(f"fault wild-write {phys}")
    judge.fault_is_there()
    complaints = judge.findings().complaints
    row.detail = f"ran: {'; '.join(complaints) or 'nobody noticed'}"
    if complaints == [f"memory of {to} was changed at {phys:#x}"]:
        row.result = NOT_CONTAINED
    return row


def wild_write_nowhere(site: Site, victim: str) -> Row:
    """The same into memory that no node owns."""
    row = Row("wild write into unassigned memory", victim, BROKEN)
    judge = Judge(site, victim)
    site.witnesses[victim].run(f"fault wild-write {site.free_first + 0x1000}")
    judge.fault_is_there()
    complaints = judge.findings().complaints
    row.detail = f"ran: {'; '.join(complaints) or 'nobody noticed'}"
    if complaints == ["memory that no node owns was changed"]:
        row.result = NOT_CONTAINED
    site.free_digest = site.digest_free_memory()
    return row


def silent_survivor(site: Site, victim: str, silent: str) -> Row:
    """
    A survivor hangs while the judge looks for effects of another's fault. It
    has to find just that one wanting.
    """
    row = Row("check of the judge: a survivor hangs", silent, BROKEN)
    judge = Judge(site, victim, TWIN_LIFE_S)
    site.witnesses[silent].start("fault hang-all")
    time.sleep(1.0)
    judge.fault_is_there()
    complaints = judge.findings().complaints
    row.detail = f"ran: {len(complaints)} complaints"
    if complaints and all(re.search(rf"\b{silent}\b", text) for text in complaints):
        row.result = NOTICED
    return row


def wrong_data(site: Site, victim: str, to: str) -> Row:
    """The victim sends a block of zeros in the name of a survivor."""
    row = Row("check of the judge: data is changed on its way", to, BROKEN)
    judge = Judge(site, victim)
    fake = next(name for name in judge.survivors if name != to)
    header = "".join(f"\\{byte:o}" for byte in struct.pack("<QQ", 1, NUMBER[fake]))
    site.witnesses[victim].run(
        f"(printf '{header}'; head -c {BLOCK_BYTES} /dev/zero) | "
        f"nc -N -w 5 10.0.0.{NUMBER[to]} 7000 >/dev/null", check=False)
    judge.fault_is_there()
    complaints = judge.findings().complaints
    row.detail = f"ran: {'; '.join(complaints) or 'nobody noticed'}"
    if complaints == [f"{to} got wrong data from {fake}"]:
        row.result = NOTICED
    return row


def _until_it_vanishes(site: Site, row: Row) -> Row:
    deadline = deadline_in(VANISH_S)
    while site.machine.is_alive() and time.monotonic() < deadline:
        time.sleep(0.1)
    if site.machine.is_alive():
        row.detail = "ran: the machine goes on"
    else:
        row.result, row.detail = NOT_CONTAINED, "ran: resets the machine"
    return row


def triple_fault(site: Site, victim: str) -> Row:
    """Resets the machine, whichever CPU takes it."""
    site.witnesses[victim].start("fault triple-fault")
    return _until_it_vanishes(site, Row("triple fault", victim, BROKEN))


def machine_check(site: Site, victim: str) -> Row:
    """An uncorrected error on a CPU; kernels here have no handler for it."""
    site.machine.tell_qemu(f"mce {FIRST_CPU[victim]} 1 0xb200000000000000 0x5 0 0")
    return _until_it_vanishes(site, Row("machine check", victim, BROKEN))


Run = Callable[[Site], Row]
RUNS: List[Run] = [
    lambda site: wild_write(site, "b", "c"),
    lambda site: wild_write_nowhere(site, "c"),
    lambda site: wrong_data(site, "d", "b"),
    lambda site: silent_survivor(site, "b", "d"),
    lambda site: triple_fault(site, "b"),
    lambda site: machine_check(site, "c"),
]


def run_all(campaign: Campaign) -> List[Row]:
    """All of them; a machine that has vanished is replaced."""
    rows = []
    for run in RUNS:
        began = time.monotonic()
        try:
            row = run(campaign.machine())
        except MachineError as error:
            row = Row("not contained", "?", BROKEN, str(error))
            campaign.close()
        row.seconds = time.monotonic() - began
        campaign.tell(row)
        rows.append(row)
    campaign.close()
    for row in REASONS:
        campaign.tell(row)
    return rows + REASONS

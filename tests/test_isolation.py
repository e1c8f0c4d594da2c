# SPDX-License-Identifier: GPL-2.0
"""
A few cases of `make isolation`, and the proof that its judge would notice. All
on one machine, which is what a victim's restart has to stand anyway.
"""

from pathlib import Path
from typing import Generator, List

import pytest
from machine import BUILD
from isolation import cases
from isolation.campaign import Campaign
from isolation.report import CONTAINED

QUICK = [(case, victim) for victim, chosen in cases.plan(lambda case: case.quick).items()
         for case in chosen if victim != "node0"]


@pytest.fixture(scope="module")
def campaign() -> Generator[Campaign, None, None]:
    rows: List[object] = []
    campaign = Campaign(BUILD / "test-logs" / Path(__file__).stem, rows.append)
    yield campaign
    campaign.close()


@pytest.mark.parametrize("case,victim", QUICK,
                         ids=[f"{case.name}, {victim}" for case, victim in QUICK])
def test_fault_of_a_node_does_not_disturb_the_others(
        campaign: Campaign, case: cases.Case, victim: str) -> None:
    row = campaign.run(case, victim)
    assert (row.result, row.detail) == (CONTAINED, row.detail)


def test_fault_of_node_0_does_not_disturb_the_others(campaign: Campaign) -> None:
    panic = next(case for case in cases.CASES if case.name == "panic")
    row = campaign.run(panic, "node0")
    assert (row.result, row.detail) == (CONTAINED, row.detail)

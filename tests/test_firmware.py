# SPDX-License-Identifier: GPL-2.0
"""
What node 0 makes of the firmware's tables and memory map, in user space: see
tests/firmware.
"""

import os
from pathlib import Path

import pytest
from building import Programs

FIRMWARE = Programs(Path(__file__).resolve().parent / "firmware")
FUZZERS = ["fuzz-tables", "fuzz-memory"]


@pytest.mark.parametrize("suite", ["madt", "domains", "memory"])
def test_machines_and_nonsense_are_told_apart(suite: str) -> None:
    output = FIRMWARE.run(f"unit-{suite}")
    assert "\nok " in output and "not ok" not in output


@pytest.mark.parametrize("program", FUZZERS)
def test_any_firmware_is_survived(program: str) -> None:
    FIRMWARE.fuzz(program, f"run-{program}", 3)


@pytest.mark.long
@pytest.mark.parametrize("program", FUZZERS)
def test_any_firmware_is_survived_for_longer(program: str) -> None:
    FIRMWARE.fuzz(program, f"run-{program}", int(os.environ.get("FUZZ_SECONDS", "30")))

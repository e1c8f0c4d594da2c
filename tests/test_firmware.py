# SPDX-License-Identifier: GPL-2.0
"""
What node 0 makes of the firmware's tables and memory map, in user space: see
tests/firmware.
"""

import os
import subprocess
from pathlib import Path

import pytest
from building import building

FIRMWARE = Path(__file__).resolve().parent / "firmware"
BUILD = FIRMWARE.parent.parent / "build" / "firmware"
FUZZERS = ["fuzz-tables", "fuzz-memory"]


def call(*command: str, seconds: int = 280) -> str:
    """Run a command to its end, and have it succeed."""
    done = subprocess.run(command, cwd=FIRMWARE, text=True, timeout=seconds,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}"
    return done.stdout


def build(program: str) -> str:
    """A program of the folder."""
    path = str(BUILD / program)
    with building():
        call("make", "-s", f"BUILD={BUILD}", path)
    return path


def fuzz(program: str, seconds: int) -> None:
    """Coverage-guided fuzzing; an input that fails is kept."""
    build(program)
    output = call("make", "-s", f"BUILD={BUILD}", f"FUZZ_SECONDS={seconds}", f"run-{program}",
                  seconds=seconds + 60)
    assert "stat::number_of_executed_units" in output


@pytest.mark.parametrize("suite", ["madt", "domains", "memory"])
def test_machines_and_nonsense_are_told_apart(suite: str) -> None:
    output = call(build(f"unit-{suite}"))
    assert "\nok " in output and "not ok" not in output


@pytest.mark.parametrize("program", FUZZERS)
def test_any_firmware_is_survived(program: str) -> None:
    fuzz(program, 3)


@pytest.mark.long
@pytest.mark.parametrize("program", FUZZERS)
def test_any_firmware_is_survived_for_longer(program: str) -> None:
    fuzz(program, int(os.environ.get("FUZZ_SECONDS", "30")))

# SPDX-License-Identifier: GPL-2.0
"""
vni's buffer manager and address rings in user space: see tests/ring.

Each case builds the program that it needs and runs it; what the program
printed stands in the failure.
"""

import os
import subprocess
from pathlib import Path
from typing import List

import pytest
from building import building

RING = Path(__file__).resolve().parent / "ring"
BUILD = RING.parent.parent / "build" / "ring"
MUTANTS = sorted(patch.stem for patch in (RING / "mutants").glob("*.patch"))
LIMIT_S = 280


def call(command: List[str]) -> str:
    """Run a command to its end, and have it succeed."""
    env = dict(os.environ, TSAN_OPTIONS="halt_on_error=1")
    done = subprocess.run(command, cwd=RING, env=env, text=True, timeout=LIMIT_S,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}"
    return done.stdout


def build(program: str) -> str:
    path = str(BUILD / program)
    with building():
        call(["make", "-s", f"BUILD={BUILD}", path])
    return path


def run(program: str, *arguments: str) -> str:
    return call([build(program), *arguments])


@pytest.mark.parametrize("compiler", ["", "-clang"])
@pytest.mark.parametrize("program", ["unit-pool", "unit-ring", "unit-recover", "unit-queue",
                                     "unit-inline"])
def test_every_function_and_reject_path(program: str, compiler: str) -> None:
    output = run(program + compiler)
    assert "\nok " in output and "not ok" not in output


@pytest.mark.parametrize("arguments", ["processes 2 2000000 pairs",
                                       "processes 4 500000 fan-in",
                                       "threads 3 200000 pairs"])
def test_frames_arrive_intact_and_buffers_come_back(arguments: str) -> None:
    assert "all buffers back" in run("traffic", *arguments.split())


def test_traffic_is_clean_under_address_and_undefined_sanitizer() -> None:
    run("traffic-asan", "processes", "3", "100000", "pairs")


@pytest.mark.parametrize("arguments", ["threads 2 200000 pairs",
                                       "threads 4 50000 fan-in"])
def test_traffic_is_clean_under_thread_sanitizer(arguments: str) -> None:
    run("traffic-tsan", *arguments.split())


def test_lock_orders_what_it_guards_under_thread_sanitizer() -> None:
    run("lock-tsan", "100000")


def test_no_wake_up_is_lost() -> None:
    run("doorbell", "1000000")


@pytest.mark.parametrize("who", ["victim", "recoverer", "reborn"])
def test_node_may_die_after_every_instruction(who: str) -> None:
    output = run("step", who, "60000")
    assert int(output.split()[1]) >= 60000, output


def test_node_notices_that_its_lock_was_taken_over() -> None:
    run("step", "zombie", "1")


def test_descriptor_may_change_while_it_is_taken() -> None:
    run("step", "flip", "1")


def test_node_may_be_killed_at_random() -> None:
    run("kill", "300")


@pytest.mark.long
def test_any_contents_of_the_section_are_survived() -> None:
    """Coverage-guided fuzzing for 60 s; an input that fails is kept."""
    build("fuzz")
    output = call(["make", "-s", f"BUILD={BUILD}", "FUZZ_SECONDS=60", "fuzz"])
    assert "stat::number_of_executed_units" in output


def test_memory_model_forbids_the_bad_outcomes() -> None:
    output = call(["./litmus.sh"])
    if "SKIPPED" in output:
        pytest.skip(output.strip())


@pytest.mark.long
@pytest.mark.parametrize("name", MUTANTS)
def test_broken_twin_is_caught(name: str) -> None:
    assert f"mutant {name}: caught" in call(["./mutants.sh", str(BUILD), name])

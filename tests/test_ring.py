# SPDX-License-Identifier: GPL-2.0
"""
vni's buffer manager and address rings in user space: see tests/ring.

Each case builds the program that it needs and runs it; what the program
printed stands in the failure.
"""

from pathlib import Path

import pytest
from building import Programs

RING = Programs(Path(__file__).resolve().parent / "ring")


@pytest.mark.parametrize("compiler", ["", "-clang"])
@pytest.mark.parametrize("program", ["unit-pool", "unit-ring", "unit-recover", "unit-queue",
                                     "unit-inline"])
def test_every_function_and_reject_path(program: str, compiler: str) -> None:
    output = RING.run(program + compiler)
    assert "\nok " in output and "not ok" not in output


@pytest.mark.parametrize("arguments", ["processes 2 2000000 pairs",
                                       "processes 4 500000 fan-in",
                                       "threads 3 200000 pairs"])
def test_frames_arrive_intact_and_buffers_come_back(arguments: str) -> None:
    assert "all buffers back" in RING.run("traffic", *arguments.split())


def test_traffic_is_clean_under_address_and_undefined_sanitizer() -> None:
    RING.run("traffic-asan", "processes", "3", "100000", "pairs")


@pytest.mark.parametrize("arguments", ["threads 2 200000 pairs",
                                       "threads 4 50000 fan-in"])
def test_traffic_is_clean_under_thread_sanitizer(arguments: str) -> None:
    RING.run("traffic-tsan", *arguments.split())


def test_lock_orders_what_it_guards_under_thread_sanitizer() -> None:
    RING.run("lock-tsan", "100000")


def test_no_wake_up_is_lost() -> None:
    RING.run("doorbell", "1000000")


@pytest.mark.parametrize("who", ["victim", "recoverer", "reborn"])
def test_node_may_die_after_every_instruction(who: str) -> None:
    output = RING.run("step", who, "60000")
    assert int(output.split()[1]) >= 60000, output


def test_node_notices_that_its_lock_was_taken_over() -> None:
    RING.run("step", "zombie", "1")


def test_descriptor_may_change_while_it_is_taken() -> None:
    RING.run("step", "flip", "1")


def test_node_may_be_killed_at_random() -> None:
    RING.run("kill", "300")


@pytest.mark.long
def test_any_contents_of_the_section_are_survived() -> None:
    RING.fuzz("fuzz", "fuzz", 60)


def test_memory_model_forbids_the_bad_outcomes() -> None:
    output = RING.call("./litmus.sh")
    if "SKIPPED" in output:
        pytest.skip(output.strip())


@pytest.mark.long
@pytest.mark.parametrize("name", RING.mutants())
def test_broken_twin_is_caught(name: str) -> None:
    RING.catch(name)

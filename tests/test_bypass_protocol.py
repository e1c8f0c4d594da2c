# SPDX-License-Identifier: GPL-2.0
"""
The protocol of the bypass section in user space: see tests/bypass.

Each case builds the program that it needs and runs it; what the program
printed stands in the failure.
"""

from pathlib import Path

import pytest
from building import Programs

BYPASS = Programs(Path(__file__).resolve().parent / "bypass")


@pytest.mark.parametrize("compiler", ["", "-clang"])
@pytest.mark.parametrize("program", ["unit-section", "unit-units", "unit-pair", "unit-lane",
                                     "unit-signal"])
def test_every_function_and_reject_path(program: str, compiler: str) -> None:
    output = BYPASS.run(program + compiler)
    assert "\nok " in output and "not ok" not in output


@pytest.mark.parametrize("who", ["victim", "recoverer", "witness", "reborn"])
def test_node_may_die_after_every_instruction(who: str) -> None:
    output = BYPASS.run("step", who, "60000")
    assert int(output.split()[1]) >= 60000, output


def test_node_notices_that_its_lock_was_taken_over() -> None:
    BYPASS.run("step", "zombie", "1")


def test_two_nodes_may_meet_after_every_instruction() -> None:
    assert "met after each" in BYPASS.run("meet")


@pytest.mark.parametrize("arguments", ["processes 2 50000", "processes 4 2000", "threads 3 5000"])
def test_bytes_arrive_intact_and_all_is_given_back(arguments: str) -> None:
    assert "all is free" in BYPASS.run("traffic", *arguments.split())


def test_traffic_is_clean_under_address_and_undefined_sanitizer() -> None:
    BYPASS.run("traffic-asan", "processes", "3", "5000")


@pytest.mark.parametrize("arguments", ["threads 2 10000", "threads 4 1000"])
def test_traffic_is_clean_under_thread_sanitizer(arguments: str) -> None:
    BYPASS.run("traffic-tsan", *arguments.split())


def test_no_wake_up_is_lost() -> None:
    BYPASS.run("doorbell", "200")


def test_nodes_may_be_killed_at_random() -> None:
    assert "all is free" in BYPASS.run("kill", "300")


@pytest.mark.long
def test_any_contents_of_the_section_are_survived() -> None:
    BYPASS.fuzz("fuzz", "fuzz", 60)


@pytest.mark.long
@pytest.mark.parametrize("name", BYPASS.mutants())
def test_broken_twin_is_caught(name: str) -> None:
    BYPASS.catch(name)

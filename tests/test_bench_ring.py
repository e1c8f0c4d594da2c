# SPDX-License-Identifier: GPL-2.0
"""
The native benchmark of vni's rings works: every frame that it counts has
arrived, whole and in order. No time is asserted.
"""

import subprocess
from pathlib import Path
from typing import List

import pytest

from building import building
from bench import ring

FRAMES = 3200
LIMIT_S = 90


@pytest.fixture(scope="module", name="ringbench")
def fixture_ringbench() -> Path:
    with building():
        ring.build()
    return ring.BUILD / "ringbench"


def run(program: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command: List[str] = [str(program), *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=LIMIT_S, check=False)


@pytest.mark.parametrize("measure", ring.MEASURES, ids=lambda measure: str(measure.name))
def test_every_frame_arrives_intact(ringbench: Path, measure: ring.Measure) -> None:
    done = run(ringbench.with_name(measure.binary), measure.scheme, measure.bytes,
               measure.batch, int(measure.copy_out), FRAMES, 1, "check")
    if "was built in" in done.stderr:
        pytest.skip("DPDK's headers could not be had")
    assert done.returncode == 0 and '"ns": ' in done.stdout, done.stderr


def test_one_pool_takes_bursts_that_eight_do_not(ringbench: Path) -> None:
    """Up to the whole pool; then it is the other destinations that go short."""
    assert ringbench.exists()
    lost = {(burst["layout"], burst["burst"]): (burst["lost"], burst["lost_others"])
            for burst in ring.run_bursts()}
    assert lost["shared", 2048] == (0, 0) and lost["split", 2048][0] > 0
    assert lost["shared", 4096][1] > 0 and lost["split", 4096][1] == 0


def test_unknown_scheme_is_refused(ringbench: Path) -> None:
    done = run(ringbench, "nonsense", 1500, 1, 0, FRAMES, 1)
    assert done.returncode == 2 and "nonsense" in done.stderr


def test_only_trials_of_one_placement_are_compared() -> None:
    """The near rounds say 2; a far one and a disturbed one say other things."""
    goal = ring.Goal("twice", "slow", "fast", 1.5)
    trials = [ring.Trial("slow", 0, 20.0, 60.0, "near"), ring.Trial("fast", 0, 10.0, 60.0, "near"),
              ring.Trial("slow", 1, 90.0, 160.0, "far"), ring.Trial("fast", 1, 10.0, 60.0, "near"),
              ring.Trial("slow", 2, 70.0, 60.0, None), ring.Trial("fast", 2, 10.0, 60.0, "near")]
    result = ring.judge(goal, trials, "near")
    assert result is not None
    assert (result["n"], result["median"], result["met"]) == (1, 2.0, True)


@pytest.mark.parametrize("before, after, switches, placement", [
    (26.0, 26.5, 0, "smt"), (55.0, 60.0, 0, "near"), (160.0, 150.0, 0, "far"),
    (55.0, 160.0, 0, None), (55.0, 55.0, 1, None)])
def test_trials_are_binned_by_their_probes(before: float, after: float, switches: int,
                                           placement: str) -> None:
    trial = {"probe_before": before, "probe_after": after, "switches": switches}
    assert ring.placement_of(trial) == placement

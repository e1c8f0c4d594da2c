# SPDX-License-Identifier: GPL-2.0
"""
Native speed of vni's buffer manager and address rings (tests/bench/ring).

The machine under us moves its CPUs about: a cache line takes 25 ns from one to
the other in this second and 160 ns in the next. So every trial is a few
milliseconds long and has a probe of that time before and after it; trials are
binned by it, and only trials of one round and one bin are compared.

Alone: python3 tests/bench/ring.py [SECONDS]; writes build/bench/ring.json.
"""

import json
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

SOURCE = Path(__file__).resolve().parent / "ring"
BUILD = SOURCE.parent.parent.parent / "build" / "bench"
TRIAL_NS = 5e6
TRIAL_LIMIT_S = 30
MIN_TRIALS = 7
PROBE_DRIFT = 1.25

BINS = (("smt", 35.0), ("near", 120.0), ("far", float("inf")))
"""Names of the placements, and below which one-way time of a cache line."""


@dataclass(frozen=True)
class Measure:
    """A scheme with its parameters; guess_ns is only for the length of a trial."""
    name: str
    scheme: str
    bytes: int
    batch: int
    copy_out: bool
    guess_ns: float
    binary: str = "ringbench"


@dataclass(frozen=True)
class Goal:
    """better: time of over / time of under, to be at least (or at most) goal."""
    name: str
    over: str
    under: str
    goal: float
    at_least: bool = True


@dataclass(frozen=True)
class Trial:
    """What one trial came to. Placement None: disturbed, not to be used."""
    measure: str
    round: int
    ns: float
    probe_ns: float
    placement: Optional[str]


MEASURES = (
    Measure("limit", "limit", 1500, 32, False, 25),
    Measure("limit, copied out", "limit", 1500, 32, True, 60),
    Measure("limit, 64 KB", "limit", 65536, 4, True, 4000),
    *(Measure(f"vni, batch {n}", "vni", 1500, n, False, 80) for n in (32, 16, 8, 4, 1)),
    *(Measure(f"vni, batch {n}, copied out", "vni", 1500, n, True, 120)
      for n in (32, 16, 8, 4, 1)),
    Measure("vni, 64 KB", "vni", 65536, 4, True, 4000),
    Measure("paper", "paper", 1500, 1, False, 300),
    Measure("paper, copied out", "paper", 1500, 1, True, 400),
    Measure("bare, batch 32", "vni", 1500, 32, False, 80, "ringbench-bare"),
    Measure("bare, batch 32, copied out", "vni", 1500, 32, True, 120, "ringbench-bare"),
    Measure("ring alone", "handles", 0, 32, False, 20, "ringbench-bare"),
    Measure("rte_ring, pointers", "dpdk", 0, 32, False, 5),
    Measure("rte_ring, lines of 64 B", "dpdk-lines", 0, 32, False, 20),
    Measure("one pool, 8 destinations", "shared", 1500, 32, False, 100),
    Measure("8 pools, 8 destinations", "split", 1500, 32, False, 100),
    *(Measure(f"66 B {how}, batch {n}", scheme, 66, n, True, 100)
      for n in (32, 1) for how, scheme in (("in a buffer", "vni"), ("in the ring", "inline"))),
)

GOALS = (
    Goal("of the limit, batch 32", "limit", "vni, batch 32", 0.90),
    Goal("of the limit, batch 8", "limit", "vni, batch 8", 0.85),
    Goal("of the limit, batch 1", "limit", "vni, batch 1", 0.50),
    Goal("of the limit, batch 32, copied out", "limit, copied out",
         "vni, batch 32, copied out", 1.0),
    Goal("of the limit, 64 KB", "limit, 64 KB", "vni, 64 KB", 0.95),
    Goal("times the paper's design", "paper", "vni, batch 32", 5.0),
    Goal("times the paper's design, copied out", "paper, copied out",
         "vni, batch 32, copied out", 5.0),
    Goal("ring alone / rte_ring of pointers", "ring alone", "rte_ring, pointers", 1.0, False),
    Goal("ring alone / rte_ring of lines", "ring alone", "rte_ring, lines of 64 B", 1.0, False),
    Goal("with / without owner, states, checks", "vni, batch 32", "bare, batch 32", 1.04, False),
    Goal("the same, copied out", "vni, batch 32, copied out", "bare, batch 32, copied out",
         1.04, False),
)


def placement_of(trial: Dict[str, Any]) -> Optional[str]:
    """The bin of a trial; None if a thread lost its CPU or the CPUs moved."""
    low, high = sorted((trial["probe_before"], trial["probe_after"]))
    if trial["switches"] or high > low * PROBE_DRIFT:
        return None
    for name, below in BINS:
        if (low + high) / 2 < below:
            return name
    return None


def build() -> None:
    subprocess.run(["make", "-s", "-C", str(SOURCE), f"BUILD={BUILD}"], check=True)


def run_trials(measure: Measure, trials: int, number: int) -> List[Trial]:
    """
    Trials of one measure, in one process. None if it is not built in, or if the
    machine stood still meanwhile, so that the program's alarm ended it.
    """
    frames = max(1600, int(TRIAL_NS / measure.guess_ns) // 32 * 32)
    done = subprocess.run(
        [str(BUILD / measure.binary), measure.scheme, str(measure.bytes), str(measure.batch),
         str(int(measure.copy_out)), str(frames), str(trials)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=TRIAL_LIMIT_S,
        check=False)
    if done.returncode == -signal.SIGALRM or \
            (done.returncode == 2 and "was built in" in done.stderr):
        return []
    if done.returncode != 0:
        raise RuntimeError(f"{measure.name}: status {done.returncode}: {done.stderr.strip()}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [Trial(measure.name, number, line["ns"],
                  (line["probe_before"] + line["probe_after"]) / 2, placement_of(line))
            for line in lines]


def run_bursts() -> List[Dict[str, Any]]:
    """Frames without a buffer when one destination does not read, by layout."""
    done = subprocess.run([str(BUILD / "bursts")], stdout=subprocess.PIPE, text=True,
                          timeout=TRIAL_LIMIT_S, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def summary(values: List[float], unit: str, placement: str) -> Dict[str, Any]:
    return {"unit": unit, "n": len(values), "median": round(statistics.median(values), 3),
            "min": round(min(values), 3), "max": round(max(values), 3), "bin": placement}


def by_round(trials: List[Trial], measure: str, placement: str) -> Dict[int, float]:
    """The median of each round's good trials of a measure."""
    rounds: Dict[int, List[float]] = {}
    for trial in trials:
        if trial.measure == measure and trial.placement == placement:
            rounds.setdefault(trial.round, []).append(trial.ns)
    return {number: statistics.median(times) for number, times in rounds.items()}


def judge(goal: Goal, trials: List[Trial], placement: str) -> Optional[Dict[str, Any]]:
    """A goal's ratio, from the rounds in which both of its trials were good."""
    over = by_round(trials, goal.over, placement)
    under = by_round(trials, goal.under, placement)
    ratios = [over[number] / under[number] for number in sorted(over.keys() & under.keys())]
    if not ratios:
        return None
    result = summary(ratios, "ratio", placement)
    met = result["median"] >= goal.goal if goal.at_least else result["median"] <= goal.goal
    return dict(result, goal=goal.goal, at_least=goal.at_least, met=met)


def report(trials: List[Trial]) -> Dict[str, Any]:
    """Everything by placement; "bin" is the nearest one with enough trials."""
    good = [trial for trial in trials if trial.placement]
    bins: Dict[str, Dict[str, Any]] = {}
    for placement in sorted({trial.placement for trial in good if trial.placement}):
        measures = {}
        for measure in MEASURES:
            times = [trial.ns for trial in good
                     if (trial.measure, trial.placement) == (measure.name, placement)]
            if times:
                measures[measure.name] = summary(times, "ns per frame", placement)
        goals = {goal.name: judge(goal, good, placement) for goal in GOALS}
        bins[placement] = {"measures": measures, "goals": goals}
    return {"schema": 1, "disturbed": len(trials) - len(good), "bin": chosen_bin(good),
            "bins": bins, "trials": [vars(trial) for trial in trials]}


def chosen_bin(good: List[Trial]) -> Optional[str]:
    """near if it has enough of every measure, else the placement seen most."""
    counts: Dict[Tuple[str, str], int] = {}
    for trial in good:
        key = (trial.placement or "", trial.measure)
        counts[key] = counts.get(key, 0) + 1
    measures = {trial.measure for trial in good}
    if measures and all(counts.get(("near", name), 0) >= MIN_TRIALS for name in measures):
        return "near"
    seen = [trial.placement for trial in good if trial.placement]
    return statistics.mode(seen) if seen else None


def enough(trials: List[Trial]) -> bool:
    return chosen_bin([trial for trial in trials if trial.placement]) == "near"


def run(seconds: float = 60.0, out: Optional[Path] = None) -> Dict[str, Any]:
    """
    Build, measure for about so long, write the results to out
    (build/bench/ring.json) and return them. Stops early once the placement
    'near' has been seen often enough.
    """
    build()
    trials: List[Trial] = []
    deadline = time.monotonic() + seconds
    number = 0
    while time.monotonic() < deadline and not enough(trials):
        for measure in MEASURES:
            trials += run_trials(measure, 1, number)
        number += 1
    results = dict(report(trials), bursts=run_bursts())
    out = out or BUILD / "ring.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return results


def show(results: Dict[str, Any]) -> None:
    """The results for people."""
    for placement, content in results["bins"].items():
        print(f"placement {placement}{' *' if placement == results['bin'] else ''}")
        for name, r in content["measures"].items():
            print(f"  {name:32} {r['median']:9.2f} ns  ({r['min']:.2f} to {r['max']:.2f}, "
                  f"n {r['n']})")
        for name, r in content["goals"].items():
            if r:
                print(f"  {name:40} {r['median']:7.2f} ({r['min']:.2f} to {r['max']:.2f})"
                      f"  goal {r['goal']:.2f}  {'met' if r['met'] else 'MISSED'}")
    for burst in results["bursts"]:
        print(f"{burst['layout']:6}: of a burst of {burst['burst']} {burst['lost']} found no "
              f"buffer, of {burst['others']} to others {burst['lost_others']}")
    print(f"{results['disturbed']} trials were disturbed and not used")


if __name__ == "__main__":
    show(run(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))

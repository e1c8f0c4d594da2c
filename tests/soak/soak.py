#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Node life under hard use, for as long as one likes: kills at chosen
instructions, lives that must leak nothing, and the figures of a node's life:
all parts, or those named. Writes build/soak/report.md; returns 1 if anything failed.

usage: soak.py KILLS LIVES [PART...]
"""

import collections
import functools
import random
import statistics
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Callable, Dict, List

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import crowd  # pylint: disable=wrong-import-position
import kill_campaign  # pylint: disable=wrong-import-position
import leaks  # pylint: disable=wrong-import-position
import node_logs  # pylint: disable=wrong-import-position
import smallest  # pylint: disable=wrong-import-position
from machine import BUILD, TOP, Machine, qemu_accelerator  # pylint: disable=wrong-import-position

STARTS = 10
FUZZ_SECONDS = 600
SHAPES_PER_LIFE = 4     # one node of another shape for so many lives
WORK = BUILD / "soak"
Report = List[str]


def spread(values: List[float]) -> str:
    """Median, least and most."""
    return (f"{statistics.median(values):.2f} s "
            f"({min(values):.2f} to {max(values):.2f})")


def judge(machine: Machine) -> None:
    """A machine that has vanished or printed a splat has failed."""
    machine.check_alive()
    node_logs.save(machine)
    assert not machine.splats(), machine.splats()


def kills(report: Report, number: int, kind: kill_campaign.Kind) -> None:
    """Kills at chosen instructions, and what the others made of them."""
    work = WORK / kind.name.replace(" ", "-")
    seed = int(time.time())
    with Machine(work / "machine", **kill_campaign.options(work, kind)) as machine:
        machine.start()
        campaign = kill_campaign.begin(machine, work, seed, kind)
        for kill in campaign.run(number):
            kill_campaign.write_table(work / "kills.csv", campaign.kills)
            print(f"kill {len(campaign.kills)}: {kill}", flush=True)
        assert kind != kill_campaign.PLAIN or campaign.in_locks() >= number // 2
        assert campaign.quiet().states() == {"pool"}
        judge(machine)
    sites = collections.Counter(kill.site for kill in campaign.kills)
    report += [
        f"- {kind.name[0].upper()}{kind.name[1:]}: {number} (seed {seed}), "
        f"{campaign.in_locks()} of holders of a lock, "
        f"{campaign.takeovers} locks taken over. No buffer was lost, no byte of the "
        "others' data was wrong, and their connection was never made anew.",
        f"- Places: {', '.join(f'{site} {n}' for site, n in sites.items())}.",
        "- From the kill to the last buffer found: "
        f"{spread([kill.recover_s for kill in campaign.kills])}.",
        "- From the start of the killed node to data exchanged with it, under traffic: "
        f"{spread([kill.deliver_s for kill in campaign.kills])}."]


def lives(report: Report, number: int) -> None:
    """Lives and deaths, before and after which the same is in use."""
    work = WORK / "lives"
    dice = random.Random(int(time.time()))
    options = kill_campaign.options(work)
    with Machine(work / "machine", cpus=6, **options) as machine:
        machine.start()
        leaks.prepare(machine, kill_campaign.MEMBERS, dice)
        before, claimed = leaks.node0_holds(machine.node()), leaks.ledger(machine.node())
        leaks.live_and_die(machine, number, dice)
        leaks.take_other_shapes(machine, number // SHAPES_PER_LIFE, dice)
        after = leaks.node0_holds(machine.node())
        assert leaks.ledger(machine.node()) == claimed
        assert not leaks.grown(before, after), leaks.grown(before, after)
        judge(machine)
    report += [f"- Lives: {number} of one node, {number // SHAPES_PER_LIFE} of nodes of "
               f"other shapes. Node 0 held before and after (KB, or numbers): "
               f"{before}, {after}. The ledger was the same."]


def seconds(machine: Machine, command: str) -> float:
    """How long commands take on node 0, by its clock."""
    output = machine.node().run(
        f"read a _ </proc/uptime; {command}; read b _ </proc/uptime; echo $a $b", timeout=90)
    begin, end = output.output.split()[-2:]
    return float(end) - float(begin)


def starts(report: Report) -> None:
    """How long a start takes, without any traffic."""
    work = WORK / "starts"
    member = crowd.Member("b", "1", 64, "1000000 0 0")
    waits, reach, inits = [], [], []
    with Machine(work / "machine", cpus=2, mint="cpus=0,mem=512M,shm=64M",
                 initrd=crowd.make_root(work, [member])) as machine:
        machine.start()
        machine.node().run("ip addr add 10.0.0.1/24 dev vni0; ip link set vni0 up;"
                           "mint create /etc/mint/b.conf")
        for _ in range(STARTS):
            waits.append(seconds(machine, "mint start b >/dev/null"))
            machine.node().run("mint kill b")
            reach.append(seconds(machine, "mint start b >/dev/null;"
                                 "until ping -c 1 -W 1 10.0.0.2 >/dev/null; do :; done"))
            inits.append(float(machine.node().run(
                "mint log b | sed -n 's/.*\\[ *\\([0-9.]*\\)\\] Run .init.*/\\1/p'").output))
            machine.node().run("mint kill b")
        judge(machine)
    report += [
        f"- `mint start`, which loads the node and waits until it runs: {spread(waits)}.",
        f"- From the first moment of the node's clock to /init: {spread(inits)}.",
        f"- From `mint start` of a killed node to its answer to a ping: {spread(reach)}."]


def memory(report: Report) -> None:
    """The smallest node."""
    with smallest.boot(WORK / "smallest") as machine:
        sizes = {name: smallest.smallest(machine, place)
                 for name, place in smallest.PLACES.items()}
    report.append("- Smallest memory of a node that boots the small root and runs iperf3 "
                  f"both ways, in MB by place: {sizes}.")


def firmware(report: Report) -> None:
    """Fuzzers of what reads the firmware's tables."""
    subprocess.run(["make", "-C", str(TOP / "tests/firmware"), "-j2", "fuzz",
                    f"BUILD={TOP / 'build/firmware'}", f"FUZZ_SECONDS={FUZZ_SECONDS}"],
                   check=True)
    report.append(f"- The readers of the firmware's tables survived {FUZZ_SECONDS} s of each "
                  "of their fuzzers.")


def parts_of(number_of_kills: int, number_of_lives: int) -> Dict[str, Callable[[Report], None]]:
    """What there is to run, by name."""
    killing = functools.partial(kills, number=number_of_kills)
    return {
        "kills": functools.partial(killing, kind=kill_campaign.PLAIN),
        "past-tcp": functools.partial(killing, kind=kill_campaign.PAST),
        "programs": functools.partial(killing, kind=kill_campaign.PROGRAMS),
        "lives": functools.partial(lives, number=number_of_lives),
        "starts": starts,
        "memory": memory,
        "firmware": firmware,
    }


def refusal(words: List[str]) -> str:
    """What is wrong with the words of the command line; or nothing."""
    for name, word in zip(("KILLS", "LIVES"), words):
        if not (word.isdecimal() and int(word)):
            return f"'{word}' is no number of {name.lower()}. Try: {name}=100"
    parts = parts_of(1, 1)
    for part in words[2:]:
        if part not in parts:
            return f"there is no part '{part}'. Try: ONLY={','.join(parts)}"
    return ""


def main(words: List[str]) -> int:
    """Runs the parts, each whatever became of the others."""
    wrong = refusal(words)
    if wrong:
        print(f"soak: {wrong}", file=sys.stderr)
        return 2
    parts = parts_of(int(words[0]), int(words[1]))
    WORK.mkdir(parents=True, exist_ok=True)
    report: Report = ["# Node life under hard use", "",
                      f"{time.strftime('%Y-%m-%d')}, accelerator {qemu_accelerator()}.", ""]
    failed = False
    for name in words[2:] or parts:
        began = time.monotonic()
        try:
            parts[name](report)
        except Exception:  # pylint: disable=broad-exception-caught
            failed = True
            traceback.print_exc()
            report.append(f"- **{name} FAILED**: {traceback.format_exc().splitlines()[-1]}")
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
        (WORK / "report.md").write_text("\n".join(report) + "\n", encoding="utf-8")
    print("\n".join(report))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: GPL-2.0
"""
What node 0 and the ledger hold, before and after many lives of other nodes.
"""

import functools
import random
from typing import Any, Dict, List, Sequence

import crowd
import shared_region
from machine import Machine, Shell

# What node 0's memory may differ by after 100 lives. Measured: it moves by up
# to 0.1 MB either way. One page a life would be 0.4 MB, one load of a node
# that is not given back 10 MB.
MEMORY_KB = 256
SLAB_KB = 128
# Mappings and open files may be in use by whoever asks.
FEW = 4
WARM_UP = 8
SAMPLES = 5

# Free pages that wait in a CPU's list are free, and mappings that wait for
# their purge are gone.
SAMPLE = (
    "awk '/^(MemFree|Slab|Percpu|PageTables):/ {print $1 $2}' /proc/meminfo;"
    "echo listed:$(($(awk '/^ +count:/ {n += $2} END {print n}' /proc/zoneinfo) * 4));"
    "echo mappings:$(grep -vc unpurged /proc/vmallocinfo);"
    "echo files:$(cut -f1 /proc/sys/fs/file-nr);"
    "echo kept:$(ls /run/mint | wc -l)")
LIMITS = {"free": MEMORY_KB, "Slab": SLAB_KB, "Percpu": SLAB_KB,
          "PageTables": SLAB_KB, "mappings": FEW, "files": FEW, "kept": 0}


def sample(shell: Shell) -> Dict[str, int]:
    """Memory in KB, and numbers of things, that node 0 has at this moment."""
    lines = shell.run(f"sync; echo 3 >/proc/sys/vm/drop_caches; {SAMPLE}").output.split()
    holds = {name: int(value) for name, value in (line.split(":") for line in lines)}
    holds["free"] = holds.pop("MemFree") + holds.pop("listed")
    return holds


def node0_holds(shell: Shell) -> Dict[str, int]:
    """
    The same when nothing is under way any more.

    On a slow host a page of the cache may be in use, or wait for RCU, when the
    caches are dropped: it is gone in a later sample. What is leaked never is.
    """
    samples = [sample(shell) for _ in range(SAMPLES)]
    return {name: (max if name == "free" else min)(each[name] for each in samples)
            for name in LIMITS}


def ledger(shell: Shell) -> Dict[str, Any]:
    """Who owns what."""
    return shared_region.ledger(functools.partial(shared_region.read, shell))


def grown(before: Dict[str, int], after: Dict[str, int]) -> List[str]:
    """What differs by more than it may, either way: too much free is memory of another's."""
    return [f"{name}: {before[name]} before, {after[name]} after"
            for name, limit in LIMITS.items()
            if abs(after[name] - before[name]) > limit]


def prepare(machine: Machine, members: Sequence[crowd.Member], dice: random.Random) -> None:
    """Starts the nodes, and has what is allocated only once allocated."""
    crowd.start_all(machine, members)
    machine.node().run("ip addr add 10.0.0.1/24 dev vni0; ip link set vni0 up; mint kill b")
    live_and_die(machine, WARM_UP, dice)
    take_other_shapes(machine, WARM_UP, dice)


def live_and_die(machine: Machine, cycles: int, dice: random.Random) -> None:
    """Starts node b and kills it at any moment, in mid-boot as a rule."""
    for first in range(0, cycles, 10):
        pauses = " ".join(str(dice.randrange(1000000))
                          for _ in range(first, min(first + 10, cycles)))
        machine.node().run(f"for pause in {pauses}; do mint start b --no-wait &&"
                           " usleep $pause && mint kill b || exit 1; done", timeout=120)


def take_other_shapes(machine: Machine, cycles: int, dice: random.Random) -> None:
    """Creates, starts, kills and destroys nodes of all shapes and ids."""
    shapes = [f"name = n{n}\\ncpus = {cpus}\\nmemory = {memory}"
              for n, (cpus, memory) in enumerate(
                  [("3", "48M"), ("3-5", "64M"), ("4", "128M"), ("4-5", "1G"),
                   ("5", "40M@0x40000000")])]
    for cycle in range(cycles):
        shape = shapes[cycle % len(shapes)]
        name = f"n{cycle % len(shapes)}"
        machine.node().run(
            f"printf '[node]\\n{shape}\\nkernel = /boot/bzImage\\ninitrd = /boot/b.cpio.gz\\n"
            f"cmdline = console=hvc0 hostname={name}\\n' >/tmp/n.conf;"
            f"mint create /tmp/n.conf && mint start {name} --no-wait &&"
            f"usleep {dice.randrange(600000)} && mint kill {name} && mint destroy {name}",
            timeout=60)

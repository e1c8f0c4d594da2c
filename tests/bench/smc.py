# SPDX-License-Identifier: GPL-2.0
"""
Streams past TCP, beside those of AF_SMC over its emulated device within one kernel, which
moves a socket's data through memory as well. SMC takes a kernel of its own, with
InfiniBand, and programs that are loaded with a library: tests/bench/smc.
"""

from pathlib import Path
from typing import List

from machine import BUILD
from bench.measures import iperf
from bench.place import BYPASS, SETTLE_S, End, Place, Way
from bench.results import Table

KERNEL = BUILD / "smc"
SMC = "SMC over loopback, 2 CPUs"
WAYS = (BYPASS, SMC, "veth, 2 CPUs", "loopback, 2 CPUs")
BY_SMC = "env LD_PRELOAD=/lib/smc.so "
PORT = 5202
BUFFER_BYTES = 512 << 10
# What TCP carries of a connection by SMC: the handshake.
MOST_BY_TCP = 1 << 20


class SmcPlace(Place):
    """The same machine as for the other measures, with SMC in its kernels."""

    def __init__(self, log_dir: Path) -> None:
        super().__init__(log_dir, build=KERNEL)

    def boot(self) -> None:
        """Starts the nodes, and the server by SMC."""
        super().boot()
        node = self.machine.node("c")
        node.run("cd /proc/sys/net/smc && "
                 f"echo {BUFFER_BYTES} >wmem && echo {BUFFER_BYTES} >rmem && smc-join MINT && "
                 f"taskset 2 {BY_SMC}iperf3 -s -4 -p {PORT} -D")
        node.poll(f"netstat -ltn | grep -q ':{PORT} '", SETTLE_S)
        self.ways[SMC] = Way(SMC, End(node, "lo", f"taskset 1 {BY_SMC}"), End(node, "lo"),
                             "127.0.0.1")


def _by_smc(way: Way) -> float:
    """Gbit/s of a stream that did not fall back to TCP, by what loopback has carried."""
    count = "cat /sys/class/net/lo/statistics/rx_bytes"
    before = int(way.near.shell.run(count).output)
    rate = iperf(way, f"-p {PORT}")
    carried = int(way.near.shell.run(count).output) - before
    if carried > MOST_BY_TCP:
        raise RuntimeError(f"loopback has carried {carried} bytes of what was to go by SMC")
    return rate


def smc(place: Place, reps: int) -> List[Table]:
    """A stream past TCP between two kernels, and by SMC within one."""
    table = Table("smc", "Past TCP between kernels, and by SMC within one", "Gbit/s")
    for _ in range(reps):
        for way in place.choose(WAYS):
            table.add(way.name, _by_smc(way) if way.name == SMC else iperf(way))
    return [table]

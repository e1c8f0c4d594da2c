# SPDX-License-Identifier: GPL-2.0
"""Files between nodes: read and write against sendfile, splice and io_uring."""

from typing import List

from bench.place import BYPASS, Place
from bench.results import Table

METHODS = {"read and write": "write", "sendfile": "sendfile", "splice": "splice",
           "io_uring": "uring"}
WAYS = ("vni", BYPASS, "veth, 2 CPUs", "virtio-net")
FILE = "/dev/shm/file"
FILE_MB = 16
FILE_MS = 700


def files(place: Place, reps: int) -> List[Table]:
    """Throughput and CPU time of four ways to send a file."""
    rate = Table("files", "A file sent over TCP", "Gbit/s", "sent by")
    cpu = Table("files_cpu", "CPU time of the sending program, kernel included",
                "us per MB", "sent by")
    busy = Table("files_busy", "CPU time of the sender's node, everything included",
                 "us per MB", "sent by")
    for way in place.choose(WAYS):
        way.near.run(f"dd if=/dev/urandom of={FILE} bs=1M count={FILE_MB} 2>&-")
    for _ in range(reps):
        for method, verb in METHODS.items():
            for way in place.choose(WAYS):
                words = way.near.words(f"load file {way.address} {verb} {FILE} {FILE_MS}")
                sent_mb = words["bytes"] / 1e6
                rate.add(way.name, words["bytes"] * 8 / words["ns"], method)
                cpu.add(way.name, words["cpu_us"] / sent_mb, method)
                # Within one kernel the receiver's time would be in it.
                if way.name != "veth, 2 CPUs":
                    busy.add(way.name, (words["wall_us"] - words["idle_us"]) / sent_mb,
                             method)
    return [rate, cpu, busy]

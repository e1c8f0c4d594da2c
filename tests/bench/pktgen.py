# SPDX-License-Identifier: GPL-2.0
"""Frames that the kernel of a node makes (pktgen), straight into a driver."""

import re
from dataclasses import dataclass

from bench.place import End

PLACE = "/proc/net/pktgen"
# An address that nobody has, and a port to which nobody listens.
NOWHERE, DISCARD = "198.18.0.42", 9


@dataclass(frozen=True)
class Frames:
    """Datagrams, all alike."""

    mac: str
    size: int
    burst: int
    count: int
    queue: int = 0
    address: str = NOWHERE
    port: int = DISCARD
    every_ns: int = 0
    """From a burst to the next; 0 is without a pause."""


def load(end: End) -> None:
    """Has a node know pktgen."""
    end.shell.run(f"test -d {PLACE} || insmod /lib/modules/pktgen.ko; test -d {PLACE}")


def send(end: End, frames: Frames) -> int:
    """Sends them by the interface of an end; for how long, in microseconds."""
    settings = [f"count {frames.count}", f"pkt_size {frames.size}", f"burst {frames.burst}",
                f"delay {frames.every_ns}", f"dst {frames.address}", f"dst_mac {frames.mac}",
                f"udp_dst_min {frames.port}", f"udp_dst_max {frames.port}",
                f"queue_map_min {frames.queue}", f"queue_map_max {frames.queue}"]
    lines = [f"echo rem_device_all >{PLACE}/kpktgend_0",
             f"echo add_device {end.device} >{PLACE}/kpktgend_0"]
    lines += [f"echo {setting} >{PLACE}/{end.device}" for setting in settings]
    end.run(_inside(" && ".join(lines)))
    output = end.run(_inside(f"echo start >{PLACE}/pgctrl; cat {PLACE}/{end.device}"))
    taken = re.search(r"Result: OK: (\d+)\(", output)
    if not taken:
        raise RuntimeError(f"pktgen: {output}")
    return int(taken[1])


def _inside(command: str) -> str:
    """A prefix of an end counts for all of a command."""
    return f"sh -c '{command}'"

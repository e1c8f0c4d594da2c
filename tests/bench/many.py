# SPDX-License-Identifier: GPL-2.0
"""
Four nodes of one CPU each: several streams at once, and streams beside a node
that stands still. What all get together is bounded by the host's cores.
"""

from pathlib import Path
from typing import Dict, List

import traffic
from gdbstub import GdbStub
from machine import Machine, Shell
from roots import extended_root
from bench.place import BOOT_S, SETTLE_S, parse_words
from bench.results import Table

NODES = ("node0", "b", "c", "d")
ADDRESS = {name: f"10.0.0.{index + 1}" for index, name in enumerate(NODES)}
WRITE_BYTES = 131072
STREAM_MS = 1500
STALLED_MS = 1000
FROZEN = "c"
FROZEN_TIMES = 3
"""Repetitions for one of other measures: the two rates are close to each other."""


class Crowd:
    """The machine; programs on all of its nodes are run from node 0."""

    def __init__(self, log_dir: Path) -> None:
        self.log_dir = log_dir
        self.machine = Machine(
            log_dir, cpus=len(NODES), memory="2G", initrd=extended_root("bench"),
            mint="cpus=0,mem=512M,shm=64M",
            extra=["-gdb", f"unix:{log_dir}/gdb,server=on,wait=off"])

    def boot(self) -> None:
        """Starts the nodes and a server on each."""
        self.machine.start(BOOT_S)
        node0 = self.machine.node()
        for cpu, name in enumerate(NODES[1:], 1):
            self.machine.node_file(
                name, str(cpu), memory="256M",
                cmdline=f"console=hvc0 hostname={name} vni0={ADDRESS[name]}/24")
            node0.run(f"mint create /etc/mint/{name}.conf && mint start {name}", BOOT_S)
        traffic.bring_up(node0, ADDRESS["node0"])
        for name in NODES:
            node0.run(self.on(name, "setsid load serve </dev/null >/dev/null 2>&1 &"))
        for name in NODES[1:]:
            node0.poll(f"ping -c 1 -W 1 {ADDRESS[name]}", SETTLE_S)

    @property
    def shell(self) -> Shell:
        """Node 0's shell."""
        return self.machine.node()

    def emulator(self) -> int:
        """The process that is the machine."""
        assert self.machine.process
        return self.machine.process.pid

    def close(self) -> None:
        """Ends the machine; a splat on a console spoils what was measured."""
        bad = self.machine.splats()
        self.machine.kill()
        if bad:
            raise RuntimeError(f"splat on a console: {bad[0]}")

    @staticmethod
    def on(name: str, command: str) -> str:
        """A command of node 0 that runs a shell command on a node."""
        return f"sh -c '{command}'" if name == "node0" else \
            f"mint exec {name} -- sh -c '{command}'"

    def streams(self, to: Dict[str, List[str]]) -> float:
        """Streams from each node to some others, all at once: Gbit/s together."""
        lines = ["rm -f /tmp/stream.*"]
        for name, others in to.items():
            each = "".join(f"load stream {ADDRESS[other]} send {WRITE_BYTES} {STREAM_MS} & "
                           for other in others)
            lines.append(f"({self.on(name, each + 'wait')}) </dev/null >/tmp/stream.{name} & "
                         f"p_{name}=$!")
        # A wait for all would wait for the server too.
        waits = " && ".join(f"wait $p_{name}" for name in to)
        output = self.shell.run("\n".join(lines + [waits, "cat /tmp/stream.*"])).output
        # The shell tells of jobs that have ended.
        found = [parse_words(line) for line in output.splitlines() if "bytes=" in line]
        expected = sum(map(len, to.values()))
        if len(found) != expected:
            raise RuntimeError(f"{len(found)} of {expected} streams: {output!r}")
        return sum(words["bytes"] * 8 / words["ns"] for words in found)


def nodes(crowd: Crowd, reps: int) -> List[Table]:
    """One pair of nodes, two pairs, and each node to every other."""
    table = Table("nodes", "TCP between four nodes of one CPU, all streams together",
                  "Gbit/s")
    plans = {"one pair": {"node0": ["b"]}, "another pair": {"c": ["d"]},
             "two pairs": {"node0": ["b"], "c": ["d"]},
             "all to all": {name: [other for other in NODES if other != name]
                            for name in NODES}}
    for _ in range(reps):
        for name, plan in plans.items():
            table.add(name, crowd.streams(plan))
    return [table]


def frozen(crowd: Crowd, reps: int) -> List[Table]:
    """A stream between two nodes while a third, to which all have sent, stands still."""
    table = Table("frozen", "TCP from node0 to b", "Gbit/s")
    stub = GdbStub(crowd.log_dir / "gdb")
    try:
        stub.resume()
        for _ in range(FROZEN_TIMES * reps):
            table.add("all run", crowd.streams({"node0": ["b"]}))
            _send_to_the_frozen(crowd)
            stub.stop()
            stub.resume_only([cpu for cpu, name in enumerate(NODES) if name != FROZEN])
            crowd.shell.run("sleep 0.3")
            table.add("c stands still", crowd.streams({"node0": ["b"]}))
            stub.stop()
            stub.resume()
            crowd.shell.poll("test $(cat /tmp/void.* | wc -l) = 2", SETTLE_S)
    finally:
        stub.stop()
        stub.close()
    return [table]


def _send_to_the_frozen(crowd: Crowd) -> None:
    """Streams that fill what leads there, and end once it runs again."""
    lines = ["rm -f /tmp/void.*"]
    for name in ("node0", "d"):
        command = crowd.on(name, f"load stream {ADDRESS[FROZEN]} send {WRITE_BYTES} "
                           f"{STALLED_MS}")
        lines.append(f"({command}) </dev/null >/tmp/void.{name} 2>&1 &")
    crowd.shell.run("\n".join(lines + ["sleep 0.5"]))

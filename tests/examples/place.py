# SPDX-License-Identifier: GPL-2.0
"""Where the examples run: up to four nodes of one CPU, with a kernel that has BTF."""

import re
import shlex
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Sequence

import traffic
from machine import ANY, COMMAND_SECONDS, Machine, Result, Shell
from roots import extended_root

SETTLE_S = 60.0
# There are consoles for two nodes beside node 0.
MOST_CONSOLES = 2


class Distant(Shell):
    """A node without a console: its commands go by `mint exec` of node 0."""

    def __init__(self, by: Shell, name: str) -> None:
        super().__init__(by.port, name)
        self.by = by

    def run(self, command: str, timeout: float = COMMAND_SECONDS, check: bool = True) -> Result:
        return self.by.run(f"mint exec -n {self.host} -- sh -c {shlex.quote(command)}",
                           timeout, check)


def options() -> Dict[str, Any]:
    """Of the machine."""
    return {"build": ANY, "initrd": extended_root("examples", ANY), "cpus": 4, "memory": "2G",
            "mint": "cpus=0,mem=512M,shm=64M"}


def prepare(machine: Machine, names: Sequence[str]) -> None:
    """Starts the nodes, and gives node 0 and them 10.0.0.1, .2, ... in this order."""
    for cpu, name in enumerate(names, 1):
        machine.node_file(name, str(cpu), memory="384M")
        if cpu <= MOST_CONSOLES:
            machine.start_node(name)
        else:
            machine.node().run(f"mint create /etc/mint/{name}.conf && mint start {name}",
                               timeout=SETTLE_S)
            machine.node().poll(f"mint exec -n {name} -- true", SETTLE_S)
    shells = [node(machine, name) for name in ("node0", *names)]
    for number, shell in enumerate(shells, 1):
        traffic.bring_up(shell, f"10.0.0.{number}")
    for shell in shells:
        traffic.wait_carrier(shell)


def node(machine: Machine, name: str) -> Shell:
    """The shell of a node that prepare() has started."""
    return machine.shells.get(name) or Distant(machine.node(), name)


def words(output: str) -> Dict[str, float]:
    """The numbers of KEY=VALUE."""
    return {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", output)}


def said(shell: Shell, program: str) -> str:
    """What a program that has run in the background has printed."""
    return shell.run(f"cat /tmp/{program}").output


@contextmanager
def running(shell: Shell, command: str, ends: bool = False) -> Iterator[None]:
    """
    A program in the background as long as the body runs, or until it ends by itself;
    then said() has what it printed.
    """
    program = command.split()[0]
    output = f"/tmp/{program}"
    shell.run(f"rm -f {output} {output}.status; "
              f"(setsid sh -c '{command}; echo $? >{output}.status' "
              f">{output} 2>&1 </dev/null &)")
    shell.poll(f"grep -q ready {output}", SETTLE_S)
    yield
    if not ends:
        shell.run(f"kill $(pidof {program})")
    shell.poll(f"test -s {output}.status", SETTLE_S)
    assert shell.run(f"cat {output}.status").output == "0\n", said(shell, program)


def received(shell: Shell) -> int:
    """Frames that have come in by vni0."""
    return traffic.link_counters(shell)["rx_packets"]

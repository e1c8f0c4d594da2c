# SPDX-License-Identifier: GPL-2.0
"""Where the examples run: up to four nodes on four CPUs, with a kernel that has BTF."""

import shlex
from typing import Any, Dict, Mapping

import traffic
from machine import ANY, COMMAND_SECONDS, Machine, Result, Shell, roomy
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
    return {"build": ANY, "initrd": extended_root("examples", ANY), "cpus": 4,
            "memory": f"{roomy(2048, 10)}M", "mint": f"cpus=0,mem={roomy(512, 4)}M,shm=64M"}


def prepare(machine: Machine, cpus: Mapping[str, str]) -> None:
    """
    Starts the nodes on their CPUs, and gives node 0 and them 10.0.0.1, .2, ... in this order.
    """
    for name in cpus:
        machine.node_file(name, cpus[name], memory=f"{roomy(384)}M")
        if len(machine.shells) <= MOST_CONSOLES:
            machine.start_node(name)
        else:
            machine.node().run(f"mint create /etc/mint/{name}.conf && mint start {name}",
                               timeout=SETTLE_S)
            machine.node().poll(f"mint exec -n {name} -- true", SETTLE_S)
    shells = [node(machine, name) for name in ("node0", *cpus)]
    for number, shell in enumerate(shells, 1):
        traffic.bring_up(shell, f"10.0.0.{number}")
    for shell in shells:
        traffic.wait_carrier(shell)


def node(machine: Machine, name: str) -> Shell:
    """The shell of a node that prepare() has started."""
    return machine.shells.get(name) or Distant(machine.node(), name)


def received(shell: Shell) -> int:
    """Frames that have come in by vni0."""
    return traffic.link_counters(shell)["rx_packets"]


def busy_ms(shell: Shell) -> float:
    """How long the CPUs of a node have not been idle."""
    fields = shell.run("head -n 1 /proc/stat").output.split()[1:9]
    user, nice, system, _, _, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) * 10.0

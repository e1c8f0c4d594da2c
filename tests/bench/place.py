# SPDX-License-Identifier: GPL-2.0
"""
The machine in which vni is compared: two nodes of one CPU each, with vni0 and
with a card of either kind on a common hub, and a node of two CPUs. The last
and one of the first also have what stays within one kernel: the loopback
device, and veth between two network namespaces. Only what is measured runs.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import past_tcp
import traffic
from background import numbers
from machine import BUILD, Extra, Machine, Shell
from roots import extended_root

WHERE = BUILD / "bench"
BOOT_S = 120.0
SETTLE_S = 30.0
NAMESPACE = "far"
# Ways by name, in the order in which they are measured and shown.
BYPASS = "vni, bypass"
WAYS = ("vni", BYPASS, "veth, 2 CPUs", "veth, 1 CPU", "loopback, 2 CPUs",
        "loopback, 1 CPU", "virtio-net", "e1000e")
WITHIN = WAYS[2:6]


@dataclass(frozen=True)
class End:
    """One end of a way: programs run behind its prefix."""

    shell: Shell
    device: str
    prefix: str = ""

    def run(self, command: str, timeout: float = 60.0) -> str:
        """Runs a command; what it printed."""
        return self.shell.run(f"{self.prefix}{command}", timeout=timeout).output

    def words(self, command: str, timeout: float = 60.0) -> Dict[str, float]:
        """Runs a program that prints KEY=VALUE."""
        return parse_words(self.run(command, timeout))


def parse_words(output: str) -> Dict[str, float]:
    """The numbers of a line of KEY=VALUE."""
    found = numbers(output)
    if not found:
        raise ValueError(f"no KEY=VALUE in {output!r}")
    return found


@dataclass(frozen=True)
class Way:
    """A way from a client to a server."""

    name: str
    near: End
    far: End
    address: str

    def ends(self) -> Tuple[End, End]:
        """Both ends."""
        return self.near, self.far


class Place:
    """The machine and the ways through it."""

    def __init__(self, log_dir: Path, more: Sequence[str] = (), build: Path = BUILD) -> None:
        devices = Extra()
        for address, hub, model in (("4", 0, "virtio-net-pci"), ("5", 0, "virtio-net-pci"),
                                    ("6", 1, "e1000e"), ("7", 1, "e1000e")):
            devices.nic(address, hub, model=model)
        self.machine = Machine(
            log_dir, build=build, cpus=4, memory="2G", initrd=extended_root("bench", build),
            mint="cpus=0,mem=512M,shm=64M,nodevices=00:05.0,00:07.0",
            extra=[*devices.line, *more])
        self.ways: Dict[str, Way] = {}

    def boot(self) -> None:
        """Starts the nodes, and everything on them that serves."""
        machine = self.machine
        machine.start(BOOT_S)
        machine.node_file("b", "1", memory="320M", devices="00:05.0, 00:07.0")
        machine.node_file("c", "2-3", memory="320M")
        for name in ("b", "c"):
            machine.start_node(name, BOOT_S)
        for name in ("node0", "b", "c"):
            machine.node(name).run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
        self._join_nodes()
        self._join_within("b", "1 CPU", pinned=False)
        self._join_within("c", "2 CPUs", pinned=True)
        for name in ("node0", "b", "c"):
            serve(machine.node(name))
        for name in ("b", "c"):
            serve(machine.node(name), NAMESPACE)

    def close(self) -> None:
        """Ends the machine; a splat on a console spoils what was measured."""
        bad = self.machine.splats()
        self.machine.kill()
        if bad:
            raise RuntimeError(f"splat on a console: {bad[0]}")

    def _join_nodes(self) -> None:
        one, other = self.machine.node("node0"), self.machine.node("b")
        for index, shell in enumerate((one, other)):
            traffic.bring_up(shell, f"10.0.0.{index + 1}")
            for net, (function, name) in enumerate((("00:04.0", "virtio"), ("00:06.0", "intel"))):
                if index:
                    function = {"00:04.0": "00:05.0", "00:06.0": "00:07.0"}[function]
                _bring_up_card(shell, function, name, f"10.{net + 1}.0.{index + 1}")
        for shell in (one, other):
            traffic.wait_carrier(shell)
        for net, (name, device) in enumerate((("vni", "vni0"), ("virtio-net", "virtio"),
                                              ("e1000e", "intel"))):
            address = f"10.{net}.0.2"
            traffic.ping(one, address)
            self.ways[name] = Way(name, End(one, device), End(other, device), address)
        vni = self.ways["vni"]
        past_tcp.load(one)
        past_tcp.switch(other, 1)
        self.ways[BYPASS] = Way(BYPASS, End(one, "vni0", "past-tcp "), vni.far, vni.address)

    def _join_within(self, node: str, kind: str, pinned: bool) -> None:
        """
        Loopback and veth in a node. Of two CPUs one is the client's and one
        the server's: left alone, the scheduler at times puts both on one.
        """
        shell = self.machine.node(node)
        shell.run(f"ip netns add {NAMESPACE} && "
                  f"ip link add veth0 type veth peer name veth1 netns {NAMESPACE} && "
                  "ip addr add 10.3.0.1/24 dev veth0 && ip link set veth0 up && "
                  f"ip -n {NAMESPACE} addr add 10.3.0.2/24 dev veth1 && "
                  f"ip -n {NAMESPACE} link set veth1 up && "
                  f"ip -n {NAMESPACE} link set lo up")
        first, second = ("taskset 1 ", "taskset 2 ") if pinned else ("", "")
        inside = f"ip netns exec {NAMESPACE} "
        traffic.ping(shell, "10.3.0.2")
        name = f"veth, {kind}"
        self.ways[name] = Way(name, End(shell, "veth0", first),
                                 End(shell, "veth1", inside + second), "10.3.0.2")
        name = f"loopback, {kind}"
        self.ways[name] = Way(name, End(shell, "lo", first),
                                 End(shell, "lo", second), "127.0.0.1")

    def emulator(self) -> int:
        """The process that is the machine."""
        assert self.machine.process
        return self.machine.process.pid

    def way(self, name: str) -> Way:
        """A way by its name."""
        return self.ways[name]

    def choose(self, names: Sequence[str]) -> List[Way]:
        """Ways by their names."""
        return [self.ways[name] for name in names]


def _bring_up_card(shell: Shell, function: str, name: str, address: str) -> None:
    place = f"/sys/bus/pci/devices/0000:{function}"
    card = shell.run(f"ls -d {place}/net/* {place}/virtio*/net/* 2>&-",
                     check=False).output.strip().rsplit("/", 1)[-1]
    shell.run(f"ip link set {card} name {name} && ip addr add {address}/24 dev {name} && "
              f"ip link set {name} up")
    shell.poll(f'test "$(cat /sys/class/net/{name}/carrier)" = 1', SETTLE_S)


def serve(shell: Shell, namespace: str = "") -> None:
    """Leaves the servers of iperf3 and of our own program running."""
    inside = f"ip netns exec {namespace} " if namespace else ""
    # On a node of two CPUs the second is the servers'.
    pin = "if [ $(nproc) = 2 ]; then set taskset 2; else set --; fi; "
    shell.run(f"{pin}{inside}\"$@\" iperf3 -s -D && "
              f"({inside}\"$@\" load serve </dev/null >/tmp/serve{namespace}.log 2>&1 &)")
    shell.poll(f"{inside}netstat -ltn | grep -q ':9000 ' && "
               f"{inside}netstat -ltn | grep -q ':5201 '", SETTLE_S)

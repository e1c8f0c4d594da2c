# SPDX-License-Identifier: GPL-2.0
"""
Where the suite runs: on node 0 of two Debian nodes, with node b as its other end, and
on node 0 alone, with a name space at the other end of a pair of veth.
"""

from dataclasses import dataclass
from typing import Dict, List, Tuple

from machine import TOP, Extra, Shell
from debian import NODES, Debian

WORK = TOP / "build/selftests"
SUITE = "/root/ksft"
PACKAGES = ("ethtool", "iperf3", "iproute2", "iputils-ping", "kmod", "python3",
            "python3-jsonschema", "python3-yaml", "socat")
DISK = "6"
# rss_ctx waits for traffic; two_ends has a hundred cases of a second or two.
PROGRAM_S = 900.0


@dataclass(frozen=True)
class Program:
    """A program of the suite; its cases are called NAME.CASE."""

    path: str
    while_it_runs: Tuple[str, ...] = ()
    """Commands at the other end before it, over vni alone."""
    afterwards: Tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As it calls itself."""
        return self.path.rsplit("/", 1)[-1].removesuffix(".py")


PROGRAMS = [
    Program("drivers/net/ping.py"),
    Program("drivers/net/queues.py"),
    Program("drivers/net/stats.py"),
    # It leaves out frames whose checksum is not filled in: b takes no such frames.
    Program("drivers/net/hw/csum_ifname.py", ("ethtool -K vni0 rx off",),
            ("ethtool -K vni0 rx on",)),
    Program("drivers/net/hw/rss_ctx.py"),
    Program("drivers/net/hw/napi.py"),
    Program("drivers/net/hw/two_ends.py"),
    Program("drivers/net/hw/xdp_ends.py"),
]

VNI = {"NETIF": "vni0", "LOCAL_V4": NODES["node0"], "REMOTE_V4": NODES["b"],
       "LOCAL_V6": "2001:db8:77::1", "REMOTE_V6": "2001:db8:77::2",
       "REMOTE_TYPE": "mint", "REMOTE_ARGS": "b"}
VETH = {"NETIF": "veth0", "LOCAL_V4": "192.0.2.1", "REMOTE_V4": "192.0.2.2",
        "LOCAL_V6": "2001:db8::1", "REMOTE_V6": "2001:db8::2",
        "REMOTE_TYPE": "netns", "REMOTE_ARGS": "peer"}
# stats.py takes its interface down and up, and needs its addresses afterwards.
KEEP_ADDRESSES = "echo 1 >/proc/sys/net/ipv6/conf/all/keep_addr_on_down"
# As many queues as netdevsim has, for which the suite is written; at both ends, or veth
# takes no program of XDP.
VETH_PAIR = [KEEP_ADDRESSES,
             "ip netns add peer",
             "ip link add veth0 numrxqueues 3 numtxqueues 3 type veth "
             "peer name veth1 numrxqueues 3 numtxqueues 3 netns peer",
             "ip addr add {LOCAL_V4}/24 dev veth0",
             "ip addr add {LOCAL_V6}/64 dev veth0 nodad",
             "ip link set veth0 up",
             "ip -n peer addr add {REMOTE_V4}/24 dev veth1",
             "ip -n peer addr add {REMOTE_V6}/64 dev veth1 nodad",
             "ip -n peer link set lo up",
             "ip -n peer link set veth1 up"]


class Place:
    """The machine, from its boot to its end."""

    def __init__(self) -> None:
        disk = Extra().disk(DISK, WORK / "suite.tar", snapshot=True)
        self.machine = Debian(WORK / "logs/machine", PACKAGES, extra=disk.line)
        self.environments: Dict[str, Dict[str, str]] = {"vni": VNI, "veth": VETH}

    def boot(self) -> None:
        """Both nodes, joined by vni0, with the suite on node 0, and a pair of veth there."""
        self.machine.boot()
        for node, address in (("node0", VNI["LOCAL_V6"]), ("b", VNI["REMOTE_V6"])):
            self.machine.node(node).run(
                f"{KEEP_ADDRESSES}; ip addr add {address}/64 dev vni0 nodad")
        node0 = self.node0()
        node0.run(f"mkdir {SUITE} && tar -C {SUITE} -xf /dev/disk/by-path/pci-0000:00:0{DISK}.0")
        for command in VETH_PAIR:
            node0.run(command.format_map(VETH))

    def node0(self) -> Shell:
        """Where the suite runs."""
        return self.machine.node("node0")

    def run(self, interface: str, program: Program) -> str:
        """Runs a program over an interface; what it says."""
        # That is what the suite calls an emulated one.
        words = " ".join(["KSFT_MACHINE_SLOW=1", *(
            f"{key}={value}" for key, value in self.environments[interface].items())])
        folder, name = f"{SUITE}/{program.path}".rsplit("/", 1)
        self._tell_b(interface, program.while_it_runs)
        try:
            return self.node0().run(f"cd {folder} && {words} timeout -k 5 {PROGRAM_S:.0f} "
                                    f"./{name} 2>&1", timeout=PROGRAM_S + 30, check=False).output
        finally:
            self._tell_b(interface, program.afterwards)

    def _tell_b(self, interface: str, commands: Tuple[str, ...]) -> None:
        for command in commands if interface == "vni" else ():
            self.machine.node("b").run(command)

    def faults(self) -> List[str]:
        """Lines on the consoles that are a fault, whatever the suite says."""
        return [f"{log}: {line}" for log, line in self.machine.splats()]

    def close(self) -> None:
        """Ends it."""
        self.machine.kill()

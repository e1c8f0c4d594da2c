# SPDX-License-Identifier: GPL-2.0
"""
A machine of two Debian nodes: systemd on both, each on a virtio disk of its own.

Node 0 boots from the first disk. The second disk is a PCI function that node 0
leaves alone and node b gets; b boots from it without an initrd. Both disks are
the image of scripts/debian-root and lose with the machine what is written to them.
`make any`, `make loader` and `make man` have to be done before.
"""

import subprocess
from pathlib import Path
from typing import List, Sequence

import traffic
from building import building
from machine import ANY, START_SECONDS, TOP, Extra, Machine, MachineError, Shell

DISKS = ("4", "5")
NODES = {"node0": "10.77.0.1", "b": "10.77.0.2"}
# systemd on an emulated CPU, on a host with other work.
BOOT_S = 600.0
ROOT_S = 1500
ON_DISK = "root=/dev/vda rootfstype=ext4 rw"


def debian_root(packages: Sequence[str] = ()) -> Path:
    """Makes the image with these packages, unless it is there."""
    with building():
        done = subprocess.run([str(TOP / "scripts/debian-root"), *sorted(packages)], text=True,
                              capture_output=True, check=False, timeout=ROOT_S)
    if done.returncode:
        raise RuntimeError(f"scripts/debian-root: {done.stderr[-4000:]}")
    return Path(done.stdout.splitlines()[-1])


class Debian(Machine):
    """The machine; its shells are those of root on serial lines."""

    def __init__(self, log_dir: Path, packages: Sequence[str] = (), *,
                 memory: str = "1536M", shm: str = "128M", append: str = "",
                 extra: Sequence[str] = ()) -> None:
        image = debian_root(packages)
        disks = Extra()
        for address in DISKS:
            disks.disk(address, image, snapshot=True)
        lines = " ".join(f"systemd.wants=serial-getty@ttyS{number}.service"
                         for number in (1, 2, 3))
        super().__init__(
            log_dir, cpus=4, memory="4G", build=ANY,
            mint=f"cpus=0-1,mem={memory},shm={shm},nodevices=00:0{DISKS[1]}.0",
            append=f"{ON_DISK} systemd.hostname=node0 {lines} {append}",
            extra=[*disks.line, *extra])
        self.node_memory = memory

    def command_line(self) -> List[str]:
        """QEMU without an initrd: the kernel finds the disk by itself."""
        line = super().command_line()
        at = line.index("-initrd")
        return line[:at] + line[at + 2:]

    def start(self, seconds: float = BOOT_S, host: str = "node0") -> None:
        """Starts QEMU and waits until systemd of node 0 has started everything."""
        super().start(seconds, host)
        wait_running(self.node(host), seconds)

    def create_b(self, append: str = "") -> None:
        """Creates node b, which gets the second disk."""
        path = self.node_file("b", "2-3", memory=self.node_memory, initrd="",
                              devices=f"00:0{DISKS[1]}.0",
                              cmdline=f"console=hvc0 {ON_DISK} systemd.hostname=b {append}".strip())
        self.node().run(f"mint create {path}")

    def start_b(self, seconds: float = BOOT_S) -> Shell:
        """Starts node b and waits until its systemd has started everything."""
        self.node().run(f"mint start b --timeout {START_SECONDS}", timeout=seconds)
        shell = self.node_shell("b", seconds)
        wait_running(shell, seconds)
        return shell

    def join(self) -> None:
        """Gives vni0 of both nodes its address, and sees that they reach each other."""
        for name, address in NODES.items():
            traffic.bring_up(self.node(name), address)
        for name in NODES:
            traffic.wait_carrier(self.node(name))
        traffic.ping(self.node("node0"), NODES["b"])
        traffic.ping(self.node("b"), NODES["node0"])

    def boot(self) -> None:
        """Starts both nodes and joins them."""
        self.start()
        self.create_b()
        self.start_b()
        self.join()


def failed_units(shell: Shell) -> str:
    """The units that systemd could not start, a line for each."""
    return shell.run("systemctl --failed --no-legend --plain").output.strip()


def wait_running(shell: Shell, seconds: float = BOOT_S) -> None:
    """Waits until systemd has started all that it is to start; raises if a unit failed."""
    state = shell.run("systemctl is-system-running --wait", timeout=seconds,
                      check=False).output.strip()
    if state != "running":
        raise MachineError(f"{shell.host}: systemd is {state}: {failed_units(shell)}")


def wait_running_there(shell: Shell, node: str, seconds: float = BOOT_S) -> None:
    """The same for a node that has nothing but `mint exec`, which works long before."""
    ask = f"mint exec -n {node} -- systemctl"
    state = shell.poll(f"{ask} is-system-running --wait 2>/dev/null | "
                       "grep -E 'running|degraded'", seconds).output.strip()
    if state != "running":
        failed = shell.run(f"{ask} --failed --no-legend --plain").output.strip()
        raise MachineError(f"{node}: systemd is {state}: {failed}")

# SPDX-License-Identifier: GPL-2.0
"""
Nodes that make checked traffic by themselves, from their first second on.

A root of the tests: what every node has, plus the program of
tests/soak/checked.c, a script that brings vni0 up and starts traffic, and node
files. So a node that is started again needs no console to deliver again.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence

from machine import BUILD, ROOT, TOP, Machine, Shell

CHECKED_PORT = 7
MTU = 16000
# Node n of the ledger has the address 10.0.0.(n + 1): its MAC ends in n.
TALK = """#!/bin/sh
# talk PAUSE-US FLOOD-US MORTAL PEER...: serve, and send to these nodes. A
# connection to or from the mortal one is given up and made anew when it stalls.
pause=$1 flood=$2 mortal=$3
shift 3
self=$((0x$(cut -d: -f6 /sys/class/net/vni0/address) + 1))
ip addr add 10.0.0.$self/24 dev vni0
ip link set vni0 mtu {mtu} up
checked serve {port} &
for peer; do
	case $mortal in $peer|$self) patient= ;; *) patient=patient ;; esac
	checked run 10.0.0.$peer {port} $pause /tmp/to-$peer $patient &
	[ $flood = 0 ] || checked flood 10.0.0.$peer {port} $flood &
done
""".format(mtu=MTU, port=CHECKED_PORT)
INITTAB = """::sysinit:/etc/rc
::once:/etc/talk.sh
hvc0::respawn:-/bin/sh
"""


@dataclass(frozen=True)
class Member:
    """A node of the crowd: node id n + 1 is the n-th to be created."""

    name: str
    cpus: str
    memory: str
    talk: str
    """Arguments of talk."""

    def files(self, work: Path) -> List[str]:
        """Its node file and what runs in it, as lines of a cpio list."""
        conf = work / f"{self.name}.conf"
        conf.write_text(
            f"[node]\nname = {self.name}\ncpus = {self.cpus}\n"
            f"memory = {self.memory}\nkernel = /boot/bzImage\n"
            f"initrd = /boot/{self.name}.cpio\n"
            f"cmdline = console=hvc0 hostname={self.name}\n", encoding="ascii")
        script = work / f"{self.name}.sh"
        script.write_text(f"#!/bin/sh\ntalk {self.talk}\n",
                          encoding="ascii")
        return [f"file /etc/mint/{self.name}.conf {conf} 0644 0 0",
                f"file /etc/talk.sh {script} 0755 0 0"]


def compile_checked() -> Path:
    """Builds the traffic program, static: it is the same in every root."""
    program = BUILD / "tests/checked"
    source = TOP / "tests/soak/checked.c"
    program.parent.mkdir(parents=True, exist_ok=True)
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-static", "-s",
                        "-o", str(program), str(source)], check=True)
    return program


def pack(lines: Sequence[str], work: Path, name: str) -> bytes:
    """An initramfs of these lines."""
    listing = work / f"{name}.list"
    listing.write_text("\n".join(lines) + "\n", encoding="ascii")
    return subprocess.run([str(BUILD / "kernel/usr/gen_init_cpio"), "-t", "0",
                           str(listing)], check=True, capture_output=True).stdout


def make_root(work: Path, members: Sequence[Member]) -> Path:
    """A root of node 0 that can start these nodes."""
    work.mkdir(parents=True, exist_ok=True)
    (work / "talk").write_text(TALK, encoding="ascii")
    (work / "inittab").write_text(INITTAB, encoding="ascii")
    common = [f"file /bin/checked {compile_checked()} 0755 0 0",
              f"file /bin/talk {work / 'talk'} 0755 0 0"]
    lines = list(common)
    for member in members:
        conf, script = member.files(work)
        extra = work / f"{member.name}.cpio"
        extra.write_bytes((BUILD / "small.cpio").read_bytes() + pack(
            common + [script, f"file /etc/inittab {work / 'inittab'} 0644 0 0"],
            work, member.name))
        lines += [conf, f"file /boot/{member.name}.cpio {extra} 0644 0 0"]
    root = work / "root.cpio"
    root.write_bytes(ROOT.read_bytes() + pack(lines, work, "root"))
    return root


def counts(shell: Shell, path: str) -> Dict[str, int]:
    """What a `checked run` on a node has counted so far."""
    words = shell.run(f"cat {path}").output.split()
    return dict(zip(("rounds", "connections", "mismatches", "longest_ms"),
                    map(int, words)))


def wait_rounds(shell: Shell, path: str, more: int, seconds: float) -> None:
    """Waits until checked traffic has made so many further rounds."""
    target = counts(shell, path)["rounds"] + more
    shell.poll(f"test $(cut -c1-10 {path}) -ge {target}", seconds)


def start_all(machine: Machine, members: Sequence[Member]) -> None:
    """Creates and starts all of them."""
    for member in members:
        machine.node().run(f"mint create /etc/mint/{member.name}.conf && "
                           f"mint start {member.name}", timeout=90)

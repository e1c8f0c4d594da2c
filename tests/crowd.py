# SPDX-License-Identifier: GPL-2.0
"""
Nodes that make checked traffic by themselves, from their first second on.

A root of the tests: what every node has, plus the program of
tests/soak/checked.c, a script that brings vni0 up and starts traffic, and node
files. So a node that is started again needs no console to deliver again.
"""

import gzip
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence

from building import building
from machine import BUILD, ROOT, START_SECONDS, TOP, Machine, Shell, roomy
from roots import extended_root

CHECKED_PORT = 7
MODULE = BUILD / "kernel/net/mint/mint_bypass.ko"
MTU = 16000
# Node n of the ledger has the address 10.0.0.(n + 1): its MAC ends in n.
TALK = """#!/bin/sh
# talk PAUSE-US FLOOD-US MORTAL PEER...: serve, and send to these nodes. A
# connection to or from the mortal one is given up and made anew when it stalls.
# Where TCP goes past TCP, pairs come and go: each round also has a connection.
# Once a second the log tells rounds and mismatches with each peer.
pause=$1 flood=$2 mortal=$3
shift 3
self=$((0x$(cut -d: -f6 /sys/class/net/vni0/address) + 1))
ip addr add 10.0.0.$self/24 dev vni0
ip link set vni0 mtu {mtu} up
checked serve {port} &
iperf3 -s -D
for peer; do
	[ $peer != $self ] || continue
	case $mortal in $peer|$self) patient= ;; *) patient=patient ;; esac
	checked run 10.0.0.$peer {port} $pause /tmp/to-$peer $patient &
	[ $flood = 0 ] || checked flood 10.0.0.$peer {port} $flood &
	[ ! -e /proc/sys/net/mint/bypass ] ||
		checked run 10.0.0.$peer {port} $pause /tmp/brief-$peer briefly &
done
while [ $self != 1 ] && sleep 1; do
	line=
	for peer; do
		[ ! -s /tmp/to-$peer ] || read rounds _ wrong _ </tmp/to-$peer &&
			line="$line $peer:$rounds:$wrong"
	done
	echo "talk:$line" >/dev/kmsg
done &
""".format(mtu=MTU, port=CHECKED_PORT)
# TCP of the node goes past TCP from now on. The log tells where the module lies.
PAST_TCP = """#!/bin/sh
insmod /lib/modules/mint_bypass.ko
echo 1 >/proc/sys/net/mint/bypass
echo "past-tcp: $(cat /sys/module/mint_bypass/sections/.text)" >/dev/kmsg
"""
INITTAB = TOP / "scripts/root/inittab.small"


@dataclass(frozen=True)
class Member:
    """A node of the crowd: node id n + 1 is the n-th to be created."""

    name: str
    cpus: str
    memory_mb: int
    talk: str
    """Arguments of talk."""
    past_tcp: bool = False
    """Its connections go past TCP."""
    program: bool = False
    """A program of XDP sends datagrams that it gets back."""

    def command(self) -> str:
        """What it runs at its start."""
        return ("past-tcp\n" * self.past_tcp + "xdp native vni0 reflect &\n" * self.program +
                f"talk {self.talk}")

    def conf(self, work: Path, image: str) -> Path:
        """Its node file."""
        conf = work / f"{self.name}.conf"
        conf.write_text(
            f"[node]\nname = {self.name}\ncpus = {self.cpus}\n"
            f"memory = {roomy(self.memory_mb)}M\nkernel = /boot/bzImage\n"
            f"initrd = /boot/{image}\n"
            # The usual root, a tmpfs, takes half of the memory and no more.
            f"cmdline = console=hvc0 rootfstype=ramfs hostname={self.name}\n",
            encoding="ascii")
        return conf


def compile_checked() -> Path:
    """Builds the traffic program, static: it is the same in every root."""
    program = BUILD / "tests/checked"
    source = TOP / "tests/soak/checked.c"
    with building():
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


def make_image(work: Path, name: str, command: str, more: Sequence[str]) -> Path:
    """The small root plus more files, and a command that it runs at its start."""
    (work / "inittab").write_text(INITTAB.read_text("ascii") + "::once:/etc/talk.sh\n",
                                  encoding="ascii")
    script = work / f"{name}.sh"
    script.write_text(f"#!/bin/sh\n{command}\n", encoding="ascii")
    extra = pack([*more, f"file /etc/talk.sh {script} 0755 0 0",
                 f"file /etc/inittab {work / 'inittab'} 0644 0 0"], work, name)
    image = work / name
    image.write_bytes((BUILD / "small.cpio.gz").read_bytes() + gzip.compress(extra))
    return image


def programs_of_xdp() -> List[str]:
    """The programs of tests/xdp, and what attaches them."""
    extended_root("xdp")
    return [f"file /bin/xdp {BUILD / 'xdp/xdp'} 0755 0 0",
            f"file /lib/programs.bpf.o {BUILD / 'xdp/programs.bpf.o'} 0644 0 0"]


def make_root(work: Path, members: Sequence[Member]) -> Path:
    """A root of node 0 that can start these nodes."""
    work.mkdir(parents=True, exist_ok=True)
    common = [f"file /bin/checked {compile_checked()} 0755 0 0"]
    for name, script in (("talk", TALK), ("past-tcp", PAST_TCP)):
        (work / name).write_text(script, encoding="ascii")
        common.append(f"file /bin/{name} {work / name} 0755 0 0")
    lines = list(common)
    module = [f"file /lib/modules/{MODULE.name} {MODULE} 0644 0 0"]
    programs = programs_of_xdp() if any(member.program for member in members) else []
    images: Dict[str, str] = {}
    for member in members:
        command = member.command()
        if command not in images:
            image = make_image(work, f"{member.name}.cpio.gz", command,
                               common + module * member.past_tcp + programs * member.program)
            images[command] = image.name
            lines.append(f"file /boot/{image.name} {image} 0644 0 0")
        conf = member.conf(work, images[command])
        lines.append(f"file /etc/mint/{member.name}.conf {conf} 0644 0 0")
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


def talked(shell: Shell, name: str) -> Dict[int, "tuple[int, int]"]:
    """Rounds and mismatches by peer, as a node has last put them in its log."""
    lines = shell.run(f"mint log {name} | grep -o 'talk:.*' | tail -n 1").output
    words = (word.split(":") for word in lines.split()[1:])
    return {int(peer): (int(rounds), int(wrong)) for peer, rounds, wrong in words}


def start_all(machine: Machine, members: Sequence[Member]) -> None:
    """Creates and starts all of them."""
    for member in members:
        machine.node().run(f"mint create /etc/mint/{member.name}.conf && "
                           f"mint start {member.name} --timeout {START_SECONDS}",
                           timeout=90)

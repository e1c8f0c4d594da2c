# SPDX-License-Identifier: GPL-2.0
"""
Where the programs run: two Debian nodes with vni0 between them, and two network
namespaces of node 0 with veth between them. A way has an end where the client is
(near) and one where the server is (far); a program sees no more of it.
"""

import re
import shlex
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List

import splats
import traffic
from machine import Shell
from debian import NODES, Debian

PACKAGES = (
    "openssh-server", "openssh-client", "rsync", "nginx-light", "curl", "wrk", "openssl",
    "socat", "redis-server", "redis-tools", "postgresql-15", "memcached",
    "libmemcached-tools", "nfs-kernel-server", "nfs-common", "gcc", "libc6-dev", "make",
    "openmpi-bin", "libopenmpi-dev", "lksctp-tools", "dnsmasq-base", "isc-dhcp-client",
    "radvd", "nftables", "systemd-container", "wireguard-tools", "strongswan-swanctl",
    "charon-systemd")
# Where programs have their files, on each node; empty when one begins.
WORK = "/srv/apps"
COMMAND_S = 300.0
SERVE_S = 120.0
VETH = {"near": "10.78.0.1", "far": "10.78.0.2"}


class Wrong(Exception):
    """What a program gave is not what it should be."""


@dataclass(frozen=True)
class End:
    """One end of a way: commands run behind its prefix, in its network."""

    shell: Shell
    device: str
    address: str
    prefix: str = ""

    def run(self, script: str, timeout: float = COMMAND_S, check: bool = True) -> str:
        """Runs a shell script, up to the first command that fails; what it printed."""
        script = f"set -e; cd {WORK}\n{script}"
        return self.shell.run(f"{self.prefix}sh -c {shlex.quote(script)}", timeout=timeout,
                              check=check).output

    def poll(self, script: str, seconds: float = SERVE_S) -> None:
        """Runs a script again and again until it succeeds."""
        self.shell.poll(f"{self.prefix}sh -c {shlex.quote(script)}", seconds)

    def seconds(self, script: str, timeout: float = COMMAND_S) -> float:
        """Runs a script that prints nothing; how long it took."""
        output = self.run(f"t=$(date +%s%N)\n{script}\n"
                          "echo took $(($(date +%s%N) - t))", timeout)
        match = re.search(r"^took (\d+)$", output, re.MULTILINE)
        if not match:
            raise Wrong(f"no time in {output[-400:]!r}")
        return int(match[1]) / 1e9

    def write(self, name: str, text: str) -> None:
        """Writes a file of a program."""
        self.run(f"cat >{name} <<'THE-END'\n{text}\nTHE-END\n")

    def sum(self, name: str) -> str:
        """The sha256 of a file."""
        return self.run(f"sha256sum <{name}").split()[0]

    def serve(self, name: str, command: str, ready: str = "") -> None:
        """Starts a server as a service, and waits until a script says that it serves."""
        script = shlex.quote(f"cd {WORK}; exec {command}")
        self.shell.run(f"systemd-run -q --collect --unit=apps-{name} "
                       f"{self.prefix}sh -c {script}", timeout=SERVE_S)
        if ready:
            try:
                self.poll(ready)
            except Exception as error:
                log = self.shell.run(f"journalctl -q --no-pager -n 15 -u apps-{name}").output
                raise Wrong(f"{name} does not serve: {log}") from error

    def listen(self, name: str, command: str, port: int) -> None:
        """The same for a server of a TCP port."""
        self.serve(name, command, f"ss -Hltn | grep -q ':{port} '")

    @contextmanager
    def set_up(self, script: str, undo: str) -> Iterator[None]:
        """Does something to the network, and undoes it, whatever happens."""
        try:
            self.run(script)
            yield
        finally:
            self.run(f"set +e\n{undo}\ntrue", check=False)


@dataclass(frozen=True)
class Way:
    """A way from a client to a server."""

    name: str
    near: End
    far: End
    bypass: bool = False
    """Whether connections may go past TCP."""

    def ends(self) -> "tuple[End, End]":
        """Both ends."""
        return self.near, self.far


class Place:
    """The machine and the ways through it."""

    def __init__(self, log_dir: Path) -> None:
        self.machine = Debian(log_dir, PACKAGES)
        self.ways: List[Way] = []

    def boot(self) -> None:
        """Starts both nodes, and joins the ends of each way."""
        self.machine.boot()
        node0, b = self.machine.node("node0"), self.machine.node("b")
        node0.run("for n in near far; do ip netns add $n; ip -n $n link set lo up; done; "
                  "ip link add veth0 netns near type veth peer name veth0 netns far")
        for name, address in VETH.items():
            node0.run(f"ip -n {name} addr add {address}/24 dev veth0 && "
                      f"ip -n {name} link set veth0 mtu $(cat /sys/class/net/vni0/mtu) up")
        near, far = (End(node0, "veth0", address, f"ip netns exec {name} ")
                     for name, address in VETH.items())
        ends = End(node0, "vni0", NODES["node0"]), End(b, "vni0", NODES["b"])
        self.ways = [Way("vni", *ends), Way("bypass", *ends, bypass=True),
                     Way("veth", near, far)]
        for name in NODES:
            self._new_messages(name)

    def clear(self, way: Way) -> None:
        """Ends what still serves, removes its files, and opens a way."""
        for name in NODES:
            self.machine.node(name).run(
                f"sysctl -qw net.mint.bypass={int(way.bypass)}; "
                f"systemctl stop 'apps-*'; systemctl reset-failed; rm -rf {WORK}; mkdir {WORK}",
                timeout=SERVE_S)

    def keep(self, name: str, text: str) -> None:
        """Leaves a text beside the logs."""
        (self.machine.log_dir / f"{name}.error").write_text(f"{text}\n", encoding="utf-8")

    def _new_messages(self, name: str) -> str:
        messages = self.machine.node(name).run("dmesg --read-clear").output
        with open(self.machine.log_dir / f"{name}.dmesg.log", "a", encoding="utf-8") as log:
            log.write(messages)
        return messages

    def look(self) -> None:
        """Raises if a kernel has complained, or vni counts something that is damaged."""
        for name in NODES:
            bad = list(splats.find(self._new_messages(name), self.machine.kernel))
            if bad:
                raise Wrong(f"kernel of {name}: {bad[0]}")
            damage = traffic.damage(self.machine.node(name))
            if damage:
                raise Wrong(f"vni0 of {name}: {damage}")

    def close(self) -> None:
        """Ends the machine."""
        self.machine.kill()

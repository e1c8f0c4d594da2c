# SPDX-License-Identifier: GPL-2.0
"""
Traffic between nodes, made by ordinary programs on their shells.

Shared by the demo and the tests. Nothing here judges a speed.
"""

import json
import math
import re
import shlex
import time
from typing import Any, Dict

from machine import SANITIZE, Shell, deadline_in

STRING_PORT = 5000
SECONDS = 30.0
FLOOD = 300
# What every node can make, so that it can check what it got.
NUMBERS = "test -s /tmp/sent || seq 1500000 >/tmp/sent"
NUMBERS_SECONDS = 60.0
LINK_COUNTERS = "ethtool -S vni0; (cd /sys/class/net/vni0/statistics && grep . *)"
BUFFERS = "/sys/kernel/debug/vni.0/buffers"
# A host that is short of CPUs takes away a vCPU that has a lock of vni: so many waits for
# locks may be in vain on a node. A lock that nobody gives back soon makes more of them.
HOST_TIMEOUTS = 4
# Kernels with checks are slow, and may exceed any short wait.
FORGIVEN = ({"missed_notify": math.inf, "fault_lock_timeout": math.inf} if SANITIZE
            else {"fault_lock_timeout": HOST_TIMEOUTS})


def bring_up(shell: Shell, address: str, tool: str = "ip") -> None:
    """Gives vni0 an address and sets it up, by ip or by ifconfig."""
    if tool == "ip":
        shell.run(f"ip addr add {address}/24 dev vni0 && ip link set vni0 up")
    else:
        shell.run(f"ifconfig vni0 {address} netmask 255.255.255.0 up")


def wait_carrier(shell: Shell, present: bool = True,
                 seconds: float = SECONDS) -> None:
    """Waits until vni0 has, or has not, a carrier."""
    shell.poll(f'test "$(cat /sys/class/net/vni0/carrier)" = {int(present)}',
               seconds)


def ping(shell: Shell, address: str, size: int = 56, count: int = 3) -> str:
    """Pings without fragments; raises if one reply is missing."""
    result = shell.run(f"ping -M do -i 0.2 -c {count} -s {size} -w 20 "
                       f"{address}")
    # Where they take long, more than those are sent.
    if int(result.output.split(" received")[0].split()[-1]) < count:
        raise AssertionError(f"ping of {size} bytes: {result.output}")
    return result.output.strip().splitlines()[-1]


def unanswered(shell: Shell) -> int:
    """Echo requests that a node has sent and has no reply to, from its start on."""
    names, values = shell.run("grep ^Icmp: /proc/net/snmp").output.splitlines()
    counts = dict(zip(names.split(), values.split()))
    return int(counts["OutEchos"]) - int(counts["InEchoReps"])


def flood(shell: Shell, address: str, options: str = "", count: int = FLOOD) -> None:
    """Pings as fast as replies come; raises if one is missing."""
    before = unanswered(shell)
    # Its own verdict takes a reply for lost that is twice as late as any other.
    output = shell.run(f"ping -f -c {count} {options} {address}", check=False, timeout=90).output
    deadline = deadline_in(SECONDS)
    while unanswered(shell) != before:
        if time.monotonic() > deadline:
            raise AssertionError(f"flood of pings: {output}")
    if f"{count} packets transmitted" not in output:
        raise AssertionError(f"flood of pings: {output}")


def listen(shell: Shell, path: str, port: int = STRING_PORT,
           udp: bool = False) -> None:
    """Takes one connection in the background and keeps what it brings."""
    flags = "-u -W 1" if udp else ""
    shell.run(f"rm -f {path} {path}.done; "
              f"((nc -l {flags} {port} >{path} </dev/null; : >{path}.done) "
              "2>/dev/null &)")
    protocol = "udp" if udp else "tcp"
    shell.poll(f"netstat -ln | grep -q '^{protocol}.*:{port} '", SECONDS)


def send_string(sender: Shell, receiver: Shell, address: str,
                text: str, udp: bool = False) -> str:
    """Sends a string through a socket; what has arrived."""
    listen(receiver, "/tmp/string", udp=udp)
    flags = "-u -w 1" if udp else "-N"
    sender.run(f"printf %s {shlex.quote(text)} | "
               f"nc {flags} {address} {STRING_PORT}", timeout=SECONDS)
    receiver.poll("test -e /tmp/string.done", SECONDS)
    return receiver.run("cat /tmp/string").output


def send_numbers(sender: Shell, receiver: Shell, address: str, where: str = "") -> None:
    """Sends the numbers to a program that is started by `where`, and compares."""
    family = "-6" if ":" in address else "-4"
    sender.run(NUMBERS, timeout=NUMBERS_SECONDS)
    receiver.run(f"{NUMBERS}; rm -f /tmp/got.done; "
                 f"(({where}nc {family} -l {STRING_PORT} "
                 ">/tmp/got </dev/null; : >/tmp/got.done) 2>/dev/null &)",
                 timeout=NUMBERS_SECONDS)
    receiver.poll(f"{where}netstat -ltn | grep -q ':{STRING_PORT} '", NUMBERS_SECONDS)
    sender.run(f"nc -N {address} {STRING_PORT} </tmp/sent", timeout=NUMBERS_SECONDS)
    receiver.poll("test -e /tmp/got.done", NUMBERS_SECONDS)
    receiver.run("cmp /tmp/sent /tmp/got", timeout=NUMBERS_SECONDS)


def iperf_server(shell: Shell) -> None:
    """Leaves an iperf3 server running, if none does."""
    listens = "netstat -ltn | grep -q ':5201 '"
    shell.run(f"{listens} || iperf3 -s -D")
    shell.poll(listens, SECONDS)


def load_server(shell: Shell) -> None:
    """Leaves the server of `load` running, on a root that has it."""
    shell.run("(load serve </dev/null >/dev/null 2>&1 &)")
    shell.poll("netstat -ltn | grep -q ':9000 '", SECONDS)


def iperf(shell: Shell, address: str, seconds: int = 3,
          options: str = "") -> Dict[str, Any]:
    """Runs an iperf3 client; the `end` part of its report."""
    # A warning on stderr, e.g. of fragments, is no part of the report.
    result = shell.run(f"iperf3 -J -c {address} -t {seconds} {options} "
                       "2>/dev/null",
                       timeout=seconds + SECONDS, check=False)
    report = json.loads(result.output)
    if result.status != 0 or "error" in report:
        raise AssertionError(f"iperf3: {report.get('error', result.output)}")
    end: Dict[str, Any] = report["end"]
    return end


def gbit(end: Dict[str, Any]) -> float:
    """What the receiver of an iperf3 run got, in Gbit/s."""
    total = end.get("sum_received") or end["sum"]
    return float(total["bits_per_second"]) / 1e9


def frame_bytes(sender: Shell, receiver: Shell, address: str) -> float:
    """Bytes in a frame of bulk TCP, on average."""
    before = link_counters(receiver)
    iperf(sender, address, seconds=1)
    after = link_counters(receiver)
    size, frames = (after[name] - before[name] for name in ("rx_bytes", "rx_packets"))
    return size / frames


def parse_counters(output: str) -> Dict[str, int]:
    """Lines of a name, a colon and a number; a shell may print others between them."""
    return {name: int(value) for name, value in
            re.findall(r"^ *(\w+): ?(\d+)\r?$", output, re.MULTILINE)}


def link_counters(shell: Shell) -> Dict[str, int]:
    """The counters of vni0: the standard ones and those of `ethtool -S`."""
    return parse_counters(shell.run(LINK_COUNTERS).output)


def buffers(shell: Shell) -> Dict[str, int]:
    """The census of vni's buffers, by state."""
    found = parse_counters(shell.run(f"cat {BUFFERS}").output)
    assert "pool" in found
    return found


def wait_buffers_free(shell: Shell, states: str = "alloc|inflight|held|bad|invalid") -> None:
    """Waits until no buffer of the machine is in one of these states."""
    shell.run(f"grep -q '^pool: ' {BUFFERS}")
    shell.poll(f"! grep -E '^({states}): [^0]' {BUFFERS}", SECONDS)


def signs_of_damage(counters: Dict[str, int]) -> Dict[str, int]:
    """Counters of vni0 that are 0 unless a doorbell got lost or a field was bad."""
    return {name: value for name, value in counters.items()
            if name.startswith(("fault_", "rx_bad", "missed_notify")) and
            value > FORGIVEN.get(name, 0)}


def damage(shell: Shell) -> Dict[str, int]:
    """The same of a node."""
    return signs_of_damage(link_counters(shell))

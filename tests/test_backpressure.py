# SPDX-License-Identifier: GPL-2.0
"""Senders wait instead of dropping, and nobody takes the pool for itself."""

import functools
import time
from typing import Dict, List

import faults
import pytest
import shared_region
import traffic
from conftest import Boot, join
from machine import Machine, Shell

LIMITS = "/sys/class/net/vni0/queues/tx-*/byte_queue_limits"
# What BQL counts as under way, of the queues where there is something.
IN_FLIGHT = f"cat {LIMITS}/inflight | grep -vx 0"
LIMIT_BYTES = 200_000
NO_LIMIT = 1_000_000_000
# What a batch may go over the limit by: one frame of the longest kind.
FRAME_BYTES = 262_144
WAIT_SECONDS = 30.0
LATE_BYTES = 8 << 20

# By node id: the address on vni0 ends in node id + 1.
PAIR = ("node0", "b")
FLOODER = "c"
STUCK = ("d", "e")
ADDRESS = {"node0": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3",
           "d": "10.0.0.4", "e": "10.0.0.5"}
BROADCAST = "10.0.0.255"
STUCK_MS = 60_000
ROUNDS = 2
COPIES = 32


class Node:
    """A node that takes commands by `mint exec`."""

    def __init__(self, machine: Machine, name: str) -> None:
        self.shell = machine.node()
        self.name = name

    def line(self, command: str) -> str:
        """The same command as one line for the shell of node 0."""
        if self.name == "node0":
            return command
        return f"mint exec {self.name} -- sh -c '{command}'"

    def run(self, command: str) -> str:
        """What a command printed."""
        return self.shell.run(self.line(command)).output

    def start(self, command: str) -> None:
        """Leaves a command running, beyond the end of `mint exec`."""
        self.run(f"setsid {command} >/dev/null 2>&1 </dev/null &")

    def poll(self, command: str) -> None:
        """Waits until a command returns 0."""
        self.shell.poll(self.line(command), WAIT_SECONDS)

    def counters(self) -> Dict[str, int]:
        """The counters of its vni0."""
        return traffic.parse_counters(self.run(traffic.LINK_COUNTERS))


def drops(counters: Dict[str, int]) -> Dict[str, int]:
    """The counters of frames that were dropped, or of words that were bad."""
    names = ("tx_no_buffer", "tx_peer_down", "tx_too_long", "tx_flood_full", "tx_lock",
             "tx_ring_bad", "tx_bad_skb", "rx_alloc_fail")
    dropped = {name: counters[name] for name in names if counters[name]}
    return {**dropped, **traffic.signs_of_damage(counters)}


def assert_nothing_lost(shells: List[Shell]) -> None:
    """No counter of a drop has moved, on none of these nodes."""
    for shell in shells:
        assert not drops(traffic.link_counters(shell))


def unlimited_sender_waits(pair: Machine) -> None:
    """Whatever is offered, no frame is dropped."""
    shells = [pair.node(name) for name in ("node0", "b")]
    for options in ("-u -b 0 -l 60", "-u -b 0 -l 60000", "-P 4", "--bidir"):
        traffic.iperf(shells[0], "10.0.0.2", seconds=1, options=options)
        assert_nothing_lost(shells)
    for shell in shells:
        shell.poll(f"! {IN_FLIGHT}", WAIT_SECONDS)
    traffic.ping(shells[0], "10.0.0.2")
    traffic.ping(shells[1], "10.0.0.1")


def byte_limit_holds(pair: Machine) -> None:
    """BQL's limit is kept, and nothing stays in flight."""
    shell = pair.node()
    shell.run(f"for file in {LIMITS}/limit_max; do echo {LIMIT_BYTES} >$file; done")
    shell.run("((iperf3 -c 10.0.0.2 -t 4 >/tmp/iperf 2>&1; echo $? >/tmp/status) "
              ">/dev/null 2>&1 &)")
    seen: List[int] = []
    while shell.run("test -s /tmp/status", check=False).status:
        seen += map(int, shell.run(f"{IN_FLIGHT} || echo 0").output.split())
        traffic.ping(shell, "10.0.0.2", count=1)
    assert shell.run("cat /tmp/status").output.strip() == "0"
    assert 0 < max(seen) <= LIMIT_BYTES + FRAME_BYTES
    limits = shell.run(f"cat {LIMITS}/limit").output.split()
    assert 0 < max(map(int, limits)) <= LIMIT_BYTES
    shell.poll(f"! {IN_FLIGHT}", WAIT_SECONDS)
    assert_nothing_lost([shell, pair.node("b")])


def lock_not_had_delays(pair: Machine, lock: int) -> None:
    """
    A lock that a living node keeps delays what needs it, until it lets go.

    So many waits are in vain that no test would take them for the host's doing.
    """
    shell, peer = pair.node(), pair.node("b")
    timeouts = traffic.link_counters(shell)["fault_lock_timeout"]
    before = drops(traffic.link_counters(shell))
    traffic.listen(peer, "/tmp/got")
    shell.run(shared_region.write_command(lock, shared_region.LOCKED_BY_B))
    shell.run(f"((head -c {LATE_BYTES} /dev/zero | nc -N 10.0.0.2 {traffic.STRING_PORT}; "
              "echo $? >/tmp/late) >/dev/null 2>&1 &)")
    deadline = time.monotonic() + WAIT_SECONDS
    while traffic.link_counters(shell)["fault_lock_timeout"] <= timeouts + traffic.HOST_TIMEOUTS:
        assert time.monotonic() < deadline, f"hardly anybody needs the lock at {lock:#x}"
    shell.run(shared_region.write_command(lock, bytes(8)))
    peer.poll("test -e /tmp/got.done", WAIT_SECONDS)
    assert int(peer.run("stat -c %s /tmp/got").output) == LATE_BYTES
    after = drops(traffic.link_counters(shell))
    # Copies of floods do not wait, and there may have been one.
    for counter in ("fault_lock_timeout", "tx_lock"):
        before.pop(counter, None)
        after.pop(counter, None)
    assert after == before


def test_senders_wait_and_drop_nothing(boot: Boot) -> None:
    pair = boot(mint="cpus=0,mem=512M,shm=64M")
    pair.start_node("b")
    join(pair, ["node0", "b"])
    traffic.iperf_server(pair.node("b"))
    unlimited_sender_waits(pair)
    byte_limit_holds(pair)
    reader = functools.partial(shared_region.read, pair.node())
    section = shared_region.VniSection(reader)
    locks = section.lock_offsets()
    for name in ("pool 1", f"ring {section.nr_queues}"):
        lock_not_had_delays(pair, section.start + locks[name])


@pytest.fixture(name="nodes")
def fixture_nodes(boot: Boot) -> Dict[str, Node]:
    """Five nodes of one CPU each."""
    machine = boot(cpus=5, mint="cpus=0,mem=512M,shm=64M", initrd=faults.root())
    shell = machine.node()
    for cpu, name in enumerate(list(ADDRESS)[1:], 1):
        shell.run(f"mint create {machine.node_file(name, str(cpu))} && mint start {name}",
                  timeout=90)
    nodes = {name: Node(machine, name) for name in ADDRESS}
    for name, node in nodes.items():
        # A long datagram is one frame, and takes a large buffer.
        node.run(f"ip addr add {ADDRESS[name]}/24 dev vni0; ip link set vni0 mtu 65535 up")
    for node in nodes.values():
        node.poll('test "$(cat /sys/class/net/vni0/carrier)" = 1')
    nodes["b"].run("iperf3 -s -D")
    nodes["b"].poll('netstat -ltn | grep -q ":5201 "')
    # The share of the pool is what stops the flood, not the limit on bytes.
    nodes[FLOODER].run(f"for file in {LIMITS}/limit_min; do echo {NO_LIMIT} >$file; done")
    for name in STUCK:
        nodes[FLOODER].run(f"ping -c 1 -w 10 {ADDRESS[name]}")
    return nodes


def rate(nodes: Dict[str, Node]) -> float:
    """What the pair carries, in Gbit/s."""
    return traffic.gbit(traffic.iperf(nodes["node0"].shell, ADDRESS["b"], seconds=1))


def stick(node: Node) -> None:
    """Has a node take no frame, until it is told otherwise or a minute has passed."""
    node.run("dmesg -c >/dev/null")
    node.start(f"fault receiver-stuck {STUCK_MS}")
    node.poll("dmesg | grep -q receiver-stuck")


def unstick(node: Node) -> None:
    """Has it take frames again."""
    node.run("kill $(pidof fault)")


def flooded_rate(nodes: Dict[str, Node]) -> float:
    """The same while the flooder has filled what it may of two stuck receivers."""
    flooder = nodes[FLOODER]
    stops = flooder.counters()["stop"]
    for name in STUCK:
        stick(nodes[name])
        flooder.start('bash -c "exec dd if=/dev/zero bs=60000 count=300 '
                      f'>/dev/udp/{ADDRESS[name]}/9"')
    deadline = time.monotonic() + WAIT_SECONDS
    while flooder.counters()["stop"] < stops + len(STUCK):
        assert time.monotonic() < deadline, flooder.counters()
    before = flooder.counters()["tx_packets"]
    measured = rate(nodes)
    assert flooder.counters()["tx_packets"] <= before + 2, "nobody was stuck"
    for name in STUCK:
        unstick(nodes[name])
    flooder.poll("! pidof dd")
    return measured


def netconsole_to_a_stuck_node(nodes: Dict[str, Node]) -> None:
    """Messages that cannot be sent do not keep a node from what it receives."""
    talker, stuck = nodes["node0"], STUCK[0]
    stick(nodes[stuck])
    talker.run("insmod /lib/modules/netconsole.ko netconsole=6665@10.0.0.1/vni0,"
               f"6666@{ADDRESS[stuck]}/02:4d:49:4e:54:03")
    talker.start("bash -c \"while echo '<1>for netconsole' >/dev/kmsg; do :; done\"")
    talker.poll(IN_FLIGHT)
    nodes["b"].run("ping -q -i 0.02 -c 100 10.0.0.1 >&2")
    talker.run("kill $(pidof bash); rmmod netconsole")
    unstick(nodes[stuck])


def broadcast(node: Node, count: int) -> Dict[str, int]:
    """Sends frames to everybody, and returns the node's counters. Nobody answers."""
    node.run(f"ping -b -q -l {count} -c {count} -W 1 {BROADCAST} >/dev/null 2>&1 || :")
    return node.counters()


def flood_leaves_a_full_ring_alone(nodes: Dict[str, Node]) -> None:
    """A copy for a full ring is dropped without a try for the ring's lock."""
    flooder, stuck = nodes[FLOODER], nodes[STUCK[0]]
    shell = nodes["node0"].shell
    section = shared_region.VniSection(functools.partial(shared_region.read, shell))
    lock = section.start + section.ring_offset(list(ADDRESS).index(stuck.name))
    slots = section.header.nr_slots
    stick(stuck)
    full = broadcast(flooder, 2 * slots)
    assert full["tx_flood_full"] >= slots, full
    shell.run(shared_region.write_command(lock, shared_region.LOCKED_BY_B))
    now = broadcast(flooder, COPIES)
    shell.run(shared_region.write_command(lock, bytes(8)))
    assert now["tx_flood_full"] >= full["tx_flood_full"] + COPIES, now
    assert now["tx_lock"] == full["tx_lock"], now
    unstick(stuck)
    flooder.run(f"ping -c 1 -w 10 {ADDRESS[stuck.name]}")


def test_flooder_and_stuck_receivers_stop_nobody_else(nodes: Dict[str, Node]) -> None:
    # Rates of one run differ by half on a shared host: `make bench` compares
    # them; here the others must carry data, drop nothing and never wait.
    rates = [(rate(nodes), flooded_rate(nodes)) for _ in range(ROUNDS)]
    print(f"Gbit/s alone, beside a flooder: {rates}")
    for name, node in nodes.items():
        counters = node.counters()
        assert not drops(counters), name
        assert name == FLOODER or not counters["stop"], name
    counters = nodes[FLOODER].counters()
    assert counters["stop"] == counters["wake"]
    nodes[FLOODER].poll(f"! {IN_FLIGHT}")

    netconsole_to_a_stuck_node(nodes)
    for name, node in nodes.items():
        assert not drops(node.counters()), name
    flood_leaves_a_full_ring_alone(nodes)


def test_who_waits_for_a_node_that_dies_goes_on(nodes: Dict[str, Node]) -> None:
    talker, stuck = nodes["node0"], nodes[STUCK[0]]
    talker.run(f"ping -c 1 -w 10 {ADDRESS[stuck.name]}")
    stick(stuck)
    talker.start('bash -c "dd if=/dev/zero bs=1000 count=3000 '
                 f'>/dev/udp/{ADDRESS[stuck.name]}/9; touch /tmp/over"')
    talker.poll(IN_FLIGHT)
    time.sleep(1)
    assert talker.run("test ! -e /tmp/over && echo waits") == "waits\n"
    # The limit on bytes has stopped it, and no full ring.
    assert not talker.counters()["stop"]
    talker.run(f"mint kill {stuck.name}")
    talker.poll("test -e /tmp/over")
    assert talker.counters()["tx_peer_down"]

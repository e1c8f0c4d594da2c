# SPDX-License-Identifier: GPL-2.0
"""
CPUs look for frames themselves: with nothing else to do, in busy polls, and between
the tasks that they run.
"""

import time
from typing import Callable, Dict, List

import past_tcp
import pytest
import traffic
from conftest import Boot, join
from machine import Machine, Shell
from roots import extended_root

TRIP_MS = 200
BUSY_US = 100000
CLIENTS = 16
FLOOD_MS = 500
ARRIVES = 0.8
"""Of a flood, the part that its reader gets at least if it has time to read."""
PAUSE_POLLS = 256
"""Polls with frames for which doorbells are rung again after frames that were late."""
TRY_SECONDS = 240.0
NODES = ("node0", "b")
THREAD = "$(pidof vni-idle/0)"
HOG = "(while :; do :; done) & echo $!"


@pytest.fixture(name="pair")
def pair_fixture(boot: Boot) -> Machine:
    """Two nodes of one CPU each, on vni0."""
    machine = boot(cpus=2, mint="cpus=0,mem=512M,shm=64M", initrd=extended_root("bench"))
    machine.node_file("b", "1")
    machine.start_node("b")
    join(machine, list(NODES))
    return machine


def idle_poll(shells: List[Shell], state: str) -> None:
    """Turns idle polling on or off."""
    for shell in shells:
        shell.run(f"ethtool --set-priv-flags vni0 idle-poll {state}")


def risen(shells: List[Shell], command: str) -> List[Dict[str, int]]:
    """What the counters of each node rise by while node 0 runs a command."""
    before = [traffic.link_counters(shell) for shell in shells]
    shells[0].run(command)
    return [{key: value - then[key] for key, value in traffic.link_counters(shell).items()}
            for shell, then in zip(shells, before)]


def counted(shells: List[Shell], counter: str, busy_us: int = 0) -> int:
    """What a counter rises by while requests of one byte are answered."""
    found = risen(shells, f"load rr 10.0.0.2 1 {TRIP_MS} {busy_us}")
    return sum(one[counter] for one in found)


def try_until(satisfied: Callable[[], bool]) -> None:
    """What a busy host may spoil is tried again."""
    deadline = time.monotonic() + TRY_SECONDS
    while not satisfied():
        assert time.monotonic() < deadline


def cpu_ticks(shell: Shell, pid: str) -> int:
    """Ticks of processor time that a thread has had."""
    fields = shell.run(f"cat /proc/{pid}/stat").output.rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_idle_cpus_look_for_frames_and_sleep_in_the_end(pair: Machine) -> None:
    shells = [pair.node(name) for name in NODES]

    def sleeps() -> bool:
        before = cpu_ticks(shells[1], THREAD)
        shells[1].run("sleep 1")
        return cpu_ticks(shells[1], THREAD) == before

    traffic.load_server(shells[1])
    idle_poll(shells, "off")
    assert not counted(shells, "rx_idle_found")
    idle_poll(shells, "on")
    try_until(lambda: counted(shells, "rx_idle_found") > 0)
    try_until(sleeps)
    for shell in shells:
        assert not traffic.damage(shell)


def test_a_busy_poller_wants_no_doorbell(pair: Machine) -> None:
    shells = [pair.node(name) for name in NODES]
    traffic.load_server(shells[1])
    idle_poll(shells, "off")
    try_until(lambda: 4 * counted(shells, "doorbells", BUSY_US) < counted(shells, "doorbells"))
    for shell in shells:
        assert not traffic.damage(shell)


def test_a_busy_cpu_is_left_to_what_runs_on_it(pair: Machine) -> None:
    sender, receiver = (pair.node(name) for name in NODES)
    hog = receiver.run(HOG).output.strip()
    pids = (THREAD, hog)
    before = [cpu_ticks(receiver, pid) for pid in pids]
    traffic.flood(sender, "10.0.0.2")
    traffic.iperf_server(receiver)
    traffic.iperf(sender, "10.0.0.2", seconds=2)
    looking, busy = (cpu_ticks(receiver, pid) - ticks for pid, ticks in zip(pids, before))
    assert 4 * looking < busy
    receiver.run(f"kill {hog}")
    traffic.flood(sender, "10.0.0.2")
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


def test_cpus_that_run_many_tasks_want_few_doorbells(pair: Machine) -> None:
    shells = [pair.node(name) for name in NODES]
    traffic.load_server(shells[1])

    def are_spared() -> bool:
        found = risen(shells, f"load crowd 10.0.0.2 alone 64 {CLIENTS} {TRIP_MS}")
        return all(4 * one["doorbells"] < one["tx_packets"] for one in found)

    try_until(are_spared)
    for shell in shells:
        shell.run("ethtool -C vni0 rx-usecs 0")
    try_until(lambda: not are_spared())
    for shell in shells:
        assert not traffic.damage(shell)


def test_a_cpu_that_does_not_look_is_rung_again(pair: Machine) -> None:
    shells = [pair.node(name) for name in NODES]
    traffic.load_server(shells[1])
    shells[1].run(HOG)

    def comes_late() -> bool:
        found = risen(shells, f"load rr 10.0.0.2 1 {TRIP_MS} 0")
        for one in found:
            assert one["rx_late"] <= 1 + one["rx_polls"] // PAUSE_POLLS
        return found[1]["rx_late"] > 0

    try_until(comes_late)
    for shell in shells:
        assert not traffic.damage(shell)


def test_a_flood_leaves_time_to_who_reads_it(pair: Machine) -> None:
    shells = [pair.node(name) for name in NODES]
    traffic.load_server(shells[1])

    def arrives() -> bool:
        before = traffic.link_counters(shells[1])["rx_yields"]
        words = shells[0].run(f"load udp 10.0.0.2 1400 0 {FLOOD_MS}").output.split()
        sent, received = (float(dict(word.split("=") for word in words)[name])
                          for name in ("sent", "received"))
        yields = traffic.link_counters(shells[1])["rx_yields"] - before
        return bool(yields) and received > ARRIVES * sent

    try_until(arrives)
    shells[1].run("ethtool -C vni0 rx-frames 1")
    try_until(lambda: not arrives())
    for shell in shells:
        assert not traffic.damage(shell)


def test_idle_cpus_look_for_signals_past_tcp(pair: Machine) -> None:
    shells = [pair.node(name) for name in NODES]
    for shell in shells:
        past_tcp.switch(shell, 1)
    traffic.load_server(shells[1])

    def are_spared() -> bool:
        before = [past_tcp.statistics(shell) for shell in shells]
        shells[0].run(f"load rr 10.0.0.2 1 {TRIP_MS} 0")
        found = [past_tcp.grown(shell, then) for shell, then in zip(shells, before)]
        return any(one["doorbells"] < one["signals"] for one in found)

    try_until(are_spared)
    for shell in shells:
        shell.run("echo 0 >/sys/module/mint_bypass/parameters/idle_poll")
    try_until(lambda: not are_spared())


def test_it_is_switched_under_traffic_and_survives_its_interface(pair: Machine) -> None:
    sender, receiver = (pair.node(name) for name in NODES)
    receiver.run("(while test ! -e /tmp/stop; do for state in off on; do "
                 "ethtool --set-priv-flags vni0 idle-poll $state; done; done; "
                 "rm /tmp/stop) >/dev/null 2>&1 &")
    for _ in range(3):
        traffic.flood(sender, "10.0.0.2")
    receiver.run("touch /tmp/stop")
    receiver.poll("test ! -e /tmp/stop", TRY_SECONDS)
    for _ in range(5):
        receiver.run("ip link set vni0 down")
        receiver.poll("! pidof vni-idle/0", TRY_SECONDS)
        receiver.run("ip link set vni0 up")
        traffic.wait_carrier(sender)
        traffic.flood(sender, "10.0.0.2")
    for shell in (sender, receiver):
        assert not traffic.damage(shell)

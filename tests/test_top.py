# SPDX-License-Identifier: GPL-2.0
"""
mint top on a machine: load and traffic show on the nodes that have them, and nodes
that hang, end or do not answer keep nobody from the others. What is compared is
compared within one run.
"""

import json
import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator

import faults
import pytest
import traffic
from conftest import Shared, join
from machine import Machine, Shell, deadline_in
from mint_list import state_of

SECONDS = 60.0
NAMES = ["node0", "b", "c"]
HANG_MS = 8000
LATENCY = "/sys/kernel/debug/vni.0/latency"
FLAG = "ethtool --set-priv-flags vni0 rx-latency"

Nodes = Dict[str, Any]


def start_three(machine: Machine) -> None:
    """Nodes b and c, each on a CPU of its own, joined with node 0."""
    machine.expect_splat(faults.SPLATS)
    for name in NAMES[1:]:
        machine.start_node(name)
    join(machine, NAMES)


@pytest.fixture(name="three")
def three_fixture(request: pytest.FixtureRequest, shared: Shared) -> Machine:
    """Nodes 0, b and c on vni0, which other tests have used."""
    return shared.lend(request.node, start_three, initrd=faults.root())


def look(shell: Shell) -> Nodes:
    """What `mint top --json` tells, by name."""
    report = json.loads(shell.run("mint top --json --interval 1", timeout=SECONDS).output)
    assert report["schema"] == 1 and report["interval_ms"] == 1000
    return {node["name"]: node for node in report["nodes"]}


def until(shell: Shell, holds: Callable[[Nodes], bool]) -> Nodes:
    """Looks until something holds, of nodes of which all that answer have told twice."""
    deadline = deadline_in(SECONDS)
    while True:
        nodes = look(shell)
        told = [node for node in nodes.values() if node["figures"]]
        if all(node["rates"] for node in told) and holds(nodes):
            return nodes
        assert time.monotonic() < deadline, nodes


def all_told(nodes: Nodes) -> bool:
    """Whether all three have told what they do."""
    return all(nodes[name]["figures"] for name in NAMES)


def rate(nodes: Nodes, node: str, name: str) -> int:
    """A rate of a node."""
    value: int = nodes[node]["rates"][name]
    return value


def test_every_node_shows_what_all_of_them_tell(three: Machine) -> None:
    for viewer in ("node0", "b"):
        counters = traffic.link_counters(three.node("c"))
        nodes = until(three.node(viewer), all_told)
        after = traffic.link_counters(three.node("c"))
        assert list(nodes) == NAMES
        for node in nodes.values():
            figures = node["figures"]
            assert node["state"] == "running" and node["why"] is None and node["cpus"]
            assert 0 <= node["rates"]["busy_permille"] <= 1000
            assert figures["memory_available_bytes"] <= figures["memory_total_bytes"] <= \
                node["memory_bytes"]
        for name, counter in (("rx_frames", "rx_packets"), ("tx_bytes", "tx_bytes")):
            assert counters[counter] <= nodes["c"]["figures"][name] <= after[counter]


@contextmanager
def running(shell: Shell, command: str) -> Iterator[None]:
    """A command in the background, as long as the body runs."""
    shell.run(f"({command} >/dev/null 2>&1 & echo $! >/tmp/running)")
    try:
        yield
    finally:
        shell.run("kill $(cat /tmp/running)")


def test_load_shows_on_the_node_that_has_it(three: Machine) -> None:
    shell, b = three.node(), three.node("b")
    with running(b, "while :; do :; done"):
        busy = until(shell, all_told)
    assert rate(busy, "b", "busy_permille") > rate(busy, "c", "busy_permille")
    # It takes memory from nobody else, and gives it back.
    b.run("dd if=/dev/zero of=/dev/shm/much bs=1M count=64 2>/dev/null")
    full = until(shell, all_told)
    b.run("rm /dev/shm/much")
    free = until(shell, all_told)
    available = [nodes["b"]["figures"]["memory_available_bytes"] for nodes in (full, free)]
    assert available[1] - available[0] > 32 << 20
    assert rate(free, "b", "busy_permille") < rate(busy, "b", "busy_permille")


def test_traffic_shows_on_both_ends_and_nowhere_else(three: Machine) -> None:
    shell = three.node()
    with running(shell, "ping -f -w 600 10.0.0.2"):
        nodes = until(shell, all_told)
    for name in ("rx_frames_per_s", "tx_frames_per_s", "rx_bytes_per_s", "tx_bytes_per_s"):
        for end in ("node0", "b"):
            assert rate(nodes, end, name) > rate(nodes, "c", name), (end, name, nodes)
    assert rate(nodes, "b", "rx_dropped_per_s") == 0


@pytest.fixture(name="counted")
def counted_fixture(three: Machine) -> Iterator[Machine]:
    """Node b counts how long frames were on their way."""
    three.node("b").run(f"{FLAG} on; echo >{LATENCY}")
    yield three
    three.node("b").run(f"{FLAG} off; echo >{LATENCY}")


def test_latency_shows_where_it_is_counted(counted: Machine) -> None:
    shell, c = counted.node(), counted.node("c")
    with running(c, "ping -i 0.2 -w 600 10.0.0.2"):
        nodes = until(shell, all_told)
    p50, p99 = (rate(nodes, "b", f"latency_{name}_ns") for name in ("p50", "p99"))
    assert 0 < p50 <= p99
    assert 2 in {row["source"] for row in nodes["b"]["figures"]["latency"]}
    assert not nodes["c"]["figures"]["latency"] and "latency_p50_ns" not in nodes["c"]["rates"]


def test_screens_come_as_often_as_they_are_wanted(three: Machine) -> None:
    shell = three.node()
    text = shell.run("mint top --count 3 --interval 0.5 | cat", timeout=SECONDS).output
    assert text.count("NAME") == 3 and "\x1b" not in text
    for name in NAMES:
        assert sum(line.split()[1:2] == [name] for line in text.splitlines()) == 3


def test_a_node_that_hangs_has_its_state_and_the_others_go_on(three: Machine) -> None:
    shell = three.node()
    three.node("c").start(f"fault hang-interrupts-off {HANG_MS}")
    nodes = until(shell, lambda nodes: bool(nodes["c"]["state"] == "silent"))
    assert nodes["c"]["figures"] is None
    assert nodes["c"]["why"] == "it is silent and does not answer. Try: mint kill c"
    for name in ("node0", "b"):
        assert nodes[name]["rates"] and nodes[name]["why"] is None
    until(shell, all_told)
    three.node("c").run("true")


@pytest.fixture(name="mute")
def mute_fixture(three: Machine) -> Iterator[Machine]:
    """What node c starts to serve a request does nothing."""
    c = three.node("c")
    c.run("mv /bin/mint /bin/away; printf '#!/bin/sh\\nexec sleep 1234\\n' >/bin/mint; "
          "chmod 755 /bin/mint")
    yield three
    c.run("mv /bin/away /bin/mint; pkill -f 'sleep 1234' || :")


def test_a_node_that_does_not_answer_is_asked_once(mute: Machine) -> None:
    shell, c = mute.node(), mute.node("c")
    # A subshell, which says nothing of the end of jobs.
    text = shell.run("(mint top --count 4 --interval 0.5 | cat & "
                     "for i in 1 2 3 4 5 6; do mint exec -n b -- true || echo lost; done; wait)",
                     timeout=SECONDS).output
    rows = [line for line in text.splitlines() if line.split()[1:2] == ["c"]]
    assert len(rows) == 4 and all("no answer for" in row for row in rows), text
    assert "lost" not in text
    # The others have told: the third column of theirs that is measured is a number.
    told = [line.split() for line in text.splitlines() if line.split()[1:2] == ["b"]]
    assert len(told) == 4 and any(row[6] != "-" for row in told), text
    # There was one request in all of these rounds. Its helper knows of no client.
    assert c.run("ps | grep -c '[s]leep 1234'").output.strip() == "1"


def test_a_node_that_cannot_be_asked_tells_why(three: Machine) -> None:
    shell, c = three.node(), three.node("c")
    c.run("mv /bin/mint /bin/away")
    try:
        nodes = look(shell)
    finally:
        c.run("mv /bin/away /bin/mint")
    assert nodes["c"]["why"] == "it could not start /sbin/mint: No such file or directory. " \
                                "Try: mint log c"
    assert nodes["b"]["figures"]


def test_a_node_that_is_killed_and_started_again(three: Machine) -> None:
    shell = three.node()
    before = until(shell, all_told)
    shell.run("mint kill c")
    three.close_shell("c")
    nodes = look(shell)
    assert nodes["c"]["state"] == "stopped" == state_of(shell, "c")
    assert nodes["c"]["why"] == "it is stopped already. Try: mint start c"
    assert nodes["c"]["memory_bytes"] == before["c"]["memory_bytes"]
    shell.run("mint start c", timeout=SECONDS)
    traffic.bring_up(three.node_shell("c"), "10.0.0.3")
    after = until(shell, all_told)
    assert after["c"]["generation"] == before["c"]["generation"] + 1

# SPDX-License-Identifier: GPL-2.0
"""examples/units: a reader gets whole records, all of them, and nothing but those."""

from typing import ContextManager, List

import past_tcp
import pytest
import traffic
from background import Said, running
from conftest import Shared
from machine import Machine, Shell
from examples.place import options
from examples.units import ADDRESS, GROUP, PORT, READERS, UNITS, exchange, start

# Records without a byte, with one, as long as may be; in segments that have many, and in
# many segments, with prefixes that are cut as well.
SHAPES = ((0, 60000), (1, 3), (50, 60000), (50, 7), (3000, 7000), (16000, 1000), (65536, 9000))
COUNT = 300
LIMIT = 1000
MOST_CONNECTIONS = 1024
WHOLE = {"damaged": 0, "half": 0, "failed": 0}
HELD_MS = 1500


@pytest.fixture(name="nodes")
def nodes_fixture(request: pytest.FixtureRequest, shared: Shared) -> Machine:
    """Node 0, which sends, and b, which reads."""
    machine = shared.lend(request.node, start, **options())
    assert not machine.node("b").run("pidof units records || :").output
    return machine


def manner(reader: str) -> str:
    """How a reader is told to wait."""
    return "poll" if reader == "poll" else ""


def held_back(nodes: Machine, command: str = UNITS) -> ContextManager[Said]:
    """The program on the reader's node."""
    return running(nodes.node("b"), command)


def cut(nodes: Machine, count: int, last: int, sent: int, wait_ms: int = 300) -> None:
    """Sends records, and so many bytes of a last one."""
    nodes.node().run(f"records cut {ADDRESS} {count} 100 {last} {sent} {wait_ms}")


def reading(nodes: Machine, take: str = "1") -> ContextManager[Said]:
    """A reader, until it has seen its connections end."""
    return running(nodes.node("b"), f"records take {PORT} {take}", ends=True)


def wait_gone(node: Shell) -> None:
    """The kernel has nothing of the program any more."""
    node.poll("! grep -q 'bpf_prog_.*_\\(take\\|parse\\|pass\\)\\b' /proc/kallsyms",
              traffic.SECONDS)


@pytest.mark.parametrize("reader", READERS)
def test_records_arrive_whole_and_unchanged(nodes: Machine, reader: str) -> None:
    for size, piece in SHAPES:
        with held_back(nodes) as counts:
            got = exchange(nodes, f"1 {manner(reader)}", f"{COUNT} {size} {piece} 0")
        assert got.items() >= {"records": COUNT, **WHOLE}.items(), (size, piece)
        assert counts.items() >= {
            "connections": 1, "plain": 0, "records": COUNT, "bytes": COUNT * (size + 4),
            "too_long": 0}.items(), (size, piece)
        assert counts["units"] <= COUNT
    wait_gone(nodes.node("b"))


def test_what_is_not_read_yet_stays_in_the_count_of_the_socket(nodes: Machine) -> None:
    """By which TCP knows what it may drop of a full buffer."""
    queue = (f"awk '$2 ~ /:{PORT:04X}$/ && $4 != \"0A\" {{ split($5, queue, \":\"); "
             "print queue[2] }' /proc/net/tcp")
    with held_back(nodes), \
            running(nodes.node("b"), f"records take {PORT} 1 pause={2 * HELD_MS}",
                    ends=True) as taken:
        # The parser runs once for each.
        nodes.node().run(f"records send {ADDRESS} 3 1000 1004 {100 * HELD_MS}")
        assert int(nodes.node("b").run(queue).output, 16) == 3 * 1004
    assert taken.items() >= {"records": 3, **WHOLE}.items()


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_hears_nothing_of_half_a_record(nodes: Machine, reader: str) -> None:
    for sent in (1, 3, 4, 5, 900):
        with reading(nodes, f"1 {manner(reader)}") as plain:
            cut(nodes, 5, 1000, sent)
        assert plain.items() >= {"records": 5, "half": 1, "failed": 0}.items()
        with held_back(nodes) as counts:
            with reading(nodes, f"1 {manner(reader)}") as held:
                cut(nodes, 5, 1000, sent)
        assert held.items() >= {"records": 5, **WHOLE}.items()
        assert counts["records"] == 5


def test_parts_of_a_record_wake_nobody(nodes: Machine) -> None:
    # Each piece comes long after the one before has been read, if it is.
    send = "1 1000 100 100000"
    plain = exchange(nodes, "1", send)
    with held_back(nodes):
        held = exchange(nodes, "1", send)
    # The end of the connection is the last that is read.
    assert (plain["records"], held["records"], held["reads"]) == (1, 1, 2)
    assert plain["reads"] >= 10


@pytest.mark.parametrize("reader", READERS)
def test_a_record_over_the_limit_is_an_error_after_all_before_it(nodes: Machine,
                                                                 reader: str) -> None:
    for size, records, failed in ((LIMIT, 6, 0), (LIMIT + 1, 5, 1), (1 << 20, 5, 1)):
        with held_back(nodes, f"{UNITS} {LIMIT}") as counts:
            with reading(nodes, f"1 {manner(reader)}") as got:
                cut(nodes, 5, size, min(size, 2000) + 4)
        assert got.items() >= {"records": records, "damaged": 0, "half": 0,
                               "failed": failed}.items(), size
        assert ("error='EMSGSIZE'" in got.text) == bool(failed)
        assert counts.items() >= {"records": records, "too_long": failed}.items()


@pytest.mark.parametrize("reader", READERS)
def test_a_slow_reader_gets_all(nodes: Machine, reader: str) -> None:
    for size, piece in ((50, 60000), (3000, 7000), (60000, 9000)):
        count = 3000000 // size
        with held_back(nodes) as counts:
            got = exchange(nodes, f"1 pause={HELD_MS} {manner(reader)}",
                           f"{count} {size} {piece} 0")
        assert got.items() >= {"records": count, **WHOLE}.items(), size
        assert counts["records"] == count


def test_a_record_must_come_within_the_time_that_its_reader_waits(nodes: Machine) -> None:
    with held_back(nodes):
        with reading(nodes, "1 timeout=300") as got:
            cut(nodes, 5, 1000, 900, wait_ms=3000)
        assert got.items() >= {"records": 5, "half": 0, "failed": 1}.items()


@pytest.mark.parametrize("reader", READERS)
def test_many_connections_are_kept_apart(nodes: Machine, reader: str) -> None:
    with held_back(nodes) as counts:
        got = exchange(nodes, f"40 {manner(reader)}", "50 3000 700 0 40")
    assert got.items() >= {"records": 2000, **WHOLE}.items()
    assert counts.items() >= {"connections": 40, "plain": 0, "records": 2000}.items()


def test_one_connection_too_many_is_read_as_it_comes(nodes: Machine) -> None:
    many = MOST_CONNECTIONS + 6
    for name in ("node0", "b"):
        nodes.node(name).run("ulimit -n 4096")
    with held_back(nodes) as counts:
        got = exchange(nodes, str(many), f"2 100 1000 0 {many}")
    assert got.items() >= {"records": 2 * many, **WHOLE}.items()
    assert counts.items() >= {"connections": MOST_CONNECTIONS, "plain": 6,
                                     "records": 2 * MOST_CONNECTIONS}.items()


def test_other_ports_and_control_groups_are_left_alone(nodes: Machine) -> None:
    node = nodes.node("b")
    with held_back(nodes, f"units {GROUP} {PORT + 1}") as counts:
        with reading(nodes) as got:
            cut(nodes, 5, 1000, 900)
    assert got.items() >= {"records": 5, "half": 1}.items()
    assert counts["connections"] == 0
    node.run(f"mkdir -p {GROUP}/other")
    with held_back(nodes, f"units {GROUP}/other {PORT}") as counts:
        with reading(nodes) as got:
            cut(nodes, 5, 1000, 900)
        assert got.items() >= {"records": 5, "half": 1}.items()
        node.run(f"echo $$ >{GROUP}/other/cgroup.procs")
        with reading(nodes) as got:
            cut(nodes, 5, 1000, 900)
        assert got.items() >= {"records": 5, "half": 0}.items()
        node.run(f"echo $$ >{GROUP}/cgroup.procs")
    assert counts.items() >= {"connections": 1, "records": 5}.items()
    node.run(f"rmdir {GROUP}/other")


@pytest.mark.parametrize("number", ["TERM", "INT", "KILL"])
def test_open_connections_are_held_back_to_their_end(nodes: Machine, number: str) -> None:
    node, sender = nodes.node("b"), nodes.node()
    node.run(f"rm -f /tmp/loader; (({UNITS}; echo $?) >/tmp/loader 2>&1 &)")
    node.poll("grep -q ready /tmp/loader", traffic.SECONDS)
    with reading(nodes, "2") as got:
        # Half a record is on its way when the loader ends; the rest of one comes later.
        sender.run(f"(records cut {ADDRESS} 5 100 1000 900 {4 * HELD_MS} &) 2>&1; "
                   f"(records send {ADDRESS} 1 1000 600 {HELD_MS * 600} >/dev/null &) 2>&1")
        node.poll(f"[ $(netstat -tn | grep -c ':{PORT} .*ESTABLISHED') = 2 ]", traffic.SECONDS)
        node.run(f"kill -{number} $(pidof units)")
        node.poll("! pidof units", traffic.SECONDS)
    assert got.items() >= {"records": 6, **WHOLE}.items()
    if number != "KILL":
        assert node.run("cat /tmp/loader").output.splitlines()[-1] == "0"
    # Those that come after it are nobody's.
    with reading(nodes) as got:
        cut(nodes, 5, 1000, 900)
    assert got.items() >= {"records": 5, "half": 1}.items()
    wait_gone(node)


def test_who_is_second_on_a_port_takes_none(nodes: Machine) -> None:
    with held_back(nodes) as first, \
            running(nodes.node("b"), UNITS, name="second") as second, reading(nodes) as got:
        cut(nodes, 5, 1000, 900)
    assert got.items() >= {"records": 5, **WHOLE}.items()
    both = (first, second)
    assert sorted(one["connections"] for one in both) == [0, 1]
    assert sorted(one["plain"] for one in both) == [0, 1]
    assert sum(one["records"] for one in both) == 5


def test_connections_that_are_held_back_stay_with_tcp(nodes: Machine) -> None:
    both = [nodes.node(), nodes.node("b")]
    for shell in both:
        past_tcp.switch(shell, 1)
    try:
        joined: List[int] = []
        for held in (False, True):
            before = past_tcp.statistics(nodes.node("b"))
            if held:
                with held_back(nodes) as counts:
                    got = exchange(nodes, "1", f"{COUNT} 3000 700 0")
                assert counts["records"] == COUNT
            else:
                got = exchange(nodes, "1", f"{COUNT} 3000 700 0")
            assert got.items() >= {"records": COUNT, **WHOLE}.items()
            joined.append(past_tcp.grown(nodes.node("b"), before)["joined"])
        assert joined == [1, 0]
    finally:
        for shell in both:
            past_tcp.switch(shell, 0)
    past_tcp.wait_all_free(nodes.node("b"))


NO_PORT, NO_LIMIT = "is no number from 1 to 65535", "is no number from 1 to 2147483647"


@pytest.mark.parametrize("command, line", [
    ("units /nowhere 7000",
     "cannot open the control group '/nowhere'. Try: /sys/fs/cgroup: No such file or directory"),
    ("units /tmp 7000",
     "'/tmp' is no control group of version 2. Try: mount -t cgroup2 none DIR"),
    (f"units {GROUP} 0", f"'0' {NO_PORT}"),
    (f"units {GROUP} 65536", f"'65536' {NO_PORT}"),
    (f"units {GROUP} http", f"'http' {NO_PORT}"),
    (f"units {GROUP} 7000 0", f"'0' {NO_LIMIT}"),
    (f"units {GROUP} 7000 -1", f"'-1' {NO_LIMIT}"),
    (f"units {GROUP} 7000 131069",
     "the buffer of a socket holds no record of 131069 bytes. Try: up to 131068"),
    ("cp /bin/units /tmp/alone; rm -f /tmp/units.bpf.o; /tmp/alone /tmp 7000",
     "cannot open /tmp/units.bpf.o: No such file or directory"),
    (f"unshare -Ur units {GROUP} 7000",
     "the kernel does not take units.bpf.o: it needs root, and BTF and socket maps "
     "(CONFIG_DEBUG_INFO_BTF, CONFIG_BPF_STREAM_PARSER). Try: V=1 units: "
     "Operation not permitted"),
])
def test_what_cannot_be_done_is_told_in_one_line(nodes: Machine, command: str, line: str) -> None:
    done = nodes.node("b").run(command, check=False)
    assert done.output.splitlines() == [f"{'alone' if 'alone' in command else 'units'}: {line}"]
    assert done.status in (1, 2)


@pytest.mark.parametrize("arguments", ["", GROUP, f"{GROUP} 7000 1000 more"])
def test_without_group_or_port_the_usage_is_told(nodes: Machine, arguments: str) -> None:
    done = nodes.node("b").run(f"units {arguments}", check=False)
    assert done.status == 2
    assert done.output.startswith("units CGROUP PORT [LIMIT]\n")

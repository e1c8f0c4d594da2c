# SPDX-License-Identifier: GPL-2.0
"""
TCP past TCP, by net.mint.bypass: unmodified programs between two nodes, one of
which ends, has the switch off or has no such section.
"""

import functools
from typing import Any, Iterator, List

import abi
import faults
import pytest
import shared_region
import traffic
from conftest import Boot, join
from machine import CommandFailed, Machine, Shell
from past_tcp import DEVICE, SETTLE_S, SWITCH, grown, load, statistics, switch, wait_all_free

BYTES_64M = 64 << 20
STREAMS = 128
# Prints what b sends, and sends a byte when told.
READER = ("bash -c 'exec 3<>/dev/tcp/10.0.0.2/7000;"
          "(until test -e /tmp/say; do sleep 0.1; done; printf x >&3) & cat <&3'")


@pytest.fixture(name="pair")
def pair_fixture(shared_pair: Machine) -> Iterator[Machine]:
    """Two nodes with the bypass on, which each test leaves as it found them."""
    for name in ("node0", "b"):
        switch(shared_pair.node(name), 1)
    yield shared_pair
    for name in ("node0", "b"):
        switch(shared_pair.node(name), 0)
        assert not statistics(shared_pair.node(name))["faults"]
    wait_all_free(shared_pair.node())


def join_past_tcp(machine: Machine, names: List[str]) -> List[Shell]:
    """Joins nodes, the bypass on in each; their shells."""
    join(machine, names)
    shells = [machine.node(name) for name in names]
    for shell in shells:
        switch(shell, 1)
    return shells


def three_nodes(boot: Boot, **options: Any) -> Machine:
    """Nodes with the bypass on, of which b and c serve iperf3."""
    machine = boot(cpus=3, mint="cpus=0,mem=512M,shm=64M", **options)
    for name, cpu in (("b", "1"), ("c", "2")):
        machine.node_file(name, cpu)
        machine.start_node(name)
    for shell in join_past_tcp(machine, ["node0", "b", "c"])[1:]:
        traffic.iperf_server(shell)
    return machine


@pytest.mark.parametrize("value", ["2", "-1", "256", "on", ""])
def test_other_values_of_the_switch_are_refused(shared_pair: Machine, value: str) -> None:
    shell = shared_pair.node()
    load(shell)
    with pytest.raises(CommandFailed):
        shell.run(f"echo '{value}' 2>&1 >{SWITCH}")
    assert shell.run(f"cat {SWITCH}").output == "0\n"


def test_what_is_in_use_is_told(pair: Machine) -> None:
    one = pair.node()
    traffic.iperf_server(pair.node("b"))
    units = int(one.run(f"cat {DEVICE}/units").output)
    assert f" 0 of {units} units in use" in one.run("mint hw").output
    one.run("((iperf3 -c 10.0.0.2 -t 60 >/dev/null 2>&1; touch /tmp/over) &)")
    one.poll(f"mint hw | grep -q 'bypass .* [1-9][0-9]* of {units} units in use'", SETTLE_S)
    one.run("kill $(pidof iperf3)")
    one.poll("test -e /tmp/over && rm /tmp/over", SETTLE_S)


@pytest.mark.parametrize("options", ["", "-R", "--bidir", "-P 4", "-6", "-Z"])
def test_iperf3_goes_past_tcp(pair: Machine, options: str) -> None:
    one, other = pair.node(), pair.node("b")
    address = "10.0.0.2"
    if options == "-6":
        address = other.run("ip -6 -o addr show dev vni0 scope link | "
                            "sed 's,.*inet6 \\([^/]*\\)/.*,\\1%vni0,'").output.strip()
    traffic.iperf_server(other)
    before, frames = statistics(one), traffic.link_counters(one)
    end = traffic.iperf(one, address, 2, options)
    now = grown(one, before)
    moved = (now["bytes_sent"] + now["bytes_received"],
             traffic.link_counters(one)["tx_bytes"] - frames["tx_bytes"])
    assert traffic.gbit(end) > 0
    assert now["joined"] == now["offered"] >= 2 and not now["option"]
    # What goes by vni0 is the set-up: its share does not grow with the bytes.
    assert moved[0] > BYTES_64M and moved[1] < moved[0] / 100


@pytest.mark.parametrize("way", ["from node 0", "to node 0"])
def test_contents_arrive_intact(pair: Machine, way: str) -> None:
    one, other = pair.node(), pair.node("b")
    sender, receiver, address = ((one, other, "10.0.0.2") if way == "from node 0" else
                                 (other, one, "10.0.0.1"))
    before = statistics(sender)
    sender.run(f"head -c {BYTES_64M} /dev/urandom >/tmp/sent", timeout=120)
    receiver.run("rm -f /tmp/string")
    traffic.listen(receiver, "/tmp/got")
    sender.run(f"nc -N {address} {traffic.STRING_PORT} </tmp/sent", timeout=180)
    receiver.poll("test -e /tmp/got.done", 60)
    sent = sender.run("sha256sum </tmp/sent", timeout=120).output
    assert receiver.run("sha256sum </tmp/got", timeout=120).output == sent
    assert grown(sender, before)["bytes_sent"] > BYTES_64M // 2
    sender.run("rm /tmp/sent")
    receiver.run("rm /tmp/got")


@pytest.mark.parametrize("off", ["node0", "b"])
def test_a_peer_without_it_is_reached_by_tcp(pair: Machine, off: str) -> None:
    one, other = pair.node(), pair.node("b")
    switch(pair.node(off), 0)
    before = statistics(one)
    traffic.iperf_server(other)
    assert traffic.gbit(traffic.iperf(one, "10.0.0.2", 1)) > 0
    now = grown(one, before)
    assert not now["joined"] and not now["bytes_sent"]
    # Only the client offers; nobody takes it.
    assert now["offered"] == now["alone"] == (0 if off == "node0" else 2)


def test_what_stays_in_a_node_stays_with_tcp(pair: Machine) -> None:
    one = pair.node()
    before = statistics(one)
    traffic.iperf_server(one)
    assert traffic.gbit(traffic.iperf(one, "127.0.0.1", 1)) > 0
    now = grown(one, before)
    assert not now["joined"] and now["alone"] == now["offered"]
    one.run("kill $(pidof iperf3)")


@pytest.mark.parametrize("options, moved", [
    ("", ["received"]), ("-R", ["sent"]), ("--bidir", ["received", "sent"])],
    ids=["reader", "writer", "both"])
def test_a_node_that_dies_ends_its_connections_only(
        boot: Boot, options: str, moved: List[str]) -> None:
    machine = three_nodes(boot)
    one = machine.node()
    one.run("((iperf3 -J -c 10.0.0.3 -t 6 >/tmp/other 2>&1; touch /tmp/other.done) &)")
    one.run(f"((iperf3 -c 10.0.0.2 -t 60 {options} >/tmp/lost 2>&1; touch /tmp/lost.done) &)")
    # More than the connection of iperf3 itself carries, which may go past TCP as well.
    for way in moved:
        machine.node("b").poll(
            f"test $(cat {DEVICE}/statistics/bytes_{way}) -gt 1000000", SETTLE_S)
    one.run("mint kill b")
    machine.close_shell("b")
    # Long before TCP would notice.
    one.poll("test -e /tmp/lost.done", SETTLE_S)
    assert "iperf3: error" in one.run("cat /tmp/lost").output
    # At the first of its connections iperf3 closes the others.
    assert statistics(one)["lost"]
    one.poll("test -e /tmp/other.done", 60)
    assert '"error"' not in one.run("cat /tmp/other").output
    wait_all_free(one)
    one.run("mint start b", timeout=60)
    again = machine.node_shell("b")
    traffic.bring_up(again, "10.0.0.2")
    traffic.wait_carrier(again)
    switch(again, 1)
    traffic.iperf_server(again)
    before = statistics(one)
    traffic.iperf(one, "10.0.0.2", 1)
    assert grown(one, before)["joined"] == 2
    wait_all_free(one)


def feed_reader(one: Shell, other: Shell) -> None:
    """Has one node read what the other one writes to descriptor 9, until there is no more."""
    other.run("mkfifo /tmp/bytes; exec 9<>/tmp/bytes; (nc -l 7000 </tmp/bytes 9>&- &)")
    other.poll("netstat -ltn | grep -q ':7000 '", SETTLE_S)
    one.run(f"(({READER} >/tmp/got 2>/tmp/why; touch /tmp/over) &)")


@pytest.mark.parametrize("unread", [True, False], ids=["rst", "fin"])
def test_an_end_that_died_with_its_node_is_no_end_of_file(boot: Boot, unread: bool) -> None:
    machine = three_nodes(boot)
    one, other = machine.node(), machine.node("b")
    feed_reader(one, other)
    for size in (65536, 131072):
        other.run("head -c 65536 /dev/zero >&9")
        one.poll(f"test $(wc -c </tmp/got) -eq {size}", SETTLE_S)
    assert statistics(one)["bytes_received"]
    if unread:
        other.run("kill -STOP $(pidof nc)")
        one.run("touch /tmp/say")
        other.poll("netstat -tn | grep -q '^tcp *1 .*:7000 '", SETTLE_S)
    one.run("ip link set vni0 down")
    other.run("kill -KILL $(pidof nc)")
    other.poll("! pidof nc", SETTLE_S)
    assert one.run("test ! -e /tmp/over && echo waits").output == "waits\n"
    one.run("mint kill b")
    one.poll("test -e /tmp/over", SETTLE_S)
    assert "Connection reset by peer" in one.run("cat /tmp/why").output
    one.run("touch /tmp/say")
    wait_all_free(one)


# Sends and goes as soon as somebody has come, and has no way back for what it says.
SERVES_AND_GOES = (
    "until netstat -tn | grep -q ':7000 .*ESTABLISHED'; do :; done; "
    "head -c 100 /dev/zero >&9; head -c 10000 /dev/zero >&9; "
    'until test "$(cat /sys/class/net/vni0/carrier)" = 0; do :; done; '
    "kill -KILL $(pidof nc)")
# Makes no call that would tell it of the server before it has gone.
COMES_AND_WAITS = ("bash -c 'exec 3<>/dev/tcp/10.0.0.2/7000; ip link set vni0 down; "
                   "touch /tmp/here; until test -e /tmp/gone; do sleep 0.1; done; cat <&3'")


def test_a_server_that_has_left_and_died_was_known(boot: Boot) -> None:
    machine = boot(mint="cpus=0,mem=512M,shm=64M")
    machine.start_node("b")
    one, other = join_past_tcp(machine, ["node0", "b"])
    other.run("mkfifo /tmp/bytes; exec 9<>/tmp/bytes; (nc -l 7000 </tmp/bytes 9>&- &); "
              f"(({SERVES_AND_GOES}) &)")
    other.poll("netstat -ltn | grep -q ':7000 '", SETTLE_S)
    one.run(f"(({COMES_AND_WAITS} >/tmp/got 2>/tmp/why; touch /tmp/over) &)")
    one.poll("test -e /tmp/here", SETTLE_S)
    other.poll("! pidof nc", SETTLE_S)
    one.run("mint kill b; touch /tmp/gone")
    one.poll("test -e /tmp/over", SETTLE_S)
    assert "Connection reset by peer" in one.run("cat /tmp/why").output
    assert statistics(one)["joined"] == 1
    wait_all_free(one)


def test_bytes_behind_what_never_came_end_with_the_connection(boot: Boot) -> None:
    machine = three_nodes(boot)
    one, other = machine.node(), machine.node("b")
    feed_reader(one, other)
    before = statistics(other)
    one.poll(f"test $(cat {DEVICE}/statistics/joined) -ge 1", SETTLE_S)
    one.run("ip link set vni0 down")
    other.run("head -c 100 /dev/zero >&9")
    other.poll("netstat -tn | grep -q '^tcp *0 *100 .*:7000 '", SETTLE_S)
    other.run("head -c 10000 /dev/zero >&9")
    other.poll(f"test $(cat {DEVICE}/statistics/bytes_sent) -eq {before['bytes_sent'] + 10000}",
               SETTLE_S)
    one.run("mint kill b")
    one.poll("test -e /tmp/over", SETTLE_S)
    assert "Connection reset by peer" in one.run("cat /tmp/why").output
    assert one.run("wc -c </tmp/got").output.strip() == "0"
    one.run("touch /tmp/say")
    wait_all_free(one)


def test_what_both_ends_have_closed_is_free_though_tcp_goes_on(pair: Machine) -> None:
    one, other = pair.node(), pair.node("b")
    traffic.iperf_server(other)
    one.run("((iperf3 -c 10.0.0.2 -t 60 >/dev/null 2>&1; touch /tmp/over) &)")
    one.poll(f"test $(cat {DEVICE}/units_used) -gt 10", SETTLE_S)
    other.run("ip link set vni0 down")
    one.run("killall iperf3")
    other.run("killall iperf3")
    wait_all_free(one)
    assert one.run("grep -c ' 04 ' /proc/net/tcp", check=False).output.strip() != "0"
    other.run("ip link set vni0 up")
    traffic.wait_carrier(other)
    assert traffic.send_string(other, one, "10.0.0.1", "again") == "again"


def test_a_node_that_hangs_holds_up_its_own_connections_only(boot: Boot) -> None:
    machine = three_nodes(boot, initrd=faults.root())
    one = machine.node()
    one.run("((iperf3 -c 10.0.0.2 -t 60 >/tmp/lost 2>&1; touch /tmp/lost.done) &)")
    one.poll(f"test $(cat {DEVICE}/units_used) -gt 10", SETTLE_S)
    machine.node("b").start("fault hard-lockup")
    machine.expect_splat(faults.SPLATS)
    one.poll("mint list | grep -q 'b .*silent'", SETTLE_S)
    before = statistics(one)
    assert traffic.gbit(traffic.iperf(one, "10.0.0.3", 1)) > 0
    now = grown(one, before)
    assert now["joined"] == 2 and not now["lost"]
    assert one.run("test ! -e /tmp/lost.done && echo waits").output == "waits\n"
    one.run("mint kill b")
    one.poll("test -e /tmp/lost.done", SETTLE_S)
    assert statistics(one)["lost"]
    wait_all_free(one)


def test_nonsense_in_every_word_costs_connections_and_no_more(boot: Boot) -> None:
    pair = boot(mint="cpus=0-1,mem=512M,shm=64M")
    pair.start_node("b")
    one, other = join_past_tcp(pair, ["node0", "b"])
    reader = functools.partial(shared_region.read, one)
    start = shared_region.section_at(reader, abi.MINT_SECTION_BYPASS).offset
    data = shared_region.load(reader, start, abi.mint_bypass).data_offset
    traffic.iperf_server(other)
    at, pages = (shared_region.REGION + start) // 4096, f"bs=4096 count={data // 4096}"
    one.run(f"dd if=/dev/mem of=/tmp/sound skip={at} {pages} 2>&1")
    for _ in range(3):
        one.run("((iperf3 -c 10.0.0.2 -t 10 --bidir >/dev/null 2>&1; touch /tmp/over) &)")
        one.poll(f"test $(cat {DEVICE}/units_used) -gt 10", SETTLE_S)
        for _ in range(5):
            one.run(f"dd if=/dev/urandom of=/dev/mem conv=notrunc seek={at} {pages} 2>&1")
        # Whether it is reset or goes on by TCP depends on who looks first.
        one.poll("test -e /tmp/over && rm /tmp/over", 60)
        assert traffic.gbit(traffic.iperf(one, "10.0.0.2", 1)) > 0
        assert traffic.send_string(other, one, "10.0.0.1", "plain") == "plain"
        one.run(f"dd if=/tmp/sound of=/dev/mem conv=notrunc seek={at} {pages} 2>&1")
    seen = [statistics(shell) for shell in (one, other)]
    assert all(one["faults"] + one["refused"] + one["damaged"] for one in seen), seen


def test_the_module_stays_while_a_connection_needs_it(pair: Machine) -> None:
    one = pair.node()
    traffic.iperf_server(pair.node("b"))
    one.run("((iperf3 -c 10.0.0.2 -t 60 >/dev/null 2>&1; touch /tmp/over) &)")
    one.poll(f"test $(cat {DEVICE}/units_used) -gt 10", SETTLE_S)
    assert "can't unload" in one.run("rmmod mint_bypass 2>&1", check=False).output
    one.run("kill $(pidof iperf3)")
    one.poll("test -e /tmp/over && rm /tmp/over", SETTLE_S)
    one.poll("rmmod mint_bypass 2>&1", SETTLE_S)
    assert traffic.gbit(traffic.iperf(one, "10.0.0.2", 1)) > 0
    switch(one, 1)


def test_the_module_comes_and_goes_while_connections_are_made(pair: Machine) -> None:
    one = pair.node()
    # A port that nobody joins at: each connection is ours for a moment.
    switch(pair.node("b"), 0)
    traffic.iperf_server(pair.node("b"))
    one.run("((until test -e /tmp/enough; do iperf3 -c 10.0.0.2 -n 1M >/dev/null 2>&1; done; "
            "touch /tmp/over) &)")
    for _ in range(10):
        one.poll("rmmod mint_bypass 2>&1", SETTLE_S)
        switch(one, 1)
        one.poll(f"test $(cat {DEVICE}/statistics/alone) -gt 0", SETTLE_S)
    one.run("touch /tmp/enough")
    one.poll("test -e /tmp/over && rm /tmp/over /tmp/enough", SETTLE_S)


def test_connections_without_an_entry_or_memory_stay_with_tcp(boot: Boot) -> None:
    machine = boot(mint="cpus=0-1,mem=512M,shm=32M")
    machine.start_node("b")
    one, other = join_past_tcp(machine, ["node0", "b"])
    traffic.iperf_server(other)
    pairs = int(one.run(f"cat {DEVICE}/pairs").output)
    assert pairs <= STREAMS
    assert traffic.gbit(traffic.iperf(one, "10.0.0.2", 3, f"-P {STREAMS}")) > 0
    now = statistics(one)
    assert now["table_full"] and now["no_units"] and now["joined"], now
    wait_all_free(one)


def test_a_node_of_an_older_abi_is_reached_by_tcp(boot: Boot) -> None:
    machine = boot(mint="cpus=0-1,mem=512M,shm=64M")
    one = machine.node()
    switch(one, 1)
    # As a node of ABI 3.1 has formatted it, for all that node b can see.
    sections = shared_region.load(
        functools.partial(shared_region.read, one),
        abi.offsetof(abi.mint_header, "sections"), abi.mint_section * abi.MINT_MAX_SECTIONS)
    number = [section.id for section in sections].index(abi.MINT_SECTION_BYPASS)
    for path, value in ((f"sections[{number}].id", b"\xff\0\0\0"), ("abi_minor", b"\1\0")):
        one.run(shared_region.write_command(abi.offsetof(abi.mint_header, path), value))
    machine.start_node("b")
    join(machine, ["node0", "b"])
    other = machine.node("b")
    other.run("insmod /lib/modules/mint_bypass.ko")
    assert other.run(f"test ! -e {DEVICE} && echo none").output == "none\n"
    traffic.iperf_server(other)
    assert traffic.gbit(traffic.iperf(one, "10.0.0.2", 1)) > 0
    now = statistics(one)
    # With no peer that joins, nothing is offered.
    assert not now["offered"] and not now["joined"]


def test_a_small_region_has_none(boot: Boot) -> None:
    machine = boot(mint="cpus=0-1,mem=512M,shm=16M")
    machine.start_node("b")
    join(machine, ["node0", "b"])
    one = machine.node()
    one.run("insmod /lib/modules/mint_bypass.ko")
    assert one.run(f"test ! -e {DEVICE} && test ! -e {SWITCH} && echo none").output == "none\n"
    traffic.iperf_server(machine.node("b"))
    assert traffic.gbit(traffic.iperf(one, "10.0.0.2", 1)) > 0

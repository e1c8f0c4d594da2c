# SPDX-License-Identifier: GPL-2.0
"""
Programs of XDP in the driver: node 0 sends to node b, where a program is, and what it
sends on arrives at node c, or wherever it redirects to. Contents are compared.
"""

import functools

import abi
import pytest
import traffic
from background import running
from conftest import Boot, Shared
from gdbstub import GdbStub
from machine import BUILD, CommandFailed, Machine, Shell
from roots import extended_root
from shared_region import REGION, VniSection, read, write_command
from xdp_programs import (ALL, B, B_MAC, C_MAC, COUNT, LENGTHS, MTU, ask, attached, check_sound,
                          moved, prepare, send, send_lengths, taken_by, wait_counted)

NOBODY, UNKNOWN, EVERYBODY = "0x024d494e5403", "0x020000001234", "0xffffffffffff"
LONGEST_MTU = 65535
# A program on veth, and a socket of AF_XDP, want a frame in one page.
PAGE_MTU = 3000
SHORT = [length for length in LENGTHS if length < PAGE_MTU - 28]
BURST = 400
ABORTED, NO_ACTION = 0, 99
HEADROOM = 256
SLOTS = 256
NODE_B, NODE_C = 1, 2


@pytest.fixture(name="nodes")
def nodes_fixture(request: pytest.FixtureRequest, shared: Shared) -> Machine:
    """Node 0, b and c with one CPU each."""
    machine = shared.lend(request.node, prepare, cpus=4, initrd=extended_root("xdp"),
                          mint="cpus=0,mem=512M,shm=64M")
    for name in ("node0", "b", "c"):
        assert not machine.node(name).run("pidof xdp xsk datagrams || :").output
    return machine


def test_a_program_drops_what_it_chooses_and_passes_the_rest(nodes: Machine) -> None:
    sender, receiver = nodes.node(), nodes.node("b")
    before = traffic.link_counters(receiver)
    with running(receiver, f"datagrams take {ALL}") as taken:
        with attached(receiver, "drop") as seen:
            send_lengths(sender)
            traffic.ping(sender, B)
            wait_counted(receiver, "rx_xdp_drop", before["rx_xdp_drop"] + ALL)
    now = moved(receiver, before)
    assert seen["frames"] == now["rx_xdp_drop"] == ALL and taken["taken"] == 0
    assert now["rx_xdp_pass"] >= 3 and "rx_xdp_aborted" not in now
    with taken_by(receiver, ALL) as taken:
        send_lengths(sender)
    assert taken == {"taken": ALL, "wrong": 0}
    check_sound(nodes)


@pytest.mark.parametrize("way", ["native", "driver"])
def test_frames_go_back_where_they_came_from(nodes: Machine, way: str) -> None:
    sender, receiver = nodes.node(), nodes.node("b")
    before = traffic.link_counters(receiver)
    with attached(receiver, "reflect", way=way) as seen:
        for length in LENGTHS:
            assert ask(sender, length) == {"sent": COUNT, "answered": COUNT, "wrong": 0}, length
    now = moved(receiver, before)
    assert seen["frames"] == now["rx_xdp_tx"] == now["tx_xdp"] == ALL
    assert "rx_xdp_failed" not in now
    check_sound(nodes)


@pytest.mark.parametrize("program, counter", [
    (f"forward {C_MAC}", "rx_xdp_tx"), (f"redirect {C_MAC} vni0", "rx_xdp_redirect"),
    (f"redirect_map {C_MAC} vni0", "rx_xdp_redirect"),
    (f"redirect_guarded {C_MAC} vni0", "rx_xdp_redirect"),
    (f"broadcast {C_MAC} vni0", "rx_xdp_redirect"),
    (f"forward {EVERYBODY}", "rx_xdp_tx"), (f"forward {UNKNOWN}", "rx_xdp_tx")])
def test_frames_go_on_to_another_node(nodes: Machine, program: str, counter: str) -> None:
    sender, middle, end = nodes.node(), nodes.node("b"), nodes.node("c")
    before = traffic.link_counters(middle)
    unknown = UNKNOWN in program
    flooded = unknown or EVERYBODY in program
    # A flood drops long frames when half of their buffers are in use.
    lengths = SHORT if flooded else LENGTHS
    sent = COUNT * len(lengths)
    with attached(middle, program) as seen, \
            running(end, f"datagrams take {sent}", ends=not unknown) as taken:
        for length in lengths:
            send(sender, length)
        wait_counted(middle, counter, before[counter] + sent)
    now = moved(middle, before)
    assert now[counter] == sent and "rx_xdp_failed" not in now, now
    # A frame for another address has arrived at c, the stack of which does not want it.
    assert taken == {"taken": 0 if unknown else sent, "wrong": 0}
    assert seen["guarded"] == (sent if "guarded" in program else 0)
    assert ("tx_xdp" in now) is not flooded and ("tx_copies" in now) is flooded
    check_sound(nodes)


def test_a_long_frame_is_in_one_piece(nodes: Machine) -> None:
    sender, receiver = nodes.node(), nodes.node("b")
    for shell in (sender, receiver):
        shell.run(f"ip link set vni0 mtu {LONGEST_MTU}")
    try:
        with attached(receiver, "reflect") as seen:
            assert ask(sender, LONGEST_MTU - 28) == {"sent": COUNT, "answered": COUNT, "wrong": 0}
        assert seen["longest"] == LONGEST_MTU + 14
    finally:
        for shell in (sender, receiver):
            shell.run(f"ip link set vni0 mtu {MTU}")
    check_sound(nodes)


@pytest.mark.parametrize("program", [f"redirect_cpu {B_MAC}", f"redirect_guarded {C_MAC} vni0"],
                         ids=["cpu", "device"])
def test_a_frame_too_long_for_a_copy_is_not_redirected(nodes: Machine, program: str) -> None:
    shells = [nodes.node(name) for name in ("node0", "b", "c")]
    sender, middle = shells[:2]
    for shell in shells:
        shell.run(f"ip link set vni0 mtu {LONGEST_MTU}")
    before = traffic.link_counters(middle)
    try:
        with attached(middle, program), \
                taken_by(middle if "cpu" in program else shells[2], COUNT) as taken:
            # One byte over what a struct xdp_frame can say, and no byte over.
            send(sender, LONGEST_MTU - 28 - 13)
            send(sender, LONGEST_MTU - 28 - 14)
        assert taken == {"taken": COUNT, "wrong": 0}
        now = moved(middle, before)
        assert now["rx_xdp_failed"] == COUNT and now["rx_xdp_redirect"] == 2 * COUNT
    finally:
        for shell in shells:
            shell.run(f"ip link set vni0 mtu {MTU}")
    check_sound(nodes)


def test_frames_get_tags_and_lose_them_on_their_way(nodes: Machine) -> None:
    sender, middle, end = nodes.node(), nodes.node("b"), nodes.node("c")
    with attached(middle, f"tag {C_MAC} 10") as seen, taken_by(end, ALL) as taken:
        send_lengths(sender)
    assert seen["errors"] == 0 and taken == {"taken": ALL, "wrong": 0}
    assert int(end.run("cat /sys/class/net/vlan/statistics/rx_packets").output) >= ALL
    sender.run("ip link add link vni0 name vlan type vlan id 20; ip link set vlan up; "
               f"ip route add {B} dev vlan; "
               f"ip neigh replace {B} lladdr 02:4d:49:4e:54:01 dev vlan")
    try:
        for state in ("on", "off"):
            sender.run(f"ethtool -K vni0 tx-vlan-offload {state}")
            with attached(middle, f"untag {C_MAC} 20") as seen, taken_by(end, ALL) as taken:
                send_lengths(sender)
            assert seen["errors"] == 0 and taken == {"taken": ALL, "wrong": 0}
    finally:
        sender.run("ip link del vlan; ethtool -K vni0 tx-vlan-offload on")
    check_sound(nodes)


FAR = "ip netns exec far "
SET_UP_FAR = (
    "ip netns add far; ip link add veth0 type veth peer name veth1 netns far; "
    f"ip link set veth0 mtu {MTU} up; ip -n far link set veth1 mtu {MTU} address "
    f"02:00:00:00:00:77 up; ip -n far addr add 10.0.0.9/24 dev veth1; "
    f"ip -n far addr add {B}/32 dev lo; ip -n far link set lo up; "
    # What veth sends is not checked on its way; a program would see half of a checksum.
    f"{FAR}ethtool -K veth1 gro on tx off; "
    f"ip -n far neigh replace 10.0.0.3 lladdr 02:4d:49:4e:54:02 dev veth1")


def test_frames_go_to_other_devices_and_come_from_them(nodes: Machine) -> None:
    sender, middle, end = nodes.node(), nodes.node("b"), nodes.node("c")
    middle.run(SET_UP_FAR)
    before = traffic.link_counters(middle)
    try:
        for program in ("redirect", "redirect_map"):
            with attached(middle, f"{program} 0x020000000077 veth0"), \
                    taken_by(middle, ALL, FAR) as taken:
                send_lengths(sender)
            assert taken == {"taken": ALL, "wrong": 0}
        middle.run(f"ip link set veth0 mtu {PAGE_MTU}; ip -n far link set veth1 mtu {PAGE_MTU}")
        with attached(middle, f"redirect_map {C_MAC} vni0", "veth0"), \
                taken_by(end, COUNT * len(SHORT)) as taken:
            for length in SHORT:
                middle.run(f"{FAR}datagrams send 10.0.0.3 {COUNT} {length}")
        assert taken == {"taken": COUNT * len(SHORT), "wrong": 0}
    finally:
        middle.run("ip netns del far")
    with attached(middle, f"redirect_cpu {B_MAC}"), taken_by(middle, ALL) as taken:
        send_lengths(sender)
    assert taken == {"taken": ALL, "wrong": 0}
    now = moved(middle, before)
    assert now["rx_xdp_redirect"] == 3 * ALL and now["tx_xdp"] == COUNT * len(SHORT)
    assert "rx_xdp_failed" not in now
    check_sound(nodes)


def test_a_socket_of_af_xdp_gets_frames_and_answers_them(nodes: Machine) -> None:
    sender, receiver = nodes.node(), nodes.node("b")
    before = traffic.link_counters(receiver)
    with running(receiver, "xsk vni0 0") as seen:
        for length in SHORT:
            assert ask(sender, length) == {"sent": COUNT, "answered": COUNT, "wrong": 0}, length
    now = moved(receiver, before)
    assert seen["answered"] == now["rx_xdp_redirect"] == COUNT * len(SHORT)
    assert "rx_xdp_failed" not in now
    check_sound(nodes)


@pytest.mark.parametrize("head, tail, refused", [
    (-100, 0, False), (-HEADROOM, 0, True), (40, 0, False), (2000, 0, True),
    (0, 20000, True), (0, -20000, True), (0, 30, False)])
def test_heads_and_tails_move_within_the_buffer_only(nodes: Machine, head: int, tail: int,
                                                     refused: bool) -> None:
    sender, receiver = nodes.node(), nodes.node("b")
    for length in (18, 1000):
        with attached(receiver, f"adjust {head % 2**64} {tail % 2**64}") as seen, \
                taken_by(receiver, COUNT) as taken:
            send(sender, length)
        assert seen["errors"] == (COUNT if refused else 0)
        assert taken == {"taken": COUNT, "wrong": 0}
    check_sound(nodes)


def test_there_is_no_room_for_metadata(nodes: Machine) -> None:
    sender, receiver = nodes.node(), nodes.node("b")
    with attached(receiver, "meta") as seen, taken_by(receiver, COUNT) as taken:
        send(sender, 1000)
    assert seen["errors"] == COUNT and taken == {"taken": COUNT, "wrong": 0}


def capabilities_at(shell: Shell, node: int) -> int:
    """Where in the region a node says what may be sent to its first queue."""
    section = VniSection(functools.partial(read, shell))
    return (section.start + section.ring_offset(node) + abi.offsetof(abi.vni_ring, "receiver") +
            abi.offsetof(abi.vni_receiver, "features"))


def test_a_program_sees_what_does_not_heed_it(nodes: Machine) -> None:
    """As frames that were sent before: segments, half checksums, tags apart, no room."""
    sender, receiver = nodes.node(), nodes.node("b")
    at = capabilities_at(sender, NODE_B)
    wanted = read(sender, at, 4)
    for number, shell in enumerate((sender, receiver), 1):
        shell.run("ip link add link vni0 name vlan type vlan id 30; "
                  f"ip addr add 10.30.0.{number}/24 dev vlan; ip link set vlan up")
    before = traffic.link_counters(receiver)
    try:
        with attached(receiver, "count") as seen:
            assert read(sender, at, 4) != wanted
            sender.run(write_command(at, wanted))
            traffic.send_numbers(sender, receiver, B)
            traffic.ping(sender, "10.30.0.2", 1000)
            traffic.ping(sender, "10.30.0.2")
    finally:
        for shell in (sender, receiver):
            shell.run("ip link del vlan")
    now = moved(receiver, before)
    assert seen["longest"] > MTU + 14 and seen["frames"] > now["rx_xdp_skb"] > COUNT, (seen, now)
    assert read(sender, at, 4) == wanted
    check_sound(nodes)


@pytest.mark.parametrize("program, counter", [
    (f"returns {NO_ACTION}", "rx_xdp_aborted"), (f"returns {ABORTED}", "rx_xdp_aborted"),
    (f"forward {NOBODY}", "rx_xdp_failed"), (f"forward {B_MAC}", "rx_xdp_failed"),
    (f"redirect {C_MAC} 9999", "rx_xdp_failed"), (f"redirect {C_MAC} lo", "rx_xdp_failed"),
    ("redirect_map 0", "rx_xdp_aborted")])
def test_what_cannot_be_done_drops_the_frame_and_counts(nodes: Machine, program: str,
                                                        counter: str) -> None:
    sender, receiver = nodes.node(), nodes.node("b")
    before = traffic.link_counters(receiver)
    with attached(receiver, program):
        send_lengths(sender)
        wait_counted(receiver, counter, before[counter] + ALL)
        traffic.ping(sender, B)
    now = moved(receiver, before)
    assert now[counter] == ALL
    if "forward" in program:
        assert now["tx_peer_down"] == ALL
    check_sound(nodes)


def test_programs_come_and_go_and_no_frame_is_lost(nodes: Machine) -> None:
    sender, receiver = nodes.node(), nodes.node("b")
    receiver.run("((while [ ! -e /tmp/enough ]; do for way in native driver; do "
                 "timeout -s TERM 0.2 xdp $way vni0; done; done >/tmp/changes 2>&1; "
                 "rm /tmp/enough) &)")
    try:
        for options in ("", "-s 50", "-s 1400", "-s 8000"):
            traffic.flood(sender, B, options, count=BURST)
        for _ in range(3):
            traffic.send_numbers(sender, receiver, B)
            traffic.send_numbers(receiver, sender, "10.0.0.1")
    finally:
        receiver.run("touch /tmp/enough")
        receiver.poll("! test -e /tmp/enough", traffic.SECONDS)
    seen = receiver.run("grep -c ready /tmp/changes").output
    assert int(seen) > 4, seen
    check_sound(nodes)


def test_a_program_sees_no_segments_whatever_the_peer_sends(nodes: Machine) -> None:
    sender, receiver = nodes.node(), nodes.node("b")
    sender.run("ethtool --set-priv-flags vni0 tx-big on")
    try:
        with attached(receiver, "count") as seen:
            traffic.send_numbers(sender, receiver, B)
            receiver.run("kill -USR1 $(pidof xdp)")
            traffic.send_numbers(sender, receiver, B)
        assert seen["longest"] == MTU + 14
    finally:
        sender.run("ethtool --set-priv-flags vni0 tx-big off")
    check_sound(nodes)


def test_one_program_at_a_time_and_only_sound_ones(nodes: Machine) -> None:
    shell = nodes.node("b")
    with attached(shell, "count"):
        for way in ("native", "link", "driver", "netlink"):
            with pytest.raises(CommandFailed):
                shell.run(f"timeout -s TERM 5 xdp {way} vni0 2>&1")
        assert "xdp" in shell.run("ip link show vni0").output
    assert "xdp" not in shell.run("ip link show vni0").output
    traffic.ping(nodes.node(), B)


def stop_without_a_lock(stub: GdbStub, node: int) -> None:
    """Stops the machine at a moment when a node has no lock that others need."""
    stub.stop()
    section = VniSection(lambda at, n: stub.read_physical(REGION + at, n))
    while section.locks_of(node):
        stub.resume()
        stub.stop()


def test_a_full_ring_costs_the_frames_for_it_alone(boot: Boot) -> None:
    gdb = BUILD / "tests/xdp.gdb"
    gdb.parent.mkdir(parents=True, exist_ok=True)
    machine: Machine = boot(cpus=4, initrd=extended_root("xdp"),
                            mint="cpus=0,mem=512M,shm=64M", accelerator="tcg,thread=multi",
                            extra=["-gdb", f"unix:{gdb},server=on,wait=off"])
    prepare(machine)
    sender, middle = machine.node(), machine.node("b")
    stub = GdbStub(gdb)
    try:
        stub.resume()
        with attached(middle, f"forward {C_MAC}"):
            send(sender, 1000)
            stop_without_a_lock(stub, NODE_C)
            stub.resume_only([0, 1, 3])
            before = traffic.link_counters(middle)
            for _ in range(4):
                send(sender, 1000, SLOTS)
            wait_counted(middle, "rx_xdp_tx", before["rx_xdp_tx"] + 4 * SLOTS)
            now = moved(middle, before)
            assert now["rx_xdp_failed"] >= SLOTS, now
            # The ring is tried when it is found full, not for each frame.
            assert now["ring_full"] < SLOTS / 8, now
            traffic.ping(sender, B)
            stub.stop()
            stub.resume()
        traffic.wait_buffers_free(sender)
    finally:
        stub.stop()
        stub.close()

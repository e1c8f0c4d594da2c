# SPDX-License-Identifier: GPL-2.0
"""
Frames that the stack reads in the buffers they came in (`rx-zerocopy`).

What is sent is `seq N`, which every node can make, so that a node can check
what it got from one that has died meanwhile. A stopped reader keeps buffers
lent for as long as a test likes.
"""

import functools
from typing import Callable, Dict, List, Tuple

import abi
import pytest
import shared_region
import traffic
from conftest import Boot, join
from machine import Machine, Shell
from roots import extended_root

LINES = 1500000
SECONDS = 60.0
REGION_BYTES = 64 << 20
SECRET_BYTES = 4 << 20
# Frames that take one small buffer and fill most of it: none of them is cut.
SECRET_MTU = 4000
MACS = ("02:4d:49:4e:54:00", "02:4d:49:4e:54:01")
KEYS = ("0123456789abcdef" * 2, "fedcba9876543210" * 2)
MAKE = f"test -s /tmp/sent || seq {LINES} >/tmp/sent"


def switch(shell: Shell, state: str) -> None:
    """Sets the private flag."""
    shell.run(f"ethtool --set-priv-flags vni0 rx-zerocopy {state}")


def counter(shell: Shell, name: str) -> int:
    """One counter of vni0."""
    return traffic.link_counters(shell)[name]


def wait_counter(shell: Shell, name: str, condition: str) -> None:
    """Waits until a counter of vni0 is, say, `-gt 0`."""
    shell.poll(f"test $(ethtool -S vni0 | awk '$1 == \"{name}:\" {{print $2}}') "
               f"{condition}", SECONDS)


def send(sender: Shell, address: str, port: int = traffic.STRING_PORT) -> None:
    """Sends the numbers in the background."""
    sender.run(MAKE, timeout=SECONDS)
    sender.run(f"((nc -N {address} {port} </tmp/sent) >/dev/null 2>&1 &)")


def read_by(receiver: Shell, signal: str) -> None:
    """Stops and continues the reader on a node."""
    receiver.run(f"kill -{signal} $(pidof nc)")


def hold(sender: Shell, receiver: Shell, address: str) -> None:
    """Has the receiver hold lent buffers that it does not read."""
    # Room from the start: a small window would bring short frames only.
    receiver.run("echo 4096 2000000 2000000 >/proc/sys/net/ipv4/tcp_rmem")
    traffic.listen(receiver, "/tmp/got")
    read_by(receiver, "STOP")
    send(sender, address)
    # In one look: a socket that is short of room copies what it was lent.
    receiver.poll(f"(ethtool -S vni0; cat {traffic.BUFFERS}) | awk "
                  "'/rx_lent:/ {lent = $2} /^held:/ {held = $2} "
                  "END {exit !(lent && held >= lent)}'", SECONDS)


def check_all(receiver: Shell) -> None:
    """All that was sent has arrived intact."""
    receiver.poll("test -e /tmp/got.done", SECONDS)
    receiver.run(f"{MAKE}; cmp /tmp/sent /tmp/got", timeout=SECONDS)


def check_beginning(receiver: Shell) -> None:
    """What has arrived until now is intact, and holds no buffer."""
    wait_counter(receiver, "rx_lent", "-eq 0")
    receiver.run(f"{MAKE}; test -s /tmp/got; "
                 "cmp -n $(stat -c %s /tmp/got) /tmp/sent /tmp/got", timeout=SECONDS)


def wait_all_free(shell: Shell) -> None:
    """No buffer of the machine is anywhere but in the pool or at hand."""
    traffic.wait_buffers_free(shell)


def overwrite_free_buffers(sender: Shell, address: str) -> None:
    """Traffic that goes through all buffers that nobody holds."""
    traffic.iperf(sender, address, seconds=1, options="-P 4")


def faults(machine: Machine, names: Tuple[str, ...]) -> None:
    """No node has met a bad word in shared memory."""
    for name in names:
        assert not traffic.damage(machine.node(name))


@pytest.fixture
def borrowers(boot: Boot) -> Machine:
    """Node 0 and b, which lend, and have the tools."""
    machine = boot(initrd=extended_root("lend"))
    machine.start_node("b")
    join(machine, ["node0", "b"])
    traffic.listen(machine.node("b"), "/bin/borrow")
    machine.node().run(f"nc -N 10.0.0.2 {traffic.STRING_PORT} </bin/borrow")
    machine.node("b").poll("test -e /bin/borrow.done", SECONDS)
    machine.node("b").run("chmod +x /bin/borrow")
    for name in ("node0", "b"):
        switch(machine.node(name), "on")
    return machine


def test_lent_frames_arrive_intact(borrowers: Machine) -> None:
    node0, b = borrowers.node(), borrowers.node("b")
    for sender, receiver, address in ((node0, b, "10.0.0.2"), (b, node0, "10.0.0.1")):
        hold(sender, receiver, address)
        read_by(receiver, "CONT")
        check_all(receiver)
        assert counter(receiver, "rx_zerocopy") > 0

    # Switched while frames come: each is right, whichever way it went.
    traffic.listen(b, "/tmp/got")
    send(node0, "10.0.0.2")
    b.run("for i in 1 2 3 4 5 6 7 8 9 10; do for state in off on; do "
          "ethtool --set-priv-flags vni0 rx-zerocopy $state; done; done")
    check_all(b)
    for name in ("node0", "b"):
        wait_all_free(borrowers.node(name))
    faults(borrowers, ("node0", "b"))


def map_numbers(sender: Shell, receiver: Shell) -> float:
    """
    Has the second node map what it receives; returns which part of it could be.

    The program is then stopped, with the first pages still mapped.
    """
    receiver.run("rm -f /tmp/got.done /tmp/map; ((borrow map 5001 >/tmp/got 2>/tmp/map; "
                 ": >/tmp/got.done) >/dev/null 2>&1 &)")
    receiver.poll("netstat -ltn | grep -q ':5001 '", SECONDS)
    sender.run(f"{MAKE}; borrow send 10.0.0.2 5001 /tmp/sent", timeout=SECONDS)
    receiver.poll("test -s /tmp/map", SECONDS)
    receiver.run(f"{MAKE}; cmp /tmp/sent /tmp/got", timeout=SECONDS)
    mapped, unmapped = map(int, receiver.run("cat /tmp/map").output.split())
    return mapped / (mapped + unmapped)


def let_go(receiver: Shell) -> None:
    """The program of map_numbers() finds what it has mapped as it was, and ends."""
    receiver.run("kill -CONT $(pidof borrow)")
    receiver.poll("test -e /tmp/got.done", SECONDS)
    assert len(receiver.run("cat /tmp/map").output.splitlines()) == 1


def check_mapped(sender: Shell, receiver: Shell) -> None:
    """Most of a stream can be mapped, and is kept while the interface goes."""
    for shell in (sender, receiver):
        shell.run("ip link set vni0 mtu 1500; "
                  # Frames as long as there are data for, however slow the nodes are.
                  "echo 31 >/proc/sys/net/ipv4/tcp_tso_rtt_log; "
                  # Few enough at a time that all of them can be lent.
                  "echo 4096 1000000 1000000 >/proc/sys/net/ipv4/tcp_rmem")
    switch(receiver, "off")
    assert map_numbers(sender, receiver) < 0.1
    let_go(receiver)

    switch(receiver, "on")
    assert map_numbers(sender, receiver) > 0.5
    assert counter(receiver, "rx_lent") > 0
    receiver.run("ip link set vni0 down; ip link set vni0 up")
    traffic.wait_carrier(receiver)
    traffic.iperf_server(receiver)
    overwrite_free_buffers(sender, "10.0.0.2")
    let_go(receiver)
    wait_all_free(sender)


def test_lent_pages_are_spliced_captured_and_mapped(borrowers: Machine) -> None:
    node0, b = borrowers.node(), borrowers.node("b")
    traffic.listen(node0, "/tmp/got")
    b.run(f"((borrow relay 5001 10.0.0.1 {traffic.STRING_PORT} /tmp/got) "
          ">/tmp/relay 2>&1 &)")
    b.poll("netstat -ltn | grep -q ':5001 '", SECONDS)
    before = counter(b, "rx_zerocopy")
    send(node0, "10.0.0.2", 5001)
    check_all(node0)
    b.poll("! pidof borrow", SECONDS)
    assert b.run("cat /tmp/relay").output == ""
    b.run(f"{MAKE}; cmp /tmp/sent /tmp/got", timeout=SECONDS)
    assert counter(b, "rx_zerocopy") > before

    b.run("rm -f /tmp/got.done; ((borrow read 5001 >/tmp/got 2>/tmp/read; "
          ": >/tmp/got.done) >/dev/null 2>&1 &)")
    b.poll("netstat -ltn | grep -q ':5001 '", SECONDS)
    send(node0, "10.0.0.2", 5001)
    check_all(b)
    assert b.run("cat /tmp/read").output == ""

    b.run("((borrow capture vni0 20 0xa5 >/tmp/seen 2>&1; : >/tmp/seen.done) "
          ">/dev/null 2>&1 &)")
    b.poll("pidof borrow", SECONDS)
    traffic.listen(b, "/tmp/got")
    node0.run("head -c 8388608 /dev/zero | tr '\\0' '\\245' >/tmp/same")
    node0.run(f"nc -N 10.0.0.2 {traffic.STRING_PORT} </tmp/same", timeout=SECONDS)
    b.poll("test -e /tmp/seen.done", SECONDS)
    assert b.run("cat /tmp/seen").output == "captured 20\n"
    wait_all_free(node0)

    check_mapped(node0, b)
    faults(borrowers, ("node0", "b"))


def encrypt_by_esp(shells: List[Shell]) -> None:
    """What goes from the first to the second over vni0 is encrypted, in transport mode."""
    ends = "src 10.0.0.1 dst 10.0.0.2"
    for shell in shells:
        shell.run(f"ip xfrm state add {ends} proto esp spi 0x100 reqid 1 mode transport "
                  f"aead 'rfc4106(gcm(aes))' 0x{KEYS[0]}01020304 128")
    shells[0].run(f"ip xfrm policy add {ends} dir out "
                  f"tmpl {ends} proto esp reqid 1 mode transport")


def encrypt_by_macsec(shells: List[Shell]) -> None:
    """Adds 10.1.0.1 and 10.1.0.2 on interfaces that encrypt frames."""
    for own, shell in enumerate(shells):
        peer = f"port 1 address {MACS[1 - own]}"
        shell.run("ip link add link vni0 macsec0 type macsec encrypt on; "
                  f"ip macsec add macsec0 tx sa 0 pn 1 on key 00 {KEYS[own]}; "
                  f"ip macsec add macsec0 rx {peer}; "
                  f"ip macsec add macsec0 rx {peer} sa 0 pn 1 on key 00 {KEYS[1 - own]}; "
                  f"ip addr add 10.1.0.{own + 1}/24 dev macsec0; ip link set macsec0 up")


def stands_in_the_region(machine: Machine, address: str, number: int) -> bool:
    """Has node b read a text, and looks whether it can be found in the shared region."""
    sender, receiver = machine.node(), machine.node("b")
    # The shells' lines cross the region too, so they do not say it.
    make = f"yes secret $(expr {number} \\* 10007) | head -c {SECRET_BYTES}"
    before = counter(receiver, "rx_zerocopy")
    traffic.listen(receiver, "/tmp/got")
    sender.run(f"{make} | nc -N {address} {traffic.STRING_PORT}", timeout=SECONDS)
    receiver.poll("test -e /tmp/got.done", SECONDS)
    receiver.run(f"{make} | cmp - /tmp/got", timeout=SECONDS)
    assert counter(receiver, "rx_zerocopy") > before
    text = f"secret {number * 10007}\n".encode()
    return 2 * text in machine.read_physical(shared_region.REGION, REGION_BYTES)


def test_no_plaintext_is_written_where_others_read(borrowers: Machine) -> None:
    """Who decrypts a lent frame does so elsewhere: every node can read the pool."""
    shells = [borrowers.node(), borrowers.node("b")]
    for shell in shells:
        # ESP's random numbers need these at once: on a busy host they come too late.
        shell.run(f"modprobe -a hmac sha256_generic; ip link set vni0 mtu {SECRET_MTU}")
    # What is sent in the clear is found.
    assert stands_in_the_region(borrowers, "10.0.0.2", 1)
    encrypt_by_macsec(shells)
    assert not stands_in_the_region(borrowers, "10.1.0.2", 2)
    encrypt_by_esp(shells)
    assert not stands_in_the_region(borrowers, "10.0.0.2", 3)
    for shell in shells:
        wait_all_free(shell)
    faults(borrowers, ("node0", "b"))


def test_more_is_lent_than_may_be(borrowers: Machine) -> None:
    """A reader that stands still: its node copies at last, and recovers."""
    node0, b = borrowers.node(), borrowers.node("b")
    # Long frames, and nothing but the pool to end them.
    for shell in (node0, b):
        shell.run("ip link set vni0 mtu 65000")
    b.run("echo 4096 50000000 50000000 >/proc/sys/net/ipv4/tcp_rmem; "
          "echo 100000 100000 100000 >/proc/sys/net/ipv4/tcp_mem")
    traffic.listen(b, "/tmp/got")
    read_by(b, "STOP")
    send(node0, "10.0.0.2")
    wait_counter(b, "rx_copied_on_demand", "-gt 0")
    lent, census = counter(b, "rx_lent"), traffic.buffers(b)
    total = sum(value for name, value in census.items() if name != "listed")
    assert 0 < lent <= census["held"] < total / 4
    # The others still have what they need, and so has it.
    traffic.iperf_server(node0)
    traffic.iperf(b, "10.0.0.1", seconds=1)
    read_by(b, "CONT")
    check_all(b)
    wait_counter(b, "rx_lent", "-eq 0")
    wait_all_free(node0)

    before = counter(b, "rx_zerocopy")
    traffic.listen(b, "/tmp/got")
    send(node0, "10.0.0.2")
    check_all(b)
    assert counter(b, "rx_zerocopy") > before
    faults(borrowers, ("node0", "b"))


def test_nothing_is_lent_from_a_low_pool(borrowers: Machine) -> None:
    node0, b = borrowers.node(), borrowers.node("b")
    section = shared_region.VniSection(functools.partial(shared_region.read, node0))

    def set_levels(level: Callable[[int], int]) -> None:
        for count, pool in section.pools:
            at = section.start + pool + abi.offsetof(abi.vni_pool, "level")
            node0.run(shared_region.write_command(at, level(count).to_bytes(4, "little")))

    def transfer() -> Dict[str, int]:
        before = traffic.link_counters(b)
        traffic.listen(b, "/tmp/got")
        send(node0, "10.0.0.2")
        check_all(b)
        return {name: value - before[name]
                for name, value in traffic.link_counters(b).items()}

    # Less than a quarter, but not so little that caches are given back.
    set_levels(lambda count: count // 6)
    counted = transfer()
    assert counted["rx_copied_on_demand"] > 0 and not counted["rx_zerocopy"]
    # A level that cannot be has the lists made anew, with all that is free.
    set_levels(lambda count: count + 1)
    counted = transfer()
    assert counted["rx_zerocopy"] > 0
    damage = [traffic.damage(shell) for shell in (node0, b)]
    assert set(damage[0]) | set(damage[1]) == {"fault_pool"}


def test_lent_buffers_outlive_interface_and_sender(boot: Boot) -> None:
    machine = boot()
    machine.node_file("c", "3")
    for name in ("b", "c"):
        machine.start_node(name)
    names = ("node0", "b", "c")
    join(machine, list(names))
    node0, b, c = (machine.node(name) for name in names)
    for name in names:
        switch(machine.node(name), "on")
    traffic.iperf_server(c)
    traffic.iperf_server(b)

    # The interface is closed over what its sockets hold.
    hold(node0, b, "10.0.0.2")
    b.run("ip link set vni0 down")
    held = counter(b, "rx_lent")
    assert held > 0
    overwrite_free_buffers(node0, "10.0.0.3")
    assert counter(b, "rx_lent") == held
    assert traffic.buffers(node0)["held"] >= held
    read_by(b, "CONT")
    check_beginning(b)
    wait_all_free(node0)
    b.run("kill $(pidof nc); ip link set vni0 up")
    node0.run("kill $(pidof nc)", check=False)
    traffic.wait_carrier(b)

    # The sender dies.
    hold(c, b, "10.0.0.2")
    held = counter(b, "rx_lent")
    node0.run("mint kill c")
    machine.close_shell("c")
    wait_counter(b, "peer_resets", "-gt 0")
    overwrite_free_buffers(node0, "10.0.0.2")
    assert counter(b, "rx_lent") >= held
    read_by(b, "CONT")
    check_beginning(b)
    wait_all_free(node0)

    # The receiver dies.
    b.run("kill $(pidof nc)")
    hold(node0, b, "10.0.0.2")
    node0.run("mint kill b")
    machine.close_shell("b")
    wait_all_free(node0)
    node0.run("kill $(pidof nc)", check=False)
    node0.run("mint start b", timeout=SECONDS)
    traffic.bring_up(machine.node_shell("b"), "10.0.0.2")
    for name in ("node0", "b"):
        traffic.wait_carrier(machine.node(name))
    node0.poll("ping -c 1 -W 1 10.0.0.2", SECONDS)
    faults(machine, ("node0", "b"))


def test_the_module_stays_while_buffers_are_lent(boot: Boot) -> None:
    machine = boot(initrd=extended_root("lend"), append="initcall_blacklist=vni_driver_init")
    node0 = machine.node()
    node0.run("insmod /lib/modules/mint_vni.ko")
    b = machine.start_node("b")
    join(machine, ["node0", "b"])
    switch(node0, "on")
    hold(b, node0, "10.0.0.1")
    assert node0.run("rmmod mint_vni", check=False).status != 0
    node0.run("ip link set vni0 down")
    assert node0.run("rmmod mint_vni", check=False).status != 0
    read_by(node0, "KILL")
    node0.poll("rmmod mint_vni", SECONDS)
    wait_all_free(b)

    node0.run("insmod /lib/modules/mint_vni.ko; dmesg -c >/dev/null")
    traffic.bring_up(node0, "10.0.0.1")
    traffic.wait_carrier(node0)
    node0.poll("ping -c 1 -W 1 10.0.0.2", SECONDS)
    switch(node0, "on")
    b.run("kill $(pidof nc)", check=False)
    traffic.iperf_server(node0)
    traffic.iperf(b, "10.0.0.1", seconds=1)
    assert counter(node0, "rx_zerocopy") > 0
    # With the interface up, and the last frames just read.
    node0.run("kill $(pidof iperf3)")
    node0.poll("rmmod mint_vni", SECONDS)
    wait_all_free(b)

# SPDX-License-Identifier: GPL-2.0
"""Queues, steering, coalescing and offloads of vni0, as ethtool sets them."""

import functools
import itertools
import re
import time
from typing import Dict, List, Tuple

import abi
import shared_region
import traffic
from conftest import Boot, join
from machine import Machine, Shell, deadline_in
from roots import extended_root

ETHERNET_BYTES = 14
IP_AND_ICMP_BYTES = 28
MTU = 1500
FAR_OVER_MTU = 3 * MTU
TRY_SECONDS = 60.0
SEGMENTS = 16
LINES = 1000000
SWITCHES = 3
FEWER = 0.8
STREAM_SECONDS = 8


def net_rx(shell: Shell) -> List[int]:
    """How often each CPU has polled for frames."""
    line = shell.run("grep NET_RX /proc/softirqs").output
    return [int(count) for count in line.split()[1:]]


def flows_come_where_they_are_steered(sender: Shell, receiver: Shell) -> None:
    for queue, weights in enumerate(("1 0", "0 1")):
        receiver.run(f"ethtool -X vni0 weight {weights}")
        before = net_rx(receiver)
        traffic.flood(sender, "10.0.0.2")
        polls = [after - count for after, count in zip(net_rx(receiver), before)]
        assert polls[queue] > 2 * polls[1 - queue], (weights, polls)


def test_queues_are_used_steered_and_changed(wide: Machine) -> None:
    sender, receiver = wide.node(), wide.node("b")
    shown = receiver.run("ethtool -l vni0").output
    assert [line.split()[-1] for line in shown.splitlines() if line.startswith("RX:")] \
        == ["4", "2"]
    # A queue to each of the rings of four nodes, as many as there are CPUs.
    assert "numtxqueues 17 " in sender.run("ip -d link show vni0").output
    flows_come_where_they_are_steered(sender, receiver)
    for refused in ("-L vni0 rx 1",     # the table names queue 1
                    "-L vni0 rx 5", "-L vni0 rx 0", "-L vni0 tx 1",
                    "-X vni0 weight 0 0 1"):
        assert receiver.run(f"ethtool {refused}", check=False).status != 0, refused
    receiver.run("ethtool -X vni0 default")
    for queues in (1, 4, 2):
        receiver.run(f"ethtool -L vni0 rx {queues}")
        table = receiver.run("ethtool -x vni0").output
        assert f"with {queues} RX ring(s)" in table
        assert f" {queues - 1} " in table or table.rstrip().endswith(str(queues - 1))
        traffic.wait_carrier(sender)
        traffic.flood(sender, "10.0.0.2")
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


def test_a_node_of_four_cpus_polls_on_each(boot: Boot) -> None:
    machine = boot(cpus=8, mint="cpus=0-3,mem=512M,shm=64M")
    machine.node_file("b", "4-7")
    sender, receiver = machine.node(), machine.start_node("b")
    join(machine, ["node0", "b"])
    shown = receiver.run("ethtool -l vni0").output
    assert [line.split()[-1] for line in shown.splitlines() if line.startswith("RX:")] \
        == ["4", "4"]
    before = net_rx(receiver)
    traffic.iperf_server(receiver)
    # So many flows that none of four queues is left out by chance.
    traffic.iperf(sender, "10.0.0.2", options="-P 40", seconds=2)
    assert all(after > count for after, count in zip(net_rx(receiver), before)), before
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


def test_queues_change_under_traffic(wide: Machine) -> None:
    sender, receiver = wide.node(), wide.node("b")
    traffic.iperf_server(receiver)
    # Twice in parentheses: the shell must not report the end of a job.
    sender.run(f"((iperf3 -c 10.0.0.2 -P 4 -t {STREAM_SECONDS} >/tmp/stream 2>&1; "
               "echo $? >/tmp/ended) &)")
    changes = 0
    while sender.run("test -s /tmp/ended", check=False).status:
        receiver.run(f"ethtool -L vni0 rx {(1, 4, 2)[changes % 3]}")
        sender.run(f"ethtool -L vni0 rx {(2, 1)[changes % 2]}")
        changes += 1
    assert sender.run("cat /tmp/ended").output.strip() == "0", sender.run("cat /tmp/stream").output
    assert changes > 1
    traffic.flood(sender, "10.0.0.2")
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


def test_an_interface_that_cannot_be_opened_again_is_down(boot: Boot) -> None:
    machine = boot(cpus=3, mint="cpus=0-1,mem=512M,shm=64M")
    machine.start_node("b")
    join(machine, ["node0", "b"])
    shell = machine.node()
    section = shared_region.VniSection(functools.partial(shared_region.read, shell))
    lock = section.start + section.lock_offsets()["ring 0"]
    shell.run(shared_region.write_command(lock, shared_region.LOCKED_BY_B))
    assert shell.run("ethtool -L vni0 rx 1", check=False).status
    assert ",UP" not in shell.run("ip link show vni0").output
    shell.run(shared_region.write_command(lock, bytes(8)))
    shell.run("ip link set vni0 up")
    traffic.wait_carrier(shell)
    traffic.ping(shell, "10.0.0.2")
    shell.run("ethtool -L vni0 rx 2; ip link set vni0 down; ip link set vni0 up")
    traffic.wait_carrier(shell)
    traffic.ping(shell, "10.0.0.2")


def switch_cpu(shell: Shell, online: int) -> None:
    """Takes CPU 1 of a node offline or brings it back; its queue goes and comes."""
    shell.run(f"echo {online} >/sys/devices/system/cpu/cpu1/online")
    allowed = shell.run("grep Cpus_allowed_list /proc/$(pidof vni-idle/1)/status").output
    assert allowed.split()[-1] == str(online)


def ring_in_vain(shell: Shell, cpu: int) -> None:
    """Sets the pending bits of a CPU as who took it to be online; another takes them."""
    doorbell = shared_region.Entry(shell, abi.MINT_SECTION_DOORBELLS, cpu)
    doorbell.put("pending", (1 << abi.MINT_NR_CHANNELS) - 1)
    deadline = deadline_in(TRY_SECONDS)
    while doorbell.get("pending"):
        assert time.monotonic() < deadline, "nobody takes the pending bits"


def test_queues_leave_a_cpu_that_goes_offline(wide: Machine) -> None:
    sender, receiver = wide.node(), wide.node("b")
    receiver.run("ethtool -X vni0 weight 0 1")
    switch_cpu(receiver, 0)
    traffic.flood(sender, "10.0.0.2")
    ring_in_vain(sender, 3)
    switch_cpu(receiver, 1)
    before = net_rx(receiver)
    traffic.flood(sender, "10.0.0.2")
    polls = [after - count for after, count in zip(net_rx(receiver), before)]
    assert polls[1] > 2 * polls[0], polls
    receiver.run("ethtool -X vni0 default")

    # Under load, on both ends, one of them with NAPI in threads.
    sender.run("echo 1 >/sys/class/net/vni0/threaded")
    traffic.iperf_server(receiver)
    sender.run("(iperf3 -c 10.0.0.2 -P 4 -t 600 >/dev/null 2>&1 &)")
    traffic.listen(receiver, "/tmp/got")
    sender.run(f"(seq {LINES} | nc -N 10.0.0.2 {traffic.STRING_PORT}) >/dev/null 2>&1 &")
    for _ in range(SWITCHES):
        for shell, online in itertools.product((sender, receiver), (0, 1)):
            switch_cpu(shell, online)
    sender.run("kill $(pidof iperf3)")
    receiver.poll("test -e /tmp/got.done", TRY_SECONDS)
    receiver.run(f"seq {LINES} | cmp - /tmp/got", timeout=TRY_SECONDS)
    # With fewer CPUs than queues in use, and opened so.
    switch_cpu(receiver, 0)
    receiver.run("ethtool -L vni0 rx 1; ethtool -L vni0 rx 2")
    traffic.wait_carrier(sender)
    traffic.flood(sender, "10.0.0.2")
    switch_cpu(receiver, 1)
    traffic.flood(sender, "10.0.0.2")
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


def doorbells(sender: Shell) -> int:
    """Doorbells that a flood of several pings at a time costs its sender."""
    before = traffic.link_counters(sender)["doorbells"]
    traffic.flood(sender, "10.0.0.2", "-l 32")
    return traffic.link_counters(sender)["doorbells"] - before


def test_coalescing_saves_doorbells_and_loses_none(wide: Machine) -> None:
    sender, receiver = wide.node(), wide.node("b")
    for refused in ("rx-usecs 10001", "rx-frames 0", "rx-frames 100000", "tx-usecs 1"):
        assert receiver.run(f"ethtool -C vni0 {refused}", check=False).status != 0, refused
    deadline = time.monotonic() + TRY_SECONDS
    while True:
        receiver.run("ethtool -C vni0 adaptive-rx off rx-usecs 0")
        plain = doorbells(sender)
        receiver.run("ethtool -C vni0 rx-usecs 1000 rx-frames 64")
        gathered = doorbells(sender)
        if 2 * gathered < plain:
            break
        assert time.monotonic() < deadline, (plain, gathered)
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


def doorbells_per_frame(shells: List[Shell]) -> float:
    """What a frame of bulk TCP costs, acknowledgements included."""
    before = [traffic.link_counters(shell) for shell in shells]
    traffic.iperf(shells[0], "10.0.0.2", seconds=1)
    after = [traffic.link_counters(shell) for shell in shells]
    rung, frames = (sum(now[name] - then[name] for then, now in zip(before, after))
                    for name in ("doorbells", "tx_packets"))
    return rung / frames


def test_bulk_data_needs_fewer_doorbells_by_default(pair: Machine) -> None:
    shells = [pair.node(), pair.node("b")]
    traffic.iperf_server(shells[1])
    deadline = time.monotonic() + TRY_SECONDS
    while True:
        gathered = doorbells_per_frame(shells)
        for shell in shells:
            shell.run("ethtool -C vni0 adaptive-rx off rx-usecs 0")
        plain = doorbells_per_frame(shells)
        if gathered < FEWER * plain:
            break
        assert time.monotonic() < deadline, (gathered, plain)
        for shell in shells:
            shell.run("ethtool -C vni0 adaptive-rx on rx-usecs 1000 rx-frames 16")
    for shell in shells:
        assert not traffic.damage(shell)


def test_a_stream_comes_in_frames_that_its_receiver_takes(wide: Machine) -> None:
    sender, receiver = wide.node(), wide.node("b")
    most = int(receiver.run("cat /sys/class/net/vni0/mtu").output) + ETHERNET_BYTES
    traffic.iperf_server(receiver)
    assert traffic.frame_bytes(sender, receiver, "10.0.0.2") > most
    # A feature of that kind the core would clear for good with an XDP program.
    assert "rx-gro-hw: off [fixed]" in receiver.run("ethtool -k vni0").output
    for shell, switch in ((receiver, "--set-priv-flags vni0 rx-gso"), (receiver, "-K vni0 rx"),
                          (sender, "-K vni0 tso")):
        shell.run(f"ethtool {switch} off")
        assert traffic.frame_bytes(sender, receiver, "10.0.0.2") <= most, switch
        shell.run(f"ethtool {switch} on")
        assert traffic.frame_bytes(sender, receiver, "10.0.0.2") > most, switch
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


def segments_sent(sender: Shell, receiver: Shell) -> Dict[str, int]:
    """Datagrams handed over many at a time, and the frames they came in."""
    before = traffic.link_counters(receiver)["rx_packets"]
    output = sender.run(f"load udp-segments 10.0.0.2 {SEGMENTS * 1000} 1000 200 1000").output
    counts = {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", output)}
    assert counts["sent"] > 1
    assert counts["received"] + counts["drops"] == SEGMENTS * counts["sent"]
    counts["frames"] = traffic.link_counters(receiver)["rx_packets"] - before
    return counts


def test_udp_segments_travel_as_one_frame(boot: Boot) -> None:
    machine = boot(initrd=extended_root("bench"))
    machine.start_node("b")
    join(machine, ["node0", "b"])
    sender, receiver = machine.node(), machine.node("b")
    traffic.load_server(receiver)
    counts = segments_sent(sender, receiver)
    assert counts["frames"] < 2 * counts["sent"]
    for shell, switch in ((sender, "-K vni0 tx-udp-segmentation"),
                          (receiver, "--set-priv-flags vni0 rx-gso")):
        shell.run(f"ethtool {switch} off")
        counts = segments_sent(sender, receiver)
        assert counts["frames"] >= SEGMENTS * counts["sent"], switch
        shell.run(f"ethtool {switch} on")
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


def test_stacked_tags_shorten_nothing(pair: Machine) -> None:
    """VLAN devices on VLAN devices, all with the MTU of vni0."""
    sender, receiver = pair.node(), pair.node("b")
    for number, shell in enumerate((sender, receiver), 1):
        for index, protocol in enumerate(("802.1ad", "802.1Q"), 1):
            outer, inner, third = (f"{level}{index}" for level in ("outer", "inner", "third"))
            shell.run(f"ip link add link vni0 name {outer} type vlan proto {protocol} id 100; "
                      f"ip link add link {outer} name {inner} type vlan id 20; "
                      f"ip link add link {inner} name {third} type vlan id 30; "
                      f"ip addr add 10.{index}.2.{number}/24 dev {inner}; "
                      f"ip addr add 10.{index}.3.{number}/24 dev {third}; "
                      f"ip link set {outer} up; ip link set {inner} up; ip link set {third} up")
    addresses = [f"10.{index}.2.2" for index in (1, 2)]
    thrice = [f"10.{index}.3.2" for index in (1, 2)]
    traffic.iperf_server(receiver)
    for feature in ("on", "off"):
        sender.run(f"ethtool -K vni0 txvlan {feature} tx-vlan-stag-hw-insert {feature}")
        for address in addresses + thrice:
            traffic.ping(sender, address, size=MTU - IP_AND_ICMP_BYTES, count=1)
            traffic.send_numbers(sender, receiver, address)
            # Of more than two, the stack's VLAN devices cut up what they send.
            if address not in thrice:
                assert traffic.frame_bytes(sender, receiver, address) > FAR_OVER_MTU, address
    assert not traffic.link_counters(sender)["tx_too_long"]

    # The limit is still one.
    receiver.run(f"ip link set vni0 mtu {MTU - 100}")
    traffic.ping(sender, addresses[0], size=MTU - 100 - IP_AND_ICMP_BYTES, count=1)
    sender.run(f"ping -c 1 -W 0.1 -s {MTU - 100 - IP_AND_ICMP_BYTES + 1} {addresses[0]}",
               check=False)
    assert traffic.link_counters(sender)["tx_too_long"] == 1
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


# What, after `ip link add NAME`, makes a tunnel of two addresses over DEV.
TUNNELS = {
    "vxlan": "type vxlan id 7 dstport 4789 dev DEV",
    "vxlan-csum": "type vxlan id 8 dstport 4790 dev DEV udpcsum",
    "gre": "type gre",
    "gre-csum": "type gre key 5 csum",
    "ipip": "type ipip",
    "fou": "type ipip encap fou encap-sport auto encap-dport 5555 encap-csum",
}
# In the order of their dependences.
TUNNEL_MODULES = ("udp_tunnel", "ip6_udp_tunnel", "vxlan", "ip_tunnel", "tunnel4", "ipip", "gre",
                  "ip_gre", "fou")
SEGMENTED = ("tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation", "tx-gre-segmentation",
             "tx-gre-csum-segmentation", "tx-ipxip4-segmentation")


def load_modules(machine: Machine, modules: Tuple[str, ...]) -> None:
    """
    Loads modules on node 0, whose root has them, and on node b, which gets them. What is
    none of them is in the kernel itself, or insmod misses it.
    """
    sender, receiver = machine.node(), machine.node("b")
    names = " ".join(f"{module}.ko" for module in modules)
    files = " ".join(sender.run("cd /lib/modules; "
                                f"for file in {names}; do [ ! -e $file ] || echo $file; done"
                                ).output.split())
    traffic.listen(receiver, "/tmp/modules.tar")
    sender.run(f"cd /lib/modules && tar c {files} | nc -N 10.0.0.2 {traffic.STRING_PORT}")
    receiver.poll("test -e /tmp/modules.tar.done", TRY_SECONDS)
    receiver.run("cd /tmp && tar xf modules.tar")
    for shell, directory in ((sender, "/lib/modules"), (receiver, "/tmp")):
        shell.run(f"(for file in {files}; do insmod {directory}/$file || exit; done)")


def tunnels(shell: Shell, own: str, peer: str, number: int, far: bool = False) -> List[str]:
    """Sets up an end of each of them, or one in a namespace; the addresses of the other ends."""
    tool, device = ("ip netns exec far ", "veth1") if far else ("", "vni0")
    shell.run(f"{tool}ip fou add port 5555 ipproto 4")
    for index, (name, kind) in enumerate(TUNNELS.items()):
        kind = kind.replace("DEV", device)
        # The kernel tells two tunnels of a kind apart by their addresses.
        shell.run(f"{tool}ip addr add {own}{index}/24 dev {device} && "
                  f"{tool}ip link add {name} {kind} local {own}{index} remote {peer}{index} && "
                  f"{tool}ip addr add 10.{50 + index}.0.{number}/24 dev {name} && "
                  f"{tool}ip link set {name} up")
    return [f"10.{50 + index}.0.{3 - number}" for index in range(len(TUNNELS))]


def test_segments_in_tunnels_travel_as_one_frame(pair: Machine) -> None:
    sender, receiver = pair.node(), pair.node("b")
    load_modules(pair, TUNNEL_MODULES)
    addresses = tunnels(sender, "10.0.0.1", "10.0.0.2", 1)
    tunnels(receiver, "10.0.0.2", "10.0.0.1", 2)
    traffic.iperf_server(receiver)
    for address in addresses:
        traffic.send_numbers(sender, receiver, address)
        assert traffic.frame_bytes(sender, receiver, address) > FAR_OVER_MTU, address
    for shell, features in ((sender, SEGMENTED), (receiver, ("rx",))):
        shell.run("ethtool -K vni0 " + " ".join(f"{feature} off" for feature in features))
        for address in addresses:
            assert traffic.frame_bytes(sender, receiver, address) \
                <= MTU + ETHERNET_BYTES, address
        shell.run("ethtool -K vni0 " + " ".join(f"{feature} on" for feature in features))
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


def test_tunnels_that_end_behind_a_node_are_forwarded(pair: Machine) -> None:
    """The node in between segments for a device that takes less than vni0."""
    sender, receiver = pair.node(), pair.node("b")
    load_modules(pair, TUNNEL_MODULES)
    receiver.run("ip netns add far; ip link add veth0 type veth peer name veth1 netns far; "
                 "ip addr add 10.1.0.1/24 dev veth0; ip link set veth0 up; "
                 "ip -n far addr add 10.1.0.2/24 dev veth1; ip -n far link set veth1 up; "
                 "ip -n far route add default via 10.1.0.1; "
                 "echo 1 >/proc/sys/net/ipv4/ip_forward")
    sender.run("ip route add 10.1.0.0/24 via 10.0.0.2")
    addresses = tunnels(sender, "10.0.0.1", "10.1.0.2", 1)
    tunnels(receiver, "10.1.0.2", "10.0.0.1", 2, far=True)
    for state in ("on", "off"):
        receiver.run("ethtool -K veth0 " + " ".join(f"{name} {state}" for name in SEGMENTED))
        for address in addresses:
            traffic.send_numbers(sender, receiver, address, "ip netns exec far ")
    for shell in (sender, receiver):
        assert not traffic.damage(shell)


# In the order of their dependences.
SCTP_MODULES = ("crypto", "crypto_algapi", "crypto_hash", "crypto_skcipher", "aead", "akcipher",
                "kpp", "rng", "crypto_acompress", "cryptomgr", "crc32c_generic",
                "libcryptoutils", "libcrc32c", "udp_tunnel", "ip6_udp_tunnel", "sctp")


def test_sctp_leaves_its_checksum_out(pair: Machine) -> None:
    sender, receiver = pair.node(), pair.node("b")
    load_modules(pair, SCTP_MODULES)
    receiver.run("echo none >/proc/sys/net/sctp/cookie_hmac_alg")
    traffic.iperf_server(receiver)
    for shell, feature in ((sender, "tx-checksum-sctp"), (receiver, "rx")):
        assert traffic.gbit(traffic.iperf(sender, "10.0.0.2", 1, "--sctp")) > 0
        shell.run(f"ethtool -K vni0 {feature} off")
    assert traffic.gbit(traffic.iperf(sender, "10.0.0.2", 1, "--sctp")) > 0
    for shell in (sender, receiver):
        errors = shell.run("grep SctpChecksumErrors /proc/net/sctp/snmp").output
        assert errors.split()[1] == "0"
        assert not traffic.damage(shell)

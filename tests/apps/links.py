# SPDX-License-Identifier: GPL-2.0
"""What makes addresses, networks and tunnels of a link."""

import re

from apps.files import expect
from apps.place import WORK, End, Way, Wrong
from apps.transports import iperf, serve_iperf

INNER_NEAR, INNER_FAR = "172.31.0.1", "172.31.0.2"
FILE_MB = 8
# Bytes of the file that have to go through what encrypts them.
ENCRYPTED = FILE_MB << 20
SUM_PORT = 5000
SUM_SERVER = f"socat TCP6-LISTEN:{SUM_PORT},ipv6only=0,reuseaddr,fork EXEC:sha256sum"
PREFIX = "fd77:1:2:3::"
WORLD = "192.0.2"


STRONGSWAN = """charon-systemd {{
load_modular = yes
plugins {{
include /etc/strongswan.d/charon/*.conf
vici {{
socket = unix://{work}/{name}.vici
}}
}}
}}"""
SWANCTL = """connections {{
apps {{
version = 2
proposals = aes128-sha256-modp2048
local_addrs = {near}
remote_addrs = {far}
local {{
auth = psk
id = {near}
}}
remote {{
auth = psk
id = {far}
}}
children {{
apps {{
mode = transport
esp_proposals = aes128gcm16
}}
}}
}}
}}
secrets {{
ike-apps {{
secret = between-two-nodes
}}
}}"""


def send(near: End, address: str) -> float:
    """What a server of sums says of a file; then iperf3: Gbit/s."""
    place = f"[{address}]" if ":" in address else address
    near.run(f"head -c {FILE_MB}M /dev/urandom >sent")
    found = near.run(f"socat -t 60 - 'TCP:{place}:{SUM_PORT}' <sent")
    expect(found.split()[0], near.sum("sent"), "the file")
    return iperf(near, address)


def carry(near: End, far: End, address: str) -> float:
    """The same with the servers started."""
    far.listen("sum", SUM_SERVER, SUM_PORT)
    serve_iperf(far)
    return send(near, address)


def _lease(end: End, words: str) -> str:
    """Waits for a global address of a kind; the address."""
    command = f"ip {words} -o addr show dev {end.device} scope global"
    end.poll(f"{command} | grep -q inet")
    match = re.search(r"inet6? ([0-9a-f.:]+)/", end.run(command))
    if not match:
        raise Wrong(f"no address by {words}")
    return match[1]


def dhcp(way: Way) -> None:
    """An address of dnsmasq's for dhclient, reached and given back."""
    near, far = way.ends()
    net = near.address.rsplit(".", 1)[0]
    near.serve("dnsmasq", f"dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 "
               f"--user=root --leasefile-ro --interface={near.device} --bind-interfaces "
               f"--dhcp-range={net}.100,{net}.150,10m", "ss -Hlun | grep -q ':67 '")
    files = f"-lf {WORK}/leases -pf {WORK}/dhclient.pid"
    with far.set_up(f"ip addr flush dev {far.device}\ndhclient -1 {files} {far.device}",
                    f"dhclient -r {files} {far.device}\n"
                    f"ip addr flush dev {far.device} scope global\n"
                    f"ip addr add {far.address}/24 dev {far.device}"):
        address = _lease(far, "-4")
        if not 100 <= int(address.rsplit(".", 1)[1]) <= 150:
            raise Wrong(f"address {address}")
        near.run(f"ping -c 3 -i 0.2 -w 20 {address}")


def slaac(way: Way) -> float:
    """An address of the prefix that radvd announces: Gbit/s over it."""
    near, far = way.ends()
    near.write("radvd.conf", f"interface {near.device} {{ AdvSendAdvert on; "
               f"MinRtrAdvInterval 3; MaxRtrAdvInterval 4; prefix {PREFIX}/64 {{ }}; }};")
    undo = "ip -6 addr flush dev {} scope global"
    with near.set_up("sysctl -qw net.ipv6.conf.all.forwarding=1\n"
                     f"ip -6 addr add {PREFIX}1/64 dev {near.device}",
                     "sysctl -qw net.ipv6.conf.all.forwarding=0\n" + undo.format(near.device)), \
            far.set_up("true", undo.format(far.device)):
        near.serve("radvd", f"radvd -n -C {WORK}/radvd.conf -p {WORK}/radvd.pid")
        address = _lease(far, "-6")
        if not address.startswith(PREFIX[:-1]):
            raise Wrong(f"address {address}")
        far.poll(f"! ip -6 addr show dev {far.device} | grep -q tentative")
        return carry(near, far, address)


def nat(way: Way) -> float:
    """A network behind the near end sees that end's address: Gbit/s through it."""
    near, far = way.ends()
    world = End(near.shell, "up1", f"{WORLD}.2", "ip netns exec world ")
    near.shell.run("ip netns add world")
    undo = "ip link del up0\nip netns del world\nnft delete table ip apps\n" \
           "sysctl -qw net.ipv4.ip_forward=0"
    with near.set_up(
            "ip link add up0 type veth peer name up1 netns world\n"
            f"ip addr add {WORLD}.1/24 dev up0; ip link set up0 up\n"
            f"ip -n world addr add {WORLD}.2/24 dev up1; ip -n world link set up1 up\n"
            "sysctl -qw net.ipv4.ip_forward=1\n"
            "nft add table ip apps\n"
            "nft add chain ip apps out '{ type nat hook postrouting priority srcnat; }'\n"
            "nft add rule ip apps out oifname up0 masquerade", undo), \
            far.set_up(f"ip route add {WORLD}.0/24 via {near.address}",
                       f"ip route del {WORLD}.0/24"):
        world.listen("peer", "socat TCP-LISTEN:5003,reuseaddr "
                     "SYSTEM:'echo $SOCAT_PEERADDR'", 5003)
        seen = far.run(f"socat -u TCP:{WORLD}.2:5003 -").strip()
        expect(seen, f"{WORLD}.1", "the address that is seen")
        return carry(far, world, world.address)


def container(way: Way) -> float:
    """A container of systemd-nspawn on a bridge that the far end's interface is a port of."""
    near, far = way.ends()
    inside = far.address.rsplit(".", 1)[0] + ".77"
    far.write("inside", f"ip link set host0 up\nip addr add {inside}/24 dev host0\n"
              f"iperf3 -s -D\nexec {SUM_SERVER}")
    # `ip netns exec` hides the control groups, which nspawn looks for.
    far.write("outside", "mountpoint -q /sys/fs/cgroup || "
              "mount -t cgroup2 cgroup2 /sys/fs/cgroup\n"
              f"exec systemd-nspawn -q --keep-unit --register=no -M c -D {WORK}/c "
              f"--network-bridge=br0 sh {WORK}/inside")
    with far.set_up(
            "ip link add br0 type bridge; ip link set br0 up\n"
            f"ip addr flush dev {far.device} scope global; ip link set {far.device} master br0\n"
            f"ip addr add {far.address}/24 dev br0",
            f"ip link del br0; ip addr add {far.address}/24 dev {far.device}"):
        far.shell.run(f"mkdir -p {WORK}/lower {WORK}/c {WORK}/upper; mount --bind / {WORK}/lower; "
                      f"mount -t tmpfs upper {WORK}/upper; mkdir {WORK}/upper/u {WORK}/upper/w; "
                      f"mount -t overlay -o lowerdir={WORK}/lower,upperdir={WORK}/upper/u,"
                      f"workdir={WORK}/upper/w root {WORK}/c")
        try:
            far.serve("container", f"sh {WORK}/outside")
            near.poll(f"echo | socat -t 5 - TCP:{inside}:{SUM_PORT} | grep -q -- -")
            return send(near, inside)
        finally:
            far.shell.run("systemctl stop apps-container; "
                          f"umount {WORK}/c {WORK}/upper {WORK}/lower", check=False)


def _tunnel(way: Way, near_up: str, far_up: str, device: str, least: int = 0) -> float:
    """
    Sets up a device on both ends, each with its inner address, and carries through it; so
    many bytes have to go that way.
    """
    undo = f"ip link del {device}"
    up = "ip addr add {}/24 dev " + device + f"; ip link set {device} up"
    with way.near.set_up(f"{near_up}\n{up.format(INNER_NEAR)}", undo), \
            way.far.set_up(f"{far_up}\n{up.format(INNER_FAR)}", undo):
        speed = carry(way.near, way.far, INNER_FAR)
        sent = int(way.near.run(f"cat /sys/class/net/{device}/statistics/tx_bytes"))
        if sent < least:
            raise Wrong(f"what went through {device}: {sent}")
        return speed


def vxlan(way: Way) -> float:
    """A file through VXLAN: Gbit/s."""
    near, far = (f"ip link add vx0 type vxlan id 42 dstport 4789 local {end.address} "
                 f"remote {other.address} dev {end.device}"
                 for end, other in (way.ends(), reversed(way.ends())))
    return _tunnel(way, near, far, "vx0")


def gre(way: Way) -> float:
    """A file through GRE: Gbit/s."""
    near, far = (f"ip link add gre1 type gre local {end.address} remote {other.address} ttl 64"
                 for end, other in (way.ends(), reversed(way.ends())))
    return _tunnel(way, near, far, "gre1")


def wireguard(way: Way) -> float:
    """A file through WireGuard: Gbit/s."""
    make = "umask 077; wg genkey >{0}.key; wg pubkey <{0}.key"
    keys = {name: end.run(make.format(name)).strip()
            for name, end in (("near", way.near), ("far", way.far))}
    near, far = ("ip link add wg0 type wireguard\n"
                 f"wg set wg0 listen-port 51820 private-key {WORK}/{name}.key peer {keys[peer]} "
                 f"endpoint {other.address}:51820 allowed-ips 172.31.0.0/24"
                 for name, peer, other in (("near", "far", way.far), ("far", "near", way.near)))
    return _tunnel(way, near, far, "wg0", ENCRYPTED)


def ipsec(way: Way) -> float:
    """A file in ESP, for which strongSwan has agreed on keys by IKEv2: Gbit/s."""
    for name, end, other in (("near", way.near, way.far), ("far", way.far, way.near)):
        end.write(f"{name}.strongswan", STRONGSWAN.format(work=WORK, name=name))
        end.write(f"{name}.swanctl", SWANCTL.format(near=end.address, far=other.address))
        vici = f"unix://{WORK}/{name}.vici"
        end.serve(f"charon-{name}", f"env STRONGSWAN_CONF={WORK}/{name}.strongswan charon-systemd",
                  f"swanctl --stats --uri {vici}")
        end.run(f"swanctl --load-all --uri {vici} --file {WORK}/{name}.swanctl")
    way.near.run(f"swanctl --initiate --child apps --uri unix://{WORK}/near.vici >ike.log")
    speed = carry(*way.ends(), way.far.address)
    sent = re.findall(r"(\d+)\(bytes\)", way.near.run("ip -s xfrm state"))
    if not any(int(count) > ENCRYPTED for count in sent):
        raise Wrong(f"what went through ESP: {sent}")
    return speed

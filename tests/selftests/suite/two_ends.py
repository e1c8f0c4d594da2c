#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Programs of tools/testing/selftests/net that have a sender and a receiver, each at an
end of its own. Their cases are those of their scripts, which run both in one kernel.

It runs where the suite is installed, beside its tests for hardware, with their library.
"""

import time
from itertools import product
from os import environ, path
from typing import Callable, Iterator, List

from lib.py import (  # type: ignore[import] # pylint: disable=import-error
    CmdExitFailure, NetDrvEpEnv, bkg, cmd, defer, ip, ksft_eq, ksft_exit, ksft_pr, ksft_run,
    rand_port, wait_port_listen)

NET = path.abspath(path.dirname(__file__) + "/../../../net")
PROGRAMS = ["gro", "io_uring_zerocopy_tx", "mptcp_connect", "msg_zerocopy", "sctp_hello",
            "txtimestamp", "udpgso_bench_rx", "udpgso_bench_tx"]
SECONDS = 30
# The sender of gro builds frames by itself, and two of its cases need long ones.
GRO_MTU = 65535
# As gro.sh: not all frames that should be joined arrive within the window of one; and
# those of one case cannot on a slow machine.
GRO_TRIES = 3
GRO_WINDOW_NS = 1000000
# Raw sockets of msg_zerocopy are of IPPROTO_EGP, which /proc/net/raw shows as a port.
RAW_PORT = 8

Case = Callable[[NetDrvEpEnv], None]


def named(name: str, case: Case) -> Case:
    """A case as the library wants it."""
    case.__name__ = name
    return case


def local(program: str) -> str:
    """The path of a program here."""
    return f"{NET}/{program}"


def ends(cfg: NetDrvEpEnv, version: int) -> "tuple[str, str]":
    """The addresses of both ends."""
    return (cfg.v4, cfg.remote_v4) if version == 4 else (cfg.v6, cfg.remote_v6)


def exchange(cfg: NetDrvEpEnv, receiver: str, sender: str, proto: str, port: int) -> None:
    """Runs a receiver there and a sender here; both have to end well."""
    with bkg(receiver, host=cfg.remote, exit_wait=True):
        wait_port_listen(port, proto, host=cfg.remote)
        cmd(sender, timeout=SECONDS)


def msg_zerocopy(version: int, kind: str, zerocopy: bool) -> Case:
    """Datagrams or a stream, by MSG_ZEROCOPY or not."""
    def run(cfg: NetDrvEpEnv) -> None:
        source, to = ends(cfg, version)
        port = rand_port()
        flags = f"-{version} -p {port} -S {source} -D {to}{' -z' * zerocopy}"
        raw = kind.startswith("raw")
        exchange(cfg, f"{cfg.there['msg_zerocopy']} {flags} -i {cfg.ifname_there} -t 4 "
                 f"-r {'raw' if raw else kind}",
                 f"{local('msg_zerocopy')} {flags} -i {cfg.ifname} -t 1 {kind}",
                 "raw" if raw else kind, RAW_PORT if raw else port)
    return named(f"msg_zerocopy_ipv{version}_{kind}{'_z' * zerocopy}", run)


def io_uring(version: int, kind: str, mode: int) -> Case:
    """The same by io_uring."""
    def run(cfg: NetDrvEpEnv) -> None:
        source, to = ends(cfg, version)
        port = rand_port()
        exchange(cfg, f"{cfg.there['msg_zerocopy']} -{version} -p {port} -S {source} -D {to} "
                 f"-t 4 -r {kind}",
                 f"{local('io_uring_zerocopy_tx')} -{version} -p {port} -D {to} -t 1 -m {mode} "
                 f"-n {1 if kind == 'tcp' else 32} {kind}", kind, port)
    return named(f"io_uring_ipv{version}_{kind}_mode{mode}", run)


def benches(cfg: NetDrvEpEnv, version: int, rx_flags: str, tx_flags: str, kind: str) -> None:
    """udpgso_bench at both ends."""
    port = rand_port()
    exchange(cfg, f"{cfg.there['udpgso_bench_rx']} {'-4 ' * (version == 4)}-p {port} "
             f"-C 5000 -R 1000 {rx_flags}",
             f"{local('udpgso_bench_tx')} -{version} -p {port} -D {ends(cfg, version)[1]} "
             f"{tx_flags}", kind, port)


def udpgso(version: int, name: str, flags: str) -> Case:
    """Segmentation by the device; the receiver looks at each byte of datagrams."""
    def run(cfg: NetDrvEpEnv) -> None:
        kind = "tcp" if "-t" in flags.split() else "udp"
        benches(cfg, version, "-t" if kind == "tcp" else "-v", f"-l 1 {flags}", kind)
    return named(f"udpgso_bench_ipv{version}_{name}", run)


def udpgro(version: int, name: str, tx_flags: str, rx_flags: str) -> Case:
    """Datagrams that arrive joined, or not: how many, how long, and what is said of them."""
    def run(cfg: NetDrvEpEnv) -> None:
        if name.startswith("no_gro"):
            cmd(f"ethtool -K {cfg.ifname_there} gro off", host=cfg.remote)
            defer(cmd, f"ethtool -K {cfg.ifname_there} gro on", host=cfg.remote)
        benches(cfg, version, f"-G -r {rx_flags}", f"-l 4 {tx_flags}", "udp")
    return named(f"udpgro_ipv{version}_{name}", run)


def txtimestamp(version: int, kind: str, how: str) -> Case:
    """When a frame was queued, was given to the device and was acknowledged."""
    letter = {"tcp": "", "udp": "-u", "raw": "-r", "raw_hdrincl": "-R"}[kind]
    flags = {"setsockopt": "", "cmsg": "-C", "nodata": "-n"}[how]

    def run(cfg: NetDrvEpEnv) -> None:
        proto = "tcp" if kind == "tcp" else "udp"
        listen = "LISTEN" if kind == "tcp" else "RECV"
        to = ends(cfg, version)[1]
        port = rand_port()
        with bkg(f"socat -u {proto.upper()}{version}-{listen}:{port}"
                 f"{',fork' * (kind == 'tcp')} STDOUT", host=cfg.remote):
            wait_port_listen(port, proto, host=cfg.remote)
            # The least delays count; the most is what an emulated CPU may take.
            cmd(f"{local('txtimestamp')} -{version} {letter} {flags} -p {port} -F "
                f"-S 80000 -t 2000000 {to}", timeout=SECONDS)
    return named(f"txtimestamp_ipv{version}_{kind}_{how}", run)


def packet_sockets(cfg: NetDrvEpEnv) -> int:
    """How many packet sockets look at the interface here."""
    with open("/proc/net/packet", encoding="ascii") as lines:
        return sum(line.split()[4] == str(cfg.ifindex) for line in list(lines)[1:])


def gro_once(cfg: NetDrvEpEnv, flags: str) -> None:
    """A receiver here, the sender there."""
    before = packet_sockets(cfg)
    deadline = time.monotonic() + SECONDS
    with bkg(f"{local('gro')} {flags} --rx --iface {cfg.ifname}", exit_wait=True):
        while packet_sockets(cfg) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        cmd(f"{cfg.there['gro']} {flags} --iface {cfg.ifname_there}", host=cfg.remote,
            timeout=SECONDS)


def gro(version: int, name: str) -> Case:
    """What the stack joins when frames come by the device, and what it must not join."""
    def run(cfg: NetDrvEpEnv) -> None:
        window = f"/sys/class/net/{cfg.ifname}/gro_flush_timeout"
        tso = f"ethtool -K {cfg.ifname_there} tso"
        # veth takes frames one by one from a sender that has TSO.
        cmd(f"{tso} off", host=cfg.remote)
        defer(cmd, f"{tso} on", host=cfg.remote)
        cmd(f"ethtool -K {cfg.ifname} gro on")
        cmd(f"echo {GRO_WINDOW_NS} >{window}")
        defer(cmd, f"echo 0 >{window}")
        flags = (f"--ipv{version} --test {name} --dmac {cfg.dev['address']} "
                 f"--smac {cfg.address_there}")
        for tries in range(GRO_TRIES):
            try:
                gro_once(cfg, flags)
                return
            except CmdExitFailure:
                if tries < GRO_TRIES - 1:
                    continue
                if name != "large" or "KSFT_MACHINE_SLOW" not in environ:
                    raise
                ksft_pr("Ignoring errors due to slow environment")
    return named(f"gro_ipv{version}_{name}", run)


def sctp(version: int) -> Case:
    """An association is set up and ended."""
    def run(cfg: NetDrvEpEnv) -> None:
        to = ends(cfg, version)[1]
        port = rand_port()
        with bkg(f"timeout {SECONDS} {cfg.there['sctp_hello']} server -{version} {to} {port}",
                 host=cfg.remote, exit_wait=True):
            deadline = time.monotonic() + SECONDS
            while cmd(f"{local('sctp_hello')} client -{version} {to} {port}", fail=False).ret:
                if time.monotonic() > deadline:
                    raise TimeoutError("no association")
                time.sleep(0.1)
    return named(f"sctp_hello_ipv{version}", run)


def mptcp(version: int, here: str, there: str) -> Case:
    """A file each way over MPTCP, also where one end speaks TCP alone."""
    def run(cfg: NetDrvEpEnv) -> None:
        to = ends(cfg, version)[1]
        any_address = "0.0.0.0" if version == 4 else "::"
        port = rand_port()
        make = "head -c 4000000 /dev/urandom >/tmp/mptcp.in"
        cmd(make)
        cmd(make, host=cfg.remote)
        exchange(cfg, f"{cfg.there['mptcp_connect']} -l -t {SECONDS} -p {port} -s {there} "
                 f"{any_address} </tmp/mptcp.in >/tmp/mptcp.out",
                 f"{local('mptcp_connect')} -t {SECONDS} -p {port} -s {here} {to} "
                 "</tmp/mptcp.in >/tmp/mptcp.out", "tcp", port)
        sums = [cmd("sha256sum </tmp/mptcp.in; sha256sum </tmp/mptcp.out",
                    host=host).stdout.split() for host in (None, cfg.remote)]
        ksft_eq(sums[0], [sums[1][2], "-", sums[1][0], "-"], "what arrived is not what was sent")
    return named(f"mptcp_ipv{version}_{here}_{there}".lower(), run)


def cases() -> Iterator[Case]:
    """All of them."""
    for version in (4, 6):
        for kind, zerocopy in product(["tcp", "udp"], [False, True]):
            yield msg_zerocopy(version, kind, zerocopy)
        # Linux has no MSG_ZEROCOPY for raw sockets.
        for kind in ("raw", "raw_hdrincl"):
            yield msg_zerocopy(version, kind, False)
        for kind, mode in product(["udp", "tcp"], [1, 2, 3]):
            yield io_uring(version, kind, mode)
        for name, flags in [
                ("tcp", "-t"), ("tcp_z", "-t -z"), ("udp", ""), ("gso", "-S 0"),
                ("gso_z", "-S 0 -z"), ("gso_ts", "-S 0 -T"), ("gso_z_audit", "-S 0 -z -a"),
                ("gso_ts_audit", "-S 0 -T -a"), ("gso_z_ts_audit", "-S 0 -T -z -a")]:
            yield udpgso(version, name, flags)
        yield from udpgros(version)
        for kind, how in product(["tcp", "udp", "raw", "raw_hdrincl"],
                                 ["setsockopt", "cmsg", "nodata"]):
            yield txtimestamp(version, kind, how)
        for name in ("data", "ack", "flags", "tcp", "ip", "large"):
            yield gro(version, name)
        yield sctp(version)
        for here, there in (("MPTCP", "MPTCP"), ("MPTCP", "TCP"), ("TCP", "MPTCP")):
            yield mptcp(version, here, there)


def udpgros(version: int) -> Iterator[Case]:
    """Those of udpgro.sh that have one receiver."""
    segment = 1500 - 8 - (20 if version == 4 else 40)
    one = f"-M 1 -s {10 * segment}"
    for suffix, none, default, custom in [("", "", "", ""),
                                          ("_cmsg", " -S -1", f" -S {segment}", " -S 500")]:
        yield udpgro(version, f"no_gro{suffix}", "-M 10 -s 1400", f"-n 10 -l 1400{none}")
        yield udpgro(version, f"gro{suffix}", f"{one} -S 0", f"-n 1 -l {10 * segment}{default}")
        yield udpgro(version, f"gro_of_500{suffix}", f"{one} -S 500",
                     f"-n 1 -l {10 * segment}{custom}")


def prepare(cfg: NetDrvEpEnv) -> None:
    """Both ends as the scripts make them."""
    [there] = ip(f"addr show to {cfg.remote_addr}", json=True, host=cfg.remote)
    cfg.ifname_there = there["ifname"]
    cfg.address_there = ip(f"link show {cfg.ifname_there}", json=True,
                           host=cfg.remote)[0]["address"]
    cfg.there = {name: cfg.remote.deploy(local(name)) for name in PROGRAMS}
    for host, ifname in ((None, cfg.ifname), (cfg.remote, cfg.ifname_there)):
        cmd("echo 1000000 >/proc/sys/net/core/optmem_max", host=host)
        ip(f"link set {ifname} mtu {GRO_MTU}", host=host)


def main(chosen: List[Case]) -> None:
    """Runs them, and sets the MTU back."""
    with NetDrvEpEnv(__file__, nsim_test=False) as cfg:
        mtu = cfg.dev["mtu"]
        prepare(cfg)
        try:
            ksft_run(chosen, args=(cfg, ))
        finally:
            for host, ifname in ((None, cfg.ifname), (cfg.remote, cfg.ifname_there)):
                ip(f"link set {ifname} mtu {mtu}", host=host)
    ksft_exit()


if __name__ == "__main__":
    main(list(cases()))

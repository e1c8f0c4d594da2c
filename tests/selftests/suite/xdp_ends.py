#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Programs of tools/testing/selftests/bpf about XDP, the device under test here and the
other end there. Their cases are those of their scripts, which make a pair of veth in one
kernel.

It runs where the suite is installed, beside its tests for hardware, with their library.
"""

import re
import time
from functools import partial
from itertools import product
from os import path
from typing import Callable, Iterator, List

from lib.py import (  # type: ignore[import] # pylint: disable=import-error
    CmdExitFailure, NetDrvEpEnv, bkg, cmd, defer, ip, ksft_eq, ksft_exit, ksft_ne, ksft_run,
    wait_port_listen)

BPF = path.abspath(path.dirname(__file__) + "/../../../bpf")
THERE = "/tmp/ksft-bpf"
PROGRAMS = ["xdp_features", "xdping", "xdping_kern.bpf.o"]
SECONDS = 60
FEATURES = ["XDP_PASS", "XDP_DROP", "XDP_ABORTED", "XDP_TX", "XDP_REDIRECT", "XDP_NDO_XMIT"]
# xdp_features has this port built in. Its tester waits a second for each answer, which a
# busy host may not keep: it ends with an error then, and has found nothing.
CONTROL_PORT = 12345
TRIES = 3
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# The programs of test_xdp_vlan have the VLAN built in.
VLAN_PROGRAMS = f"{BPF}/test_xdp_vlan.bpf.o"
VLAN, VLAN_HERE, VLAN_THERE = 4011, "100.64.41.1", "100.64.41.2"
MODES = {"generic": "xdpgeneric", "native": "xdpdrv"}

Case = Callable[[NetDrvEpEnv], None]


def case(name: str, what: Callable[..., None], **how: object) -> Case:
    """A case as the library wants it."""
    run = partial(what, **how)
    setattr(run, "__name__", name)
    return run


def both_ends(cfg: NetDrvEpEnv) -> "List[tuple[object, str]]":
    """Where a command runs, and what the interface is called there."""
    return [(None, cfg.ifname), (cfg.remote, cfg.ifname_there)]


def is_veth(cfg: NetDrvEpEnv) -> bool:
    """Is the device one of those that the scripts are written for?"""
    return "driver: veth" in cmd(f"ethtool -i {cfg.ifname}").stdout.splitlines()


def detach(cfg: NetDrvEpEnv) -> None:
    """No program is left, however those that attached one have ended."""
    for (host, ifname), mode in product(both_ends(cfg), MODES.values()):
        ip(f"link set {ifname} {mode} off", host=host)


def wait_program(cfg: NetDrvEpEnv) -> None:
    """Waits until the other end has a program of XDP."""
    deadline = time.monotonic() + SECONDS
    while "xdp" not in ip(f"link show {cfg.ifname_there}", json=True, host=cfg.remote)[0]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no program on {cfg.ifname_there}")
        time.sleep(0.1)


def features_once(cfg: NetDrvEpEnv, flags: str, control: str) -> str:
    """A device under test here, the tester there; the last line that it says."""
    with bkg(f"timeout -k 2 {SECONDS} {BPF}/xdp_features {flags} {cfg.ifname}") as device:
        wait_port_listen(CONTROL_PORT)
        said = cmd(f"timeout -k 2 {SECONDS} {THERE}/xdp_features -t {flags} -C {control} "
                   f"{cfg.ifname_there}", host=cfg.remote, timeout=SECONDS + 5).stdout
        ksft_eq(device.proc.wait(SECONDS), 0, "the end of the device under test")
    return COLOUR.sub("", said).splitlines()[-1]


def features(cfg: NetDrvEpEnv, version: int, feature: str) -> None:
    """What the device does with the verdict of a program, and what it says that it can do."""
    here, there = ((cfg.v6, cfg.remote_v6) if version == 6 else
                   (f"::ffff:{cfg.v4}", f"::ffff:{cfg.remote_v4}"))
    defer(detach, cfg)
    for tries in range(TRIES):
        try:
            found = features_once(cfg, f"-f {feature} -D {here} -T {there}", here)
            break
        except CmdExitFailure:
            if tries == TRIES - 1:
                raise
            detach(cfg)
    # The tester ends with 0 whatever it has found.
    ksft_eq(found, f"Feature {feature}: [DETECTED][ADVERTISED]")


def ping(cfg: NetDrvEpEnv, client: str, server: str) -> None:
    """Round trips that a program here makes of a ping, against the stack or a program there."""
    defer(detach, cfg)
    ask = f"{BPF}/xdping -I {cfg.ifname} {client} {cfg.remote_v4}"
    if not server:
        cmd(ask, timeout=SECONDS)
        return
    with bkg(f"timeout -k 2 {2 * SECONDS} {THERE}/xdping -I {cfg.ifname_there} -s {server}",
             host=cfg.remote):
        wait_program(cfg)
        cmd(ask, timeout=SECONDS)


def pings(cfg: NetDrvEpEnv) -> None:
    """Each end reaches the other, by the addresses of the case with a VLAN."""
    cmd(f"ping -i 0.2 -W 2 -c 2 {VLAN_HERE}", host=cfg.remote, timeout=SECONDS)
    cmd(f"ping -i 0.2 -W 2 -c 2 {VLAN_THERE}", timeout=SECONDS)


def vlan(cfg: NetDrvEpEnv, mode: str) -> None:
    """There is a VLAN, and here none: programs take its tag from frames and add it to others."""
    below = f"{cfg.ifname_there}.{VLAN}"
    defer(detach, cfg)
    ip(f"addr add {VLAN_HERE}/24 dev {cfg.ifname}")
    defer(ip, f"addr del {VLAN_HERE}/24 dev {cfg.ifname}")
    if mode == "generic" or is_veth(cfg):
        # Such programs do not see a tag that goes beside its frame. For native ones vni
        # has to do without this.
        cmd(f"ethtool -K {cfg.ifname_there} txvlan off", host=cfg.remote)
        defer(cmd, f"ethtool -K {cfg.ifname_there} txvlan on", host=cfg.remote)
    ip(f"link add link {cfg.ifname_there} name {below} type vlan id {VLAN}", host=cfg.remote)
    defer(ip, f"link del {below}", host=cfg.remote)
    ip(f"addr add {VLAN_THERE}/24 dev {below}", host=cfg.remote)
    ip(f"link set {below} up", host=cfg.remote)
    ksft_ne(cmd(f"ping -W 1 -c 1 {VLAN_HERE}", host=cfg.remote, fail=False,
                timeout=SECONDS).ret, 0, "a ping without programs")
    cmd(f"tc qdisc add dev {cfg.ifname} clsact")
    defer(cmd, f"tc qdisc del dev {cfg.ifname} clsact")
    cmd(f"tc filter add dev {cfg.ifname} egress prio 1 handle 1 "
        f"bpf da obj {VLAN_PROGRAMS} sec tc_vlan_push")
    for section in ("xdp_vlan_change", "xdp_vlan_remove_outer2"):
        ip(f"link set {cfg.ifname} {MODES[mode]} off")
        ip(f"link set {cfg.ifname} {MODES[mode]} object {VLAN_PROGRAMS} section {section}")
        # It still waits for an answer to what the ping above has asked.
        ip(f"neigh flush dev {below}", host=cfg.remote)
        pings(cfg)


def cases() -> Iterator[Case]:
    """All of them."""
    for version, feature in product((4, 6), FEATURES):
        yield case(f"xdp_features_ipv{version}_{feature}", features, version=version,
                   feature=feature)
    for name, client, server in [("generic", "-S", ""), ("generic_server", "-S", "-S"),
                                 ("native_server", "-N", "-N")]:
        yield case(f"xdping_{name}", ping, client=client, server=server)
        yield case(f"xdping_{name}_10", ping, client=f"{client} -c 10", server=server)
    for mode in MODES:
        yield case(f"xdp_vlan_{mode}", vlan, mode=mode)


def deploy(cfg: NetDrvEpEnv) -> None:
    """The programs are there, under their names: xdping looks for a file beside itself."""
    cmd(f"mkdir -p {THERE}", host=cfg.remote)
    for name in PROGRAMS:
        place = cfg.remote.deploy(f"{BPF}/{name}")
        cmd(f"cp {place} {THERE}/{name}", host=cfg.remote)


def checksums(cfg: NetDrvEpEnv, state: str) -> None:
    """
    Whether both ends leave checksums to their device. On veth a program would see frames
    without; vni knows that its peer has a program, and has to do without this.
    """
    for host, ifname in both_ends(cfg) if is_veth(cfg) else []:
        cmd(f"ethtool -K {ifname} tx-checksumming {state}", host=host)


def main() -> None:
    """Runs them."""
    with NetDrvEpEnv(__file__, nsim_test=False) as cfg:
        [there] = ip(f"addr show to {cfg.remote_addr}", json=True, host=cfg.remote)
        cfg.ifname_there = there["ifname"]
        deploy(cfg)
        # veth sends for programs of others only with that; vni has it from the start.
        for host, ifname in both_ends(cfg):
            cmd(f"ethtool -K {ifname} gro on", host=host)
        checksums(cfg, "off")
        try:
            ksft_run(list(cases()), args=(cfg, ))
        finally:
            checksums(cfg, "on")
    ksft_exit()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
What the netdev netlink family says of NAPI: later kernels' suites look at it.

It runs where the suite is installed, beside its tests for hardware, with their library.
"""

import socket
from typing import Dict

from lib.py import (  # type: ignore[import] # pylint: disable=import-error
    KsftSkipEx, NetDrvEpEnv, NetdevFamily, bkg, defer, ethtool, ksft_eq, ksft_exit, ksft_in,
    ksft_run)

SO_INCOMING_NAPI_ID = 56
SECONDS = 30


def napis_of_queues(cfg: NetDrvEpEnv) -> Dict[int, int]:
    """The id of the NAPI of each RX queue; skips if the device tells none."""
    queues = [queue for queue in NetdevFamily().queue_get({"ifindex": cfg.ifindex}, dump=True)
              if queue["type"] == "rx"]
    if not any("napi-id" in queue for queue in queues):
        raise KsftSkipEx("the device names no NAPI")
    return {queue["id"]: queue["napi-id"] for queue in queues}


def each_rx_queue_has_a_napi_of_the_device(cfg: NetDrvEpEnv) -> None:
    """That it has for itself."""
    napis = napis_of_queues(cfg)
    known = {napi["id"] for napi in NetdevFamily().napi_get({"ifindex": cfg.ifindex}, dump=True)}
    ksft_eq(len(set(napis.values())), len(napis), "two queues share a NAPI")
    ksft_eq(set(napis.values()) - known, set(), "a queue names a NAPI that is not there")


def a_queue_keeps_its_napi_when_others_go(cfg: NetDrvEpEnv) -> None:
    """Fewer queues, then as many as before."""
    before = napis_of_queues(cfg)
    if len(before) < 2:
        raise KsftSkipEx("there is one queue only")
    defer(ethtool, f"-L {cfg.ifname} rx {len(before)}")
    ethtool(f"-L {cfg.ifname} rx 1")
    ksft_eq(napis_of_queues(cfg), {0: before[0]})
    ethtool(f"-L {cfg.ifname} rx {len(before)}")
    ksft_eq(napis_of_queues(cfg), before)


def a_connection_names_the_napi_it_came_by(cfg: NetDrvEpEnv) -> None:
    """So that a program can serve it where it arrives."""
    napis = napis_of_queues(cfg)
    family = socket.AF_INET6 if cfg.v6 else socket.AF_INET
    with socket.create_server((cfg.addr, 0), family=family) as server:
        server.settimeout(SECONDS)
        port = server.getsockname()[1]
        with bkg(f"echo | socat -t 2 -u STDIN TCP:{cfg.baddr}:{port}", host=cfg.remote,
                 exit_wait=True):
            connection, _ = server.accept()
            with connection:
                connection.settimeout(SECONDS)
                ksft_eq(connection.recv(1), b"\n")
                ksft_in(connection.getsockopt(socket.SOL_SOCKET, SO_INCOMING_NAPI_ID),
                        napis.values())


def main() -> None:
    """All of it."""
    with NetDrvEpEnv(__file__, nsim_test=False) as cfg:
        ksft_run([each_rx_queue_has_a_napi_of_the_device, a_queue_keeps_its_napi_when_others_go,
                  a_connection_names_the_napi_it_came_by], args=(cfg, ))
    ksft_exit()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Runs csum.py of Linux 6.12, which asks for an attribute that its library has only in
later kernels: the name of the interface at the other end.
"""

import csum  # type: ignore[import] # pylint: disable=import-error
from lib.py import NetDrvEpEnv, ip  # type: ignore[import] # pylint: disable=import-error


def remote_ifname(cfg: NetDrvEpEnv) -> str:
    """The interface that has the other end's address."""
    [found] = ip(f"addr show to {cfg.remote_addr}", json=True, host=cfg.remote)
    return str(found["ifname"])


if __name__ == "__main__":
    NetDrvEpEnv.remote_ifname = property(remote_ifname)
    csum.main()

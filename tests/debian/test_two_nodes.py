# SPDX-License-Identifier: GPL-2.0
"""Two nodes that run Debian with systemd, each on its own disk."""

import traffic
from conftest import Boot
from debian import NODES, Debian


def test_two_debian_nodes_boot_and_reach_each_other(boot: Boot) -> None:
    machine = boot(Debian)
    assert isinstance(machine, Debian)
    machine.create_b()
    machine.start_b()
    machine.join()
    node0 = machine.node()
    assert node0.run("mint exec b -- hostname").output == "b\n"
    machine.node("b").run("echo kept >/root/kept && sync")
    node0.run("mint stop b", timeout=120)
    machine.close_shell("b")
    machine.start_b()
    traffic.bring_up(machine.node("b"), NODES["b"])
    traffic.wait_carrier(node0)
    traffic.ping(node0, NODES["b"])
    assert machine.node("b").run("cat /root/kept").output == "kept\n"
    for name in NODES:
        assert not traffic.damage(machine.node(name))

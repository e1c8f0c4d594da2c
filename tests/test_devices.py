# SPDX-License-Identifier: GPL-2.0
"""
PCI functions are owned by nodes: a node drives its own, sees no other, and
they come back when it dies.
"""

import json
import re
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any, Dict, List

import pytest
import traffic
from conftest import Boot
from machine import Extra, Machine, Shell
from manager import open_uart, start_manager

SHARE = "cpus=0-1,mem=512M,shm=64M"
SECONDS = 30.0
ECAM = 0xB0000000  # where QEMU's firmware puts it on q35
MASTER = 0x4


def functions(shell: Shell) -> List[str]:
    """What a node sees of PCI, without what QEMU always has."""
    found = shell.run("ls /sys/bus/pci/devices").output.split()
    return [name for name in found if name not in
            ("0000:00:00.0", "0000:00:1f.0", "0000:00:1f.2", "0000:00:1f.3")]


def msix_interrupts(shell: Shell, function: str) -> int:
    """How many interrupts a function has sent."""
    lines = shell.run("cat /proc/interrupts").output.splitlines()
    return sum(int(count) for line in lines if f"PCI-MSIX-{function}" in line
               for count in re.findall(r"(?<=\s)\d+(?=\s)", line.split("PCI-MSIX")[0]))


def listed(machine: Machine) -> Dict[str, List[str]]:
    """The functions of each node, and of none, as `mint list` has them."""
    report: Any = json.loads(machine.node().run("mint list --json").output)
    found = {node["name"]: node["devices"] for node in report["nodes"]}
    found["unassigned"] = report["unassigned"]["devices"]
    return found


def create(machine: Machine, name: str, cpus: str, devices: str) -> None:
    """Creates a node with devices."""
    machine.node().run(f"mint create {machine.node_file(name, cpus, devices=devices)}")


def start(machine: Machine, name: str) -> Shell:
    """Starts a node that was created."""
    machine.node().run(f"mint start {name}", timeout=90)
    return machine.node_shell(name)


def refusal(machine: Machine, path: str) -> str:
    """The one line with which a node file is refused."""
    result = machine.node().run(f"mint create {path}", check=False)
    assert result.status == 1 and result.output.count("\n") == 1, result
    return result.output


def unbind(machine: Machine, function: str) -> None:
    """Takes the driver from a function of node 0."""
    machine.node().run(f"echo {function} >/sys/bus/pci/devices/{function}/driver/unbind")


def bring_up(shell: Shell, address: str, card: str = "eth0") -> None:
    """Sets a card up and waits for its link."""
    shell.run(f"ip addr add {address}/24 dev {card} && ip link set {card} up")
    shell.poll(f'test "$(cat /sys/class/net/{card}/carrier)" = 1', SECONDS)


class Greeter(threading.Thread):
    """A server on the host that greets whoever connects."""

    def __init__(self, greeting: bytes) -> None:
        super().__init__(daemon=True)
        self.greeting = greeting
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]

    def run(self) -> None:
        with self.socket, self.socket.accept()[0] as connection:
            connection.sendall(self.greeting)


def test_a_node_reaches_the_outside_by_its_own_card(boot: Boot) -> None:
    devices = Extra().nic("4", 0).outside(0).nic("5.0", 1).nic("5.1", 1)
    machine = boot(mint=SHARE + ",nodevices=00:04.0,0000:00:05.1", extra=devices.line)
    assert functions(machine.node()) == ["0000:00:05.0"]
    assert listed(machine)["unassigned"] == ["00:04.0", "00:05.1"]
    create(machine, "b", "2", "00:04.0, 00:05.1")
    shell = start(machine, "b")

    # Its own only, though function 0 of device 5 is not among them.
    assert functions(shell) == ["0000:00:04.0", "0000:00:05.1"]
    assert shell.run("ls /sys/bus/pci/devices | wc -l").output.strip() == "2"
    assert listed(machine)["b"] == ["00:04.0", "00:05.1"]
    machine.node().run("echo 1 >/sys/bus/pci/rescan")
    assert functions(machine.node()) == ["0000:00:05.0"]
    shown = machine.node().run("mint show b").output
    assert "00:04.0, 1af4:1000, class 020000" in shown

    card = shell.run("ls /sys/bus/pci/devices/0000:00:04.0/virtio*/net").output.strip()
    bring_up(shell, "10.0.2.15", card)
    greeter = Greeter(b"hello from the host")
    greeter.start()
    result = shell.run(f"nc 10.0.2.2 {greeter.port} </dev/null")
    assert result.output.strip() == "hello from the host"
    assert msix_interrupts(shell, "0000:00:04.0") > 0
    traffic.ping(shell, "10.0.2.2", count=5)

    machine.node().run("mint kill b && mint destroy b")
    machine.close_shell("b")
    assert listed(machine)["unassigned"] == ["00:04.0", "00:05.1"]


def config_word(shell: Shell, function: int, register: int) -> int:
    """Reads a node's function past all filters, as an engineer could."""
    address = ECAM + (function << 12) + register
    return int(shell.run(f"devmem {address:#x} 16").output, 16)


def test_a_disk_outlives_its_node(boot: Boot, tmp_path: Path) -> None:
    image = tmp_path / "disk"
    with open(image, "wb") as disk:
        disk.truncate(16 << 20)
    machine = boot(extra=Extra().disk("4", image).line)
    path = machine.node_file("b", "2", devices="00:04.0")
    said = refusal(machine, path)
    assert "belongs to node 'node0', whose driver virtio-pci uses it" in said
    assert listed(machine)["unassigned"] == []
    # What it says next helps.
    machine.node().run(said.split("Try: ")[1])
    machine.node().run(f"mint create {path}")
    assert functions(machine.node()) == []

    shell = start(machine, "b")
    shell.run("mke2fs /dev/vda 8192 && mount -t ext2 /dev/vda /tmp")
    shell.run("dd if=/dev/urandom of=/tmp/file bs=1M count=4 && sync")
    digest = shell.run("sha256sum /tmp/file").output
    assert msix_interrupts(shell, "0000:00:04.0") > 0
    for _ in range(2):
        # Killed in the middle of transfers, which are beyond the file system.
        shell.start("while :; do dd if=/dev/vda of=/dev/vda bs=64k seek=192 count=64 "
                    "conv=fsync; done 2>&-")
        assert config_word(machine.node(), 0x20, 4) & MASTER
        machine.node().run("mint kill b")
        machine.close_shell("b")
        assert not config_word(machine.node(), 0x20, 4) & MASTER
        shell = start(machine, "b")
        shell.run("mount -t ext2 /dev/vda /tmp")
        assert shell.run("sha256sum /tmp/file").output == digest
    machine.node().run("mint kill b")
    machine.close_shell("b")
    machine.kill()
    machine.ended = True
    subprocess.run(["/sbin/e2fsck", "-fn", image], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("model", ["virtio-net-pci", "e1000e"])
def test_nodes_talk_over_cards_of_their_own(boot: Boot, model: str) -> None:
    """Method 1 of the paper, one of the cards behind a bridge."""
    devices = Extra().nic("4", 0, model=model).root_port("5", "rp5")
    devices.nic("0", 0, model=model, bus="rp5")
    machine = boot(mint=SHARE + ",nodevices=00:04.0,01:00.0", extra=devices.line)
    assert functions(machine.node()) == ["0000:00:05.0"]
    assert "00:05.0 is a bridge" in refusal(
        machine, machine.node_file("x", "2", devices="00:05.0"))
    for name, cpus, function, address in (("b", "2", "00:04.0", "10.1.0.1"),
                                          ("c", "3", "01:00.0", "10.1.0.2")):
        create(machine, name, cpus, function)
        shell = start(machine, name)
        assert functions(shell) == [f"0000:{function}"]
        bring_up(shell, address)
    one, other = machine.node("b"), machine.node("c")
    traffic.ping(one, "10.1.0.2")
    text = "over the hub " * 1000
    assert traffic.send_string(one, other, "10.1.0.2", text) == text
    assert traffic.send_string(other, one, "10.1.0.1", text) == text
    traffic.iperf_server(other)
    assert traffic.gbit(traffic.iperf(one, "10.1.0.2", seconds=2)) > 0
    assert msix_interrupts(one, "0000:00:04.0") > 0
    assert msix_interrupts(other, "0000:01:00.0") > 0

    # Its card comes up again, and is the same.
    machine.node().run("mint kill c")
    machine.close_shell("c")
    other = start(machine, "c")
    bring_up(other, "10.1.0.2")
    one.run("ip neigh flush dev eth0")
    traffic.ping(one, "10.1.0.2")
    assert traffic.send_string(other, one, "10.1.0.1", text) == text


def test_a_function_is_given_once(boot: Boot) -> None:
    devices = Extra().nic("4", 0).nic("5", 0)
    machine = boot(mint=SHARE + ",nodevices=00:04.0", extra=devices.line)
    node0 = machine.node()
    b = machine.node_file("b", "2", devices="00:04.0")
    c = machine.node_file("c", "3", devices="00:04.0")
    result = node0.run(f"(mint create {b} & mint create {c} & wait) 2>&1")
    made = re.findall(r"created node '(\w)'", result.output)
    refused = re.findall(r"mint: .*00:04\.0 belongs to node '(\w)'.*Try: mint destroy (\w)",
                         result.output)
    assert len(made) == 1 and refused == [(made[0], made[0])], result.output
    assert listed(machine)[made[0]] == ["00:04.0"]

    # All or nothing: what was ours stays ours, and can be driven again.
    unbind(machine, "0000:00:05.0")
    d = machine.node_file("d", "2-3", devices="00:05.0")
    assert f"belongs to node '{made[0]}'" in refusal(machine, d)
    assert "0000:00:05.0" in functions(node0) and "00:05.0" in listed(machine)["node0"]
    node0.run("echo 0000:00:05.0 >/sys/bus/pci/drivers/virtio-pci/bind")
    node0.run("ls /sys/bus/pci/devices/0000:00:05.0/virtio*/net")

    node0.run(f"mint destroy {made[0]}")
    assert "whose driver virtio-pci uses it" in refusal(machine, d)
    node0.run("echo 1 >/sys/bus/pci/devices/0000:00:05.0/remove")
    assert "was removed from its bus" in refusal(machine, d)
    assert "no PCI function 00:09.0" in refusal(
        machine, machine.node_file("e", "2", devices="00:04.0,00:09.0"))
    assert "00:1f.0 is a bridge" in refusal(
        machine, machine.node_file("e", "2", devices="00:04.0,00:1f.0"))
    assert listed(machine)["unassigned"] == ["00:04.0"]


@pytest.mark.parametrize("option", ["pci=conf1", "pci=nommconf"])
def test_no_option_opens_the_ports_on_a_started_node(boot: Boot, option: str) -> None:
    machine = boot(mint=SHARE + ",nodevices=00:04.0", extra=Extra().nic("4", 0).line)
    path = machine.node_file("b", "2", devices="00:04.0",
                             cmdline=f"console=hvc0 hostname=b {option}")
    machine.node().run(f"mint create {path}")
    shell = start(machine, "b")
    assert functions(shell) == ["0000:00:04.0"]
    assert "PCI conf1" not in shell.run("cat /proc/ioports").output


def test_a_started_node_gives_its_function_away(boot: Boot) -> None:
    machine = boot(mint=SHARE + ",nodevices=00:04.0", extra=Extra().nic("4", 0).outside(0).line)
    machine.node().run("cd /etc/mint; for node in b c; do echo 'devices = 00:04.0' >>$node.conf; "
                       "done")
    b = start_manager(machine)
    said = b.run("mint create /etc/mint/c.conf", check=False).output
    assert "belongs to node 'b', whose driver virtio-pci uses it" in said
    b.run(said.split("Try: ")[1])
    b.run("mint create /etc/mint/c.conf && mint start c", timeout=90)
    assert functions(b) == []
    assert listed(machine)["c"] == ["00:04.0"] and listed(machine)["b"] == []
    c = machine.node_shell("c")
    bring_up(c, "10.0.2.15")
    traffic.ping(c, "10.0.2.2")
    # Its next incarnation does not take it back.
    machine.node().run("mint kill b")
    machine.node().run("mint start b --file /tmp/b.conf", timeout=90)
    assert functions(open_uart(machine, "b")) == []
    traffic.ping(c, "10.0.2.2")

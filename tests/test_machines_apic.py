# SPDX-License-Identifier: GPL-2.0
"""
Machines whose firmware turns x2APIC on, with APIC ids above 255, and machines
with an IOMMU that node 0 is told to use.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Dict, List

import pytest
import traffic
from conftest import Boot, join
from machine import ANY, Extra, Shell
from manager import start_manager
from shapes import x2apic_machine

NODE0_CONF = """
printf '%s\\n' '[node]' 'name = node0' 'cpus = 0-1' 'memory = 256M' 'kernel = /boot/bzImage' \\
	'initrd = /boot/node.cpio' 'cmdline = console=hvc0 hostname=node0' >/tmp/node0.conf
"""
FOUND = "x2apic: enabled by BIOS"
LEFT = "x2apic disabled"
# A disk of the emulator is behind the IOMMU if it is told so.
TRANSLATED = "iommu_platform=on,disable-legacy=on"


def kernel_log(shell: Shell) -> str:
    """What the kernel of a node has said."""
    return shell.run("dmesg").output


def write_disk(image: Path, megabytes: int = 4) -> str:
    """Fills a disk with noise; the sum of its content."""
    content = os.urandom(megabytes << 20)
    image.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def disk_sum(shell: Shell, cpu: int = 0) -> str:
    """The sum of the disk's content, read anew by a CPU of a node."""
    shell.run("echo 3 >/proc/sys/vm/drop_caches")
    return shell.run(f"taskset {1 << cpu:x} sha256sum /dev/vda").output.split()[0]


def interrupts(shell: Shell, function: str) -> Dict[str, List[int]]:
    """Of each interrupt of a PCI function, how many each CPU of the node has taken."""
    lines = shell.run("cat /proc/interrupts").output.splitlines()
    cpus = len(lines[0].split())
    return {line.split(":")[0].strip(): [int(word) for word in line.split()[1:1 + cpus]]
            for line in lines if f"PCI-MSIX-{function}" in line}


def exec_on(shell: Shell, node: str, command: str) -> str:
    """What a command prints on another node."""
    return shell.run(f"mint exec {node} -- {command}").output.strip()


def test_nodes_in_x2apic_mode_start_and_stop_each_other(boot: Boot) -> None:
    machine = boot(**x2apic_machine())
    node0 = machine.node()
    assert FOUND in kernel_log(node0)
    assert re.search(r"^ +3 +APIC id 256 ", node0.run("mint hw").output, re.M)
    # What a node is told there must not cost it its peers.
    machine.node_file("c", "3", cmdline="console=hvc0 hostname=c nox2apic")
    shell = start_manager(machine)
    machine.start_node("c")
    join(machine, ["node0", "b", "c"])
    for name in ("b", "c"):
        log = kernel_log(machine.node(name))
        assert FOUND in log and LEFT not in log
    traffic.ping(shell, "10.0.0.3")
    traffic.ping(machine.node("c"), "10.0.0.1")

    # A CPU with a high id gets its INIT and SIPI, the machine's boot CPU its NMI.
    shell.run("mint kill c")
    machine.close_shell("c")
    shell.run("mint start c --file /etc/mint/c.conf && mint kill node0", timeout=90)
    shell.run(NODE0_CONF + "mint start node0 --file /tmp/node0.conf", timeout=90)
    assert FOUND in exec_on(shell, "node0", "dmesg")
    assert exec_on(shell, "node0", "nproc") == "2"
    for node, address in (("node0", "10.0.0.1"), ("c", "10.0.0.3")):
        exec_on(shell, node, f"ifconfig vni0 {address} netmask 255.255.255.0 up")
        traffic.ping(shell, address)


def test_all_nodes_follow_node0_back_to_xapic_mode(boot: Boot) -> None:
    machine = boot(append="nox2apic", **x2apic_machine())
    assert "mint: 1 CPUs are left out" in kernel_log(machine.node())
    assert '"apic_id": 256' not in machine.node().run("mint hw --json").output
    machine.start_node("b")
    assert LEFT in kernel_log(machine.node("b"))
    join(machine, ["node0", "b"])
    traffic.ping(machine.node("b"), "10.0.0.1")
    # This time it finds its CPU as it has left it.
    machine.node().run("mint kill b && mint start b", timeout=90)
    log = exec_on(machine.node(), "b", "dmesg")
    assert FOUND not in log and LEFT not in log


def test_devices_interrupt_those_cpus_of_a_node_that_they_reach(boot: Boot,
                                                                tmp_path: Path) -> None:
    image = tmp_path / "disk"
    content = write_disk(image)
    options = x2apic_machine()
    options["extra"] += Extra().disk("4", image, "num-queues=2").nic("5", 0).outside(0).line
    machine = boot(mint="cpus=0-1,mem=512M,shm=64M,nodevices=00:04.0,00:05.0", **options)
    refused = machine.node().run(
        f"mint create {machine.node_file('c', '3', devices='00:04.0')}", check=False)
    assert refused.status == 1
    assert "00:04.0 cannot interrupt CPU 3, on which the node boots" in refused.output
    machine.node_file("b", "2,3", devices="00:04.0, 00:05.0")
    shell = machine.start_node("b")
    assert shell.run("nproc").output.strip() == "2"

    # A queue for each CPU; that of the second interrupts the first.
    assert disk_sum(shell, 0) == disk_sum(shell, 1) == content
    taken = interrupts(shell, "0000:00:04.0")
    assert len([counts for counts in taken.values() if counts[0]]) == 2, taken
    # Those of the card stay where they are, though the user wants the second to have them.
    for irq in interrupts(shell, "0000:00:05.0"):
        shell.run(f"echo 2 >/proc/irq/{irq}/smp_affinity")
    shell.run("ip addr add 10.0.2.15/24 dev eth0 && ip link set eth0 up")
    traffic.ping(shell, "10.0.2.2")
    online = "/sys/devices/system/cpu/cpu1/online"
    shell.run(f"echo 0 >{online} && echo 1 >{online}")
    assert disk_sum(shell, 1) == content
    taken = {**interrupts(shell, "0000:00:04.0"), **interrupts(shell, "0000:00:05.0")}
    assert not any(counts[1] for counts in taken.values()), taken


@pytest.mark.parametrize("iommu,append", [
    ("intel-iommu,intremap=on,caching-mode=on", "intel_iommu=on intremap=on"),
    ("intel-iommu,intremap=on,eim=on", "intel_iommu=on intremap=on"),
    ("amd-iommu,intremap=on", "amd_iommu=fullflush")])
def test_node0_keeps_the_iommu_off_for_the_devices_of_others(boot: Boot, tmp_path: Path,
                                                             iommu: str, append: str) -> None:
    # Such as remap interrupts for 32 bits of an APIC id belong to machines with x2APIC.
    options = x2apic_machine() if "eim=on" in iommu else {"extra": []}
    own, given = tmp_path / "own", tmp_path / "given"
    devices = Extra().disk("4", own, TRANSLATED).disk("5", given, TRANSLATED)
    content = [write_disk(image) for image in (own, given)]
    # An IOMMU has to be there before what it is to translate for.
    options["extra"] += ["-device", iommu] + devices.line
    machine = boot(build=ANY, append=append, **options,
                   mint="cpus=0-1,mem=512M,shm=64M,nodevices=00:05.0")
    log = kernel_log(machine.node())
    assert log.count("mint: the IOMMU stays off") == 1
    assert disk_sum(machine.node()) == content[0]
    machine.node_file("b", "2", devices="00:05.0")
    shell = machine.start_node("b")
    assert (FOUND in log) == (FOUND in kernel_log(shell)) == ("eim=on" in iommu)
    assert disk_sum(shell) == content[1]
    assert any(any(counts) for counts in interrupts(shell, "0000:00:05.0").values())

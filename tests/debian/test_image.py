# SPDX-License-Identifier: GPL-2.0
"""
The image of `make image`, as somebody boots it who has never seen it, and on a machine
that has less than it was set up for. And what a user does by hand on a Debian of one's
own: the packages come, a node starts, the packages go.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from conftest import Boot
from disk_image import BOOT_S, DiskImage, overlay
from machine import ANY, TOP, Extra, Machine, Shell
from mint_list import state_of
from debian import wait_running, wait_running_there

PACKAGES = TOP / "build/packages"
# dpkg and GRUB on an emulated CPU, on a host with other work.
PACKAGES_S = 900.0
START_S = 300.0


def log_in(boot: Boot, **options: Any) -> DiskImage:
    """A machine with somebody at its console."""
    machine = boot(DiskImage, **options)
    assert isinstance(machine, DiskImage)
    return machine


def power_off(machine: Machine) -> None:
    """Ends a machine as its user does."""
    machine.node().start("poweroff")
    assert machine.wait_exit(BOOT_S) == 0


def words_of(shell: Shell) -> str:
    """The kernel's command line, but for the name of its file."""
    return re.sub(r"BOOT_IMAGE=\S+ ", "", shell.run("cat /proc/cmdline").output)


def test_a_newcomer_finds_two_debians_and_ends_both(boot: Boot) -> None:
    machine = log_in(boot)
    node0 = machine.node()
    for word in ("mint list", "mint console b", "mint start b", "ssh b", "ping b"):
        assert word in machine.greeting
    assert "Mint is off" not in machine.greeting
    wait_running(node0)
    assert state_of(node0, "b") == "running"
    wait_running_there(node0, "b")
    node0.run("ping -c 3 b")
    assert node0.run("ssh b hostname").output.split()[-1] == "b"
    node0.run("mint stop b", timeout=START_S)
    assert state_of(node0, "b") == "off"
    node0.run("mint start b --wait=running", timeout=START_S)
    power_off(machine)


def test_a_machine_with_less_memory_boots_without_mint_and_says_so(boot: Boot) -> None:
    machine = log_in(boot, memory="1G")
    assert re.search(r"^Mint is off: .+\. Try: mint setup$", machine.greeting, re.MULTILINE)
    node0 = machine.node()
    wait_running(node0)
    assert node0.run("nproc").output.strip() == "4"
    power_off(machine)


def stock_image() -> Path:
    """Debian before our packages; made unless it is there."""
    done = subprocess.run([str(TOP / "scripts/build-image"), "stock"], text=True,
                          capture_output=True, check=True, timeout=1500)
    return Path(done.stdout.splitlines()[-1])


def packages_disk(folder: Path) -> Extra:
    """A disk with what a user fetches, and the initramfs of a node."""
    for found in (*PACKAGES.glob("linux-image-*-mint_*.deb"), *PACKAGES.glob("mint_*.deb"),
                  ANY / "node.cpio"):
        shutil.copy(found, folder)
    return Extra().disk("6", Path(f"fat:{folder}"), snapshot=True)


def test_packages_come_run_a_node_and_go_again(boot: Boot, tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    options = {"image": overlay(stock_image(), tmp_path / "disk.qcow2"), "keep": True,
               "extra": packages_disk(tmp_path / "packages").line}

    before = log_in(boot, **options)
    node0 = before.node()
    words = words_of(node0)
    node0.run("mount -o ro /dev/vdb1 /mnt")
    node0.run("apt-get -q install -y /mnt/*.deb", timeout=PACKAGES_S)
    value = node0.run("mint setup").output
    node0.run("mint setup --write", timeout=PACKAGES_S)
    power_off(before)

    within = log_in(boot, **options)
    node0 = within.node()
    wait_running(node0)
    given, = re.findall(r" mint=(\S+)", words_of(node0))
    assert given in value
    node0.run("mount -o ro /dev/vdb1 /mnt")
    node0.run("mint new b --cpus 2 --memory 512M --initrd /mnt/node.cpio")
    node0.run("mint create /etc/mint/b.conf; mint start b", timeout=START_S)
    assert node0.run("mint exec b -- uname -r").output == node0.run("uname -r").output
    node0.run("mint stop b", timeout=START_S)
    node0.run("apt-get -q purge -y mint linux-image-$(uname -r)", timeout=PACKAGES_S)
    power_off(within)

    after = log_in(boot, **options)
    wait_running(after.node())
    assert words_of(after.node()) == words
    power_off(after)

# SPDX-License-Identifier: GPL-2.0
"""The boot parameter mint=: a bad value costs one line, not the machine."""

import pytest
from conftest import Boot

# Few, since each value takes a boot, and a CPU more makes it longer.
WHOLE_CPUS = 2
GOOD = "cpus=0-1,mem=512M,shm=64M"

REJECTED = [
    ("", "has no value"),
    ("garbage", "garbage"),
    ("cpus=0-1,mem=512M", "cpus=, mem= and shm="),
    ("cpus=0-1,shm=64M", "cpus=, mem= and shm="),
    ("mem=512M,shm=64M", "cpus=, mem= and shm="),
    ("cpus=,mem=512M,shm=64M", "CPU number"),
    ("cpus=x,mem=512M,shm=64M", "CPU number"),
    ("cpus=0-,mem=512M,shm=64M", "CPU number"),
    ("cpus=0x,mem=512M,shm=64M", "CPU number"),
    ("cpus=1-0,mem=512M,shm=64M", "range"),
    ("cpus=0-256,mem=512M,shm=64M", "no CPU 256"),
    ("cpus=0-4294967296,mem=512M,shm=64M", "CPU number"),
    ("cpus=0,0,mem=512M,shm=64M", "twice"),
    ("cpus=0,cpus=1,mem=512M,shm=64M", "twice"),
    ("cpus=0-2,mem=512M,shm=64M", "no CPU 2"),
    ("cpus=1,mem=512M,shm=64M", "boot CPU"),
    ("cpus=0,mem=0,shm=64M", "zero"),
    ("cpus=0,mem=x,shm=64M", "not a size"),
    ("cpus=0,mem=512Mx,shm=64M", "stray"),
    ("cpus=0,mem=513K,shm=64M", "multiple of 2M"),
    ("cpus=0,mem=2M,shm=64M", "minimum"),
    ("cpus=0,mem=64G,shm=64M", "more than the machine has"),
    ("cpus=0,mem=99999999999999999999G,shm=64M", ""),
    ("cpus=0,mem=512M,shm=0", "zero"),
    ("cpus=0,mem=512M,shm=x", "not a size"),
    ("cpus=0,mem=512M,shm=3M", "multiple of 2M"),
    ("cpus=0,mem=512M,shm=2M", "minimum"),
    ("cpus=0,mem=512M,shm=64G", "no 65536M of RAM"),
    ("cpus=0,mem=512M,shm=64M@x", "not an address"),
    ("cpus=0,mem=512M,shm=64M@1G+", "stray"),
    ("cpus=0,mem=512M,shm=64M@1023K", "multiple of 2M"),
    ("cpus=0,mem=512M,shm=64M@256M", "overlaps"),
    ("cpus=0,mem=512M,shm=64M@3G", "not all RAM"),
    ("cpus=0,mem=512M,shm=64M@0xfffffffffffe00000", ""),
    ("cpus=0,mem=512M,mem=256M,shm=64M", "given twice"),
    ("cpus=0,mem=512M,shm=64M,disk=1", "disk"),
    (GOOD + ",nodevices=", "not a PCI function"),
    (GOOD + ",nodevices=eth0", "'eth0' is not a PCI function"),
    (GOOD + ",nodevices=00:1f.2,00:1f.8", "'00:1f.8' is not a PCI function"),
    (GOOD + ",nodevices=00:1f.2,0000:00:1f.2", "given twice"),
    (GOOD + ",nodevices=00:1f.2,nodevices=00:1f.3", "given twice"),
    (GOOD + ",nodevices=00:09.0", "no PCI function 00:09.0"),
    (GOOD + ",nodevices=00:1f.0", "bridge"),
    (GOOD + ",nodevices=" + ",".join(f"02:{slot:02x}.0" for slot in range(17)),
     "more than 16"),
    (GOOD + "," + "x" * 300, "longer than"),
]


@pytest.mark.parametrize("value,reason", REJECTED,
                         ids=[value[:40] or "empty" for value, _ in REJECTED])
def test_bad_value_boots_without_mint(boot: Boot, value: str,
                                      reason: str) -> None:
    shell = boot(cpus=WHOLE_CPUS, mint=value).node()
    lines = [line for line in shell.run("dmesg").output.splitlines()
             if "] mint: " in line]
    assert len(lines) == 1 and "booting without Mint" in lines[0], lines
    assert reason in lines[0]
    assert shell.run("nproc").output.strip() == str(WHOLE_CPUS)
    total = int(shell.run("awk '/MemTotal/ {print $2}' /proc/meminfo").output)
    assert total > 3 * 1024 * 1024
    assert shell.run("test -e /dev/mint", check=False).status != 0


def test_a_place_for_the_region_that_is_in_use_is_not_taken(boot: Boot) -> None:
    """The emulator has put the initrd there; it would not be found again."""
    shell = boot(mint=f"{GOOD}@{2048 - 66}M").node()
    moved, = [line for line in shell.run("dmesg").output.splitlines()
              if "the region is elsewhere" in line]
    assert "the 64M at 0x7be00000 are in use" in moved
    assert "the shared region" in shell.run("mint hw | grep 0x000020000000-").output


@pytest.mark.parametrize("value,cpus", [
    ("cpus=0,mem=128M,shm=16M", 1),
    ("cpus=0,2,mem=512M,shm=64M@1G", 2),
    ("shm=64M@0x100000000,mem=1G,cpus=0-3", 4),
])
def test_good_value_is_applied(boot: Boot, value: str, cpus: int) -> None:
    shell = boot(mint=value).node()
    shell.run("test -e /dev/mint")
    assert shell.run("nproc").output.strip() == str(cpus)

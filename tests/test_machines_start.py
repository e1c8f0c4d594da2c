# SPDX-License-Identifier: GPL-2.0
"""
CPUs come into their kernels on machines of other shapes: low memory with holes
or almost none, CPUs without pages of 1 GB, memory above 512 GB, page tables of 5
levels on node 0. And they leave them: each says that it has stopped.
"""

import base64
import json
from typing import List

import abi
import pytest
import traffic
from conftest import Boot, Shared
from machine import ANY, Machine, Shell
from manager import start_manager
from mint_list import nodes_of
from shared_region import Entry

# What a machine of 4 CPUs has below the video memory, but for its last kilobyte.
LOW_END = 0x9F000
NODE0_CONF = """
printf '%s\\n' '[node]' 'name = node0' 'cpus = 0-1' 'memory = 256M' 'kernel = /boot/bzImage' \\
	'initrd = /boot/node.cpio' 'cmdline = console=hvc0 hostname=node0' >/tmp/node0.conf
"""


def reserved(*ranges: range) -> str:
    """Words of node 0's command line by which the firmware has these for itself."""
    return " ".join(f"memmap={len(each)}${each.start:#x}" for each in ranges)


def start_wide(machine: Machine) -> Shell:
    """Node b with the CPUs 2 and 3, on a UART of its own."""
    machine.node_file("b", "2,3", memory="256M")
    shell = start_manager(machine)
    assert shell.run("nproc").output.strip() == "2"
    return shell


def restart_node0(shell: Shell) -> None:
    """Node b halts the boot CPU, and starts it in a kernel again, twice."""
    for _ in range(2):
        shell.run("mint kill node0")
        shell.run(NODE0_CONF + "mint start node0 --file /tmp/node0.conf", timeout=60)
    assert {node["state"] for node in nodes_of(shell)} == {"running"}
    assert "generation  3" in shell.run("mint show node0").output
    assert shell.run("mint exec node0 -- nproc").output.strip() == "2"


@pytest.mark.parametrize("holes", [
    [range(0x58000, 0x59000), range(0x8F000, LOW_END)],
    # What is left: pieces of 20 KB and of 28 KB, for node 0's trampoline.
    [range(0x10000, 0x20000), range(0x25000, 0x40000), range(0x47000, LOW_END)]],
    ids=["usual", "hardly any"])
def test_low_memory_may_have_holes(boot: Boot, holes: List[range]) -> None:
    machine = boot(append=reserved(*holes))
    low = json.loads(machine.node().run("mint hw --json").output)["low_area"]
    area = range(low["base"], low["base"] + low["bytes"])
    assert low["bytes"] and not any(max(area.start, hole.start) < min(area.stop, hole.stop)
                                    for hole in holes)
    assert machine.node().run("nproc").output.strip() == "2"
    shell = start_wide(machine)
    # A CPU that was off comes back by the same way.
    online = "/sys/devices/system/cpu/cpu1/online"
    shell.run(f"echo 0 >{online}; echo 1 >{online}; echo 0 >{online}; echo 1 >{online}")
    assert shell.run("nproc").output.strip() == "2"


def test_node0_keeps_its_cpus_where_low_memory_has_no_room_for_more(boot: Boot) -> None:
    machine = boot(append=reserved(range(0x10000, 0x90000), range(0x97000, LOW_END)))
    shell = machine.node()
    assert shell.run("nproc").output.strip() == "2"
    assert "no other node can be started" in shell.run("dmesg | grep mint:").output
    result = shell.run("mint create /etc/mint/b.conf", check=False)
    assert result.status == 1 and result.output.count("\n") == 1
    assert "memory below 1 MB" in result.output and "Try: mint log node0" in result.output
    assert "none: no other node" in shell.run("mint hw").output


def test_cpus_need_no_pages_of_1_gb(boot: Boot) -> None:
    machine = boot(extra=["-cpu", "Haswell-noTSX,-erms"])
    machine.node().run("! grep pdpe1gb /proc/cpuinfo")
    restart_node0(start_wide(machine))


def test_node0_may_have_page_tables_of_5_levels(boot: Boot) -> None:
    machine = boot(build=ANY, append="nokaslr", extra=["-cpu", "max,-erms,-fsrm"])
    machine.node().run("grep -q ' la57' /proc/cpuinfo")
    shell = start_wide(machine)
    shell.run("grep -q no5lvl /proc/cmdline && ! grep ' la57' /proc/cpuinfo")
    restart_node0(shell)


@pytest.fixture(name="started")
def started_fixture(request: pytest.FixtureRequest, shared: Shared) -> Machine:
    """Nodes 0 and b, which run."""
    def start(machine: Machine) -> None:
        machine.node().run("mint create /etc/mint/b.conf && mint start b")

    return shared.lend(request.node, start)


def poke(shell: Shell, address: int, data: bytes) -> bytes:
    """Writes into memory of the machine; what was there."""
    at = f"/dev/mem bs=1 count={len(data)}"
    octal = "".join(f"\\{byte:03o}" for byte in data)
    before = shell.run(f"dd if={at} skip={address} 2>/dev/null | base64").output
    shell.run(f"printf '{octal}' | dd of={at} seek={address} conv=notrunc 2>/dev/null")
    return base64.b64decode(before)


def startup_page(shell: Shell) -> int:
    """Where the start-up page lies."""
    low: int = json.loads(shell.run("mint hw --json").output)["low_area"]["base"]
    return low + abi.MINT_LOW_STARTUP


def test_a_cpu_that_does_not_say_that_it_stopped_is_not_believed(started: Machine) -> None:
    shell = started.node()
    fenced = shell.run("mint show b | grep ^fenced").output
    # As if the INIT had not come: from here nobody arrives.
    code = poke(shell, startup_page(shell), b"\xf4\xeb\xfd")
    for command in ("kill b", "destroy b --force"):
        result = shell.run(f"mint {command}", check=False, timeout=30)
        assert result.status == 5 and result.output.count("\n") == 1, result
        assert "one of its CPUs cannot be stopped" in result.output
    assert shell.run("dmesg | grep -c 'stops neither by INIT nor by NMI'").output.strip() == "1"
    assert shell.run("mint show b | grep ^fenced").output == fenced
    poke(shell, startup_page(shell), code)
    shell.run("mint kill b && mint start b")


def lock_word(node: int, generation: int) -> int:
    """Who has a lock."""
    word: int = abi.mint_lock_word(node=node, cpu=0, generation=generation).pack()
    return word


def test_the_start_up_page_is_taken_over_from_the_dead_only(started: Machine) -> None:
    shell = started.node()
    ledger = Entry(shell, abi.MINT_SECTION_LEDGER)
    shell.run("mint kill b")
    # It died while it had sent CPU 3 there, which is stopped now.
    startup = startup_page(shell) + abi.MINT_STARTUP
    poke(shell, startup + abi.offsetof(abi.mint_startup, "arrived"), bytes(4))
    poke(shell, startup + abi.offsetof(abi.mint_startup, "apic_id"), bytes((3, 0, 0, 0)))
    ledger.put("start_lock.word", lock_word(1, 1))
    takeovers = ledger.get("start_lock.takeovers")
    shell.run("mint start b")
    assert ledger.get("start_lock.takeovers") == takeovers + 1

    # Node 0 itself has it, for all one can see: nobody may break that.
    ledger.put("start_lock.word", lock_word(0, 1))
    result = shell.run("mint kill b", check=False, timeout=30)
    assert result.status == 5 and "keeps the page through which CPUs start" in result.output
    assert "node 0 keeps the start-up page" in shell.run("dmesg | tail").output
    ledger.put("start_lock.word", 0)
    shell.run("mint kill b && mint start b")


def test_a_node_may_lie_above_512_gb(boot: Boot) -> None:
    far = 0x81_0000_0000
    # The firmware does not tell of such memory, so node 0's command line does.
    machine = boot(memory="2G,slots=1,maxmem=600G", append=f"memmap=512M@{far:#x}", extra=[
        "-object", "memory-backend-ram,id=far,size=512M",
        "-device", f"pc-dimm,memdev=far,addr={far:#x}"])
    machine.node_file("b", "2,3", memory=f"256M@{far + (128 << 20):#x}")
    shell = machine.start_node("b")
    assert shell.run("nproc").output.strip() == "2"
    traffic.bring_up(machine.node(), "10.0.0.1")
    traffic.bring_up(shell, "10.0.0.2")
    traffic.wait_carrier(shell)
    traffic.ping(shell, "10.0.0.1")

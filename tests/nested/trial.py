# SPDX-License-Identifier: GPL-2.0
"""
What is tried inside the machine that has KVM: nodes of each kernel named, in a
virtual machine as QEMU makes it by default.

usage: python3 -m nested.trial CASE...

A case is the name of a kernel, "registered" or "hyperv".
"""

import re
import sys
import time
import zlib
from typing import List

import traffic
from machine import ANY, BOOT_SECONDS, BUILD, Machine, MachineError, Shell, deadline_in
from manager import NODE0_CONF, open_uart, start_manager, wait_uart

BUILDS = {"small": BUILD, "any": ANY}
FAULTS = BUILD / "fault/root.cpio"
LOGS = BUILD / "test-logs"
BEGAN = time.monotonic()
NODE0, B = "10.0.0.1", "10.0.0.2"
START_SECONDS = 60.0
MB = 1 << 20
PAGE = 4096
# What node 0 had, but for the pages of low memory in which CPUs start and rest.
NODE0_MEMORY = range(2 * MB, 512 * MB, PAGE)
D_CONF = NODE0_CONF + "sed -i -e 's/node0/d/' -e 's/256M/128M@1G/' /tmp/node0.conf"
# A kernel that finds its hypervisor says so, and offers its clock.
TRACES = ("dmesg | grep -iE 'hypervisor detected|kvm-clock|pv ipi|async pf'; "
          "grep kvm /sys/devices/system/clocksource/clocksource0/available_clocksource")
FACTS = ("dmesg | grep -E 'smpboot: CPU0|clocksource: Switched|x2apic|TSC deadline' | "
         "sed 's/^.*\\] //'")
# A machine that shows the signature of Hyper-V, and not KVM's.
HYPERV = "host,kvm=off,hv-relaxed"
REFUSAL = re.compile(r"mint: .*Hyper-V.*; booting without Mint")


def say(text: str) -> None:
    """Prints a line with the time since the beginning."""
    print(f"[{time.monotonic() - BEGAN:7.1f} s] {text}", flush=True)


def show(text: str) -> None:
    """Prints what a step has found, below its line."""
    for line in text.strip().splitlines():
        print(f"              {line}", flush=True)


def talk(shell: Shell, address: str) -> None:
    """Ping, and iperf3 both ways, with a node on which its server runs."""
    say(f"{shell.host}: ping and iperf3 with {address}")
    show(traffic.ping(shell, address))
    for way, options in (("to", ""), ("from", "-R")):
        rate = traffic.gbit(traffic.iperf(shell, address, options=options))
        show(f"TCP {way} {address}: {rate:.3f} Gbit/s")


def join(shell: Shell, name: str, address: str) -> None:
    """Gives another node an address and a server, without a shell there."""
    shell.run(f"mint exec {name} -- ifconfig vni0 {address} netmask 255.255.255.0 up")
    shell.run(f"mint exec {name} -- iperf3 -s -D")
    traffic.wait_carrier(shell)


def assert_no_trace(shell: Shell) -> None:
    """Fails if a node uses anything of its hypervisor's."""
    found = shell.run(TRACES, check=False).output
    assert not found, f"{shell.host} uses its hypervisor's: {found}"


def checksums(machine: Machine) -> List[int]:
    """Those of each page that node 0 had."""
    with open(machine.memory_path(), "rb") as memory:
        memory.seek(NODE0_MEMORY.start)
        return [zlib.crc32(memory.read(PAGE)) for _ in NODE0_MEMORY]


def start_both(machine: Machine) -> Shell:
    """Node 0 and b, which needs nobody; the shell of b."""
    say("booting node 0")
    machine.start()
    node0 = machine.node()
    show(node0.run(FACTS).output)
    assert_no_trace(node0)
    say("node0: mint create and mint start b")
    shell = start_manager(machine)
    assert_no_trace(shell)
    traffic.bring_up(node0, NODE0)
    traffic.bring_up(shell, B)
    traffic.iperf_server(node0)
    traffic.wait_carrier(shell)
    return shell


def restart_b(machine: Machine) -> Shell:
    """Stops b by INIT and starts it again; its new shell."""
    node0 = machine.node()
    say("node0: mint kill b")
    node0.run("mint kill b")
    say("node0: mint start b")
    node0.run("mint start b --file /tmp/b.conf", timeout=START_SECONDS)
    wait_uart(node0, "b")
    shell = open_uart(machine, "b")
    traffic.bring_up(shell, B)
    traffic.wait_carrier(shell)
    return shell


def restart_node0(shell: Shell) -> None:
    """The same with node 0, whose boot CPU is halted by NMI."""
    say("b: mint kill node0")
    shell.run("mint kill node0")
    say("b: mint start node0")
    shell.run(NODE0_CONF + "mint start node0 --file /tmp/node0.conf", timeout=START_SECONDS)
    join(shell, "node0", NODE0)


def pages_written(machine: Machine, shell: Shell) -> List[int]:
    """
    The boot CPU goes from node 0 to a node elsewhere; the pages that are written
    meanwhile where node 0 was, and nobody is now.
    """
    say("b: mint destroy node0; its CPUs go to node d elsewhere")
    shell.run("mint kill node0 && mint destroy node0")
    before = checksums(machine)
    shell.run(D_CONF + "; mint create /tmp/node0.conf && mint start d", timeout=START_SECONDS)
    join(shell, "d", NODE0)
    talk(shell, NODE0)
    written = [place for place, was, now in zip(NODE0_MEMORY, before, checksums(machine))
               if was != now]
    show(f"{len(written)} of {len(before)} pages that node 0 had were written to")
    return written


def keep_log(machine: Machine, shell: Shell) -> None:
    """Keeps the kernel logs of all nodes."""
    log = shell.run("mint log").output
    (machine.log_dir / "kernels.log").write_text(log, encoding="utf-8")


def power_off(machine: Machine, shell: Shell) -> None:
    """The last node to end switches the machine off."""
    say("b: mint kill d; poweroff")
    keep_log(machine, shell)
    shell.run("mint kill d")
    shell.start("poweroff -f")
    status = machine.wait_exit()
    assert status == 0, f"QEMU ended with status {status}"
    splats = machine.splats()
    assert not splats, f"splats: {splats}"


def try_nodes(kernel: str) -> None:
    """All that nodes of a kernel are tried with."""
    say(f"== kernel {kernel}")
    with Machine(LOGS / kernel, memory="2G", build=BUILDS[kernel], accelerator="kvm",
                 cpu="host", open_memory=True) as machine:
        try:
            shell = start_both(machine)
        except MachineError:
            keep_log(machine, machine.node())
            raise
        talk(shell, NODE0)
        shell = restart_b(machine)
        talk(shell, NODE0)
        restart_node0(shell)
        talk(shell, NODE0)
        written = pages_written(machine, shell)
        assert not written, f"memory of nobody was written to: {list(map(hex, written))}"
        power_off(machine, shell)


def try_registered() -> None:
    """What node 0 would leave behind if it registered anything: the watch sees it."""
    say("== a node 0 that has registered a page with KVM")
    with Machine(LOGS / "registered", memory="2G", initrd=FAULTS, accelerator="kvm",
                 cpu="host", open_memory=True) as machine:
        shell = start_both(machine)
        machine.node().run("fault register-with-kvm")
        written = pages_written(machine, shell)
        assert len(written) == 1, f"not one page was written to: {list(map(hex, written))}"


def try_hyperv() -> None:
    """There are no nodes under Hyper-V; node 0's kernel says so and goes on."""
    say("== a machine that looks like one of Hyper-V")
    with Machine(LOGS / "hyperv", memory="1G", accelerator="kvm", cpu=HYPERV) as machine:
        machine.launch()
        log = machine.log_dir / "ttyS0.log"
        deadline = deadline_in(BOOT_SECONDS)
        while not (refusal := REFUSAL.search(log.read_text("utf-8") if log.exists() else "")):
            machine.check_alive()
            assert time.monotonic() < deadline, "it does not refuse"
            time.sleep(0.1)
        show(refusal[0])


def main(cases: List[str]) -> int:
    """1 if anything failed."""
    others = {"registered": try_registered, "hyperv": try_hyperv}
    try:
        for case in cases:
            if case in others:
                others[case]()
            else:
                try_nodes(case)
    except (MachineError, AssertionError) as error:
        say(f"failed: {type(error).__name__}: {error}")
        return 1
    say("all of it worked")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: GPL-2.0
"""
The scripts of the package: what puts mint= into a loader's entries, starts and stops
nodes, gives vni0 its address, and tells at login why Mint is off. Each runs with a
folder in the place of /, and programs that are made up.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import Dict, List, Optional

import pytest
from file_tree import FileTree

ROOT = Path(__file__).resolve().parent.parent
DEBIAN = ROOT / "debian"
LIB = ROOT / "boot/mint-loader/lib"
GRUB = DEBIAN / "etc/default/grub.d/mint.cfg"
PLUGIN = DEBIAN / "usr/lib/kernel/install.d/91-mint.install"
GENERATOR = DEBIAN / "usr/lib/systemd/system-generators/mint-generator"
MOTD = DEBIAN / "etc/update-motd.d/60-mint"
VALUE = "cpus=0,mem=1G,shm=128M"
TIMEOUT_S = 60


class Host(FileTree):
    """A folder that stands for a machine; programs note how they were called."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        for folder in ("bin", "boot", "dev", "etc/mint", "proc/sys/kernel"):
            (root / folder).mkdir(parents=True)
        self.environment: Dict[str, str] = {}

    def program(self, name: str, body: str = "") -> None:
        """Makes a program that notes its words, and then does this."""
        self.put(f"bin/{name}", f'#!/bin/sh\necho "{name} $*" >>{self.path}/calls\n{body}\n',
                 0o755)

    @property
    def calls(self) -> List[str]:
        """How programs were called."""
        path = self.path / "calls"
        return path.read_text("utf-8").splitlines() if path.exists() else []

    def run(self, *words: object, code: int = 0) -> str:
        """Runs a script; what it says, good or bad."""
        done = subprocess.run(
            [str(word) for word in words], text=True, timeout=TIMEOUT_S, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": f"{self.path}/bin:{os.environ['PATH']}", "MINT_ROOT": str(self.path),
                 **self.environment})
        assert done.returncode == code, done.stdout
        return done.stdout


@pytest.fixture(name="host")
def host_fixture(tmp_path: Path) -> Host:
    """A machine on which a value of mint= is written."""
    host = Host(tmp_path)
    host.program("mint", f'[ "$1" != setup ] || echo "{VALUE}"')
    return host


def grub(host: Host, default: str = "quiet") -> str:
    """The command line that GRUB gives to Linux, but for recovery."""
    return host.run("sh", "-euc", f"GRUB_CMDLINE_LINUX_DEFAULT='{default}'; . {GRUB};"
                    'echo "$GRUB_CMDLINE_LINUX_DEFAULT"').splitlines()[-1]


def test_grub_gives_linux_what_is_written(host: Host) -> None:
    assert grub(host) == f"quiet mint={VALUE}"
    assert host.calls == ["mint setup --current"]
    host.program("mint")
    assert grub(host) == "quiet"


def test_grub_gives_nothing_that_is_no_value(host: Host) -> None:
    host.program("mint", 'echo "mint: MINT= has no value" >&2; exit 1')
    assert grub(host) == "quiet"


def test_grub_gives_nothing_when_it_is_told_not_to(host: Host) -> None:
    host.environment["MINT_WITHOUT"] = "1"
    assert grub(host) == "quiet" and not host.calls


def test_grub_gives_nothing_when_the_package_is_removed(host: Host) -> None:
    (host.path / "bin/mint").unlink()
    assert grub(host) == "quiet"


def entry(host: Host, options: str, name: str = "m-6.12.117-mint.conf",
          release: str = "6.12.117-mint", **more: str) -> str:
    """The options of an entry of systemd-boot after the plugin has seen it."""
    text = f"title Debian\noptions    {options}\nlinux /m/linux\n"
    path = host.put(f"efi/loader/entries/{name}", text)
    host.environment.update({"KERNEL_INSTALL_BOOT_ROOT": f"{host.path}/efi",
                             "KERNEL_INSTALL_ENTRY_TOKEN": "m", "KERNEL_INSTALL_LAYOUT": "bls",
                             **more})
    host.run("sh", PLUGIN, "add", release, "/efi/m", "/boot/vmlinuz")
    lines = path.read_text("utf-8").splitlines()
    assert lines[0] == "title Debian" and lines[2] == "linux /m/linux"
    assert [each.name for each in path.parent.iterdir()] == [name]
    return lines[1]


@pytest.mark.parametrize("before, after", [
    ("root=/dev/vda1 ro", f"options    root=/dev/vda1 ro mint={VALUE}"),
    ("root=/dev/vda1 mint=cpus=0-1 ro ", f"options    root=/dev/vda1 ro mint={VALUE}"),
    ("mint=x root=/dev/vda1 mint=y", f"options root=/dev/vda1 mint={VALUE}"),
    ("xmint=1 ro", f"options    xmint=1 ro mint={VALUE}"),
])
def test_an_entry_of_systemd_boot_gets_what_is_written(host: Host, before: str,
                                                       after: str) -> None:
    host.put("boot/config-6.12.117-mint", "CONFIG_MINT=y\n")
    line = entry(host, before)
    assert re.sub(r"\s+", " ", line) == re.sub(r"\s+", " ", after)


def test_an_entry_that_counts_its_tries_gets_it_too(host: Host) -> None:
    host.put("boot/config-6.12.117-mint", "CONFIG_MINT=y\n")
    assert entry(host, "ro", "m-6.12.117-mint+3-0.conf") == f"options    ro mint={VALUE}"


def test_an_entry_loses_it_when_there_is_no_value(host: Host) -> None:
    host.put("boot/config-6.12.117-mint", "CONFIG_MINT=y\n")
    assert entry(host, "ro mint=cpus=0", MINT_WITHOUT="1") == "options    ro"
    host.program("mint")
    assert entry(host, "ro mint=cpus=0", MINT_WITHOUT="") == "options    ro"


def test_an_entry_of_a_kernel_without_mint_gets_nothing(host: Host) -> None:
    host.put("boot/config-6.1.0", "# CONFIG_MINT is not set\n")
    assert entry(host, "ro mint=cpus=0", "m-6.1.0.conf", "6.1.0") == "options    ro"


def test_other_layouts_and_commands_are_left_alone(host: Host) -> None:
    assert entry(host, "ro mint=a", KERNEL_INSTALL_LAYOUT="uki") == "options    ro mint=a"
    host.run("sh", PLUGIN, "remove", "6.12.117-mint", "/efi/m")
    assert not host.calls


def generated(host: Host) -> Dict[str, Optional[str]]:
    """The units that mint.target wants, with what each comes after."""
    units = host.path / "units"
    host.run("sh", GENERATOR, units, units, units)
    wanted: Dict[str, Optional[str]] = {}
    for link in sorted((units / "mint.target.wants").glob("*")):
        assert os.readlink(link) == "/lib/systemd/system/mint@.service"
        order = units / f"{link.name}.d/order.conf"
        wanted[link.name] = order.read_text("utf-8") if order.exists() else None
    return wanted


def test_nodes_that_say_so_start_at_boot_one_after_the_other(host: Host) -> None:
    host.put("etc/mint/b.conf", "[node]\nname = b\nautostart = yes\n")
    host.put("etc/mint/c.conf", "[node]\nname = c\nautostart = no\n")
    host.put("etc/mint/d.conf", "[node]\nname = d\n# autostart = yes\n")
    host.put("etc/mint/my-node_1.x.conf", "[node]\nautostart=yes  \r\n")
    assert generated(host) == {
        "mint@b.service": None,
        "mint@my-node_1.x.service": "[Unit]\nAfter=mint@b.service\n"}


def test_without_nodes_there_are_no_units(host: Host) -> None:
    assert not generated(host)
    (host.path / "etc/mint").rmdir()
    assert not generated(host)


@pytest.mark.parametrize("name", ["my node", "1b", "-b", "b@c", "b\\x2d", "b$(reboot)", "n" * 32,
                                  "b\nc", "\u00e4"])
def test_a_file_with_an_odd_name_is_told_and_left_out(host: Host, name: str) -> None:
    host.put(f"etc/mint/{name}.conf", "autostart = yes\n")
    host.put("etc/mint/c.conf", "autostart = yes\n")
    assert generated(host) == {"mint@c.service": None}
    assert "is not started: it is not called after a node" in (
        host.path / "dev/kmsg").read_text("utf-8")


def node(host: Host, name: str = "b", state: Optional[str] = None, **keys: str) -> None:
    """A node file, and the node itself in a state; None: it was not created."""
    host.put(f"etc/mint/{name}.conf", f"[node]\nname = {keys.get('named', name)}\n")
    host.put("sys/devices/mint/self/name", "node0\n")
    host.put("sys/devices/mint/node0/name", "node0\n")
    host.put("sys/devices/mint/node0/state", "running\n")
    if state:
        host.put("sys/devices/mint/node3/name", f"{name}\n")
        host.put("sys/devices/mint/node3/state", f"{state}\n")


def service(host: Host, verb: str, name: str = "b", code: int = 0) -> str:
    """What mint@NAME.service runs."""
    return host.run("sh", LIB / "node-service", verb, name, code=code)


def test_a_node_is_created_and_started(host: Host) -> None:
    node(host)
    host.environment["START_SEC"] = "9"
    service(host, "start")
    assert host.calls == [f"mint create {host.path}/etc/mint/b.conf", "mint start b --timeout 9"]


@pytest.mark.parametrize("state", ["running", "booting", "loading", "silent", "stalled"])
def test_a_node_that_runs_already_is_left_as_it_is(host: Host, state: str) -> None:
    node(host, state=state)
    assert "runs already" in service(host, "start")
    assert not host.calls


@pytest.mark.parametrize("state", ["created", "off", "panicked", "rebooted", "refused", "stopped"])
def test_a_node_that_has_ended_is_made_anew(host: Host, state: str) -> None:
    node(host, state=state)
    service(host, "start")
    assert host.calls == ["mint destroy b", f"mint create {host.path}/etc/mint/b.conf",
                          "mint start b --timeout 150"]


def test_a_node_that_cannot_be_started_is_a_failure_and_keeps_its_log(host: Host) -> None:
    node(host)
    host.program("mint", '[ "$1" != start ] || exit 5')
    service(host, "start", code=5)
    assert host.calls[-1] == "mint start b --timeout 150"


def test_a_node_needs_a_file_of_its_own(host: Host) -> None:
    node(host, named="c")
    assert service(host, "start", code=1) == \
        f"mint: {host.path}/etc/mint/b.conf is of node 'c'. Try: mv " \
        f"{host.path}/etc/mint/b.conf {host.path}/etc/mint/c.conf\n"
    assert "there is no" in service(host, "start", "d", code=1)
    assert "'node0' is this node" in service(host, "start", "node0", code=1)
    assert not host.calls


def test_a_node_is_asked_to_stop_and_given_back(host: Host) -> None:
    node(host, state="running")
    host.environment["STOP_SEC"] = "7"
    service(host, "stop")
    assert host.calls == ["mint stop b --timeout 7", "mint destroy b"]


def test_a_node_that_does_not_stop_is_killed(host: Host) -> None:
    node(host, state="running")
    host.program("mint", '[ "$1" != stop ] || exit 5')
    service(host, "stop")
    assert host.calls == ["mint stop b --timeout 90", "mint kill b", "mint destroy b"]


def test_a_node_that_is_gone_needs_no_stop(host: Host) -> None:
    node(host)
    service(host, "stop")
    assert not host.calls
    node(host, state="off")
    service(host, "stop")
    assert host.calls == ["mint destroy b"]


def network(host: Host, own: str = "", others: str = "", networkd: bool = False,
            ifupdown: bool = False) -> List[str]:
    """What is done with vni0, where this is so."""
    host.program("systemctl", f"exit {0 if networkd else 1}")
    host.program("ifquery", f"exit {0 if ifupdown else 1}")
    host.program("ip", f'case "$*" in *"show dev"*) printf %s "{own}" ;; '
                 f'*"show to"*) printf %s "{others}" ;; esac')
    host.run("sh", LIB / "network")
    return [call for call in host.calls if call.startswith("ip ") and " show " not in call]


def test_vni0_of_node_0_gets_its_address(host: Host) -> None:
    assert network(host) == ["ip link set vni0 up", "ip address add 10.77.0.1/24 dev vni0"]


@pytest.mark.parametrize("reason", [
    {"own": "5: vni0 inet 10.0.0.1/24"}, {"others": "2: eth0 inet 10.77.0.9/24"},
    {"networkd": True}, {"ifupdown": True}])
def test_vni0_is_left_to_who_has_it(host: Host, reason: Dict[str, object]) -> None:
    assert network(host, **reason) == []      # type: ignore[arg-type]


def login(host: Host, cmdline: str, log: str = "", release: str = "6.12.117-mint") -> str:
    """What a user is told at login."""
    host.put("proc/cmdline", cmdline + "\n")
    host.put("proc/sys/kernel/osrelease", release + "\n")
    host.program("dmesg", f"cat <<'END'\n{log}\nEND")
    host.program("journalctl")
    return host.run("sh", MOTD)


def test_at_login_a_refused_value_is_told_with_its_reason(host: Host) -> None:
    host.put("boot/config-6.12.117-mint", "CONFIG_MINT=y\n")
    said = login(host, f"BOOT_IMAGE=/vmlinuz ro mint={VALUE}",
                 "[    0.000000] mint: cpus: no CPU 5, the machine has 0-3; booting without Mint\n"
                 "[    1.000000] vni: nothing")
    assert said == "Mint is off: cpus: no CPU 5, the machine has 0-3. Try: mint setup\n"


def test_at_login_the_journal_is_asked_when_the_log_has_moved_on(host: Host) -> None:
    host.put("proc/cmdline", f"mint={VALUE}\n")
    host.put("proc/sys/kernel/osrelease", "6.12.117-mint\n")
    host.program("dmesg", "exit 1")
    host.program("journalctl", "echo 'mint: mem: 64G is too much; booting without Mint'")
    assert host.run("sh", MOTD) == "Mint is off: mem: 64G is too much. Try: mint setup\n"
    assert "and its log is gone" in login(host, f"mint={VALUE}")


def test_at_login_another_kernel_is_told(host: Host) -> None:
    host.put("boot/config-6.1.0-40-amd64", "# CONFIG_MINT is not set\n")
    host.put("boot/config-6.12.117-mint", "CONFIG_MINT=y\n")
    assert login(host, f"mint={VALUE}", release="6.1.0-40-amd64") == (
        "Mint is off: kernel 6.1.0-40-amd64 is built without it. "
        "Try: reboot, and choose 6.12.117-mint in the loader's menu\n")


def test_at_login_nothing_is_told_when_all_is_well(host: Host) -> None:
    assert login(host, "ro quiet", "mint: x; booting without Mint") == ""
    assert login(host, "ro xmint=1") == ""
    host.put("sys/devices/mint/node", "0\n")
    assert login(host, f"mint={VALUE}") == ""


def test_units_call_what_is_installed() -> None:
    text = "".join(path.read_text("utf-8") for path in DEBIAN.glob("mint*.service"))
    called = set(re.findall(r"^Exec\w+=(\S+)", text, re.MULTILINE))
    assert called == {"/usr/sbin/mint", "/usr/lib/mint/node-service", "/usr/lib/mint/network"}
    assert (LIB / "node-service").exists() and (LIB / "network").exists()

# SPDX-License-Identifier: GPL-2.0
"""
mint setup: proposals, values that fit and that do not, /etc/default/mint, and boot
loaders, on machines saved in tests/machines with loaders that are made up.
"""

import os
import resource
import shutil
import signal
import struct
import subprocess
from pathlib import Path
from typing import Any, Callable, List

import pytest
import saved_machine
from file_tree import FileTree
from mint_command import (ROOT, TIMEOUT_S, Mint, Result, command_fixture, mint_fixture,
                          refused)
from test_check_machine import SAVED, madt, memory_map, q35, with_memory, xapic
from test_partition import REJECTED

__all__ = ["command_fixture", "mint_fixture"]
PROPOSAL = "cpus=0,mem=1G,shm=128M"
OTHER = "cpus=0-1,mem=512M,shm=64M"
MB = 1 << 20
SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


class Host(FileTree):
    """A saved machine with a file system, and mint setup on it."""

    def __init__(self, mint: Mint, root: Path) -> None:
        super().__init__(root)
        self.mint = mint
        self.put("usr/lib/mint/update-loader", (ROOT / "boot/mint-loader/lib/update-loader")
                 .read_text("utf-8"), 0o755)
        (root / "etc/default").mkdir(parents=True)
        self.kernel("6.1.0-40-amd64", "CONFIG_MINT=y is not set")
        self.kernel("6.12.117-mint", "CONFIG_MINT=y")

    def grub(self, body: str = "true") -> None:
        """Installs GRUB, whose update notes what MINT= is, and then does this."""
        self.put("boot/grub/grub.cfg", "")
        self.put("usr/sbin/update-grub", "#!/bin/sh\n"
                 f"sed -n s/^MINT=//p {self.path}/etc/default/mint >>{self.path}/told\n"
                 f"echo Generating; {body}\n", 0o755)

    def systemd_boot(self, body: str = "true") -> None:
        """Installs systemd-boot, whose update notes its words, and then does this."""
        (self.path / "boot/efi/loader/entries").mkdir(parents=True)
        self.put("usr/bin/kernel-install", "#!/bin/sh\n"
                 f'echo "$@" >>{self.path}/added; {body}\n', 0o755)

    def setup(self, *words: object) -> Result:
        """Calls mint setup."""
        return self.mint("setup", "--root", self.path, *words)

    def lines(self, path: str) -> List[str]:
        """A file's lines; none if it is not there."""
        at = self.path / path
        return at.read_text("utf-8").splitlines() if at.exists() else []

    @property
    def value(self) -> str:
        """What mint setup --current says."""
        result = self.setup("--current")
        assert result.code == 0, result
        return result.out.strip()


Make = Callable[..., Host]


@pytest.fixture(name="make_host")
def make_host_fixture(mint: Mint, tmp_path: Path) -> Make:
    """Makes a machine with a file system, of a saved machine."""
    return lambda saved=None: Host(mint, (saved or q35()).write(tmp_path / "host"))


@pytest.fixture(name="host")
def host_fixture(make_host: Make) -> Host:
    """The usual one, with GRUB."""
    host = make_host()
    host.grub()
    return host


def test_a_proposal_is_told_and_not_written(host: Host) -> None:
    result = host.setup()
    assert result.code == 0 and result.err == ""
    lines = [line.strip() for line in result.out.splitlines()]
    assert lines[:2] == ["PROPOSAL", f"mint={PROPOSAL}"]
    assert "/etc/default/mint: no value" in lines
    assert lines[-2:] == ["NEXT", "mint setup --write, then reboot into 6.12.117-mint"]
    assert not host.lines("etc/default/mint") and not host.lines("told")


@pytest.mark.parametrize("name", SAVED)
def test_each_saved_machine_can_have_what_is_proposed(make_host: Make, name: str) -> None:
    host = make_host(saved_machine.load(name))
    value = host.setup("--json").json()["mint"]
    assert host.setup(f"--write={value}", "--dry-run").code == 1    # for want of a loader
    host.grub()
    assert host.setup(f"--write={value}").code == 0
    assert host.value == value


def test_a_proposal_is_written_and_the_loader_told(host: Host) -> None:
    result = host.setup("--write")
    assert result.code == 0 and result.err == ""
    assert result.out.splitlines() == [
        "DONE", f'  /etc/default/mint: MINT="{PROPOSAL}"', "  GRUB: update-grub",
        "NEXT", "  reboot into 6.12.117-mint"]
    assert host.lines("told") == [f'"{PROPOSAL}"']
    assert host.lines("etc/default/mint")[-1] == f'MINT="{PROPOSAL}"'
    assert host.value == PROPOSAL
    assert f"/etc/default/mint: mint={PROPOSAL}" in host.setup().out
    assert [path.name for path in (host.path / "etc/default").iterdir()] == ["mint"]


def test_programs_are_told_the_same(host: Host) -> None:
    report = host.setup("--json").json()
    assert not report["written"] and report["mint"] == PROPOSAL and report["former"] == ""
    report = host.setup("--json", f"--write={OTHER}").json()
    assert report["written"] and not report["dry_run"] and report["mint"] == OTHER
    assert report["loaders"] == ["GRUB: update-grub"]
    assert report["kernels"] == ["6.12.117-mint"]
    report = host.setup("--json", "--undo").json()
    assert report["written"] and report["mint"] == "" and report["former"] == OTHER


def test_nothing_is_done_in_a_dry_run(host: Host) -> None:
    assert host.setup(f"--write={OTHER}", "--dry-run").code == 0
    assert not host.lines("etc/default/mint") and not host.lines("told")


@pytest.mark.parametrize("before, after", [
    ("# mine\nMINT=\"\"\nOTHER=1\n", f'# mine\nMINT="{OTHER}"\nOTHER=1\n'),
    ("OTHER=1", f'OTHER=1\nMINT="{OTHER}"\n'),
    ("MINT=cpus=0\n  MINT=cpus=1 # two", f'MINT=cpus=0\n  MINT="{OTHER}"'),
    ("#MINT=cpus=0\nMINT='nonsense of $(somebody)'\n", f'#MINT=cpus=0\nMINT="{OTHER}"\n'),
    ("", f'MINT="{OTHER}"\n'),
])
def test_what_else_stands_in_the_file_stays(host: Host, before: str, after: str) -> None:
    host.put("etc/default/mint", before)
    assert host.setup(f"--write={OTHER}").code == 0
    assert (host.path / "etc/default/mint").read_text("utf-8") == after


@pytest.mark.parametrize("line, value", [
    (f'MINT="{OTHER}"', OTHER), (f"MINT='{OTHER}'", OTHER), (f"MINT={OTHER}", OTHER),
    (f"MINT={OTHER}  # mine", OTHER), ('MINT=""', ""), ("MINT=", ""), ("", ""),
    ("#MINT=cpus=0", ""), ("MINT=cpus=0\nMINT=cpus=1", "cpus=1"), (f"  MINT={OTHER}\r", OTHER),
])
def test_the_value_is_read_as_a_shell_would(host: Host, line: str, value: str) -> None:
    host.put("etc/default/mint", line + "\n")
    assert host.value == value


@pytest.mark.parametrize("line", ['MINT="cpus=0', "MINT=cpus=0 mem=1G", "MINT=$(reboot)",
                                  "MINT=cpus=0;reboot", 'MINT="cpus=0\\', "MINT=" + "1" * 600])
def test_a_value_that_is_none_is_not_passed_on(host: Host, line: str) -> None:
    host.put("etc/default/mint", line + "\n")
    refused(host.setup("--current"), 1, "/etc/default/mint: MINT= has no value", "Try: ")


@pytest.mark.parametrize("value, words", [
    ("cpus=0;,mem=1G,shm=64M", "'0;' is not a CPU number"),
    ("cpus=0,mem=1G,shm=64M,nodevices= 01:00.0", "is no value like"),
    ("", "has no value"), ("cpus=0,mem=1G", "needs cpus=, mem= and shm="),
    ("cpus=0,mem=-2M,shm=64M", "'-2M' is not a size"), ("cpus=+0,mem=1G,shm=64M", "'+0' is not"),
    ("cpus=0,mem=1G,shm=64M,nodes=4", "key 'nodes' is unknown"),
    ("cpus=0,mem=1000K,shm=64M", "not a multiple of 2M"),
    ("cpus=0,0,mem=1G,shm=64M", "CPU 0 is given twice"),
    ("cpus=0,mem=1G,shm=64M,nodevices=" + ",".join(f"{i:02x}:00.0" for i in range(40)),
     "longer than 255 characters"),
    ("cpus=7,mem=1G,shm=64M", "no CPU 7, the machine has 0-3"),
    ("cpus=1,mem=1G,shm=64M", "the boot CPU (APIC id 0) must be in it"),
    ("cpus=0-3,mem=1G,shm=64M", "none is left for another node"),
    ("cpus=0,mem=32M,shm=64M", "mem: less than the minimum of 64M"),
    ("cpus=0,mem=1G,shm=8M", "shm: less than the minimum of 16M"),
    ("cpus=0,mem=5G,shm=64M", "more than the machine has, 1026M are missing"),
    ("cpus=0,mem=1G,shm=3G", "shm: no 3072M of RAM are left in one piece"),
    ("cpus=0,mem=1G,shm=64M@512M", "overlaps node 0's memory, up to 0x40000000"),
    ("cpus=0,mem=1G,shm=64M@3G", "is not all RAM"),
    ("cpus=0,mem=1G,shm=64M@1537M", "address 0x60100000 is not a multiple of 2M"),
    ("cpus=0,mem=3996M,shm=64M", "no 64M are left for another node"),
    ("cpus=0,mem=1G,shm=64M,nodevices=00:00.0", "00:00.0 is a bridge"),
    ("cpus=0,mem=1G,shm=64M,nodevices=09:00.0", "there is no PCI function 09:00.0"),
])
def test_values_that_do_not_fit_are_refused(host: Host, value: str, words: str) -> None:
    refused(host.setup(f"--write={value}"), 1, "cannot set up this machine", words)
    assert not host.lines("etc/default/mint") and not host.lines("told")


@pytest.mark.parametrize("value, reason", [each for each in REJECTED if each[1] != "no CPU 2"])
def test_what_a_kernel_refuses_is_refused_with_its_words(host: Host, value: str,
                                                         reason: str) -> None:
    """But for the one that only a machine of two CPUs refuses."""
    refused(host.setup(f"--write={value}"), 1, reason)
    assert not host.lines("etc/default/mint")


@pytest.mark.parametrize("value", [
    "shm=64M,mem=1G,cpus=0-1,2", "cpus=0,mem=1G,shm=64M@0x60000000",
    "cpus=0,mem=1G,shm=64M,nodevices=01:00.0,0000:00:06.0"])
def test_values_that_fit_are_taken(host: Host, value: str) -> None:
    assert host.setup(f"--write={value}").code == 0
    assert host.value == value


def test_a_value_for_another_machine_takes_force_but_not_nonsense(host: Host) -> None:
    value = "cpus=0-63,mem=64G,shm=1G"
    assert host.setup(f"--write={value}", "--force").code == 0
    assert host.value == value
    refused(host.setup("--write=cpus=0", "--force"), 1, "needs cpus=, mem= and shm=")
    refused(host.setup('--write=cpus=0";reboot', "--force"), 1, "is not a CPU number")


def test_undo_takes_it_back(host: Host) -> None:
    host.put("etc/default/mint", "# mine\n")
    assert host.setup("--write").code == 0
    result = host.setup("--undo")
    assert result.code == 0 and "boots as an ordinary Linux" in result.out
    assert host.value == ""
    assert host.lines("etc/default/mint") == ["# mine", 'MINT=""']
    assert host.lines("told") == [f'"{PROPOSAL}"', '""']


def test_undo_needs_no_machine_that_could_run_mint(make_host: Make) -> None:
    host = make_host(q35(APIC=b""))
    host.grub()
    host.put("etc/default/mint", f"MINT={OTHER}\n")
    assert host.setup("--undo").code == 0 and host.value == ""


def test_a_value_that_fits_no_more_is_told(host: Host) -> None:
    host.put("etc/default/mint", "MINT=cpus=0-6,mem=1G,shm=64M\n")
    result = host.setup()
    assert result.code == 0
    assert "it does not fit this machine: cpus: no CPU 4, the machine has 0-3" in result.out


@pytest.mark.parametrize("saved, words", [
    (q35(APIC=madt(xapic(0))), "cpus: 1, and each node needs one"),
    (q35(APIC=b""), "table of CPUs (MADT) is damaged"),
    (with_memory((0, 0x4000), (MB, 4095 * MB)), "12K in one piece below 1M"),
    (with_memory((0, 640 << 10), (MB, 127 * MB)), "too little for two nodes"),
])
def test_a_machine_that_cannot_run_mint_is_left_alone(make_host: Make, saved: Any,
                                                      words: str) -> None:
    host = make_host(saved)
    host.grub()
    for call in ((), ("--write",)):
        refused(host.setup(*call), 1, words, "Try: ")
    assert not host.lines("etc/default/mint")


def test_what_works_less_well_is_told(make_host: Make) -> None:
    saved = saved_machine.load("pc")
    saved.files["/sys/firmware/efi/fw_platform_size"] = b"64\n"
    saved.files[SECURE_BOOT] = struct.pack("<IB", 6, 1)
    host = make_host(saved)
    out = host.setup().out
    assert "ecam: " in out and "all devices stay with node 0" in out
    assert "firmware: UEFI with Secure Boot, which starts signed kernels only" in out


def test_without_a_kernel_with_mint_the_next_step_is_one(host: Host) -> None:
    (host.path / "boot/config-6.12.117-mint").unlink()
    for words in ((), ("--write",)):
        assert host.setup(*words).out.endswith(
            "NEXT\n  install a kernel with Mint: there is none in /boot\n")


def test_entries_of_systemd_boot_are_made_again_for_kernels_with_mint(make_host: Make) -> None:
    host = make_host()
    host.systemd_boot()
    result = host.setup("--write")
    assert "systemd-boot: kernel-install add 6.12.117-mint\n" in result.out
    assert host.lines("added") == [f"add 6.12.117-mint {host.path}/boot/vmlinuz-6.12.117-mint"]


def test_without_a_loader_nothing_is_written(make_host: Make) -> None:
    host = make_host()
    refused(host.setup("--write"), 1, "no boot loader that is known here", "Try: ")
    host.put("boot/grub/grub.cfg", "")
    refused(host.setup("--write"), 1, "no update-grub. Try: apt install grub2-common")
    (host.path / "boot/grub/grub.cfg").unlink()
    (host.path / "boot/loader/entries").mkdir(parents=True)
    refused(host.setup("--write"), 1, "no kernel-install")
    assert not host.lines("etc/default/mint")


@pytest.mark.parametrize("before", [None, f"# mine\nMINT={OTHER}\n"])
def test_a_loader_that_fails_leaves_the_file_as_it_was(make_host: Make, before: Any) -> None:
    host = make_host()
    host.grub("echo /usr/sbin/grub-probe: error: no such disk. >&2; exit 1")
    if before:
        host.put("etc/default/mint", before)
    for call in ("--write", "--undo"):
        refused(host.setup(call), 1, "update-grub failed: /usr/sbin/grub-probe: error: no such")
        path = host.path / "etc/default/mint"
        assert (path.read_text("utf-8") if path.exists() else None) == before


@pytest.mark.parametrize("number", ["INT", "TERM", "HUP"])
def test_an_interrupted_loader_leaves_the_file_as_it_was(make_host: Make, number: str) -> None:
    host = make_host()
    # As a terminal does: our parent's parent hears of it as well.
    host.grub(f"kill -{number} $(cut -d ' ' -f 4 /proc/$PPID/stat) $$")
    host.put("etc/default/mint", f"MINT={OTHER}\n")
    refused(host.setup("--write"), 1, "update-grub failed")
    assert (host.path / "etc/default/mint").read_text("utf-8") == f"MINT={OTHER}\n"


def test_if_the_second_loader_fails_the_first_is_told_again(make_host: Make) -> None:
    host = make_host()
    host.grub()
    host.systemd_boot("echo No space left on device >&2; exit 1")
    host.put("etc/default/mint", f"MINT={OTHER}\n")
    refused(host.setup("--write"), 1, "kernel-install failed: No space left on device")
    assert host.lines("told") == [f'"{PROPOSAL}"', OTHER]


def limit_files() -> None:
    """No file can grow: what a full disk looks like from inside."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_a_full_disk_leaves_everything_as_it_was(host: Host, command: Path) -> None:
    host.put("etc/default/mint", f"MINT={OTHER}\n")
    done = subprocess.run([command, "setup", "--root", host.path, "--write"], text=True,
                          capture_output=True, timeout=TIMEOUT_S, check=False,
                          preexec_fn=limit_files,   # pylint: disable=subprocess-popen-preexec-fn
                          env=dict(os.environ, ASAN_OPTIONS="exitcode=99"))
    refused(Result(done.returncode, done.stdout, done.stderr), 1,
            "/etc/default/mint' cannot be written: File too large")
    assert host.value == OTHER and not host.lines("told")
    assert [path.name for path in (host.path / "etc/default").iterdir()] == ["mint"]


def test_a_folder_that_cannot_be_written_is_told(host: Host) -> None:
    shutil.rmtree(host.path / "etc/default")
    host.put("etc/default", "")
    refused(host.setup("--write", "--force"), 1, "/etc/default", "Not a directory")


def test_a_command_without_its_scripts_says_so(host: Host) -> None:
    (host.path / "usr/lib/mint/update-loader").unlink()
    refused(host.setup("--write"), 1, "usr/lib/mint/update-loader': No such file",
            "Try: make install")
    assert not host.lines("etc/default/mint")


def test_calls_that_contradict_themselves_are_refused(host: Host) -> None:
    refused(host.setup("--write", "--undo"), 2, "--write, --undo and --current")
    refused(host.setup("word"), 2, "'word' is one word too many")
    refused(host.mint("setup", "--root", host.path / "none"), 1, "no saved machine")


def test_memory_is_divided_as_the_kernel_does(make_host: Make) -> None:
    """Node 0 gets the lowest pieces, and the region must lie in one piece above."""
    saved = with_memory()
    saved.files.update(memory_map((0, 640 << 10), (MB, 255 * MB), (512 * MB, 256 * MB),
                                  (1024 * MB, 512 * MB)))
    host = make_host(saved)
    host.grub()
    refused(host.setup("--write=cpus=0,mem=512M,shm=512M@1024M"), 1, "no 64M are left")
    assert host.setup("--write=cpus=0,mem=256M,shm=128M@640M").code == 0
    refused(host.setup("--write=cpus=0,mem=512M,shm=576M"), 1, "left in one piece")
    assert host.setup("--write=cpus=0,mem=512M,shm=448M").code == 0

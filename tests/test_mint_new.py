# SPDX-License-Identifier: GPL-2.0
"""
mint new on saved regions: what it chooses and writes, and all that it refuses; what
it takes for the use of a disk, on a machine made of files.
"""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import abi
import pytest
from building import building
from machine import deadline_in
from mint_command import (CPIO, TIMEOUT_S, Files, Mint, Result, bzimage, command_fixture,
                          files_fixture, mint_fixture, refused)
from region_image import Node, Region

__all__ = ["command_fixture", "files_fixture", "mint_fixture"]
TOP = Path(__file__).resolve().parent.parent
HOSTED = TOP / "build/hosted"
FREE = abi.MINT_OWNER_NONE


def new(mint: Mint, files: Files, *words: str, region: Any = None) -> Result:
    """What would be done for a node b of 64 MB with a good kernel and these words."""
    (files.folder / "bzImage").write_bytes(bzimage())
    (files.folder / "initrd").write_bytes(CPIO)
    return mint("new", "b", "--dry-run", "--memory", "64M", "--kernel",
                files.folder / "bzImage", *words, region=region or Region())


def keys(result: Result) -> Dict[str, str]:
    """The keys of the file that would be written."""
    assert result.code == 0, result.err
    lines = result.out.split("[node]\n")[1].split("\n\n")[0].replace("\n ", " ").splitlines()
    return {key.strip(): value.strip() for key, value in (line.split("=", 1) for line in lines)}


def test_the_file_that_would_be_written_passes(mint: Mint, files: Files) -> None:
    result = new(mint, files, "--initrd", str(files.folder / "initrd"), "--autostart")
    assert keys(result) == {
        "name": "b", "cpus": "2", "memory": "64M", "autostart": "yes",
        "kernel": str(files.folder / "bzImage"), "initrd": str(files.folder / "initrd"),
        "cmdline": "console=hvc0 systemd.hostname=b carrier_timeout=0 "
                   "ip=10.77.0.2::10.77.0.1:255.255.255.0:b:vni0:off"}
    path = files.text("[node]\n" + result.out.split("[node]\n")[1])
    assert mint("check", path, region=Region()).code == 0


@pytest.mark.parametrize("words, found_there", [
    (["--root", "/srv/mint/b"],
     ("root=/dev/nfs nfsroot=10.77.0.1:/srv/mint/b,vers=4.2,proto=tcp,"
      "rsize=1048576,wsize=1048576 rw ", None,
      "make-root nfs b /srv/mint/b 2 6.12.0-test bookworm - -")),
    (["--nbd", "4G", "--packages", "vim,g++"],
     ("root=/dev/nbd0 nbdroot=10.77.0.1/b rootfstype=ext4 rw ", "/var/lib/mint/b.initrd",
      "make-root nbd b /var/lib/mint/b.img 2 6.12.0-test bookworm vim,g++ 4G")),
    (["--initramfs", "--suite", "trixie"],
     ("", "/var/lib/mint/b.cpio",
      "make-root initramfs b /var/lib/mint/b.cpio 2 6.12.0-test trixie - -")),
])
def test_each_kind_of_root_has_its_words(mint: Mint, files: Files, words: List[str],
                                         found_there: Tuple[str, Optional[str], str]) -> None:
    cmdline, initrd, made = found_there
    result = new(mint, files, *words)
    found = keys(result)
    assert f"console=hvc0 {cmdline}systemd" in found["cmdline"]
    assert found.get("initrd") == initrd
    assert f"would run: {made}\n" in result.out


@pytest.mark.parametrize("machine_has, wanted, chosen", [
    (([0, 0, FREE, FREE], []), "2", "2-3"),
    (([0, FREE, 1, FREE], []), "1", "1"),
    (([0, FREE, FREE, FREE], [0, 0, 1, 1]), "2", "2-3"),
    # The smallest domain that has enough; two of them if none has.
    (([0, FREE, FREE, FREE, FREE, FREE], [0, 0, 0, 0, 1, 1]), "2", "4-5"),
    (([0, FREE, FREE, FREE], [0, 0, 1, 1]), "3", "1-3"),
    (([0, FREE, FREE, FREE], []), "1,3", "1,3"),
    (([0, FREE, FREE, FREE], []), "3-3", "3"),
])
def test_free_cpus_near_each_other_are_chosen(mint: Mint, files: Files,
                                              machine_has: Tuple[List[int], List[int]],
                                              wanted: str, chosen: str) -> None:
    owners, domains = machine_has
    region = Region(cpus=owners, cpu_domains=domains)
    if domains:
        region.distances = [[10, 20], [20, 10]]
    if 1 in owners:
        region.nodes[1] = Node(b"c", boot_cpu=owners.index(1))
    assert keys(new(mint, files, "--cpus", wanted, "--root", "/srv/b",
                    region=region))["cpus"] == chosen


@pytest.mark.parametrize("words, code, reason", [
    (["--root", "/srv/b", "--cpus", "0"], 2, "from 1 to 256"),
    (["--root", "/srv/b", "--cpus", "257"], 2, "from 1 to 256"),
    (["--root", "/srv/b", "--cpus", "two"], 2, "'two'"),
    (["--root", "/srv/b", "--cpus", ""], 2, "--cpus"),
    (["--root", "/srv/b", "--cpus", "3"], 1, "only 2 CPUs belong to nobody, not 3"),
    (["--root", "/srv/b", "--cpus", "1-2"], 1, "CPU 1 belongs to node 'node0'"),
    (["--root", "/srv/b", "--cpus", "7-8"], 1, "has no CPU 7"),
    (["--root", "/srv/b", "--memory", "lots"], 2, "--memory: 'lots'"),
    (["--root", "/srv/b", "--memory", "2G"], 1, "no 2G of memory in one piece"),
    (["--root", "/srv/b", "--memory", "2M"], 1, ""),
    (["--root", "/srv/b", "--nbd", "2G"], 2, "exclude each other"),
    (["--initramfs", "--disk", "00:04.0"], 2, "exclude each other"),
    (["--root", "srv/b"], 2, "an absolute path"),
    (["--root", "/srv/b c"], 2, "an absolute path"),
    (["--root", "/srv/b,rw"], 2, "an absolute path"),
    (["--root", "/srv/../etc"], 2, "an absolute path"),
    (["--root", "/"], 2, "an absolute path"),
    (["--root", "/dev/null"], 1, "no folder"),
    (["--nbd", "big"], 2, "a size of 1G or more"),
    (["--nbd", "64M"], 2, "a size of 1G or more"),
    (["--nbd", "2G,2G"], 2, "a size of 1G or more"),
    (["--disk", "vda"], 2, "--disk: 'vda'"),
    (["--disk", "00:04.0,00:05.0"], 2, "one PCI function"),
    (["--disk", "ff:1f.7"], 1, "this node sees no PCI function ff:1f.7"),
    (["--root", "/srv/b", "--suite", "--help"], 2, "no name of Debian's"),
    (["--root", "/srv/b", "--suite", "book worm"], 2, "no name of Debian's"),
    (["--root", "/srv/b", "--packages", "a;reboot"], 2, "no name of Debian's"),
    ([], 2, "from what shall it boot? Try: --root DIR"),
    (["--initrd", "/nothing"], 1, "initrd '/nothing': No such file"),
    (["--nbd", "2G", "--initrd", "/etc/hosts"], 2, "--initrd is another"),
    (["--initrd", "/etc/hosts"], 1, "initrd"),
    (["--root", "/srv/b", "--kernel", "/nothing"], 1, "kernel '/nothing': No such file"),
    (["--root", "/srv/b", "--kernel", "/etc/hosts"], 1, "not a bzImage"),
])
def test_what_cannot_be_is_refused_before_anything_is_made(mint: Mint, files: Files,
                                                           words: List[str], code: int,
                                                           reason: str) -> None:
    refused(new(mint, files, *words), code, "cannot make node 'b'", reason)


@pytest.mark.parametrize("name", ["", "7", "a/b", "../etc", "a b", "-", "x" * 32, "\u00e4", ".b"])
def test_a_name_with_odd_characters_is_refused(mint: Mint, name: str) -> None:
    refused(mint("new", "--dry-run", "--initramfs", "--", name, region=Region()), 2, "NAME: ")
    refused(mint("new", "--undo", "--dry-run", "--", name, region=Region()), 2, "NAME: ")


def test_a_kernel_without_mint_is_refused(mint: Mint, files: Files) -> None:
    (files.folder / "plain").write_bytes(bzimage(pieces=b""))
    result = new(mint, files, "--root", "/srv/b", "--kernel", str(files.folder / "plain"))
    refused(result, 1, "CONFIG_MINT")


def test_a_folder_with_something_else_in_it_is_refused(mint: Mint, files: Files,
                                                       tmp_path: Path) -> None:
    path = tmp_path / "full"
    path.mkdir()
    assert new(mint, files, "--root", str(path)).code == 0
    (path / "letter").write_text("mine", encoding="ascii")
    refused(new(mint, files, "--root", str(path)), 1, "neither empty nor the root of a system")
    (path / "etc").mkdir()
    (path / "etc/os-release").write_text("ID=other\n", encoding="ascii")
    assert new(mint, files, "--root", str(path)).code == 0


def test_the_name_of_a_node_that_is_there_is_refused(mint: Mint, files: Files) -> None:
    region = Region(cpus=[0, 0, 1, FREE])
    region.nodes[1] = Node(b"b", boot_cpu=2)
    refused(new(mint, files, "--root", "/srv/b", region=region), 4, "there is a node of that name")


@pytest.mark.skipif(Path("/dev/mint").exists(), reason="this machine runs Mint")
def test_without_a_machine_the_cpus_have_to_be_named(mint: Mint, files: Files) -> None:
    (files.folder / "bzImage").write_bytes(bzimage())
    words = ("new", "b", "--dry-run", "--root", "/srv/b", "--kernel", files.folder / "bzImage")
    refused(mint(*words), 2, "--cpus", "Try: 2-3")
    assert keys(mint(*words, "--cpus", "2-3"))["cpus"] == "2-3"


def test_nothing_is_taken_back_that_was_not_made(mint: Mint) -> None:
    refused(mint("new", "no-such-node", "--undo", "--dry-run", region=Region()), 3,
            "there is no /etc/mint/no-such-node.conf")


# The making of a root, with other programs in place of those that make it


MAKE_ROOT = TOP / "boot/mint-loader/lib/make-root"
FULL = "echo 'E: write error: No space left on device' >&2; exit 25"
BROKEN = "echo 'I: more'; echo 'E: no such package: nonsense'; exit 100"
WAITING = 'for tree; do :; done; mkdir -p "${tree%/*}"; touch ready; sleep 1000'


def programs(folder: Path, **scripts: str) -> Path:
    """A folder of programs that are shell scripts."""
    (folder / "bin").mkdir()
    (folder / "lib").mkdir()
    (folder / "lib/make-root").write_bytes(MAKE_ROOT.read_bytes())
    (folder / "lib/make-root").chmod(0o755)
    (folder / "lib/apt-here").write_text("sources() { :; }\nfetching() { :; }\n",
                                         encoding="ascii")
    for name, script in {"exportfs": "", "mint": "", **scripts}.items():
        path = folder / "bin" / name
        path.write_text(f"#!/bin/bash\n{script}\n", encoding="ascii")
        path.chmod(0o755)
    return folder


def make_root(folder: Path) -> "subprocess.Popen[str]":
    """Makes a root for node b in srv/b below a folder."""
    # pylint: disable-next=consider-using-with
    return subprocess.Popen(
        [folder / "lib/make-root", "nfs", "b", folder / "srv/b", "2", "6.12.0-test",
         "bookworm", "-", "-"], cwd=folder, text=True, start_new_session=True,
        env={"PATH": f"{folder}/bin:/usr/sbin:/usr/bin", "LOGS_DIRECTORY": str(folder)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.mark.parametrize("scripts, reason", [
    ({"mmdebstrap": FULL}, "no space is left in"),
    ({"mmdebstrap": BROKEN}, "mmdebstrap failed: E: no such package: nonsense. Try: less"),
    ({"mmdebstrap": "", "df": "echo Avail; echo 12M"}, "has 12M left, and a root takes"),
])
def test_a_root_that_cannot_be_made_leaves_nothing(tmp_path: Path, scripts: Dict[str, str],
                                                   reason: str) -> None:
    with make_root(programs(tmp_path, **scripts)) as process:
        _, said = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1
    assert said.startswith("mint: cannot make the root of node 'b': ") and reason in said
    assert said.count("\n") == 1
    assert not list((tmp_path / "srv").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_root_whose_making_is_interrupted_leaves_nothing(tmp_path: Path,
                                                           number: signal.Signals) -> None:
    with make_root(programs(tmp_path, mmdebstrap=WAITING)) as process:
        deadline = deadline_in(TIMEOUT_S)
        while not (tmp_path / "ready").exists():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, number)
        process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130
    assert not list((tmp_path / "srv").iterdir())


# The use of a disk


@pytest.fixture(scope="module", name="disk_program")
def disk_program_fixture() -> Path:
    """Looks at the disks of a PCI function of a saved machine."""
    with building():
        subprocess.run(["make", "-s", "-C", TOP / "tests/hosted", f"BUILD={HOSTED}"], check=True)
    return HOSTED / "disk"


def machine(root: Path, uses: Dict[str, Tuple[str, str]]) -> None:
    """
    Files of a machine: disk vda of two partitions at 00:04.0, and vdb at 00:05.0; and
    what uses them, by the path below the root: what is added there.
    """
    blocks = {"vda": ("4", "254:0"), "vda1": ("4", "254:1"), "vda2": ("4", "254:2"),
              "vdb": ("5", "254:16")}
    (root / "sys/class/block").mkdir(parents=True)
    for name, (slot, number) in blocks.items():
        disk = "" if len(name) == 3 else "/vda"
        real = root / f"sys/devices/pci0000:00/0000:00:0{slot}.0/virtio1/block{disk}/{name}"
        (real / "holders").mkdir(parents=True)
        (real / "dev").write_text(f"{number}\n", encoding="ascii")
        if disk:
            (real / "partition").write_text(name[-1] + "\n", encoding="ascii")
        (root / f"sys/class/block/{name}").symlink_to(
            f"../../devices/pci0000:00/0000:00:0{slot}.0/virtio1/block{disk}/{name}")
    (root / "proc/self").mkdir(parents=True)
    lines = {"proc/self/mountinfo": "21 1 0:19 / /proc rw - proc proc rw\n",
             "proc/swaps": "Filename Type Size Used Priority\n"}
    for path, line in uses.values():
        lines[path] = lines.get(path, "") + line
    for path, text in lines.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="ascii")


@pytest.mark.parametrize("path, line, said", [
    ("proc/self/mountinfo", "30 1 254:1 / / rw,relatime - ext4 /dev/root rw\n",
     "vda1 is mounted on /"),
    ("proc/self/mountinfo", "31 1 0:40 /@ /srv rw - btrfs /dev/vda2 rw,space_cache\n",
     "vda2 is mounted on /srv"),
    ("proc/swaps", "/dev/vda2 partition 1048572 0 -2\n", "vda2 is swap"),
    ("sys/class/block/vda2/holders/dm-0", "", "vda2 is part of dm-0"),
    ("sys/class/block/vda/holders/md127", "", "vda is part of md127"),
])
def test_a_disk_that_is_used_here_is_told_with_its_use(disk_program: Path, tmp_path: Path,
                                                       path: str, line: str,
                                                       said: str) -> None:
    machine(tmp_path, {"use": (path, line)})
    look = [disk_program, tmp_path]
    done = subprocess.run([*look, "0000:00:04.0"], capture_output=True, text=True, check=True,
                          timeout=TIMEOUT_S)
    assert done.stdout == f"disk vda, {said}\n"
    done = subprocess.run([*look, "0000:00:05.0"], capture_output=True, text=True, check=True,
                          timeout=TIMEOUT_S)
    assert done.stdout == "disk vdb, unused\n"


def test_a_function_without_a_disk_has_none(disk_program: Path, tmp_path: Path) -> None:
    machine(tmp_path, {"vdb": ("proc/self/mountinfo", "30 1 254:16 / / rw - ext4 /dev/vdb rw\n")})
    done = subprocess.run([disk_program, tmp_path, "0000:00:06.0"], capture_output=True,
                          text=True, check=True, timeout=TIMEOUT_S)
    assert done.stdout == "disk -, unused\n"

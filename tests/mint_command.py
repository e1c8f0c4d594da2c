# SPDX-License-Identifier: GPL-2.0
"""
The mint command for tests without a machine: built with the address and
undefined-behaviour sanitizers, run on files and saved regions made here.
"""

import itertools
import json
import os
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import pytest
from building import building
from region_image import MB, Node, Region

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "mint-loader-sanitized"
SANITIZER_FOUND = 99
TIMEOUT_S = 60

# All ways to have some of the standard files closed.
CLOSED = [" ".join(files) for count in range(4)
          for files in itertools.combinations(("<&-", ">&-", "2>&-"), count)]

KERNEL_INFO = 0x800     # of bzimage(), from the beginning of what is loaded


def cpio_entry(name: bytes, content: bytes = b"") -> bytes:
    """One entry of a cpio archive (newc), padded."""
    fields = [0] * 13
    fields[6], fields[11] = len(content), len(name) + 1
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name + b"\0"
    head += bytes(-len(head) % 4)
    return head + content + bytes(-len(content) % 4)


CPIO = cpio_entry(b"init", b"#!/bin/sh\n") + cpio_entry(b"TRAILER!!!")


@dataclass
class Result:
    """What one call of the command came to."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The result of a call with --json."""
        assert self.code == 0, self.err
        report = json.loads(self.out)
        assert report["schema"] == 1
        return report


Mint = Callable[..., Result]


@pytest.fixture(scope="session", name="command")
def command_fixture() -> Path:
    """The command, built with the sanitizers."""
    with building():
        subprocess.run(["make", "-C", ROOT / "boot" / "mint-loader", f"BUILD={BUILD}",
                        "ASAN=1"], check=True, stdout=subprocess.DEVNULL)
    return BUILD / "mint"


@pytest.fixture(name="mint")
def mint_fixture(command: Path, tmp_path: Path) -> Mint:
    """Runs the command; with region= on a saved region with that content."""
    environment = dict(os.environ, ASAN_OPTIONS=f"exitcode={SANITIZER_FOUND}",
                       UBSAN_OPTIONS="halt_on_error=1:exitcode=99")

    def run(*words: object, region: Optional[object] = None) -> Result:
        call: List[object] = [command]
        if region is not None:
            image = region.pack() if isinstance(region, Region) else region
            assert isinstance(image, bytes)
            (tmp_path / "region").write_bytes(image)
            call += ["--region", tmp_path / "region"]
        done = subprocess.run([str(word) for word in [*call, *words]], timeout=TIMEOUT_S,
                              capture_output=True, stdin=subprocess.DEVNULL, check=False,
                              env=environment)
        out, err = done.stdout.decode("latin1"), done.stderr.decode("latin1")
        assert done.returncode in range(7), err
        assert "Sanitizer" not in err and "runtime error" not in err, err
        return Result(done.returncode, out, err)

    return run


def refused(result: Result, code: int, *words: str) -> None:
    """One clear line, nothing on stdout, the right exit code."""
    assert result.code == code, result
    assert result.out == ""
    assert result.err.startswith("mint: ") and result.err.count("\n") == 1, result.err
    for word in words:
        assert word in result.err, result.err


def damaged(result: Result, *words: str) -> None:
    """The result may be there, but the damage is told in one line."""
    assert result.code == 1, result
    assert result.err.startswith("mint: ") and result.err.count("\n") == 1, result.err
    for word in words:
        assert word in result.err, result.err


def bzimage(pieces: bytes = b"Mint\x08\0\0\0", **changes: int) -> bytes:
    """A kernel file with a good header, but for the changes, and no kernel in it."""
    fields: Dict[str, int] = {
        "setup_sects": 4, "syssize": 0x1000, "boot_flag": 0xAA55, "jump": 0x6AEB,
        "header": 0x53726448, "version": 0x20F, "kernel_version": 0x300, "loadflags": 1,
        "kernel_alignment": 2 * MB, "relocatable_kernel": 1, "xloadflags": 3,
        "cmdline_size": 2047, "pref_address": 16 * MB, "init_size": 24 * MB,
        "kernel_info_offset": KERNEL_INFO,
    }
    places = {
        "setup_sects": (0x1F1, "B"), "syssize": (0x1F4, "I"), "boot_flag": (0x1FE, "H"),
        "jump": (0x200, "H"), "header": (0x202, "I"), "version": (0x206, "H"),
        "kernel_version": (0x20E, "H"), "loadflags": (0x211, "B"),
        "kernel_alignment": (0x230, "I"), "relocatable_kernel": (0x234, "B"),
        "xloadflags": (0x236, "H"), "cmdline_size": (0x238, "I"),
        "pref_address": (0x258, "Q"), "init_size": (0x260, "I"),
        "kernel_info_offset": (0x268, "I"),
    }
    fields.update(changes)
    size = ((fields["setup_sects"] or 4) + 1) * 512 + fields["syssize"] * 16
    image = bytearray(max(size, 8192))
    for name, value in fields.items():
        offset, kind = places[name]
        struct.pack_into("<" + kind, image, offset, value)
    info = struct.pack("<4sIII", b"LToP", 16, 16 + len(pieces), 9) + pieces
    at = ((fields["setup_sects"] or 4) + 1) * 512 + KERNEL_INFO
    if fields["syssize"] * 16 >= KERNEL_INFO + len(info):
        image[at:at + len(info)] = info
    image[0x500:0x520] = b"6.12.0-test (mint@test) #1 SMP\0\0"
    return bytes(image)


@dataclass
class Files:
    """A node file and what it names; make() writes them."""

    folder: Path

    def make(self, image: bytes = bzimage(), archive: Optional[bytes] = CPIO,
             **changes: Optional[str]) -> Path:
        """Writes a good node file, but for the changes; None leaves a key out."""
        keys: Dict[str, Optional[str]] = {
            "name": "b", "cpus": "2-3", "memory": "64M", "kernel": "bzImage",
            "initrd": "initrd" if archive is not None else None, "cmdline": "console=hvc0",
        }
        keys.update(changes)
        (self.folder / "bzImage").write_bytes(image)
        if archive is not None:
            (self.folder / "initrd").write_bytes(archive)
        lines = [f"{key} = {value}" for key, value in keys.items() if value is not None]
        return self.text("\n".join(["[node]", *lines, ""]))

    def text(self, text: str) -> Path:
        """Writes a node file as it is given."""
        path = self.folder / "b.conf"
        path.write_bytes(text.encode("latin1"))
        return path


@pytest.fixture(name="files")
def files_fixture(tmp_path: Path) -> Files:
    """A folder for node files."""
    return Files(tmp_path)


def two_nodes(**changes: Any) -> Region:
    """Node 0 and node b on CPUs 2 and 3, with 64 MB at 512 MB."""
    region = Region(cpus=[0, 0, 1, 1])
    fields: Dict[str, Any] = {"boot_cpu": 2, "generation": 3, **changes}
    region.nodes[1] = Node(b"b", **fields)
    region.extents.append((512 * MB, 64 * MB, 1))
    return region

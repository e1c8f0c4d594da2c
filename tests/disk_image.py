# SPDX-License-Identifier: GPL-2.0
"""
Machines with UEFI that boot what is on their disk, above all the image of `make image`.
The first serial line is the console: who is there is asked to log in.
"""

import re
import subprocess
from pathlib import Path
from typing import Any, List

import uefi
from machine import TOP, CommandTimeout, Extra, Machine, MachineError, Port, Shell

IMAGE = TOP / "build/image/debian.qcow2"
CONSOLE = "ttyS0"
USER, PASSWORD = "root", "mint"
# systemd on an emulated CPU, on a host with other work.
BOOT_S = 300.0
LOGIN_S = 300.0


class DiskImage(Machine):
    """A machine with a disk. What is written to it is lost, unless it is to be kept."""

    def __init__(self, log_dir: Path, image: Path = IMAGE, *, keep: bool = False,
                 **options: Any) -> None:
        if not image.exists():
            raise MachineError(f"there is no {image}. Try: make image")
        super().__init__(log_dir, mint=None, **options)
        self.greeting = ""
        devices = Extra().nic("4", 0).outside(0)
        devices.disk("5", image, "bootindex=1", snapshot=not keep)
        self.extra += [*uefi.OVMF, *devices.line]

    def command_line(self) -> List[str]:
        """QEMU without a kernel."""
        return uefi.without_kernel(super().command_line())

    def start(self, seconds: float = BOOT_S, host: str = "node0") -> None:
        """Starts QEMU and logs in on the console; what it says then is kept."""
        self.launch()
        port = self.ports[CONSOLE] = Port(self, CONSOLE)
        self.greeting = log_in(port, host, seconds)
        self.shells[host] = Shell(port, host)
        self.shells[host].attach(LOGIN_S)
        self.shells[host].run("export SYSTEMD_PAGER=cat")


def overlay(image: Path, path: Path) -> Path:
    """A disk that begins as another one is, which does not change with it."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image, path],
                   check=True)
    return path


def log_in(port: Port, host: str, seconds: float) -> str:
    """Answers a login that is there or comes; what is printed from there to the prompt."""
    for question, answer, limit in ((f"{host} login: ", USER, seconds),
                                    ("Password: ", PASSWORD, LOGIN_S)):
        if not port.expect(re.compile(re.escape(question)), limit):
            raise CommandTimeout(f"{port.name}: no '{question}', last: {port.buffer[-400:]!r}")
        port.send(f"{answer}\n")
    prompt = port.expect(re.compile(rf"(?s)\A(.*){USER}@{host}:~# "), LOGIN_S)
    if not prompt:
        raise CommandTimeout(f"{port.name}: no prompt, last: {port.buffer[-400:]!r}")
    return prompt[1]

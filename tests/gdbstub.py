# SPDX-License-Identifier: GPL-2.0
"""
A client of QEMU's gdb stub: stops a machine, lets single CPUs of it go on or
step, and reads and writes their registers and the machine's memory.

Threads of the stub are CPUs of the machine, counted from 1; here they are
machine-wide CPU numbers, counted from 0.
"""

import select
import socket
import struct
import time
from pathlib import Path
from typing import Dict, List, Sequence

REGISTERS = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8",
             "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"]
RIP = REGISTERS.index("rip")
# The stub refuses answers of more than 4096 characters.
CHUNK_BYTES = 1024
ANSWER_SECONDS = 20.0


class StubError(Exception):
    """The stub did not answer, or refused."""


class GdbStub:
    """A connection to the stub. The machine stands still once it is made."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))
        self.buffer = b""
        self._command("qSupported")
        self._command("Qqemu.PhyMemMode:0")
        self.physical = False
        self.running = False

    def close(self) -> None:
        """Lets go of the machine, which runs on."""
        self.socket.close()

    def _send(self, text: str) -> None:
        data = text.encode("latin-1")
        self.socket.sendall(b"$%s#%02x" % (data, sum(data) & 0xff))

    def _packet(self, seconds: float) -> "str | None":
        deadline = time.monotonic() + seconds
        while True:
            start = self.buffer.find(b"$")
            end = self.buffer.find(b"#", start)
            if start >= 0 and 0 <= end <= len(self.buffer) - 3:
                text = self.buffer[start + 1:end].decode("latin-1")
                self.buffer = self.buffer[end + 3:]
                self.socket.sendall(b"+")
                return text
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            data = self.socket.recv(65536)
            if not data:
                raise StubError("the stub has closed the connection")
            self.buffer += data

    def _command(self, text: str) -> str:
        self._send(text)
        answer = self._packet(ANSWER_SECONDS)
        # The stub announces the stop that the connection itself has made.
        while answer is not None and answer.startswith("T"):
            answer = self._packet(ANSWER_SECONDS)
        if answer is None or answer.startswith("E"):
            raise StubError(f"{text!r}: {answer!r}")
        return answer

    def _go(self, action: str) -> None:
        assert not self.running
        self._send(f"vCont;{action}")
        self.running = True

    def resume(self) -> None:
        """All CPUs go on."""
        self._go("c")

    def resume_only(self, cpus: Sequence[int]) -> None:
        """These CPUs go on, the others stay where they are."""
        self._go(";".join(f"c:{cpu + 1:x}" for cpu in cpus))

    def wait(self, seconds: float) -> bool:
        """Waits until the machine stops by itself, at a breakpoint."""
        answer = self._packet(seconds)
        self.running = answer is None
        if answer is not None and not answer.startswith("T"):
            raise StubError(f"stopped with {answer!r}")
        return answer is not None

    def stop(self) -> None:
        """Stops all CPUs."""
        if not self.running:
            return
        self.socket.sendall(b"\x03")
        if not self.wait(ANSWER_SECONDS):
            raise StubError("the machine does not stop")

    def step(self, cpu: int) -> None:
        """One instruction of one CPU."""
        self._go(f"s:{cpu + 1:x}")
        if not self.wait(ANSWER_SECONDS):
            raise StubError("a step does not end")

    def registers(self, cpu: int) -> Dict[str, int]:
        """The general registers of a CPU."""
        self._command(f"Hg{cpu + 1:x}")
        data = bytes.fromhex(self._command("g")[:len(REGISTERS) * 16])
        return dict(zip(REGISTERS, struct.unpack("<17Q", data)))

    def set_rip(self, cpu: int, address: int) -> None:
        """Where a CPU goes on."""
        self._command(f"Hg{cpu + 1:x}")
        self._command(f"P{RIP:x}={struct.pack('<Q', address).hex()}")

    def break_at(self, address: int) -> None:
        """Every CPU stops before the instruction at a virtual address."""
        self._command(f"Z0,{address:x},1")

    def break_no_more(self, address: int) -> None:
        """Takes break_at() back."""
        self._command(f"z0,{address:x},1")

    def _physical(self, wanted: bool) -> None:
        if wanted != self.physical:
            self._command(f"Qqemu.PhyMemMode:{int(wanted)}")
            self.physical = wanted

    def _read(self, address: int, count: int) -> bytes:
        parts: List[str] = []
        while count:
            part = min(count, CHUNK_BYTES)
            parts.append(self._command(f"m{address:x},{part:x}"))
            address += part
            count -= part
        return bytes.fromhex("".join(parts))

    def read_physical(self, address: int, count: int) -> bytes:
        """Memory of the machine."""
        self._physical(True)
        return self._read(address, count)

    def read_virtual(self, cpu: int, address: int, count: int) -> bytes:
        """Memory as a CPU sees it."""
        self._physical(False)
        self._command(f"Hg{cpu + 1:x}")
        return self._read(address, count)

# SPDX-License-Identifier: GPL-2.0
"""
The programs of tests/hosted, which are parts of the mint command with a program in
place of the kernel, and a user's terminal to call them from.
"""

import contextlib
import os
import pty
import select
import signal
import subprocess
import termios
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from building import building
from machine import deadline_in

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/hosted"
SECONDS = 30.0


@pytest.fixture(scope="module", name="programs", autouse=True)
def programs_fixture() -> None:
    """All of tests/hosted."""
    with building():
        subprocess.run(["make", "-s", "-C", ROOT / "tests/hosted", f"BUILD={BUILD}"], check=True)


@contextlib.contextmanager
def started(*words: object, **files: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a command, and ends it if it does not end by itself."""
    with subprocess.Popen([str(word) for word in words], **files) as process:
        try:
            yield process
        finally:
            process.kill()


class Terminal:
    """A terminal with a shell, as its user has it."""

    def __init__(self, folder: Path) -> None:
        self.pid_file = folder / "pid"
        self.said = b""
        self.shell, self.master = pty.fork()
        if not self.shell:
            os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])

    def type(self, text: str) -> None:
        """Types something, all at once if it is not more than a terminal keeps."""
        rest = text.encode()
        while rest:
            rest = rest[os.write(self.master, rest):]

    def read(self, seconds: float) -> bool:
        """Whether something was printed within that time."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        self.said += os.read(self.master, 65536)
        return True

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits for something, and reads what is printed meanwhile."""
        deadline = deadline_in(SECONDS)
        while not condition():
            assert time.monotonic() < deadline, self.said
            self.read(0.02)

    def call(self, program: str, words: str) -> None:
        """Types a call of a program of tests/hosted, and waits until it runs."""
        self.pid_file.unlink(missing_ok=True)
        self.type(f"sh -c 'echo $$ >{self.pid_file}; exec \"$@\"' - "
                  f"{BUILD}/{program} {words}\n")
        self.until(lambda: bool(self.state(program.encode())))

    def console(self, node: str, after: str = "") -> None:
        """Types a call of the console of a node, with what comes after it."""
        self.call("console", f"{node} {after}")

    def state(self, name: bytes = b"") -> str:
        """
        One letter for what the program does, or nothing if there is none of that name. One
        that has ended is none, though the shell may ask for its status much later.
        """
        with contextlib.suppress(OSError, ValueError):
            pid = int(self.pid_file.read_text(encoding="ascii"))
            head, fields = Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")", 1)
            state = chr(fields[1])
            return state if head.endswith(name) and state != "Z" else ""
        return ""

    def signal(self, number: signal.Signals) -> None:
        """Sends the program a signal."""
        os.kill(int(self.pid_file.read_text(encoding="ascii")), number)

    def raw(self) -> bool:
        """Whether the console has the terminal, with all bytes."""
        return not termios.tcgetattr(self.master)[3] & termios.ISIG

    def close(self) -> None:
        """Hangs up."""
        os.close(self.master)
        os.kill(self.shell, signal.SIGKILL)
        os.waitpid(self.shell, 0)


@pytest.fixture(name="terminal")
def terminal_fixture(tmp_path: Path) -> Iterator[Terminal]:
    """A user's terminal."""
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()

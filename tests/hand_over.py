# SPDX-License-Identifier: GPL-2.0
"""Leaves the user on a serial line of a machine."""

import os
import select
import socket
import sys
import termios
import tty
from pathlib import Path

END_KEY = b"\x1c"  # Ctrl-\\; Ctrl-] is that of `mint console`


def _copy(line: socket.socket) -> None:
    terminal = sys.stdin.fileno()
    sources = [line.fileno(), terminal]
    while True:
        readable, _, _ = select.select(sources, [], [])
        if line.fileno() in readable:
            try:
                data = line.recv(65536)
            except ConnectionResetError:
                return
            if not data:
                return
            os.write(sys.stdout.fileno(), data)
        if terminal in readable:
            data = os.read(terminal, 4096)
            if not data or END_KEY in data:
                return
            line.sendall(data)


def relay(path: Path, typed: bytes = b"") -> None:
    """
    Copies between the terminal and the line, on which something is typed first, until
    either ends or the user types END_KEY.
    """
    saved = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(str(path))
        line.sendall(typed)
        try:
            if saved:
                tty.setraw(sys.stdin)
            _copy(line)
        finally:
            if saved:
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)

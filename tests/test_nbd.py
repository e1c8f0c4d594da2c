# SPDX-License-Identifier: GPL-2.0
"""
mint nbd against servers that are none: what it says, and that it says it soon. With a
real server and a kernel that has the device, it is tested in debian/test_nodes.py.
"""

import contextlib
import os
import socket
import struct
import threading
from typing import Iterator, List

import pytest
from mint_command import Mint, command_fixture, mint_fixture, refused

__all__ = ["command_fixture", "mint_fixture"]
# An address of this host that is this process's alone, since the port is given.
HOST, PORT = f"127.77.{os.getpid() >> 8 & 0xff}.{os.getpid() & 0xff}", 10809
GREETING = b"NBDMAGIC" + b"IHAVEOPT" + struct.pack(">H", 3)
SILENT = "the server does not answer, or has no such export"


def hear(link: socket.socket) -> bytes:
    """What a client asks for: flags, an option and its data."""
    head = link.recv(20, socket.MSG_WAITALL)
    return head + link.recv(int.from_bytes(head[16:], "big"), socket.MSG_WAITALL)


@contextlib.contextmanager
def server(answers: List[bytes], heard: List[bytes]) -> Iterator[None]:
    """Sends each of the answers, after the first when it has heard something; hangs up."""
    with socket.create_server((HOST, PORT)) as listening:
        def serve() -> None:
            link, _ = listening.accept()
            with link:
                for number, answer in enumerate(answers):
                    if number:
                        heard.append(hear(link))
                    link.sendall(answer)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        thread.join(30)


@pytest.mark.parametrize("answers", [
    [b""], [b"HTTP/1.1 400 Bad Request\r\n"], [GREETING[:9]],
    [b"NBDMAGIC" + b"\0" * 10],
    # No such export: it hangs up. One of no bytes is none.
    [GREETING, b""], [GREETING, struct.pack(">QH", 0, 1)], [GREETING, b"\0" * 9],
    # Without leave to omit them, zeroes follow.
    [GREETING[:16] + struct.pack(">H", 1), struct.pack(">QH", 1 << 30, 1)],
])
def test_a_server_that_is_none_is_told(mint: Mint, answers: List[bytes]) -> None:
    with server(answers, []):
        refused(mint("nbd", HOST, "b"), 1, "cannot connect /dev/nbd0 with 'b' of", SILENT)


def test_a_host_without_a_server_is_told(mint: Mint) -> None:
    refused(mint("nbd", HOST, "b"), 1, SILENT)
    refused(mint("nbd", "no-address", "b"), 1, SILENT)
    refused(mint("nbd", HOST), 2, "which HOST EXPORT")
    refused(mint("nbd", HOST, "b", "c"), 2, "'c' is one word too many")


@pytest.mark.parametrize("flags, zeroes", [(3, 0), (1, 124)])
def test_the_export_is_asked_for_by_its_name(mint: Mint, flags: int, zeroes: int) -> None:
    heard: List[bytes] = []
    answers = [GREETING[:16] + struct.pack(">H", flags),
               struct.pack(">QH", 1 << 30, 1) + bytes(zeroes)]
    with server(answers, heard):
        result = mint("nbd", HOST, "some-name")
    # This host's kernel may have no such device, and the user no right to it.
    assert result.code == 1 and SILENT not in result.err
    assert heard == [struct.pack(">I", flags) + b"IHAVEOPT" + struct.pack(">II", 1, 9) +
                     b"some-name"]

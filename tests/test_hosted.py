# SPDX-License-Identifier: GPL-2.0
"""
Parts of the mint command with a program in place of the kernel: what only
timing, a fast typist or an unusual caller shows. Needs no machine.
"""

import contextlib
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest
from building import building

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/hosted"
SECONDS = 30.0
REFUSED, EMFILE, ECANCELED = 3, 24, 125


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


def test_a_stream_ends_when_the_reader_of_a_socket_has_left() -> None:
    reader, output = socket.socketpair()
    source, _still_open = os.pipe()
    with started(BUILD / "relay", stdin=source, stdout=output) as relay:
        reader.close()
        assert relay.wait(SECONDS) == 0


def test_the_alarm_of_the_caller_ends_the_command() -> None:
    source, feed = os.pipe()
    # What comes is moved, and waits are limited meanwhile.
    os.write(feed, b"x")
    with started("perl", "-e", "alarm 1; exec @ARGV", BUILD / "relay", stdin=source,
                 stdout=subprocess.DEVNULL) as relay:
        assert relay.wait(SECONDS) == -signal.SIGALRM


@pytest.mark.parametrize("when, error, still", [
    ("gone", ECANCELED, "never started\n"), ("early", ECANCELED, ""), ("unwatched", EMFILE, "")])
def test_no_command_runs_on_that_nobody_watches(when: str, error: int, still: str) -> None:
    done = subprocess.run([BUILD / "serve", when, "sleep", "1000"], timeout=SECONDS, check=True,
                          stdout=subprocess.PIPE)
    assert done.stdout.decode() == f"state {REFUSED}, code {error}\n{still}"

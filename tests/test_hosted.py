# SPDX-License-Identifier: GPL-2.0
"""
Parts of the mint command with a program in place of the kernel: what only
timing, a fast typist or an unusual caller shows. Needs no machine.
"""

import fcntl
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Optional

import pytest
from hosted_programs import BUILD, SECONDS, Terminal, programs_fixture, started, terminal_fixture

__all__ = ["programs_fixture", "terminal_fixture"]
REFUSED, EMFILE, ECANCELED = 3, 24, 125


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


def test_a_signal_ends_a_console_whose_files_are_always_ready() -> None:
    for node in ("echo ready; exec cat >/dev/null", "echo ready; exec cat"):
        with open("/dev/zero", "rb") as zero, \
             started(BUILD / "console", node, "input", stdin=zero, stdout=subprocess.PIPE,
                     stderr=subprocess.DEVNULL) as console:
            assert console.stdout and console.stdout.read(5) == b"ready"
            drain = threading.Thread(target=console.stdout.read)
            drain.start()
            console.terminate()
            assert console.wait(SECONDS) == 1
            drain.join()


@pytest.mark.parametrize("stop", [signal.SIGTTOU, signal.SIGSTOP, signal.SIGTSTP])
def test_the_shell_ends_a_console_that_does_not_have_the_terminal(
        terminal: Terminal, stop: signal.Signals) -> None:
    if stop == signal.SIGTTOU:
        terminal.console("'exec cat'", "&")
    else:
        terminal.console("'exec cat'")
        terminal.until(terminal.raw)
        terminal.signal(stop)
    terminal.until(lambda: terminal.state() == "T")
    terminal.type("kill %1\n")
    terminal.until(lambda: not terminal.state())
    # The shell has the terminal as it likes it, and goes on.
    terminal.type("echo still $((40 + 2))\n")
    terminal.until(lambda: b"still 42" in terminal.said)


def left_over(terminal: Terminal) -> bool:
    """Whether the shell has run what was typed, when the console has ended."""
    terminal.until(lambda: not terminal.state())
    terminal.type("echo still $((40 + 2))\n")
    terminal.until(lambda: b"still 42" in terminal.said)
    return (terminal.pid_file.parent / "ran").exists()


@pytest.mark.parametrize("node, after, end", [
    ("exec head -c 2000 >/dev/null", "", None),
    ("exec cat", "| head -n 3", None),
    ("exec cat", ">/dev/full", None),
    ("exec sleep 1000", "", signal.SIGTERM),
])
def test_the_rest_of_a_paste_is_for_nobody(terminal: Terminal, node: str, after: str,
                                           end: Optional[signal.Signals]) -> None:
    terminal.console(f"'{node}'", after)
    terminal.until(terminal.raw)
    terminal.type(f"touch {terminal.pid_file.parent}/ran\n" * 300)
    if end:
        terminal.signal(end)
    assert not left_over(terminal)


def test_what_is_typed_while_a_node_ends_is_for_nobody(terminal: Terminal) -> None:
    terminal.console("'read line'", "fence")
    terminal.until(terminal.raw)
    terminal.type("\n")
    terminal.until(lambda: b"being fenced" in terminal.said)
    terminal.type(f"touch {terminal.pid_file.parent}/ran\n")
    assert not left_over(terminal)


def test_what_follows_the_escape_is_for_the_shell(terminal: Terminal) -> None:
    terminal.console("'exec cat'")
    terminal.until(terminal.raw)
    terminal.type(f"\x1dqtouch {terminal.pid_file.parent}/ran\n")
    assert left_over(terminal)


def test_input_without_an_end_keeps_nobody_in_the_console(terminal: Terminal) -> None:
    terminal.console("'read line'")
    terminal.until(terminal.raw)

    def ended() -> bool:
        terminal.type("\n")
        return not terminal.state()

    terminal.until(ended)


def test_a_reader_of_errors_that_stands_still_keeps_nobody_in_the_console() -> None:
    reader, errors = os.pipe()
    page = fcntl.fcntl(errors, fcntl.F_SETPIPE_SZ, 1)
    # It takes the first line, which is shorter than this, and no other.
    os.write(errors, b"x" * (page - 100))
    with open("/dev/full", "wb") as full, \
         started(BUILD / "console", "exec cat /proc/version", stdin=subprocess.DEVNULL,
                 stdout=full, stderr=errors) as console:
        assert console.wait(SECONDS) == 1
    assert b"console of node 'b'" in os.read(reader, page)


@pytest.mark.parametrize("node, source, status, said", [
    ("read line; echo took $line", "line", 0, b"has ended"),
    ("exec head -c 1000 >/dev/null", "/dev/zero", 1, b"bytes that were typed did not reach"),
])
def test_the_status_tells_that_input_was_lost(tmp_path: Path, node: str, source: str, status: int,
                                              said: bytes) -> None:
    (tmp_path / "line").write_text("x\n", encoding="ascii")
    with open(tmp_path / source, "rb") as typed:
        done = subprocess.run([BUILD / "console", node, "input"], stdin=typed, check=False,
                              timeout=SECONDS, capture_output=True)
    assert done.returncode == status and said in done.stderr
    assert status or b"took x" in done.stdout

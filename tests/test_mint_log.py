# SPDX-License-Identifier: GPL-2.0
"""
mint log: the logs of one node and of all, merged on the clock of the machine;
what is lost, followed, and left behind by the dead.
"""

import json
import re
from typing import Any, List

import abi
import pytest
from conftest import Boot
from machine import Machine, Shell
from mint_command import Mint, command_fixture, mint_fixture, refused, two_nodes
from region_image import Region, Stream

__all__ = ["command_fixture", "mint_fixture"]
KHZ = 1000000   # of saved regions: a tick is a nanosecond
SECOND = 10 ** 9
FOLLOW_SECONDS = 30.0
DEFUSED = bytes.maketrans(b"\0\x1b", b"??")


def lines_of(text: str) -> List[Any]:
    """Reports that stand one in a line."""
    reports = [json.loads(line) for line in text.splitlines()]
    assert all(report["schema"] == 1 for report in reports)
    return reports


def merged_region() -> Region:
    """Node b was started when the log of node 0 said 2.5 s."""
    region = two_nodes()
    region.logs[0] = Stream(b"[    0.000000] zero\n[    2.000001] two\n[    4.000000] four\n",
                            zero_tsc=SECOND)
    region.logs[1] = Stream(b"old\n[    0.000000] b zero\n[    1.000000] b one\nno stamp\n",
                            start=4, zero_tsc=SECOND * 7 // 2)
    return region


# Saved regions


def test_logs_are_merged_on_the_clock_of_the_machine(mint: Mint) -> None:
    assert mint("log", region=merged_region()).out.splitlines() == [
        "[    1.000000] node0: zero",
        "[    3.000001] node0: two",
        "[    3.500000] b: b zero",
        "[    4.500000] b: b one",
        "[    4.500000] b: no stamp",
        "[    5.000000] node0: four"]


def test_a_log_is_reported_as_json_lines(mint: Mint) -> None:
    first, second = lines_of(mint("log", "--json", region=merged_region()).out)[1:3]
    assert first == {
        "schema": 1, "id": 0, "name": "node0", "generation": 1, "kind": "text",
        "machine_ns": 3 * SECOND + 1000, "node_ns": 2 * SECOND + 1000, "text": "two",
        "lost_bytes": 0}
    assert (second["id"], second["generation"], second["text"]) == (1, 3, "b zero")
    assert len(lines_of(mint("log", "--json", "b", region=merged_region()).out)) == 3


def test_a_node_that_counts_time_by_another_rate_is_put_in_order(mint: Mint) -> None:
    region = merged_region()
    # What it takes for 1 s is 1.6 s: its rate was not yet known well.
    region.logs[1].stamp_khz = KHZ * 16 // 10
    assert [line.split()[-1] for line in mint("log", region=region).out.splitlines()] == \
        ["zero", "two", "zero", "four", "one", "stamp"]
    # It began before the counter was set back, as by firmware in a suspend.
    region.logs[1] = Stream(b"[    3.000000] b three\n", zero_tsc=(1 << 64) - SECOND)
    assert mint("log", region=region).out.splitlines()[1] == "[    2.000000] b: b three"


def test_a_line_without_a_time_has_none(mint: Mint) -> None:
    region = merged_region()
    region.logs[1].zero_tsc = 0
    lines = mint("log", region=region).out.splitlines()
    assert lines[0] == "[           ?] b: [    0.000000] b zero"
    assert lines_of(mint("log", "--json", "b", region=region).out)[0]["machine_ns"] is None


@pytest.mark.parametrize("text", [
    b"[", b"[ ", b"[1", b"[1.", b"[1.00000", b"[1.0000000]", b"[1.000000", b"[1.000000]",
    b"[99999999999999999999.000000] x", b"\xff\0\x1b", b"[x] y", b""])
def test_a_strange_line_is_only_a_line(mint: Mint, text: bytes) -> None:
    region = merged_region()
    region.logs[1] = Stream(text + b"\n", zero_tsc=1)
    assert mint("log", "b", region=region).out.encode("latin1") == \
        text.translate(DEFUSED) + b"\n"
    assert mint("log", region=region).code == 0
    assert len(lines_of(mint("log", "b", "--json", region=region).out)) == 1


@pytest.mark.parametrize("zero_tsc", [1, 1 << 63, (1 << 64) - 1])
def test_a_wild_clock_is_survived(mint: Mint, zero_tsc: int) -> None:
    region = merged_region()
    region.logs[1].zero_tsc = zero_tsc
    assert len(mint("log", region=region).out.splitlines()) == 6
    assert len(lines_of(mint("log", "--json", region=region).out)) == 6


@pytest.mark.parametrize("written", [
    abi.MINT_LOG_BYTES, abi.MINT_LOG_BYTES + 1, 3 * abi.MINT_LOG_BYTES - 7])
def test_a_long_log_keeps_its_newest_bytes_and_says_what_is_lost(mint: Mint,
                                                                 written: int) -> None:
    text = b"".join(b"%06d\n" % number for number in range(written // 7 + 1))[:written]
    region = two_nodes()
    region.logs[1] = Stream(text, start=3)
    lost = max(3, written - abi.MINT_LOG_BYTES) - 3
    head, _, kept = mint("log", "b", region=region).out.rpartition(" bytes lost --\n")
    assert kept.rstrip("\n") == text[3 + lost:].decode().rstrip("\n")
    assert head == (f"-- {lost}" if lost else "")
    kinds = [report["lost_bytes"]
             for report in lines_of(mint("log", "b", "--json", region=region).out)]
    assert kinds[0] == lost and not any(kinds[1:])


def test_a_damaged_log_does_not_hide_the_others(mint: Mint) -> None:
    region = merged_region()
    region.logs[1] = Stream(b"x", capacity=3)
    result = mint("log", region=region)
    assert result.code == 1 and len(result.out.splitlines()) == 3
    assert result.err == "mint: cannot print the logs: " \
        "its stream in the shared region is damaged\n"


def test_a_saved_log_cannot_be_followed(mint: Mint) -> None:
    refused(mint("log", "-f", region=merged_region()), 2, "saved region")
    refused(mint("log", "--follow", "b", region=merged_region()), 2, "saved region")


# A running machine


def follow(shell: Shell, words: str, to: str) -> None:
    """Follows a log in the background, into a file."""
    shell.run(f"(mint log -f {words} >{to} 2>{to}.err & echo $! >{to}.pid)")


def stop_following(shell: Shell, to: str) -> None:
    """Ends a follower by a signal; it has nothing to say."""
    shell.run(f"kill $(cat {to}.pid)")
    shell.poll(f"! kill -0 $(cat {to}.pid)", FOLLOW_SECONDS)
    assert shell.run(f"cat {to}.err").output == ""


def log_line(shell: Shell, text: str) -> None:
    """Makes the kernel log a line."""
    shell.run(f"echo {text} >/dev/kmsg")


def test_merged_logs_keep_the_order_of_cause_and_effect(boot: Boot) -> None:
    """Each line was logged when the one before it, on the other node, was there."""
    machine = boot()
    names = ["node0", "b"]
    machine.start_node("b")
    shell = machine.node()
    follow(shell, "", "/tmp/all")
    for number in range(20):
        log_line(machine.node(names[number % 2]), f"step {number}")
    shell.poll("grep -q 'step 19' /tmp/all", FOLLOW_SECONDS)
    for text in (shell.run("mint log").output, shell.run("cat /tmp/all").output):
        steps = re.findall(r"^\[ *\d+\.\d{6}\] (\w+): step (\d+)$", text, re.MULTILINE)
        assert steps == [(names[number % 2], str(number)) for number in range(20)]
        assert "-- " not in text
    stop_following(shell, "/tmp/all")


def test_a_follower_sees_an_oops_and_the_next_generation(boot: Boot) -> None:
    machine = boot()
    machine.expect_splat("sysrq|Sysrq|Kernel panic|Call Trace|panicked|Oops|BUG: kernel NULL")
    machine.start_node("b")
    shell = machine.node()
    follow(shell, "b", "/tmp/b")
    follow(shell, "--json", "/tmp/all")
    machine.node("b").start("echo 1 >/proc/sys/kernel/panic_on_oops; echo c >/proc/sysrq-trigger")
    shell.poll("mint list | grep -q ' b .*panicked'", FOLLOW_SECONDS)
    shell.poll("grep -q 'Kernel Offset' /tmp/b", FOLLOW_SECONDS)
    dead = shell.run("mint log b").output
    assert "Linux version" in dead.splitlines()[0]
    assert "sysrq_handle_crash" in dead and "Kernel Offset" in dead.splitlines()[-1]
    machine.close_shell("b")
    shell.run("mint start b")
    shell.poll("grep -q '^-- generation 2 --$' /tmp/b", FOLLOW_SECONDS)
    shell.poll("sed '1,/generation 2/d' /tmp/b | grep -q 'Linux version'", FOLLOW_SECONDS)
    shell.poll("grep -q '\"generation\":2,\"kind\":\"start\"' /tmp/all", FOLLOW_SECONDS)
    text = shell.run("cat /tmp/b").output
    assert text.startswith(dead.rstrip("\n")) and "lost --" not in text
    stop_following(shell, "/tmp/all")
    records = [record for record in lines_of(shell.run("cat /tmp/all").output)
               if record["id"] == 1]
    times = [record["machine_ns"] for record in records]
    assert times == sorted(times)
    assert [record["generation"] for record in records if record["kind"] == "start"] == [2]
    shell.run("mint destroy --force b")
    shell.poll("! kill -0 $(cat /tmp/b.pid)", FOLLOW_SECONDS)
    assert "destroyed meanwhile" in shell.run("cat /tmp/b.err").output


def test_a_follower_tells_what_it_lost_and_ends_with_its_reader(node0: Machine) -> None:
    shell = node0.node()
    # The reader of the pipe takes nothing until far more was logged than is kept.
    shell.run("mkfifo /tmp/pipe; (mint log -f node0 >/tmp/pipe & echo $! >/tmp/pid);"
              "exec 9</tmp/pipe; i=0; while [ $i -lt 3000 ]; do i=$((i + 1));"
              "echo line $i of this log, with some more words to make it longer >/dev/kmsg; done")
    shell.run("(cat <&9 >/tmp/seen & echo $! >/tmp/cat)")
    shell.poll("grep -q 'line 3000' /tmp/seen", FOLLOW_SECONDS)
    seen = shell.run("grep -c line /tmp/seen; grep lost /tmp/seen").output
    assert re.fullmatch(r"\d+\n(-- \d+ bytes lost --\n)+", seen) and int(seen.split()[0]) < 3000
    shell.run("kill $(cat /tmp/cat); exec 9<&-")
    shell.poll("! kill -0 $(cat /tmp/pid)", FOLLOW_SECONDS)


def test_a_reader_that_has_seen_enough_is_no_error(node0: Machine) -> None:
    shell = node0.node()
    shell.run("bash -c 'set -o pipefail; mint log | head -n 1 && mint log -f | head -n 1'")
    full = shell.run("mint log >/dev/full", check=False)
    assert full.status == 1 and "could not be written" in full.output

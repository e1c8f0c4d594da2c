# SPDX-License-Identifier: GPL-2.0
"""
mint top and mint sample without a machine: what is read of odd files of /proc and
/sys, what becomes of answers that are late, wrong or nonsense, and the screen. A
program of tests/hosted takes the place of the kernel and of the other nodes.
"""

import contextlib
import fcntl
import json
import os
import pty
import random
import re
import select
import shlex
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import abi
import pytest
from hosted_programs import BUILD, SECONDS, Terminal, programs_fixture, terminal_fixture
from machine import deadline_in
from mint_command import Mint, command_fixture, mint_fixture, two_nodes
from region_image import MB, Node, Region
from saved_machine import Saved

__all__ = ["command_fixture", "mint_fixture", "programs_fixture", "terminal_fixture"]
STATISTICS = "/sys/class/net/vni0/statistics/"
LATENCY = "/sys/kernel/debug/vni.0/latency"
LATENCY_HEAD = b"source queue     frames  p50_ns  p90_ns  p99_ns p99.9_ns most_ns\n"
MOST = 2 ** 63 - 1
HOME = b"\x1b[H"
RUNNING = "exec sleep 1000"      # a node that does not answer


# What a node tells of itself


def usual() -> Dict[str, bytes]:
    """Files of a node."""
    return {
        "/proc/stat": b"cpu  10 20 30 400 50 6 7 8 3 2\ncpu0 10 20 30 400 50 6 7 8 3 2\nintr 1 2\n",
        "/proc/meminfo": b"MemTotal:         1000 kB\nMemFree:           10 kB\n"
                         b"MemAvailable:      600 kB\nHugePages_Total:       0\n",
        **{STATISTICS + name: b"%d\n" % number for number, name in enumerate(
            ("rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_dropped", "tx_dropped"), 1)},
        LATENCY: LATENCY_HEAD + b"     1     0         10   100   200   300   400   500\n"
                                b"     1     1          5    90   200   350   400   500\n"
                                b"     2     0          7    80   200   250   400   500\n",
    }


ALL: Dict[str, Any] = {
    "busy_ticks": 81, "idle_ticks": 450, "memory_total_bytes": 1000 * 1024,
    "memory_available_bytes": 600 * 1024, "rx_frames": 1, "tx_frames": 2, "rx_bytes": 3,
    "tx_bytes": 4, "rx_dropped": 5, "tx_dropped": 6}
CPU = ("busy_ticks", "idle_ticks")
MEMORY = ("memory_total_bytes", "memory_available_bytes")
ROWS = [{"source": 1, "frames": 15, "p50_ns": 100, "p99_ns": 350},
        {"source": 2, "frames": 7, "p50_ns": 80, "p99_ns": 250}]

Sample = Callable[[Dict[str, bytes]], Dict[str, Any]]


@pytest.fixture(name="sample")
def sample_fixture(mint: Mint, tmp_path: Path) -> Sample:
    """What the command tells of a node with these files, but for the time."""

    def sample(files: Dict[str, bytes]) -> Dict[str, Any]:
        root = Saved(files).write(tmp_path / f"root{len(list(tmp_path.iterdir()))}")
        report: Dict[str, Any] = mint("sample", "--root", root).json()
        assert report.pop("schema") == 1 and report.pop("time_ms") > 0
        return report

    return sample


def test_a_node_tells_what_its_files_say(sample: Sample) -> None:
    assert sample(usual()) == {**ALL, "latency": ROWS}


def test_without_files_a_node_tells_nothing(sample: Sample) -> None:
    assert sample({}) == {"latency": []}


@pytest.mark.parametrize("path, content, missing", [
    ("/proc/stat", b"", CPU),
    ("/proc/stat", b"cpu", CPU),
    ("/proc/stat", b"cpu \n", CPU),
    ("/proc/stat", b"cpu0 1 2 3 4\n", CPU),
    ("/proc/stat", b"cpu  1 2 3\n", CPU),
    ("/proc/stat", b"cpu  1 2 3 x\n", CPU),
    ("/proc/stat", b"cpu  1 2 3 -4 5\n", CPU),
    ("/proc/stat", b"cpu  1 2 3 4x 5\n", CPU),
    ("/proc/stat", b"cpu  1 2 3 99999999999999999999 5\n", CPU),
    ("/proc/stat", b"cpu  %d %d 3 4 5\n" % (MOST, MOST), CPU),
    ("/proc/stat", b"\0" * 100, CPU),
    ("/proc/meminfo", b"", MEMORY),
    ("/proc/meminfo", b"MemTotal: 1000 kB\n", MEMORY),
    ("/proc/meminfo", b"MemTotal: 1000 kB\nMemAvailable: 1001 kB\n", MEMORY),
    ("/proc/meminfo", b"MemTotal: 1000\nMemAvailable: 600 kB\n", MEMORY),
    ("/proc/meminfo", b"MemTotal: 1000 MB\nMemAvailable: 600 kB\n", MEMORY),
    ("/proc/meminfo", b"xMemTotal: 1000 kB\nMemAvailable: 600 kB", MEMORY),
    ("/proc/meminfo", b"MemTotal: %d kB\nMemAvailable: 600 kB\n" % MOST, MEMORY),
    ("/proc/meminfo", b"MemTotal:", MEMORY),
    (STATISTICS + "rx_packets", b"", ("rx_frames",)),
    (STATISTICS + "rx_packets", b"-1\n", ("rx_frames",)),
    (STATISTICS + "rx_packets", b"12 13\n", ("rx_frames",)),
    (STATISTICS + "tx_bytes", b"%d\n" % (MOST + 1), ("tx_bytes",)),
    (STATISTICS + "tx_dropped", b"many\n", ("tx_dropped",)),
])
def test_what_makes_no_sense_is_left_out(sample: Sample, path: str, content: bytes,
                                         missing: List[str]) -> None:
    kept = {key: value for key, value in ALL.items() if key not in missing}
    assert sample({**usual(), path: content}) == {**kept, "latency": ROWS}


def test_an_old_kernel_has_fewer_columns(sample: Sample) -> None:
    report = sample({"/proc/stat": b"cpu  1 2 3 4\n"})
    assert (report["busy_ticks"], report["idle_ticks"]) == (6, 4)


@pytest.mark.parametrize("table, rows", [
    (b"", []),
    (b"\n\n", []),
    (b"source queue frames p50_ns\n1 0 10 100\n", []),
    (LATENCY_HEAD, []),
    (LATENCY_HEAD + b"1 0 10 100 200 300\n64 0 1 1 1 1 1 1\n", [(1, 10, 100, 300)]),
    (LATENCY_HEAD + b"1 0 10 100 200\n2 0 1 x\n3 0 10 1 2 -3\n4 0 5 6 7 8 nine\n", []),
    (LATENCY_HEAD + b"1" + b" 1" * 20 + b"\n", []),
    (LATENCY_HEAD + b"1 0 %d 1 2 3\n1 1 %d 9 9 9\n" % (MOST, MOST), [(1, MOST, 1, 3)]),
    (b"p99_ns frames  more source p50_ns\n3 2 9 1 2\n", [(1, 2, 2, 3)]),
    (b"source source frames p50_ns p99_ns " * 4 + b"\n1 2 3 4 5\n", []),
])
def test_of_a_table_of_latencies_whole_rows_count(sample: Sample, table: bytes,
                                                  rows: List[Any]) -> None:
    found = sample({LATENCY: table})["latency"]
    assert [tuple(row.values()) for row in found] == rows


def test_any_contents_are_survived(sample: Sample) -> None:
    dice = random.Random(7)
    for _ in range(150):
        files = usual()
        for path in dice.sample(sorted(files), 3):
            content = bytearray(files[path] * dice.choice((1, 1, 1, 200)))
            for _ in range(dice.choice((1, 3, 20))):
                content[dice.randrange(len(content))] = dice.choice(b"0129 \n\t\0-xk\xff")
            files[path] = bytes(content[:dice.choice((len(content), dice.randrange(200)))])
        report = sample(files)
        for row in [report, *report.pop("latency")]:
            assert all(0 <= value <= MOST for value in row.values())


# A saved region


def test_a_saved_region_shows_states_and_what_nodes_own(mint: Mint) -> None:
    region = two_nodes(state=abi.MINT_SELF_PANICKED)
    result = mint("top", "--count", "1", "--interval", "0.5", region=region)
    sums, head, *rows = result.out.splitlines()
    assert result.code == 0 and "2 nodes, 1 running  4 CPUs  0 of 320M used" in sums
    assert head.split()[:5] == ["ID", "NAME", "STATE", "CPUS", "MEM"]
    assert [row.split()[:6] for row in rows] == [
        ["0", "node0", "running", "2", "256M", "-"], ["1", "b", "panicked", "2", "64.0M", "-"]]
    assert all(row.endswith("a saved region does not tell") for row in rows)
    report = mint("top", "--json", "--interval", "0.5", region=region).json()
    assert report["interval_ms"] == 500
    assert report["nodes"][1] == {
        "id": 1, "name": "b", "state": "panicked", "generation": 3, "cpus": [2, 3],
        "cpus_online": 1, "memory_bytes": 64 * MB, "why": "a saved region does not tell",
        "figures": None, "rates": None}


def test_a_damaged_region_is_told_after_the_rest(mint: Mint) -> None:
    result = mint("top", "--count", "1", "--interval", "0.5", region=two_nodes(state=99))
    assert result.code == 1 and "b     damaged" in result.out
    assert result.err == "mint: cannot watch the nodes: the shared region is damaged: " \
                         "the entry of node 1\n"


# Other nodes, and a program in place of the kernel


class Others:
    """Node 0 of a region with nodes that answer as a test has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.image = folder / "image"
        self.region = Region()
        self.commands: Dict[str, str] = {}

    def node(self, number: int, command: Optional[str], **fields: Any) -> None:
        """Adds a node that answers by a command of the shell; None: it does not run."""
        self.region.nodes[number] = Node(b"n%d" % number, **fields)
        if command is not None:
            self.commands[f"NODE_{number}"] = command

    def tells(self, number: int, *samples: object, before: str = ":") -> None:
        """Adds a node that tells these things one after the other, and then the last one."""
        told = self.folder / f"told{number}"
        told.write_text("".join(f"{json.dumps(sample)}\n" for sample in samples), "ascii")
        # The number of its calls is that of lines in this file.
        count = f"echo >>{told}.calls; n=$(wc -l <{told}.calls)"
        self.node(number, f"{count}; {before}; [ $n -le {len(samples)} ] || n={len(samples)}; "
                          f"sed -n ${{n}}p {told}")

    def calls(self, number: int) -> int:
        """How often a node was asked that tells something."""
        path = self.folder / f"told{number}.calls"
        return len(path.read_bytes()) if path.exists() else 0

    def prepare(self) -> Dict[str, str]:
        """Writes the region; the environment of the program."""
        self.image.write_bytes(self.region.pack())
        return {**os.environ, **self.commands}

    def top(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Runs it to its end."""
        return subprocess.run([BUILD / "top", self.image, *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env=self.prepare(), timeout=SECONDS,
                              check=False)

    def report(self) -> Dict[int, Any]:
        """What it prints as JSON, by node id."""
        done = self.top("--json", "--interval", "0.5")
        assert done.returncode == 0 and not done.stderr, done.stderr
        return {node["id"]: node for node in json.loads(done.stdout)["nodes"]}


@pytest.fixture(name="others")
def others_fixture(tmp_path: Path) -> Others:
    """A machine that is made up."""
    return Others(tmp_path)


def told(time_ms: int, **figures: Any) -> Dict[str, Any]:
    """What a node tells."""
    return {"schema": 1, "time_ms": time_ms, **figures}


def latency(frames: int, p50: int = 1500, source: int = 0) -> Dict[str, int]:
    """A row of it."""
    return {"source": source, "frames": frames, "p50_ns": p50, "p99_ns": 2 * p50}


RATES: List[Tuple[Dict[str, Any], Dict[str, Any], Dict[str, int]]] = [
    ({"rx_frames": 10, "tx_bytes": 5}, {"rx_frames": 12, "tx_bytes": 5},
     {"rx_frames_per_s": 4, "tx_bytes_per_s": 0}),
    ({"busy_ticks": 10, "idle_ticks": 100}, {"busy_ticks": 20, "idle_ticks": 130},
     {"busy_permille": 250}),
    # Idle time runs back a little, as the kernel's does.
    ({"busy_ticks": 10, "idle_ticks": 100}, {"busy_ticks": 20, "idle_ticks": 99},
     {"busy_permille": 1000}),
    ({"busy_ticks": 10, "idle_ticks": 100}, {"busy_ticks": 10, "idle_ticks": 100}, {}),
    # What begins anew, comes or goes is not known.
    ({"rx_frames": 10, "tx_frames": 1}, {"rx_frames": 9, "rx_bytes": 1}, {}),
    ({"busy_ticks": 10}, {"busy_ticks": 20, "idle_ticks": 5}, {}),
    ({"busy_ticks": 0, "idle_ticks": 0}, {"busy_ticks": MOST, "idle_ticks": MOST},
     {"busy_permille": 500}),
    ({"latency": [latency(3), latency(3, 9000, source=1)]},
     {"latency": [latency(4), latency(3, 9000, source=1)]},
     {"latency_p50_ns": 1500, "latency_p99_ns": 3000}),
    ({"latency": [latency(3)]}, {"latency": [latency(3)]}, {}),
    ({"latency": [latency(3)]}, {"latency": []}, {}),
    ({}, {"latency": [latency(9), latency(1, 100, source=63)]},
     {"latency_p50_ns": 1500, "latency_p99_ns": 3000}),
]


def test_rates_are_differences_on_the_clock_of_the_node(others: Others) -> None:
    for number, (before, after, _) in enumerate(RATES, 1):
        others.tells(number, told(1000, **before), told(1500, **after))
    report = others.report()
    for number, (_, after, rates) in enumerate(RATES, 1):
        node = report[number]
        assert node["rates"] == rates and node["why"] is None, node
        assert node["figures"] == {"time_ms": 1500, "latency": [], **after}


def test_a_clock_that_stands_still_gives_no_rates(others: Others) -> None:
    others.tells(1, told(1000, rx_frames=1), told(1000, rx_frames=2))
    assert others.report()[1]["rates"] == {}


NONSENSE = [
    "", "[]", "{", "nonsense", '{"schema": 1}', '{"schema": 2, "time_ms": 1}',
    '{"schema": 1, "time_ms": -1}', '{"schema": 1, "time_ms": "1"}', "[" * 10000,
    '{"schema": 1, "time_ms": 99999999999999999999999}', '{"schema": 1, "time_ms": 1} x',
]


def test_an_answer_that_is_nonsense_is_not_taken(others: Others) -> None:
    for number, text in enumerate(NONSENSE, 1):
        others.node(number, f"printf %s {shlex.quote(text)}")
    others.node(len(NONSENSE) + 1, "yes")
    for number, node in list(others.report().items())[1:]:
        assert node["figures"] is None and node["rates"] is None
        assert node["why"] == f"it answers with nonsense. Try: mint exec n{number} -- " \
                              "/sbin/mint sample"


def test_of_an_answer_only_what_fits_is_taken(others: Others) -> None:
    row: Dict[str, Any] = latency(1)
    rows = [7, {}, latency(1, source=64), latency(-1), {**row, "p99_ns": "9"},
            latency(5, source=2)]
    others.tells(1, told(1, rx_frames=-1, tx_frames=1.5, rx_bytes="1", tx_bytes=2, more=3,
                         busy_ticks=None, latency=rows))
    assert others.report()[1]["figures"] == {"time_ms": 1, "tx_bytes": 2,
                                             "latency": [latency(5, source=2)]}
    others.tells(1, told(1, latency={"source": 1}))
    assert others.report()[1]["figures"] == {"time_ms": 1, "latency": []}


def test_a_node_with_another_mint_is_told(others: Others) -> None:
    others.node(1, "echo \"mint: no verb 'sample'\" >&2; exit 2")
    assert others.report()[1]["why"] == "its /sbin/mint is of another version. " \
                                        "Try: mint exec n1 -- /sbin/mint version"


def test_a_sample_that_fails_is_told_with_its_status(others: Others) -> None:
    others.node(1, "kill -9 $$")
    assert others.report()[1]["why"] == "its /sbin/mint failed, status 137. " \
                                        "Try: mint exec n1 -- /sbin/mint sample"


def test_a_node_that_does_not_run_has_its_state_and_the_next_step(others: Others) -> None:
    others.node(1, None, life=abi.MINT_LIFE_CREATED, generation=0)
    others.node(2, None)    # its heart stands still
    others.node(3, None, state=abi.MINT_SELF_OFF)
    others.tells(4, told(1))
    report = others.report()
    assert {number: node["state"] for number, node in report.items()} == {
        0: "running", 1: "created", 2: "silent", 3: "off", 4: "running"}
    assert report[1]["why"] == "it is not started. Try: mint start n1"
    assert report[2]["why"] == "it is silent and does not answer. Try: mint kill n2"
    assert report[3]["why"] == "it is off already. Try: mint start n3"
    assert report[0]["figures"]["busy_ticks"] > 0 and report[4]["figures"]["time_ms"] == 1


def test_nodes_that_do_not_answer_keep_no_other_from_it(others: Others) -> None:
    for number in (1, 3):
        others.node(number, RUNNING)
    for number in (2, 4):
        others.tells(number, told(1000, rx_frames=1), told(2000, rx_frames=8))
    report = others.report()
    for number in (2, 4):
        assert report[number]["rates"] == {"rx_frames_per_s": 7}, report[number]
    for number in (1, 3):
        assert re.fullmatch(r"no answer for \d+\.\d s", report[number]["why"])
    # Such a node is asked once, and not again in each round.
    others.tells(1, told(1), before=RUNNING)
    done = others.top("--count", "3", "--interval", "0.5")
    assert done.returncode == 0 and others.calls(1) == 1, done.stderr
    assert done.stdout.count("no answer for") == 2 * 3


def test_one_session_is_left_to_others_however_many_nodes_hang(others: Others) -> None:
    for number in range(1, 7):
        others.node(number, RUNNING)
    # The program ends by itself when there are more requests than that.
    done = others.top("--count", "2", "--interval", "0.5")
    assert done.returncode == 0, done.stderr
    for screen in done.stdout.split("ID ")[1:]:
        assert screen.count("no answer for") == 3
        assert screen.count("not asked: others have not answered in time") == 3


def test_nodes_that_answer_soon_are_asked_one_after_the_other(others: Others) -> None:
    busy = others.folder / "busy"
    for number in range(1, 6):
        others.tells(number, told(1, rx_frames=1), told(2, rx_frames=1),
                     before=f"mkdir {busy} || echo x; rmdir {busy}")
    assert all(node["rates"] is not None for node in others.report().values())


def test_a_late_answer_counts_when_it_comes(others: Others) -> None:
    # The first takes longer than a round, and the interval is longer than that.
    others.tells(1, told(1000, rx_frames=1), told(2000, rx_frames=3), before="sleep 1.3")
    done = others.top("--count", "3", "--interval", "1.2")
    assert done.returncode == 0
    rows = [line for line in done.stdout.splitlines() if line.startswith("1 ")]
    assert any("no answer" not in row for row in rows), done.stdout


def test_a_new_start_of_a_node_is_compared_with_nothing(others: Others) -> None:
    others.tells(1, told(1000, rx_frames=1), told(2000, rx_frames=8))
    environment = others.prepare()
    with open(others.image, "r+b") as image, \
         subprocess.Popen([BUILD / "top", others.image, "--json", "--interval", "2"],
                          stdout=subprocess.PIPE, env=environment) as top:
        deadline = deadline_in(SECONDS)
        while not others.calls(1):      # now it has been asked, and the first round is its own
            assert time.monotonic() < deadline
            time.sleep(0.01)
        others.region.nodes[1].generation = 2
        image.write(others.region.pack())
        image.flush()
        assert top.stdout
        node = json.loads(top.stdout.read())["nodes"][1]
    assert node["generation"] == 2 and node["figures"]["time_ms"] == 2000
    assert node["rates"] is None


# The screen


def test_a_row_has_its_figures_in_columns(others: Others) -> None:
    others.region.cpus = [0, 0, 1, 1, 2]
    others.region.extents += [(512 * MB, 64 * MB, 1), (576 * MB, 448 * MB, 2)]
    first = told(1000, busy_ticks=0, idle_ticks=0, rx_frames=0, tx_frames=0, rx_bytes=0,
                 tx_bytes=0, latency=[])
    others.tells(1, first, told(
        2000, busy_ticks=50, idle_ticks=150, memory_total_bytes=60 * MB,
        memory_available_bytes=20 * MB, rx_frames=9999, tx_frames=123456, rx_bytes=5 * MB,
        tx_bytes=2000 * MB, rx_dropped=1, tx_dropped=2, latency=[latency(9, 12345)]))
    others.tells(2, first, told(2000, busy_ticks=50, idle_ticks=0, tx_frames=0))
    sums, head, _, row, other = others.top("--count", "1", "--interval", "0.5").stdout.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d  3 nodes, 3 running  \d\.\d of 5 CPUs busy  "
                        r"[\d.]+[MGT] of 768M used  123K frames/s", sums), sums
    cells = dict(zip(head.split(), row.split()))
    assert cells == {
        "ID": "1", "NAME": "n1", "STATE": "running", "CPUS": "2", "MEM": "64.0M", "CPU%": "25.0",
        "USED": "40.0M", "RX/s": "9999", "TX/s": "123K", "RXB/s": "5.0M", "TXB/s": "2.0G",
        "DROPS": "3", "P50/P99us": "12.3/24.7"}
    assert other.split()[5:] == ["100.0", "-", "-", "0", "-", "-", "-", "-"]
    # All but the latency have room on 80 columns, and line up.
    assert len(sums) <= 100 and head.index("P50") <= 80
    for name in ("CPUS", "CPU%", "TXB/s", "DROPS"):
        end = head.index(name) + len(name)
        assert row[end - 1] != " " and row[end] == " ", (name, row)


def test_any_figures_keep_the_columns(others: Others) -> None:
    for number, value in ((1, MOST), (2, 99999), (3, 10 ** 6 - 1)):
        others.tells(number, told(0, **{name: 0 for name in ALL}),
                     told(value, **{name: value for name in ALL},
                          latency=[latency(value, MOST // 2)]))
    _, head, _, *rows = others.top("--count", "1", "--interval", "0.5").stdout.splitlines()
    end = head.index("DROPS") + len("DROPS")
    assert len(rows) == 3 and all(row[end] == " " and row[end - 1] != " " for row in rows)


def test_screens_for_a_file_are_plain_and_counted(others: Others) -> None:
    others.tells(1, told(1))
    done = others.top("--count", "3", "--interval", "0.5")
    assert done.returncode == 0 and done.stderr == ""
    assert "\x1b" not in done.stdout and "\r" not in done.stdout
    assert done.stdout.count("P50/P99us\n") == 3


def test_a_reader_that_has_seen_enough_and_a_full_disk(others: Others) -> None:
    others.tells(1, told(1))
    call = f"{BUILD}/top {others.image} --interval 0.5"
    done = subprocess.run(["bash", "-c", f"{call} | head -n 1; echo ${{PIPESTATUS[0]}}; "
                           f"{call} >/dev/full; echo $?"], env=others.prepare(), check=True,
                          capture_output=True, text=True, timeout=SECONDS)
    assert done.stdout.splitlines()[1:] == [str(128 + signal.SIGPIPE), "1"]
    assert done.stderr == "mint: cannot watch the nodes: the result could not be written: " \
                          "No space left on device\n"


class Screen:
    """A terminal with nothing but a call of it, then what `stty -a` says."""

    def __init__(self, others: Others, words: str, rows: int = 24, columns: int = 80) -> None:
        self.said = b""
        environment = others.prepare()
        size = struct.pack("HHHH", rows, columns, 0, 0)
        script = (f"trap : INT; read go; {BUILD}/top {others.image} {words}; "
                  "echo status $?; stty -a; echo over")
        self.pid, self.master = pty.fork()
        if not self.pid:
            os.execve("/bin/sh", ["sh", "-c", script], environment)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)
        os.write(self.master, b"\n")

    def until(self, word: bytes, count: int = 1) -> None:
        """Reads until something was printed so often."""
        deadline = deadline_in(SECONDS)
        while self.said.count(word) < count:
            assert time.monotonic() < deadline, self.said
            self.look()

    def look(self) -> None:
        """Reads what comes within a moment."""
        if select.select([self.master], [], [], 0.1)[0]:
            with contextlib.suppress(OSError):
                self.said += os.read(self.master, 65536)

    def lines(self) -> List[str]:
        """What is seen of the last whole screen."""
        screen = self.said.rsplit(b"\x1b[J", 1)[0].rsplit(HOME, 1)[1].decode()
        return screen.replace("\x1b[K", "").split("\r\n")

    def end(self) -> str:
        """What was said after the last screen; the terminal is as before."""
        self.until(b"over\r\n")
        rest = self.said.rsplit(b"\x1b[J", 1)[1].decode()
        assert " icanon" in rest and " echo " in rest, rest
        os.close(self.master)
        os.waitpid(self.pid, 0)
        return rest


@pytest.mark.parametrize("key, status", [("q", 0), ("\x03", 1)])
def test_a_terminal_is_drawn_over_until_a_key_ends_it(others: Others, key: str,
                                                      status: int) -> None:
    others.tells(1, told(1))
    screen = Screen(others, "--interval 0.5")
    screen.until(HOME, 3)
    screen.until(b"\x1b[J", 3)
    # Other keys do nothing, and nothing that is typed is seen.
    os.write(screen.master, b"xyz\n")
    screen.until(HOME, 5)
    assert b"xyz" not in screen.said
    assert [line[:5] for line in screen.lines()[1:4]] == ["ID NA", "0  no", "1  n1"]
    os.write(screen.master, key.encode())
    assert f"status {status}\r\n" in screen.end()


def test_on_a_terminal_a_count_ends_it_too(others: Others) -> None:
    screen = Screen(others, "--interval 0.5 --count 2")
    assert "status 0\r\n" in screen.end()
    # What nobody can compare with anything yet is drawn at once, and not counted.
    assert screen.said.count(HOME) == 3


def test_a_screen_is_cut_to_the_terminal_and_follows_its_size(others: Others) -> None:
    for number in range(1, 9):
        others.node(number, None, life=abi.MINT_LIFE_CREATED, generation=0)
    screen = Screen(others, "--interval 3600", rows=6, columns=40)
    screen.until(b"\x1b[J")
    assert len(screen.lines()) == 6 and screen.lines()[-1] == ""    # the cursor's own line
    assert max(map(len, screen.lines())) == 40
    fcntl.ioctl(screen.master, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    screen.until(b"\x1b[J", 2)
    assert len(screen.lines()) == 12 and "mint start n8" in screen.lines()[10]
    os.write(screen.master, b"q")
    screen.end()


def test_a_stopped_top_leaves_the_terminal_to_the_shell(others: Others,
                                                        terminal: Terminal) -> None:
    others.prepare()
    terminal.call("top", f"{others.image} --interval 0.5")
    terminal.until(lambda: HOME in terminal.said)
    terminal.type("\x1a")
    terminal.until(lambda: terminal.state() == "T")
    terminal.type("echo still $((40 + 2))\n")
    terminal.until(lambda: b"still 42" in terminal.said)
    terminal.said = b""
    terminal.type("fg\n")
    terminal.until(lambda: terminal.said.count(HOME) > 1)
    terminal.type("q")
    terminal.until(lambda: not terminal.state())


def test_a_terminal_that_stands_still_keeps_nobody(others: Others, terminal: Terminal) -> None:
    others.prepare()
    terminal.call("top", f"{others.image} --interval 0.5")
    terminal.until(lambda: HOME in terminal.said)
    terminal.type("\x13")
    # Nothing comes for longer than a round takes.
    while terminal.read(1.5):
        pass
    assert terminal.state()
    terminal.type("q")
    terminal.until(lambda: not terminal.state())
    terminal.type("\x11")
    terminal.type("echo still $((40 + 2))\n")
    terminal.until(lambda: b"still 42" in terminal.said)

# SPDX-License-Identifier: GPL-2.0
"""
What `make selftests` makes of the output of the kernel's programs, and of its list
of exceptions, and its way to the other end. The programs themselves run on machines,
by that door.
"""

import os
from pathlib import Path

import pytest
from selftests import expected, ktap, report
from selftests.expected import Exemption
from selftests.ktap import FAIL, PASS, SKIP, XFAIL, Incomplete, Result
from selftests.suite.remote_mint import Remote

OUTPUT = """KTAP version 1
1..4
ok 1 stats.first
ok 2 stats.second # XFAIL pause not supported by the device
# Exception| ValueError: ok 3 is not said here
not ok 3 stats.third
ok 4 stats.fourth # SKIP no queues
# Totals: pass:1 fail:1 xfail:1 xpass:0 skip:1 error:0
"""
RESULTS = {"stats.first": Result(PASS), "stats.second": Result(XFAIL, "no pause"),
           "stats.third": Result(FAIL), "stats.fourth": Result(SKIP, "no queues")}
FITTING = [Exemption("vni", "stats.second", XFAIL, "a"),
           Exemption("both", "stats.third", FAIL, "b"),
           Exemption("both", "stats.f?urth", SKIP, "c")]


def test_each_kind_of_result_is_read() -> None:
    results = ktap.parse(OUTPUT)
    assert {case: result.kind for case, result in results.items()} == {
        "stats.first": PASS, "stats.second": XFAIL, "stats.third": FAIL, "stats.fourth": SKIP}
    assert results["stats.second"].why == "pause not supported by the device"


@pytest.mark.parametrize("text", ["", "Traceback\n", "1..2\nok 1 a.b\n", "ok 1 a.b\n", "1..0\n"])
def test_a_program_that_stops_early_is_incomplete(text: str) -> None:
    with pytest.raises(Incomplete):
        ktap.parse(text)


def test_results_as_expected_are_no_surprise() -> None:
    assert not expected.surprises(FITTING, "vni", RESULTS)
    assert not expected.unused(FITTING, "vni", {"stats"}, RESULTS)


def test_a_case_that_newly_fails_is_a_surprise() -> None:
    results = {**RESULTS, "stats.first": Result(FAIL, "why not")}
    assert expected.surprises(FITTING, "vni", results) == [
        "vni: stats.first: fail, expected was pass: why not"]


def test_a_case_that_newly_passes_is_a_surprise() -> None:
    results = {**RESULTS, "stats.third": Result(PASS)}
    assert expected.surprises(FITTING, "vni", results) == [
        "vni: stats.third: pass, expected was fail"]


def test_an_exception_of_another_interface_does_not_count() -> None:
    assert expected.surprises(FITTING, "veth", RESULTS) == [
        "veth: stats.second: xfail, expected was pass: no pause"]


def test_an_exception_without_a_case_is_told() -> None:
    results = {case: result for case, result in RESULTS.items() if case != "stats.third"}
    assert expected.unused(FITTING, "vni", {"stats"}, results) == [
        "vni: stats.third: there is no such case"]
    assert not expected.unused(FITTING, "vni", {"ping"}, results)


@pytest.mark.parametrize("line", ["vni stats.first fail", "eth0 stats.first fail why",
                                  "vni stats.first pass it does", "vni stats.first fails why"])
def test_a_bad_line_of_the_file_is_told(line: str) -> None:
    with pytest.raises(ValueError, match="expected:2: .*Try: "):
        expected.read(f"# a comment\n{line}\n")


def test_the_file_of_exceptions_is_sound() -> None:
    exemptions = expected.read(expected.FILE.read_text("utf-8"))
    assert exemptions
    assert all(each.reason.endswith(".") for each in exemptions)


def test_the_tables_have_counts_and_reasons() -> None:
    results = {"vni": RESULTS, "veth": {"stats.third": Result(FAIL)}}
    assert "| `stats` | 1 of 4 | 0 of 1 |" in report.table(results, ["stats"])
    told = report.exceptions(results, FITTING)
    assert "| vni | `stats.second` | xfail | a |" in told
    assert "| vni, veth | `stats.third` | fail | b |" in told


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """The other end, by a `mint` whose node b is this host."""
    mint = tmp_path / "mint"
    mint.write_text("#!/bin/sh\n[ \"$1 $2 $3\" = 'exec b --' ] || exit 3\nshift 3\nexec \"$@\"\n")
    mint.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return Remote("b", str(tmp_path))


def test_a_command_runs_at_the_other_end_by_a_shell(remote: Remote) -> None:
    with remote.cmd("echo out; echo err >&2; cat; exit 5") as process:
        assert process.communicate() == (b"out\n", b"err\n")
    assert process.returncode == 5


def test_a_program_is_brought_to_the_other_end_and_taken_away(
        remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "program").write_text("#!/bin/sh\necho it runs\n")
    place = remote.deploy("program")
    with remote.cmd(place) as process:
        assert process.communicate() == (b"it runs\n", b"")
    remote.__del__()  # pylint: disable=unnecessary-dunder-call
    assert not Path(place).exists()
    remote = Remote("b", "/")
    place = remote.deploy(str(tmp_path / "program"))
    assert Path(place).exists()
    remote.__del__()  # pylint: disable=unnecessary-dunder-call
    assert not Path(place).exists()

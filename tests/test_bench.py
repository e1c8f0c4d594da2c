# SPDX-License-Identifier: GPL-2.0
"""
The arithmetic and the reports of `make bench`, on samples made up. What it
measures is not judged here.
"""

import json
import os
from pathlib import Path

import pytest
from bench import foreign, goals, report, results, udp
from bench.__main__ import MEASURES, main
from bench.measures import ipis_per_frame
from bench.place import parse_words
from bench.results import Figure, ResultError, Table


def sample_table() -> Table:
    """Rates as of a run of three repetitions."""
    table = Table("tcp", "TCP", "Gbit/s", "direction")
    for vni, veth in ((12.0, 10.0), (15.0, 10.0), (9.0, 6.0)):
        table.add("vni", vni, "send")
        table.add("veth, 2 CPUs", veth, "send")
    return table


def test_a_ratio_is_of_medians_and_its_spread_of_pairs() -> None:
    assert sample_table().ratio("vni", "veth, 2 CPUs", "send") == Figure(1.2, 1.2, 1.5)


def test_a_ratio_needs_pairs() -> None:
    table = sample_table()
    with pytest.raises(ResultError, match="nothing of 'loopback'"):
        table.ratio("vni", "loopback", "send")
    table.add("vni", 1.0, "send")
    with pytest.raises(ResultError, match="do not pair"):
        table.ratio("vni", "veth, 2 CPUs", "send")
    table.add("veth, 2 CPUs", 0.0, "send")
    with pytest.raises(ResultError, match="do not pair"):
        table.ratio("vni", "veth, 2 CPUs", "send")


@pytest.mark.parametrize("value, text", [
    (0.0, "0"), (0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1234"),
    (-1.5, "-1.50")])
def test_numbers_have_the_digits_that_count(value: float, text: str) -> None:
    assert results.brief(value) == text


def test_tables_are_kept_as_they_are(tmp_path: Path) -> None:
    table = sample_table()
    results.save(tmp_path, {"cores": 2}, table)
    assert results.load_all(tmp_path) == {"tcp": table}
    assert json.loads((tmp_path / "tcp.json").read_text("utf-8"))["host"] == {"cores": 2}


@pytest.mark.parametrize("change, said", [
    ({"schema": 2}, "not of schema 1"),
    ({"title": 5}, "'title' is no text"),
    ({"values": {}}, "'values' is empty"),
    ({"values": {"vni": {}}}, "'vni' is empty"),
    ({"values": {"vni": {"send": []}}}, "'vni' at 'send' has no numbers"),
    ({"values": {"vni": {"send": [True]}}}, "'vni' at 'send' has no numbers"),
    ({"values": {"vni": {"send": ["1"]}}}, "'vni' at 'send' has no numbers")])
def test_damaged_results_are_refused(tmp_path: Path, change: "dict[str, object]",
                                     said: str) -> None:
    results.save(tmp_path, {}, sample_table())
    path = tmp_path / "tcp.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    with pytest.raises(ResultError, match=said):
        results.load_all(tmp_path)


def test_a_file_that_is_no_json_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "rr.json").write_text("{", encoding="utf-8")
    with pytest.raises(ResultError, match="Try: make bench ONLY=rr"):
        results.load_all(tmp_path)


def test_goals_are_met_missed_or_not_measured() -> None:
    verdicts = goals.judge({"tcp": sample_table()})
    rows = {verdict.goal.measure: verdict.cells() for verdict in verdicts}
    assert rows["TCP, vni / veth in a kernel of 2 CPUs"][1:] == [
        "1.20 (1.20 to 1.50)", "≥ 1.2", "met"]
    assert rows["TCP, vni / e1000e through the hub"][1] == "not measured"
    assert all(not verdict.met() for verdict in verdicts if verdict.value is None)

    table = sample_table()
    table.values["vni"]["send"] = [6.0, 6.0, 6.0]
    verdict = goals.judge({"tcp": table})[0]
    assert verdict.cells()[3] == "not met: 50 % below"


def test_one_frame_too_many_misses_a_goal_of_none() -> None:
    table = Table("udp_half", "", "")
    for dropped in (0.0, 0.0, 3.0):
        table.add("dropped inside vni0, frames", dropped, 1400)
    verdict = next(verdict for verdict in goals.judge({"udp_half": table})
                   if verdict.goal.needs == "udp_half")
    assert verdict.cells()[3] == "not met: 3.00 too many"


def test_every_goal_has_a_table_that_a_measure_makes() -> None:
    assert {goal.needs for goal in goals.GOALS} <= {"tcp", "ipis", "plain", "rr",
                                                    "udp_half", "lost_where", "frozen"}


def test_lost_datagrams_are_accounted_for() -> None:
    loss = udp.Loss(sent=100, received=60, inside=5, at_socket=30, reassembly=2)
    assert loss.lost() == 40 and loss.unexplained() == 3
    # A frame may be dropped that belongs to no datagram of ours.
    assert udp.Loss(100, 99, 4, 0, 0).unexplained() == 0


def test_other_work_on_the_host_is_a_share_of_all_its_cpus() -> None:
    cpus = os.cpu_count() or 1
    assert foreign.share((10.0, 5.0), (12.0, 5.0 + cpus)) == 0.5
    assert foreign.share((10.0, 5.0), (12.0, 4.9)) == 0.0
    began = foreign.look(os.getppid())
    assert began[0] > 0 and began[1] > 0


def test_ipis_count_by_frame_and_none_may_be_missed() -> None:
    assert ipis_per_frame((10, 100, 0), (15, 200, 0)) == 0.05
    with pytest.raises(RuntimeError, match="missed_notify has risen by 1"):
        ipis_per_frame((10, 100, 0), (15, 200, 1))


def test_a_table_shows_every_series_and_column() -> None:
    table = sample_table()
    table.add("vni", 3.0, "receive")
    text = report.section(table)
    assert "| direction | send | receive |" in text
    assert "| vni | 12.0 (9.00 to 15.0) | 3.00 (3.00 to 3.00) |" in text
    assert "| veth, 2 CPUs | 10.0 (6.00 to 10.0) |  |" in text


def test_words_of_a_program_are_numbers() -> None:
    assert parse_words("bytes=10 ns=2.5\n") == {"bytes": 10.0, "ns": 2.5}
    with pytest.raises(ValueError, match="no KEY=VALUE"):
        parse_words("load: 10.0.0.2: Connection refused")


def test_an_unknown_measure_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["5", "tpc"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("bench: there is no measure 'tpc'. Try: ONLY=")
    assert all(name in said for name in MEASURES) and said.count("\n") == 1
    for reps in ("0", "-1", "x"):
        assert main([reps]) == 2
        assert f"'{reps}' repetitions" in capsys.readouterr().err

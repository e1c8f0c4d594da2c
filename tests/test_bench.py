# SPDX-License-Identifier: GPL-2.0
"""
The arithmetic and the reports of `make bench`, on samples made up. What it
measures is not judged here.
"""

import json
import os
import tarfile
from pathlib import Path
from typing import Any, Dict

import pytest
from bench import document, figures, foreign, goals, instructions, native, plots, report, results
from bench import stages, udp
from bench.__main__ import MEASURES, main
from bench.figures import Figures
from bench.measures import ipis_per_frame
from bench.place import parse_words
from bench.results import Figure, ResultError, Table
from examples import __main__ as examples


def sample_table() -> Table:
    """Rates as of a run of three repetitions."""
    table = Table("tcp", "TCP", "Gbit/s", "direction")
    for vni, veth in ((12.0, 10.0), (15.0, 10.0), (9.0, 6.0)):
        table.add("vni", vni, "send")
        table.add("veth, 2 CPUs", veth, "send")
    return table


def test_a_ratio_is_of_medians_and_its_spread_of_pairs() -> None:
    assert sample_table().ratio("vni", "veth, 2 CPUs", "send") == Figure(1.2, 1.2, 1.5)


def test_more_connections_are_judged_by_the_least_step() -> None:
    table = Table("requests_alone", "", "1000 answers/s", "connections")
    for series, factor in (("vni", 2), ("veth, 2 CPUs", 1)):
        for column, value in (("1", 10), ("4", 8), ("16", 12), ("64", 12)):
            table.add(series, factor * value, column)
    found = [verdict for verdict in goals.judge({table.name: table})
             if verdict.goal.needs == table.name]
    assert [verdict.value and verdict.value.median for verdict in found] == [2, 2, 2, 2, 0.8]
    assert [verdict.met() for verdict in found] == [True, True, True, True, False]


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
    (0.0, "0"), (-0.0001, "0.000"), (0.0123, "0.012"),
    (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1234"),
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
def test_damaged_results_are_refused(tmp_path: Path, change: Dict[str, object],
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
        "1.20 (1.20 to 1.50)", "≥ 0.9", "met"]
    assert rows["TCP, vni / e1000e through the hub"][1] == "not measured"
    assert all(not verdict.met() for verdict in verdicts if verdict.value is None)

    table = sample_table()
    table.values["vni"]["send"] = [4.5, 4.5, 4.5]
    rows = {verdict.goal.measure: verdict.cells() for verdict in goals.judge({"tcp": table})}
    assert rows["TCP, vni / veth in a kernel of 2 CPUs"][3] == "not met: 50 % below"


def test_the_worst_column_is_judged() -> None:
    table = Table("delivered", "", "1000 datagrams/s", "offered, 1000/s")
    for column, ours, theirs in (("5", 5, 5), ("80", 60, 80), ("unlimited", 90, 60)):
        table.add("vni", ours, column)
        table.add("veth, 2 CPUs", theirs, column)
    verdict = next(verdict for verdict in goals.judge({table.name: table})
                   if verdict.goal.needs == table.name)
    assert verdict.value and verdict.value.median == 0.75
    assert verdict.cells()[3] == "not met: 25 % below"


def test_one_frame_too_many_misses_a_goal_of_none() -> None:
    table = Table("udp_half", "", "")
    for dropped in (0.0, 0.0, 3.0):
        table.add("dropped inside vni0, frames", dropped, 1400)
    verdict = next(verdict for verdict in goals.judge({"udp_half": table})
                   if verdict.goal.needs == "udp_half")
    assert verdict.cells()[3] == "not met: 3.00 too many"


def test_every_goal_has_a_table_that_a_measure_makes() -> None:
    assert {goal.needs for goal in goals.GOALS} <= {
        "tcp", "ipis", "plain", "rr", "requests_alone", "requests_together", "udp_half",
        "lost_where", "delivered", "frozen", "writes_send", "writes_receive", "files", "smc",
        "insns_stream", "xdp_drop", "xdp_forward", "insns_programs"}


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


def test_an_unknown_example_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert examples.main(["5", "unicast"]) == 2
    assert capsys.readouterr().err == \
        f"examples: there is no example 'unicast'. Try: ONLY={','.join(examples.EXAMPLES)}\n"
    assert examples.main(["0"]) == 2
    assert "'0' repetitions" in capsys.readouterr().err


def lines_table() -> Table:
    """A table over numbers and a word."""
    table = Table("loss", 'lost "so" _much_', "%", "offered")
    for x in (5, 10, "unlimited"):
        for value in (1.0, 2.0):
            table.add("vni", value, x)
            table.add("veth", 2 * value, x)
    return table


@pytest.mark.parametrize("kind", list(plots.SCRIPTS))
def test_plots_show_title_unit_and_every_series(tmp_path: Path, kind: str) -> None:
    plot = plots.Plot("picture", "loss", kind)
    picture = plots.draw(plot, lines_table(), tmp_path).read_text("utf-8")
    for word in ("lost ", "_much_", "%", "vni", "veth", "unlimited"):
        assert word in picture, word


def test_a_plot_that_gnuplot_refuses_is_an_error(tmp_path: Path) -> None:
    plot = plots.Plot("picture", "loss", "lines", log="nonsense")
    with pytest.raises(ResultError, match="gnuplot, picture: "):
        plots.draw(plot, lines_table(), tmp_path)


def test_only_tables_that_are_there_are_drawn(tmp_path: Path) -> None:
    assert plots.draw_all({"tcp": sample_table()}, tmp_path) == [tmp_path / "tcp.svg"]


def test_the_document_gets_its_tables_anew() -> None:
    text = "before\n<!-- table: tcp -->\nold\n<!-- end -->\nafter\n"
    found = Figures({}, [], {"tcp": sample_table()}, {})
    filled = document.fill(text, found)
    assert filled.startswith("before\n<!-- table: tcp -->\n\n| direction | send |\n")
    assert filled.endswith("|\n\n<!-- end -->\nafter\n") and "old" not in filled
    assert document.fill(filled, found) == filled


def test_a_table_without_results_is_refused_with_what_to_do() -> None:
    with pytest.raises(ResultError, match="no results of 'tcp'.*Try: make bench"):
        document.fill("<!-- table: tcp -->\n<!-- end -->", Figures({}, [], {}, {}))
    with pytest.raises(ResultError, match="no results of the ring.*ONLY=ring"):
        document.fill("<!-- table: ring -->\n<!-- end -->", Figures({}, [], {}, {}))


def ring_report() -> Dict[str, Any]:
    """As the native benchmark writes it, much shortened."""
    entry = {"n": 7, "median": 0.95, "min": 0.9, "max": 1.0}
    goal = {**entry, "goal": 0.9, "at_least": True}
    return {"schema": 1, "bin": "near", "bins": {"near": {
        "measures": {"limit": entry}, "goals": {"of the limit": goal, "another": None}}},
        "bursts": [{"layout": layout, "burst": 256, "lost": lost, "others": 448,
                    "lost_others": 7} for layout, lost in (("shared", 0), ("split", 99))]}


def test_goals_of_the_ring_stand_with_the_others(tmp_path: Path) -> None:
    assert native.load(tmp_path) == {} and not native.verdicts({})
    (tmp_path / "ring.json").write_text(json.dumps(ring_report()), "utf-8")
    found = native.load(tmp_path)
    assert [verdict.cells() for verdict in native.verdicts(found)] == [
        ["ring.c native, near cores: of the limit", "0.950 (0.900 to 1.00)", "≥ 0.9", "met"]]
    assert native.rows(found)[1] == ["limit", "0.950 (0.900 to 1.00) (7.00)"]
    assert native.burst_rows(found) == [
        ["burst", "shared: lost, of 448 to others lost", "split: lost, of 448 to others lost"],
        ["256", "0, 7", "99, 7"]]
    with pytest.raises(ResultError, match="no bursts.*ONLY=ring"):
        native.burst_rows({})
    assert results.load_all(tmp_path) == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 2, "bin": null, "bins": {}}',
                                  '{"schema": 1, "bin": "near", "bins": {}}'])
def test_damaged_results_of_the_ring_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "ring.json").write_text(text, encoding="utf-8")
    with pytest.raises(ResultError, match="Try: make bench ONLY=ring"):
        native.load(tmp_path)


def test_the_innermost_mark_decides_the_stage() -> None:
    send = "do_syscall_64;tcp_sendmsg_locked;__dev_queue_xmit;vni_start_xmit"
    found = stages.shares(
        [f"  5 0;{send};vni_tx_fill;skb_copy_bits;memcpy_orig", f"  2 0;{send};_raw_spin_lock",
         "  1 0;do_syscall_64;tcp_sendmsg_locked;kmalloc", "  1 0;user", "  1 0;strange",
         "  9 1;default_idle"], "0")
    assert found == {"send: driver, copy": 0.5, "send: driver, rest": 0.2,
                     "send: TCP and IP": 0.1, "program": 0.1, "other": 0.1}
    assert stages.shares(["1 1;vni_poll;vni_rx_ring;memcpy_orig"], "1") == {
        "receive: driver, copy": 1.0}
    with pytest.raises(ValueError, match="no samples of CPU 2"):
        stages.shares(["1 0;user"], "2")


SYSTEM_MAP = """ffffffff81000000 T tcp_sendmsg
ffffffff81000100 t vni_start_xmit
ffffffff81000180 d no_function
ffffffff81000200 T default_idle
"""


def test_instructions_count_by_function_and_cpu() -> None:
    symbols = instructions.read_symbols(SYSTEM_MAP.splitlines())
    counts = instructions.by_function(
        ["ffffffff81000100 4 10 1 7", "ffffffff810001f0 2 5 0 0", "ffffffff81000000 3 0 2 0",
         "400000 8 1 0 0", "ffffffff80000000 1 1 0 0"], (0, 1), symbols)
    assert counts == {"vni_start_xmit": 4 * 11 + 2 * 5, "tcp_sendmsg": 6, "programs": 8,
                      "unknown": 1}
    assert instructions.split(counts) == {"driver": 54, "programs": 8, "together": 69,
                                          "rest of the kernel": 7}


def test_the_start_of_a_program_is_not_counted() -> None:
    short = (10.0, {"exec": 5000.0, "tcp": 1000.0, "default_idle": 50.0})
    assert instructions.per_unit(short, (30.0, {"exec": 5000.0, "tcp": 3000.0,
                                                "default_idle": 9.0})) == {
        "exec": 0.0, "tcp": 0.1}
    with pytest.raises(RuntimeError, match="a long run did 10"):
        instructions.per_unit(short, short)


def test_every_table_of_the_document_is_made_by_a_measure_and_shown_once() -> None:
    names = [match["name"] for match in document.PART.finditer(
        document.DOCUMENT.read_text("utf-8"))]
    assert len(names) == len(set(names)) and {"goals", "host", "ring"} <= set(names)
    assert {plot.table for plot in plots.PLOTS} <= set(names)
    pictures = document.DOCUMENT.read_text("utf-8")
    assert all(f"(evaluation/{plot.name}.svg)" in pictures for plot in plots.PLOTS)


def test_the_document_shows_its_figures() -> None:
    text = document.DOCUMENT.read_text("utf-8")
    assert document.fill(text, figures.load(document.FIGURES)) == text


def test_figures_show_what_their_samples_show(tmp_path: Path) -> None:
    results.save(tmp_path, {"cores": 2, "busy_with_other_work": 0.1}, sample_table())
    (tmp_path / "ring.json").write_text(json.dumps({**ring_report(), "trials": [1]}), "utf-8")
    path = tmp_path / "kept/figures.json"
    figures.save(path, figures.collect(tmp_path))
    found = figures.load(path)
    assert "trials" not in found.ring and native.rows(found.ring) == native.rows(ring_report())
    assert report.host_rows(found.host) == report.host_rows(report.host_of(tmp_path))
    assert report.table_rows(found.tables["tcp"]) == report.table_rows(sample_table())
    assert report.goal_rows(found.verdicts) == report.goal_rows(
        goals.judge({"tcp": sample_table()}))
    with tarfile.open(figures.pack(tmp_path)) as archive:
        assert archive.getnames() == ["ring.json", "tcp.json"]


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 2}', '{"schema": 1}'])
def test_damaged_figures_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "figures.json").write_text(text, encoding="utf-8")
    with pytest.raises(ResultError, match="Try: make bench"):
        figures.load(tmp_path / "figures.json")

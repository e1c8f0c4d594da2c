# SPDX-License-Identifier: GPL-2.0
"""Plots by gnuplot: SVG files of tables."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence

from bench.results import ResultError, Table

COLOURS = ("#0060ad", "#dd181f", "#2e8b57", "#ff8c00", "#8a2be2", "#7f7f7f")
MORE_COLOURS = COLOURS + ("#8c564b", "#e377c2", "#17becf", "#bcbd22", "#1f9e89", "#fdae61",
                          "#5e4fa2", "#d53e4f", "#3288bd", "#66c2a5", "#abdda4", "#fee08b",
                          "#9e0142", "#4d4d4d", "#b35806", "#542788", "#c7e9c0")
SIZE, TALL = "800,480", "800,640"
HEAD = """set terminal svg size {size} dynamic noenhanced background '#ffffff' font 'sans-serif,14'
set output '{output}'
set title "{title}"
set grid ytics lc rgb '#dddddd'
set border 3
set tics nomirror
set key {key}
set ylabel "{ylabel}"
set xlabel "{xlabel}"
"""


@dataclass(frozen=True)
class Plot:
    """A picture: lines over what was varied, bars, or bars of parts."""

    name: str
    table: str
    kind: str
    """lines, bars or stack"""
    series: Sequence[str] = ()
    """Those shown; empty shows all."""
    log: str = ""
    """The axis with a logarithmic scale: y, or none."""
    skip: Sequence[str] = ()


PLOTS = [
    Plot("tcp", "tcp", "bars"),
    Plot("plain", "plain", "bars"),
    Plot("rr", "rr", "bars"),
    Plot("rtt_tcp", "rtt_tcp", "lines", log="y"),
    Plot("rtt_udp", "rtt_udp", "lines", log="y"),
    Plot("writes_send", "writes_send", "lines"),
    Plot("writes_receive", "writes_receive", "lines"),
    Plot("requests_alone", "requests_alone", "lines"),
    Plot("requests_together", "requests_together", "lines"),
    Plot("batch_60", "batch_60", "lines"),
    Plot("batch_1514", "batch_1514", "lines"),
    Plot("loss", "loss", "lines"),
    Plot("delivered", "delivered", "lines"),
    Plot("files_cpu", "files_cpu", "bars"),
    Plot("files", "files", "bars"),
    Plot("stages_vni", "stages_vni", "stack", skip=("round trip", "waiting")),
    Plot("stages_veth", "stages_veth", "stack", skip=("round trip", "waiting")),
    Plot("insns_rr", "insns_rr", "bars"),
    Plot("insns_stream", "insns_stream", "bars"),
    Plot("nodes", "nodes", "bars"),
]


def quoted(text: str) -> str:
    """For a string in double quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _head(plot: Plot, table: Table, output: Path, key: str, xlabel: str) -> List[str]:
    size = TALL if plot.kind == "stack" else SIZE
    return [HEAD.format(size=size, output=output, title=quoted(table.title), key=key,
                        ylabel=quoted(table.unit), xlabel=quoted(xlabel)),
            f"set logscale {plot.log}" if plot.log else ""]


def _shown(plot: Plot, table: Table) -> List[str]:
    return [name for name in plot.series or table.values if name not in plot.skip]


def _block(name: str, rows: Sequence[Sequence[object]]) -> str:
    lines = [f"${name} << EOD"] + [" ".join(map(str, row)) for row in rows] + ["EOD"]
    return "\n".join(lines)


def lines_script(plot: Plot, table: Table, output: Path) -> str:
    """A line for each series over all columns, which stand equally far apart."""
    columns = table.columns()
    script = _head(plot, table, output, "outside right top Left reverse", table.x)
    ticks = ", ".join(f'"{column}" {index}' for index, column in enumerate(columns))
    script.append(f"set xtics ({ticks})")
    script.append(f"set xrange [-0.3:{len(columns) - 0.7}]")
    if "y" not in plot.log:
        script.append("set yrange [0:*]")
    parts = []
    for index, series in enumerate(_shown(plot, table)):
        rows = []
        for place, column in enumerate(columns):
            if column in table.values[series]:
                found = table.figure(series, column)
                rows.append([place, found.median, found.low, found.high])
        script.append(_block(f"d{index}", rows))
        colour = COLOURS[index % len(COLOURS)]
        parts += [f"$d{index} using 1:2:3:4 with yerrorbars lc rgb '{colour}' pt 0 notitle",
                  f"$d{index} using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '{colour}' "
                  f"title \"{quoted(series)}\""]
    return "\n".join(script + ["plot " + ", \\\n  ".join(parts)]) + "\n"


def bars_script(plot: Plot, table: Table, output: Path) -> str:
    """A group of bars for each series, one bar for each column."""
    columns = table.columns()
    script = _head(plot, table, output,
                   "outside right top Left reverse" if columns != [""] else "off", "")
    script += ["set style data histogram", "set style histogram errorbars gap 1 lw 1",
               "set style fill solid 0.85 noborder", "set yrange [0:*]",
               "set xtics rotate by -20"]
    rows = []
    for series in _shown(plot, table):
        row: List[object] = [f'"{series}"']
        for column in columns:
            if column in table.values[series]:
                found = table.figure(series, column)
                row += [found.median, found.low, found.high]
            else:
                row += ["NaN"] * 3
        rows.append(row)
    script.append(_block("d", rows))
    parts = []
    for index, column in enumerate(columns):
        first = 2 + 3 * index
        parts.append(f"$d using {first}:{first + 1}:{first + 2}:xtic(1) "
                     f"lc rgb '{COLOURS[index % len(COLOURS)]}' title \"{quoted(column)}\"")
    return "\n".join(script + ["plot " + ", \\\n  ".join(parts)]) + "\n"


def stack_script(plot: Plot, table: Table, output: Path) -> str:
    """A bar for each column, made of all series that are not nothing."""
    columns = table.columns()
    shown = [series for series in _shown(plot, table)
             if any(table.figure(series, column).median > 0 for column in columns)]
    script = _head(plot, table, output,
                   "outside right top Left reverse invert samplen 1 maxrows 24",
                   table.x)
    script += ["set style data histogram", "set style histogram rowstacked",
               "set style fill solid 0.9 noborder", "set boxwidth 0.7", "set yrange [0:*]"]
    rows: List[List[object]] = [
        [f'"{column}"'] + [table.figure(series, column).median for series in shown]
        for column in columns]
    script.append(_block("d", rows))
    parts = [f"$d using {index + 2}{':xtic(1)' if not index else ''} "
             f"lc rgb '{MORE_COLOURS[index % len(MORE_COLOURS)]}' title \"{quoted(series)}\""
             for index, series in enumerate(shown)]
    return "\n".join(script + ["plot " + ", \\\n  ".join(parts)]) + "\n"


SCRIPTS = {"lines": lines_script, "bars": bars_script, "stack": stack_script}


def draw(plot: Plot, table: Table, where: Path) -> Path:
    """Draws one plot; its file."""
    output = where / f"{plot.name}.svg"
    script = SCRIPTS[plot.kind](plot, table, output)
    done = subprocess.run(["gnuplot", "-"], input=script, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=60)
    if done.returncode or done.stdout.strip():
        raise ResultError(f"gnuplot, {plot.name}: {done.stdout.strip()}")
    return output


def draw_all(tables: Dict[str, Table], where: Path) -> List[Path]:
    """All plots whose tables are there."""
    where.mkdir(parents=True, exist_ok=True)
    return [draw(plot, tables[plot.table], where) for plot in PLOTS if plot.table in tables]

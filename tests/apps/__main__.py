# SPDX-License-Identifier: GPL-2.0
"""
usage: python3 -m apps [PROGRAM...]

Runs all programs, or those named, over vni0, over vni0 with TCP past TCP, and over veth,
compares what they give, and writes build/apps/report.md. Exit status 1: something was wrong.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from datetime import date
from typing import Callable, Dict, List, Optional

from apps import files, links, stores, transports, web
from apps.place import Place, Way
from bench.report import aligned, host, markdown
from machine import BUILD

WHERE = BUILD / "apps"
WAYS = ("vni", "bypass", "veth")
RATIOS = (("vni", "veth"), ("bypass", "vni"))
HEADINGS = ["program", "compared", *WAYS, *map(" / ".join, RATIOS), "result"]


@dataclass(frozen=True)
class Program:
    """A program: what is compared, what its figure counts, and how it is run."""

    compared: str
    unit: str
    run: Callable[[Way], Optional[float]]


PROGRAMS: Dict[str, Program] = {
    "ssh": Program("input, output, exit status", "logins/s", files.ssh),
    "scp": Program("sha256, both ways", "MB/s", files.scp),
    "rsync": Program("sha256 of a tree; one change", "MB/s", files.rsync),
    "nfs": Program("a program built on it; sha256", "MB/s", files.nfs),
    "nginx": Program("sha256; no error of wrk", "requests/s", web.nginx),
    "ktls": Program("sha256; encrypted by the kernel", "MB/s", web.ktls),
    "redis": Program("5000 values", "GETs/s", stores.redis),
    "memcached": Program("files of 6 lengths", "GETs/s", stores.memcached),
    "postgresql": Program("balances after pgbench", "tps", stores.postgresql),
    "mpi": Program("messages, sums of allreduce", "round trips/s", transports.mpi),
    "sctp": Program("sha256", "Gbit/s", transports.sctp),
    "zerocopy": Program("sha256; each send reported", "MB/s", transports.zerocopy),
    "dhcp": Program("address of the range, reached", "", links.dhcp),
    "slaac": Program("address of the prefix; sha256", "Gbit/s", links.slaac),
    "nat": Program("address that is seen; sha256", "Gbit/s", links.nat),
    "container": Program("sha256, behind a bridge", "Gbit/s", links.container),
    "vxlan": Program("sha256", "Gbit/s", links.vxlan),
    "gre": Program("sha256", "Gbit/s", links.gre),
    "wireguard": Program("sha256", "Gbit/s", links.wireguard),
    "ipsec": Program("sha256; bytes in ESP", "Gbit/s", links.ipsec),
}


def digits(figure: float) -> str:
    """A figure as people read it."""
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"


@dataclass
class Row:
    """What came out for a program."""

    program: str
    figures: Dict[str, float]
    wrong: str = ""

    def cells(self) -> List[str]:
        """The columns as text."""
        about = PROGRAMS[self.program]
        shown = [f"{digits(self.figures[way])} {about.unit}" if way in self.figures else "-"
                 for way in WAYS]
        ratios = [f"{self.figures[one] / self.figures[other]:.2f}"
                  if one in self.figures and other in self.figures else "-"
                  for one, other in RATIOS]
        return [self.program, about.compared, *shown, *ratios, self.wrong or "right"]


def run(place: Place, name: str) -> Row:
    """Runs a program over each way; the first thing that is wrong ends it."""
    row = Row(name, {})
    for way in place.ways:
        try:
            place.clear(way)
            figure = PROGRAMS[name].run(way)
            place.look()
            if figure is not None:
                row.figures[way.name] = figure
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Of a command that failed, the last line says why.
            reason = (str(error).strip() or "-").splitlines()[-1]
            row.wrong = f"{way.name}: {type(error).__name__}: {reason}"
            place.keep(f"{name}-{way.name}", str(error))
            break
    return row


def brief(row: Row) -> List[str]:
    """The columns, of an error its first words."""
    cells = row.cells()
    return cells[:-1] + [cells[-1][:160].replace("|", "/")]


def write(rows: List[Row]) -> None:
    """Keeps the report."""
    about = host()
    table = markdown([HEADINGS, *map(brief, rows)])
    (WHERE / "report.md").write_text(
        f"{date.today()}, {about['cores']} cores, {about['emulator']}, "
        f"{about['accelerator']}\n\n{table}", encoding="utf-8")
    (WHERE / "report.json").write_text(
        json.dumps({"host": about, "rows": [asdict(row) for row in rows]}, indent=1) + "\n",
        encoding="utf-8")


def main(words: List[str]) -> int:
    """All programs, or those named; 1 if something was wrong."""
    for word in words:
        if word not in PROGRAMS:
            print(f"apps: there is no program '{word}'. Try: ONLY={','.join(PROGRAMS)}",
                  file=sys.stderr)
            return 2
    began = time.monotonic()
    rows: List[Row] = []
    place = Place(WHERE / "logs")
    try:
        place.boot()
        print(f"[{time.monotonic() - began:6.1f} s] two Debian nodes run", flush=True)
        for name in words or PROGRAMS:
            rows.append(run(place, name))
            print(f"[{time.monotonic() - began:6.1f} s] {'  '.join(rows[-1].cells())}",
                  flush=True)
    finally:
        place.close()
        write(rows)
    print(aligned([HEADINGS, *map(brief, rows)]))
    wrong = [row.program for row in rows if row.wrong]
    print(f"{len(rows) - len(wrong)} right, {len(wrong)} wrong; {WHERE / 'report.md'}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

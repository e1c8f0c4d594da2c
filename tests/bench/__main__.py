# SPDX-License-Identifier: GPL-2.0
"""
usage: python3 -m bench [REPETITIONS [MEASURE...]]

Makes all measures, or those named, and writes build/bench/*.json, report.md, and
raw.tar.xz, which has all samples in one file.
Ends with the goals; a goal that is missed is told, and is no error.
"""

import sys
import time
from functools import partial
from typing import Callable, Dict, List, TypeVar

from bench import clients, document, figures, files, foreign, goals, instructions, many
from bench import measures, native, programs, report, results, ring, sizes, smc, stages, udp
from bench.instructions import CountedPlace
from bench.many import Crowd
from bench.place import WHERE, Place
from bench.smc import SmcPlace
from bench.words import refusal, repetitions

PAIR: Dict[str, Callable[[Place, int], List[results.Table]]] = {
    "tcp": measures.tcp, "plain": measures.plain, "rr": measures.rr,
    "requests": clients.requests, "connects": clients.connects,
    "half": udp.half, "loss": udp.loss, "rtt": sizes.rtt, "writes": sizes.writes,
    "batch": sizes.batch, "files": files.files, "programs": programs.programs,
    "stages": stages.stages,
}
FOUR: Dict[str, Callable[[Crowd, int], List[results.Table]]] = {
    "nodes": many.nodes, "frozen": many.frozen,
}
COUNTED: Dict[str, Callable[[CountedPlace, int], List[results.Table]]] = {
    "instructions": instructions.instructions, "paths": programs.instructions,
}
BESIDE: Dict[str, Callable[[SmcPlace, int], List[results.Table]]] = {"smc": smc.smc}
NATIVE = "ring"
MEASURES = [*PAIR, *BESIDE, *COUNTED, *FOUR, NATIVE]
NATIVE_S = 90.0


M = TypeVar("M", Place, SmcPlace, CountedPlace, Crowd)


class Bench:
    """The measures asked for, of one machine after the other."""

    def __init__(self, reps: int) -> None:
        self.reps = reps
        self.host = report.host()
        self.began = time.monotonic()
        self.failed: List[str] = []

    def tell(self, text: str) -> None:
        """A line of progress."""
        print(f"[{time.monotonic() - self.began:6.1f} s] {text}", flush=True)

    def run(self, machine: M, plan: Dict[str, Callable[[M, int], List[results.Table]]],
            names: List[str]) -> None:
        """Boots a machine and makes the measures whose names are given."""
        chosen = [name for name in plan if name in names]
        if chosen and self.attempt("boot", machine.boot):
            for name in chosen:
                self.attempt(name, partial(self._measure, machine, name, plan[name]))
        self.attempt("consoles", machine.close)

    def attempt(self, name: str, action: Callable[[], object]) -> bool:
        """Does it; whatever goes wrong is told, and the others go on."""
        try:
            action()
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.failed.append(name)
            print(f"bench: {name}: {type(error).__name__}: {error}", file=sys.stderr,
                  flush=True)
            return False
        return True

    def _measure(self, machine: M, name: str,
                 measure: Callable[[M, int], List[results.Table]]) -> None:
        self.tell(f"{name}: {measure.__doc__}")
        before = foreign.look(machine.emulator())
        tables = measure(machine, self.reps)
        busy = foreign.share(before, foreign.look(machine.emulator()))
        if busy > foreign.MUCH:
            self.tell(f"{name}: {100 * busy:.0f} % of the host's CPUs were busy with other "
                      "work: figures are worth less")
        for table in tables:
            results.save(WHERE, {**self.host, "busy_with_other_work": round(busy, 3)}, table)


def main(words: List[str]) -> int:
    """All of it; 1 if something could not be measured."""
    wrong = refusal(words, "measure", MEASURES)
    if wrong:
        print(f"bench: {wrong}", file=sys.stderr)
        return 2
    reps = repetitions(words)
    names = words[1:] or MEASURES
    bench = Bench(reps)
    if set(names) == set(MEASURES):
        for old in WHERE.glob("*.json"):
            old.unlink()
    bench.run(Place(WHERE / "logs/pair"), PAIR, names)
    bench.run(SmcPlace(WHERE / "logs/smc"), BESIDE, names)
    bench.run(CountedPlace(WHERE / "logs/counted"), COUNTED, names)
    bench.run(Crowd(WHERE / "logs/four"), FOUR, names)
    if NATIVE in names:
        bench.tell(f"{NATIVE}: {ring.__doc__.strip().splitlines()[0]}")
        bench.attempt(NATIVE, partial(ring.run, NATIVE_S))
    tables = results.load_all(WHERE)
    verdicts = goals.judge(tables) + native.verdicts(native.load(WHERE))
    (WHERE / "report.md").write_text(report.whole(verdicts, tables, WHERE), encoding="utf-8")
    print(report.aligned(report.goal_rows(verdicts)))
    bench.tell(f"{WHERE / 'report.md'}, {figures.pack(WHERE)}")
    if not bench.failed and set(names) == set(MEASURES):
        document.take_over(WHERE)
        bench.attempt("docs/evaluation.md", document.write)
    if bench.failed:
        print(f"bench: not measured: {', '.join(bench.failed)}", file=sys.stderr)
    return int(bool(bench.failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

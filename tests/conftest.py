# SPDX-License-Identifier: GPL-2.0
"""
Machines for tests, and the verdict on them.

A test that asks for `boot` gets machines of its own, one that asks for
`shared_pair` a machine that others have used before. When its body has ended,
every console is searched for splats, even if all asserts passed; a failure
shows where the logs are and how each of them ends.
"""

import itertools
import re
import signal
from pathlib import Path
from typing import Any, Callable, Generator, List, Optional, Type

import node_logs
import pytest
import traffic
from machine import BUILD, SANITIZE, Machine, MachineError, MachineVanished

DEBIAN = Path(__file__).resolve().parent / "debian"
TAIL_LINES = 20
MACHINES = pytest.StashKey[List[Machine]]()
SHARED_FIXTURES = {"campaign", "shared"}
# Of the rest none takes more than a minute.
LONGEST = {
    "test_a_node_killed_at_any_instruction_costs_the_others_nothing",
    "test_a_hundred_lives_of_nodes_leak_nothing",
    "test_fault_of_a_node_does_not_disturb_the_others",
    "test_any_contents_of_the_section_are_survived",
}
MACHINE_FIXTURES = {"boot"} | SHARED_FIXTURES

Boot = Callable[..., Machine]


# What a kernel with checks cannot be tested by.
LEFT_OUT = {
    "test_partition.py::test_good_value_is_applied[cpus=0,mem=128M":
        "a kernel with checks and its root take more memory",
    "test_kill.py::test_a_hundred_lives": "asserts figures of memory",
    "test_idle.py::test_idle_cpus_look_for_frames":
        "an answer takes longer than an idle CPU looks for it",
    "test_idle.py::test_cpus_that_run_many_tasks": "the same: no doorbell is spared",
    "test_idle.py::test_a_flood_leaves_time": "the same: nothing is yielded",
    "test_taps.py": "a stream is too slow to have frames over 64 KB",
}
collect_ignore = [] if SANITIZE else ["test_sanitize.py"]


def pytest_configure(config: pytest.Config) -> None:
    """
    What `make check` leaves out, a folder that is entered only when it is named, and
    SIGINT as a terminal has it: a shell has what it starts in the background ignore it,
    and that would go on to all that tests start.
    """
    config.addinivalue_line("markers", "machine: boots a machine; set by its fixtures")
    config.addinivalue_line("markers", "long: takes a minute, or is one of many that do")
    config.addinivalue_line("markers", "debian: has a Debian on its nodes; all of tests/debian")
    config.addinivalue_line("norecursedirs", DEBIAN.name)
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # type: ignore[misc]
def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """
    Begins with what takes longest, has tests that share a machine run in one
    process, and keeps what a kernel with checks can be tested by: what boots it.
    """
    items.sort(key=lambda item: item.name.split("[")[0] not in LONGEST)
    for item in items:
        fixtures = set(getattr(item, "fixturenames", []))
        if fixtures & SHARED_FIXTURES:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        if fixtures & MACHINE_FIXTURES:
            item.add_marker(pytest.mark.machine)
        if DEBIAN in item.path.parents:
            item.add_marker(pytest.mark.debian)
    if not SANITIZE:
        return
    items[:] = [item for item in items if item.get_closest_marker("machine")]
    for item in items:
        for name, reason in LEFT_OUT.items():
            if name in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=reason))


def log_dir(item: pytest.Item) -> Path:
    """Where a test keeps what it leaves behind."""
    name = re.sub(r"[^A-Za-z0-9_.=@-]+", "_", item.name).strip("_")
    return BUILD / "test-logs" / Path(str(item.path)).stem / name


@pytest.fixture
def boot(request: pytest.FixtureRequest) -> Generator[Boot, None, None]:
    """Boots machines; they end with the test."""
    machines = request.node.stash.setdefault(MACHINES, [])

    def start(kind: Type[Machine] = Machine, **options: Any) -> Machine:
        suffix = f"machine{len(machines)}" if machines else "."
        machine = kind(log_dir(request.node) / suffix, **options)
        machines.append(machine)
        machine.start()
        return machine

    yield start
    for machine in machines:
        machine.kill()


@pytest.fixture
def node0(boot: Boot) -> Machine:
    """A machine with node 0 alone, limited to 2 of 4 CPUs."""
    return boot()


@pytest.fixture
def pair(boot: Boot) -> Machine:
    """Node 0 (10.0.0.1) and node b (10.0.0.2), joined by vni0."""
    machine = boot()
    start_pair(machine)
    return machine


def start_pair(machine: Machine) -> None:
    """Starts node b and joins it with node 0."""
    machine.start_node("b")
    join(machine, ["node0", "b"])


def join(machine: Machine, names: List[str]) -> None:
    """Gives the nodes 10.0.0.1, .2, ... on vni0 and waits for carrier."""
    for index, name in enumerate(names):
        traffic.bring_up(machine.node(name), f"10.0.0.{index + 1}")
    for name in names:
        traffic.wait_carrier(machine.node(name))


@pytest.fixture
def wide(boot: Boot) -> Machine:
    """Node 0 and node b with two CPUs each, on vni0."""
    machine = boot()
    machine.node_file("b", "2,3")
    machine.start_node("b")
    join(machine, ["node0", "b"])
    return machine


class Shared:
    """
    Machines that the tests of a file use one after the other. Each leaves its
    machine as it found it; what one that failed leaves, nobody else gets.
    """

    def __init__(self, log_dir: Path) -> None:
        self.log_dir = log_dir
        self.machine: Optional[Machine] = None
        self.numbers = itertools.count(1)

    def lend(self, item: pytest.Item, make: Callable[[Machine], None],
             **options: Any) -> Machine:
        """The machine for a test; a new one is started and made what the tests share."""
        if self.machine and self.machine.spoiled:
            self.close()
        if not self.machine:
            self.machine = Machine(self.log_dir / f"shared{next(self.numbers)}", **options)
        item.stash[MACHINES] = [self.machine]
        if not self.machine.process:
            self.machine.start()
            make(self.machine)
        return self.machine

    def close(self) -> None:
        """Ends the machine."""
        if self.machine:
            self.machine.kill()
        self.machine = None


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest) -> Generator[Shared, None, None]:
    """What the tests of a file share."""
    machines = Shared(BUILD / "test-logs" / Path(str(request.path)).stem)
    yield machines
    machines.close()


@pytest.fixture
def shared_pair(request: pytest.FixtureRequest, shared: Shared) -> Machine:
    """What `pair` is, for tests that leave it as it was."""
    return shared.lend(request.node, start_pair)


@pytest.hookimpl(hookwrapper=True)  # type: ignore[misc]
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, None]:
    """Judges the machines of a test as part of the test itself."""
    outcome = yield
    machines: List[Machine] = pyfuncitem.stash.get(MACHINES, [])
    for machine in machines:
        try:
            node_logs.save(machine)
        except (MachineError, OSError):
            pass  # the reason stands in the verdict below
    outcome.get_result()
    for machine in machines:
        if not machine.ended:
            machine.check_alive()
        bad = machine.splats()
        if bad:
            pytest.fail("splat on a console:\n" + "\n".join(
                f"  {log}: {line}" for log, line in bad), pytrace=False)


@pytest.hookimpl(hookwrapper=True)  # type: ignore[misc]
def pytest_runtest_makereport(item: pytest.Item,
                              call: "pytest.CallInfo[None]"
                              ) -> Generator[None, Any, None]:
    """Adds the logs of the machines to the report of a failed test."""
    outcome = yield
    report = outcome.get_result()
    machines: List[Machine] = item.stash.get(MACHINES, [])
    if not machines:
        return
    report.vanished = call.excinfo is not None and \
        call.excinfo.errisinstance(MachineVanished)
    if report.failed:
        for machine in machines:
            machine.spoiled = True
            report.sections.append(("logs", str(machine.log_dir)))
            report.sections += tails(machine)
    if report.when == "call" or report.failed:
        log_dir(item).mkdir(parents=True, exist_ok=True)
        (log_dir(item) / "result").write_text(
            f"{report.outcome}\n{report.longreprtext}\n", encoding="utf-8")


def tails(machine: Machine) -> List[Any]:
    """How each log of a machine ends."""
    sections = []
    for log in machine.logs():
        lines = log.read_text("utf-8", "replace").splitlines()[-TAIL_LINES:]
        if lines:
            sections.append((f"end of {log.name}", "\n".join(lines)))
    return sections


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tells machines that vanished from tests that failed."""
    reports = itertools.chain.from_iterable(terminalreporter.stats.values())
    for report in reports:
        if getattr(report, "vanished", False):
            terminalreporter.write_line(f"MACHINE VANISHED in {report.nodeid}", red=True)

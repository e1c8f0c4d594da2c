# SPDX-License-Identifier: GPL-2.0
"""The arithmetic and the words of `make apps`, without a machine."""

from typing import List

import pytest
from apps import __main__ as apps
from apps.place import Way, Wrong


class FakePlace:
    """Two ways without a machine; a kernel complains while some program runs."""

    def __init__(self, complaint: str = "") -> None:
        self.complaint = complaint
        self.ways = [Way(name, None, None) for name in apps.WAYS]  # type: ignore[arg-type]
        self.cleared = 0

    def keep(self, name: str, text: str) -> None:
        """Leaves nothing."""

    def clear(self, way: Way) -> None:
        """Counts how often a program finds nothing of the one before, on any way."""
        self.cleared += way.name in apps.WAYS

    def look(self) -> None:
        """Complains, if it is to."""
        if self.complaint:
            raise Wrong(self.complaint)


def row_of(monkeypatch: pytest.MonkeyPatch, figures: List[float], complaint: str = "") -> apps.Row:
    """The row of a program that gives these figures."""
    program = apps.Program("all", "MB/s", lambda way: figures.pop(0))
    monkeypatch.setitem(apps.PROGRAMS, "ssh", program)
    return apps.run(FakePlace(complaint), "ssh")  # type: ignore[arg-type]


def test_a_row_has_both_figures_and_their_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = row_of(monkeypatch, [3.0, 6.0, 4.0]).cells()
    assert cells[2:] == ["3 MB/s", "6 MB/s", "4 MB/s", "0.75", "2.00", "right"]


def test_a_program_that_fails_is_wrong_and_has_no_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = row_of(monkeypatch, [3.0]).cells()
    assert cells[2:7] == ["3 MB/s", "-", "-", "-", "-"]
    assert cells[7].startswith("bypass: IndexError")


def test_a_complaint_of_a_kernel_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    row = row_of(monkeypatch, [3.0, 4.0], "kernel of b: BUG: something")
    assert not row.figures
    assert "kernel of b" in row.wrong


def test_an_unknown_program_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert apps.main(["telnet"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("apps: there is no program 'telnet'. Try: ONLY=ssh,")
    assert said.count("\n") == 1

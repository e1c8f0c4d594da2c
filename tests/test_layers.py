# SPDX-License-Identifier: GPL-2.0
"""
The files of the node core call each other in one direction, that of the table
in docs/design.md. What calls what is read from the objects of the kernel. The
last cases break the order in memory and expect to be told.
"""

import re
import subprocess
from pathlib import Path
from typing import Dict, Iterator, List, Set

import pytest
from machine import ANY, BUILD

TOP = Path(__file__).resolve().parent.parent
DOCUMENT = TOP / "docs/design.md"
FOLDERS = {"": "drivers/mint", "x86/": "arch/x86/mint"}

# From a file, the files that it calls or reads, and one symbol of each.
Calls = Dict[str, Dict[str, str]]


def documented() -> List[str]:
    """The files of the table, from the bottom to the top."""
    section = re.search(r"^## The core in layers\n(.*?)^## ", DOCUMENT.read_text(), re.M | re.S)
    assert section
    rows = re.findall(r"^\| [^|]+ \| (`.*`) \|$", section[1], re.M)
    return re.findall(r"`([\w/.]+)`", " ".join(rows))


def sources() -> Set[str]:
    """The files that there are, as the table names them; offsets.c makes no object."""
    return {prefix + path.name for prefix, folder in FOLDERS.items()
            for path in (TOP / folder).glob("*.[cS]") if path.name != "offsets.c"}


def folder_of(name: str) -> str:
    """Where a file lies, in this tree and in those of the kernel."""
    return FOLDERS["x86/" if name.startswith("x86/") else ""]


def object_of(name: str) -> Path:
    """What a file was compiled to; the kernel for any machine has more than the other."""
    place = Path("kernel") / folder_of(name) / (Path(name).stem + ".o")
    return next((build / place for build in (BUILD, ANY) if (build / place).exists()),
                BUILD / place)


def is_built(name: str) -> bool:
    """Whether the kernel that was built has a file as it is now."""
    place = Path(folder_of(name)) / Path(name).name
    copy, built = TOP / "build/linux" / place, object_of(name)
    return (copy.exists() and built.exists() and copy.stat().st_mtime <= built.stat().st_mtime
            and copy.read_bytes() == (TOP / place).read_bytes())


def symbols(name: str) -> Iterator[List[str]]:
    """Kind and name of each global symbol of an object."""
    output = subprocess.run(["nm", "--extern-only", str(object_of(name))], check=True, text=True,
                            capture_output=True).stdout
    return (line.split()[-2:] for line in output.splitlines())


def compiled() -> Calls:
    """What calls what in the kernel that was built."""
    owner: Dict[str, str] = {}
    wanted: Dict[str, Set[str]] = {}
    for name in sources():
        for kind, symbol in symbols(name):
            if kind == "U":
                wanted.setdefault(name, set()).add(symbol)
            else:
                owner[symbol] = name
    return {name: {owner[symbol]: symbol for symbol in found if symbol in owner}
            for name, found in wanted.items()}


def problems(order: List[str], calls: Calls) -> List[str]:
    """Each call that goes up."""
    place = {name: at for at, name in enumerate(order)}
    return [f"{caller} uses {symbol} of {called}, which is above it"
            for caller, below in calls.items() for called, symbol in below.items()
            if place[called] >= place[caller]]


@pytest.fixture(scope="module", name="calls")
def calls_fixture() -> Calls:
    """What calls what, read once."""
    if not all(is_built(name) for name in sources()):
        pytest.skip("no kernel of these sources under build/: make root any")
    return compiled()


def test_table_names_each_file_once() -> None:
    assert sorted(documented()) == sorted(sources())


def test_no_file_calls_one_above_it(calls: Calls) -> None:
    assert sum(map(len, calls.values())) > 50, "the objects were not read as a whole"
    assert not problems(documented(), calls)


@pytest.mark.parametrize("lower, upper", [
    ("node.c", "ledger.c"), ("peers.c", "kill.c"), ("x86/reboot.c", "health.c")])
def test_a_call_that_goes_up_is_noticed(lower: str, upper: str, calls: Calls) -> None:
    twin = {**calls, lower: {**calls.get(lower, {}), upper: "mint_up"}}
    assert problems(documented(), twin) == [f"{lower} uses mint_up of {upper}, which is above it"]


def test_a_file_in_the_wrong_row_is_noticed(calls: Calls) -> None:
    order = documented()
    order.remove("node.c")
    assert len(problems(order + ["node.c"], calls)) > 5

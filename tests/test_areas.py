# SPDX-License-Identifier: GPL-2.0
"""What AREAS, CONTRIBUTING.md and docs/testing.md name is there, and each file has its area."""

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import List

TOP = Path(__file__).resolve().parent.parent
TESTS = {path.stem: path for folder in (TOP / "tests", TOP / "tests/debian")
         for path in folder.glob("test_*.py")}
AREAS = (TOP / "AREAS").read_text("utf-8")
LINES = re.findall(r"^([FDT]): (.*)$", AREAS, re.MULTILINE)


def lines(kind: str) -> List[str]:
    """What stands after a letter."""
    return [text for letter, text in LINES if letter == kind]


def files() -> List[str]:
    """What git tracks or would track."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            cwd=TOP, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [name for name in listed.splitlines() if (TOP / name).is_file()]


def has(pattern: str, name: str) -> bool:
    """Whether a line F: has a file; a star does not reach into folders."""
    if pattern.endswith("/"):
        return name.startswith(pattern)
    return fnmatch(name, pattern) and name.count("/") == pattern.count("/")


def test_each_file_has_an_area_and_each_line_a_file() -> None:
    names, patterns = files(), lines("F")
    assert [name for name in names if not any(has(line, name) for line in patterns)] == []
    assert [line for line in patterns if not any(has(line, name) for name in names)] == []


def test_documents_and_tests_of_areas_are_there() -> None:
    assert [name for name in lines("D") if not (TOP / name).is_file()] == []
    tests = " ".join(lines("T")).split()
    assert sorted(tests) == sorted(name.replace("test_", "", 1) for name in TESTS)


def test_paths_of_the_guide_are_there() -> None:
    guide = (TOP / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"`((?!build/|Documentation/)[\w.-]+(?:/[\w.*-]+)+/?)`", guide)
    assert named
    assert [name for name in named if not list(TOP.glob(name))] == []


def test_clang_format_knows_every_loop_of_the_sources() -> None:
    loops = {name for file in files() if file.endswith((".c", ".h"))
             for name in re.findall(r"\b\w*for_each\w*(?=\()", (TOP / file).read_text("utf-8"))}
    done = subprocess.run(["clang-format", "--dump-config"], cwd=TOP, check=True, text=True,
                          stdout=subprocess.PIPE)
    known = set(re.findall(r"^ *- +'?(\w+)", done.stdout, re.MULTILINE))
    assert loops <= known


def test_every_file_of_tests_is_in_the_table() -> None:
    listed = re.findall(r"`(test_\w+)\.py`", (TOP / "docs/testing.md").read_text("utf-8"))
    assert set(TESTS) <= set(listed)


def test_every_test_that_the_document_names_is_there() -> None:
    document = (TOP / "docs/testing.md").read_text("utf-8")
    named = re.findall(r"`(test_\w+)\.py`: ((?:`\w+`(?:, (?=`\w+`(?!\.py)))?)+)", document)
    assert named
    missing = []
    for file, pieces in named:
        tests = re.findall(r"^def test_(\w+)", TESTS[file].read_text("utf-8"), re.M)
        missing += [f"{file}.py: {piece}" for piece in re.findall(r"`(\w+)`", pieces)
                    if not any(piece in test for test in tests)]
    assert missing == []

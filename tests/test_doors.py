# SPDX-License-Identifier: GPL-2.0
"""What the doors of the Makefile refuse, each in one line and before anything is built."""

import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

TOP = Path(__file__).resolve().parent.parent
TO_DEBIAN = ("test-debian", "apps", "selftests", "packages", "image", "try")


def refusal(*words: str) -> str:
    """What make says of words that it does not take; it only shows what it would run."""
    done = subprocess.run(["make", "-n", "-C", TOP, *words], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 2 and "scripts/step" not in done.stdout, done.stdout
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_an_unknown_kernel_with_checks_is_refused() -> None:
    assert "There is no SANITIZE=ubsan. Try: kasan, kcsan" in refusal("test", "SANITIZE=ubsan")


@pytest.mark.parametrize("door", TO_DEBIAN)
def test_debian_is_given_no_kernel_with_checks(door: str) -> None:
    said = refusal(door, "SANITIZE=kasan")
    assert "Debian is given no kernel with checks. Try it without SANITIZE=" in said


@pytest.mark.parametrize("words, said", [
    (["0", "300"], "'0' is no number of kills. Try: KILLS=100"),
    (["330", "x"], "'x' is no number of lives. Try: LIVES=100"),
    (["330", "300", "lives", "kilsl"], "there is no part 'kilsl'. Try: ONLY=kills,"),
], ids=["kills", "lives", "part"])
def test_what_soak_does_not_know_is_refused(words: List[str], said: str) -> None:
    done = subprocess.run([sys.executable, "-B", TOP / "tests/soak/soak.py", *words],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.startswith(f"soak: {said}") and done.stderr.count("\n") == 1

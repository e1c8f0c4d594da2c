# SPDX-License-Identifier: GPL-2.0
"""What several tests build: two of them may run at once, in processes of their own."""

import contextlib
import fcntl
import os
import subprocess
from pathlib import Path
from typing import Iterator, List

LOCK = Path(__file__).resolve().parent.parent / "build/tests.lock"


@contextlib.contextmanager
def building() -> Iterator[None]:
    """Keeps other tests from building anything meanwhile."""
    LOCK.parent.mkdir(exist_ok=True)
    with open(LOCK, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Programs:
    """The test programs of a folder with a Makefile; they end within LIMIT_S."""

    LIMIT_S = 280

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = LOCK.parent / folder.name

    def call(self, *command: str) -> str:
        """Runs a command in the folder to its end, and has it succeed."""
        env = dict(os.environ, TSAN_OPTIONS="halt_on_error=1")
        done = subprocess.run(command, cwd=self.folder, env=env, text=True, timeout=self.LIMIT_S,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-4000:]}"
        return done.stdout

    def make(self, *words: str) -> str:
        """Calls the Makefile, while others may build."""
        return self.call("make", "-s", f"BUILD={self.out}", *words)

    def build(self, program: str) -> str:
        """Builds a program; where it is."""
        path = str(self.out / program)
        with building():
            self.make(path)
        return path

    def run(self, program: str, *arguments: str) -> str:
        """Builds a program and runs it; what it prints."""
        return self.call(self.build(program), *arguments)

    def fuzz(self, program: str, goal: str, seconds: int) -> None:
        """Coverage-guided fuzzing by a goal of the Makefile; an input that fails is kept."""
        self.build(program)
        output = self.make(f"FUZZ_SECONDS={seconds}", goal)
        assert "stat::number_of_executed_units" in output

    def mutants(self) -> List[str]:
        """Names of the deliberately broken twins of what the programs test."""
        return sorted(patch.stem for patch in (self.folder / "mutants").glob("*.patch"))

    def catch(self, mutant: str) -> None:
        """Has a broken twin fail the program that its patch names."""
        output = self.call("../userspace/mutants.sh", ".", str(self.out), mutant)
        assert f"mutant {mutant}: caught" in output

# SPDX-License-Identifier: GPL-2.0
"""Programs that run on a node while a test, or a measurement, does something else."""

import re
from contextlib import contextmanager
from typing import Dict, Iterator

from machine import Shell

# On a host with other work.
SECONDS = 60.0


class Said(Dict[str, float]):
    """What a program has printed: its numbers by name, of NAME=VALUE, and all of it."""

    text = ""


def numbers(output: str) -> Dict[str, float]:
    """The numbers of NAME=VALUE."""
    return {name: float(value) for name, value in re.findall(r"(\w+)=([-\d.e+]+)", output)}


@contextmanager
def running(shell: Shell, command: str, *, where: str = "", ends: bool = False,
            name: str = "") -> Iterator[Said]:
    """
    A program that says when it is ready, and runs as long as the body does, or ends by
    itself; then what it has said. Of one name, that of the program if none is given, there
    is one at a time on a node.
    """
    said = Said()
    output = f"/tmp/{name or command.split()[0]}"
    script = f"{where}{command} & echo $! >{output}.pid; wait $!; echo $? >{output}.status"
    shell.run(f"rm -f {output} {output}.pid {output}.status; "
              f"(({script}) >{output} 2>&1 </dev/null &)")
    shell.poll(f"grep -q ready {output} || test -s {output}.status", SECONDS)
    shell.run(f"grep -q ready {output} || {{ cat {output}; false; }}")
    yield said
    if not ends:
        shell.run(f"kill $(cat {output}.pid)")
    shell.poll(f"test -s {output}.status", SECONDS)
    said.text = shell.run(f"cat {output}").output
    assert shell.run(f"cat {output}.status").output == "0\n", said.text
    said.update(numbers(said.text))

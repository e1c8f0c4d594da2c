# SPDX-License-Identifier: GPL-2.0
"""TCP past TCP between nodes: the switch, and what can be seen of it."""

from typing import Dict

from machine import Shell

DEVICE = "/sys/devices/mint/bypass.0"
SWITCH = "/proc/sys/net/mint/bypass"
SETTLE_S = 10.0


def load(shell: Shell) -> None:
    """Loads the module, unless the kernel has it."""
    shell.run(f"test -e {SWITCH} || insmod /lib/modules/mint_bypass.ko")


def switch(shell: Shell, state: int) -> None:
    """Turns the bypass on or off for new connections."""
    load(shell)
    shell.run(f"echo {state} >{SWITCH}")


def statistics(shell: Shell) -> Dict[str, int]:
    """The counters of a node."""
    output = shell.run(f"cd {DEVICE}/statistics && grep . *").output
    return {name: int(value) for name, value in
            (line.split(":") for line in output.split())}


def grown(shell: Shell, before: Dict[str, int]) -> Dict[str, int]:
    """What was counted since."""
    return {name: value - before[name] for name, value in statistics(shell).items()}


def wait_all_free(shell: Shell, seconds: float = SETTLE_S) -> None:
    """Nobody has an entry or a unit any more."""
    shell.poll(f'test "$(cat {DEVICE}/pairs_used {DEVICE}/units_used | tr -d "\\n")" = 00',
               seconds)

# SPDX-License-Identifier: GPL-2.0
"""
What differs in a virtual machine, as far as plain emulation can show it: the
rest is in `make nested`.
"""

from conftest import Boot
from mint_list import state_of


def test_no_node_is_started_without_a_clock(boot: Boot) -> None:
    # As where a busy host lets every measurement of the counter fail.
    shell = boot(append="clearcpuid=tsc").node()
    assert shell.run("dmesg | grep -c 'tsc: Detected'", check=False).output.strip() == "0"
    shell.run("mint create /etc/mint/b.conf")
    result = shell.run("mint start b", check=False)
    assert result.status == 1 and "could not measure the time stamp counter" in result.output
    assert "tsc_early_khz=" in result.output
    assert state_of(shell, "b") == "created"

# SPDX-License-Identifier: GPL-2.0
"""The kernel's own unit tests of vni, run on node 0."""

import re

from machine import Machine


def test_kunit_suites_pass(node0: Machine) -> None:
    shell = node0.node()
    shell.run("insmod /lib/modules/kunit.ko")
    shell.run("insmod /lib/modules/vni_kunit.ko", timeout=180)
    results = shell.run("cat /sys/kernel/debug/kunit/*/results").output
    cases = re.findall(r"^\s+(not ok|ok) \d+ (\S+)", results, re.MULTILINE)
    assert cases, results
    assert [name for verdict, name in cases if verdict != "ok"] == []
    suites = re.findall(r"^(not ok|ok) \d+ \S+", results, re.MULTILINE)
    assert suites and set(suites) == {"ok"}, results

# SPDX-License-Identifier: GPL-2.0
"""
Boots a Debian kernel with KVM under an emulator that emulates SVM, runs the trial
in it, and keeps its logs in build/nested/logs.

usage: python3 -m nested [CASE...]
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List

from machine import BUILD, CPU_FLAGS, Extra, Machine, MachineError, Port, Shell

WORK = BUILD / "nested"
LOGS = WORK / "logs"
CASES = ["small", "registered", "hyperv"]
# The emulator tells KVM nothing of a guest's XSETBV: sizes that KVM shows contradict.
CPU = f"{CPU_FLAGS},-xsave"
BOOT_SECONDS = 600.0
# A step of the trial may take long; that none ends for so long is a hang.
SILENT_SECONDS = 1200.0
DISK_BYTES = 256 << 20
LINE = re.compile(r"(?P<text>.*)\n")
END = re.compile(r"^@end (?P<status>\d+)$")
# By how much its own deadlines are longer than those of the tests.
TRIAL = "cd /mint/tests && PATIENCE=5 python3 -B -m nested.trial {} 2>&1; echo @end $?"


def follow(port: Port) -> int:
    """Prints the lines of the trial as they come; its exit status."""
    while True:
        line = port.expect(LINE, SILENT_SECONDS)
        if not line:
            raise MachineError(f"nothing happens for {SILENT_SECONDS:.0f} s")
        end = END.match(line["text"])
        if end:
            return int(end["status"])
        print(line["text"], flush=True)


def keep_logs(shell: Shell, disk: Path) -> None:
    """Brings the logs of the inner machines out, by a disk."""
    shell.run("tar -C /mint/build -cf - test-logs | dd of=/dev/vda bs=1M conv=fsync")
    subprocess.run(["tar", "-C", LOGS, "--strip-components=1", "-xf", disk], check=True)


def main(cases: List[str]) -> int:
    """The status of the trial."""
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    disk = WORK / "disk"
    with open(disk, "wb") as image:
        image.truncate(DISK_BYTES)
    with Machine(LOGS / "outer", memory="6G", mint=None, build=WORK, cpu=CPU,
                 extra=Extra().disk("4", disk).line) as machine:
        machine.start(BOOT_SECONDS, "outer")
        shell = machine.node("outer")
        print(shell.run("uname -r; grep -m1 -o svm /proc/cpuinfo; ls /dev/kvm").output, end="")
        shell.port.send(TRIAL.format(" ".join(cases)) + "\n")
        status = follow(shell.port)
        keep_logs(shell, disk)
    return status


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:] or CASES))
    except MachineError as error:
        sys.exit(f"nested: {error}")

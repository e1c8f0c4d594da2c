# SPDX-License-Identifier: GPL-2.0
"""
`mint exec` as the way to the other end, for the kernel's selftests of drivers.

It stands beside their remote_ssh.py, where they look for REMOTE_TYPE=mint;
REMOTE_ARGS is the name of the node. It needs no network.
"""

import os
import subprocess
from typing import List


class Remote:
    """The other end: commands run there, and files are brought there."""

    def __init__(self, name: str, dir_path: str) -> None:
        self.name = name
        self.dir_path = dir_path
        self._files: List[str] = []

    def __del__(self) -> None:
        if self._files:
            with self.cmd(f"rm -f {' '.join(self._files)}") as remove:
                remove.communicate()
            self._files = []

    def _exec(self, comm: str) -> List[str]:
        return ["mint", "exec", self.name, "--", "bash", "-c", comm]

    def cmd(self, comm: str) -> "subprocess.Popen[bytes]":
        """Starts a command; it gets SIGHUP when our end is terminated."""
        return subprocess.Popen(self._exec(comm), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def deploy(self, what: str) -> str:
        """Brings a program there; its path."""
        with open(os.path.join(self.dir_path, what), "rb") as program:
            place = subprocess.run(
                self._exec("place=$(mktemp /tmp/ksft.XXXXXXXX) && cat >$place && "
                           "chmod +x $place && echo $place"),
                stdin=program, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        self._files.append(place)
        return place

# SPDX-License-Identifier: GPL-2.0
"""A folder that stands for the root of a machine, or is one."""

from pathlib import Path


class FileTree:
    """The files below a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, name: str, text: str, mode: int = 0o644) -> Path:
        """Writes a file; where it is."""
        at = self.path / name
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text, "utf-8")
        at.chmod(mode)
        return at

    def kernel(self, release: str, line: str) -> None:
        """Makes what looks like a kernel, with a line in its configuration."""
        self.put(f"boot/vmlinuz-{release}", "MZ")
        self.put(f"boot/config-{release}", f"CONFIG_64BIT=y\n{line}\n")

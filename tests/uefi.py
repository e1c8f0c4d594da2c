# SPDX-License-Identifier: GPL-2.0
"""
Machines with UEFI: Debian's build of OVMF. With a kernel given to QEMU, the firmware
starts it by its EFI stub; without, what lies on a disk is started.
"""

import shutil
from pathlib import Path
from typing import Any, List

from machine import Machine

OVMF = ["-bios", "/usr/share/ovmf/OVMF.fd"]
# The screen makes the firmware leave a picture (BGRT), and has an option ROM.
FIRMWARE = [*OVMF, "-device", "VGA"]
SYSTEMD_BOOT = Path("/usr/lib/systemd/boot/efi/systemd-bootx64.efi")

ENTRY = """\
title mint
linux /bzImage
initrd /root.cpio
options {options}
"""


def without_kernel(line: List[str]) -> List[str]:
    """QEMU's arguments but for a kernel and what belongs to it."""
    line = list(line)
    for option in {"-kernel", "-initrd", "-append"} & set(line):
        at = line.index(option)
        del line[at:at + 2]
    return line


class SystemdBoot(Machine):
    """A machine whose firmware starts systemd-boot from a disk, and that a kernel."""

    def __init__(self, log_dir: Path, **options: Any) -> None:
        super().__init__(log_dir, **options)
        self.extra += FIRMWARE

    def _fill_disk(self) -> Path:
        disk = self.log_dir / "disk"
        for folder in ("EFI/BOOT", "loader/entries"):
            (disk / folder).mkdir(parents=True)
        shutil.copy(SYSTEMD_BOOT, disk / "EFI/BOOT/BOOTX64.EFI")
        shutil.copy(self.kernel / "arch/x86/boot/bzImage", disk)
        shutil.copy(self.initrd, disk / "root.cpio")
        (disk / "loader/loader.conf").write_text("timeout 0\n", encoding="ascii")
        (disk / "loader/entries/mint.conf").write_text(ENTRY.format(options=self.append),
                                                       encoding="ascii")
        return disk

    def command_line(self) -> List[str]:
        """QEMU without a kernel, and with a folder as its disk."""
        return without_kernel(super().command_line()) + [
            "-device", "virtio-blk-pci,drive=esp,bootindex=0", "-drive",
            f"if=none,id=esp,format=raw,readonly=on,file=fat:{self._fill_disk()}"]

    def kill(self) -> None:
        """Ends QEMU, and leaves no copy of kernel and root behind."""
        super().kill()
        shutil.rmtree(self.log_dir / "disk", ignore_errors=True)

# SPDX-License-Identifier: GPL-2.0
"""
The page tables that a kernel is entered with, walked as a CPU does: what they
map, up to the last address that a kernel with 4 levels can use.
"""

import ctypes
import subprocess
from typing import Callable, Optional

import pytest
from machine import TOP

MB, GB, TB = 1 << 20, 1 << 30, 1 << 40
PAGE, PAGES = 4096, 7
LARGE = 2 * MB
PRESENT, IS_LARGE = 1, 0x80
ADDRESS = 0x000FFFFFFFFFF000

# Makes the tables for a range at a physical address.
Fill = Callable[[int, int, int], bytes]


@pytest.fixture(scope="module", name="fill")
def fill_fixture(tmp_path_factory: pytest.TempPathFactory) -> Fill:
    """paging_fill() of the mint command."""
    library = tmp_path_factory.mktemp("paging") / "paging.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", library,
                    TOP / "boot/mint-loader/paging.c"], check=True)
    function = ctypes.CDLL(str(library)).paging_fill
    function.argtypes = [ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64]

    def fill(phys: int, start: int, end: int) -> bytes:
        pages = ctypes.create_string_buffer(b"\xff" * (PAGES * PAGE) + b"the end")
        function(pages, phys, start, end)
        assert pages.raw[PAGES * PAGE:] == b"the end\0", "written past the pages"
        return pages.raw[:PAGES * PAGE]

    return fill


def translate(tables: bytes, phys: int, address: int) -> Optional[int]:
    """Where a virtual address leads to, None if nowhere."""
    at = phys
    for shift in (39, 30, 21):
        place = at - phys + (address >> shift & 511) * 8
        assert 0 <= place < len(tables), "a table outside of the pages"
        entry = int.from_bytes(tables[place:place + 8], "little")
        if not entry & PRESENT:
            return None
        at = entry & ADDRESS
        assert bool(entry & IS_LARGE) == (shift == 21)
    return at + address % LARGE


@pytest.mark.parametrize("start", [
    LARGE, 16 * MB, 1 * GB - LARGE, 4 * GB, 36 * GB + 6 * MB, 512 * GB - LARGE, 512 * GB,
    TB - 400 * MB, 5 * TB + 3 * GB, 64 * TB - GB])
@pytest.mark.parametrize("size", [LARGE, 48 * MB - 4096, GB])
def test_a_kernel_is_mapped_one_to_one_and_nothing_else(fill: Fill, start: int, size: int) -> None:
    phys, end = start + 0x12000, start + size
    tables = fill(phys, start, end)
    for address in range(start, end, LARGE):
        assert translate(tables, phys, address) == address
    assert translate(tables, phys, end - 1) == end - 1
    for low in (0, 0x9A000, LARGE - 1):
        assert translate(tables, phys, low) == low
    above = (end + LARGE - 1) // LARGE * LARGE
    for outside in (start - LARGE, above, start ^ 1 << 45, 3 * GB + start % GB):
        if not start <= outside < above and outside >= LARGE:
            assert translate(tables, phys, outside) is None

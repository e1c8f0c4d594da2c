# SPDX-License-Identifier: GPL-2.0
"""
The record of the layout that each version has, in abigen/versions: made once for
a version and never changed, so that no layout changes without a new version.
"""

import difflib
from pathlib import Path
from typing import Iterator, List

from abigen.headers import Layout

VERSIONS = Path(__file__).resolve().parent / "versions"
# The region, and its vni section, which has a version of its own.
PARTS = ("mint", "vni")


class RecordError(Exception):
    """The headers and the record of their version differ."""


def _lines(layout: Layout, part: str) -> Iterator[str]:
    for struct in layout.structs.values():
        if struct.name.startswith(part):
            yield f"struct {struct.name} {struct.size}"
            yield from (f"\t{one.offset} {one.size} {one.kind} {one.name}"
                        for one in struct.fields)
    for word in layout.words.values():
        if word.name.startswith(part):
            yield f"word {word.name}"
            yield from (f"\t{one.first}-{one.last} {one.name} +{one.added}"
                        for one in word.sorted())
    for one in layout.constants.values():
        if one.name.startswith(part.upper()):
            yield f"{one.name} {one.value:#x}"


def text(layout: Layout, part: str) -> str:
    """What is recorded of a part."""
    return "\n".join(_lines(layout, part)) + "\n"


def path(layout: Layout, part: str, versions: Path = VERSIONS) -> Path:
    """Where the record of the present version of a part is."""
    return versions / f"{part}-{layout.version(part)}"


def differences(layout: Layout, versions: Path = VERSIONS) -> List[str]:
    """How the headers differ from the record of their version."""
    found: List[str] = []
    for part in PARTS:
        kept = path(layout, part, versions)
        recorded = kept.read_text("ascii") if kept.exists() else ""
        found += difflib.unified_diff(recorded.splitlines(), text(layout, part).splitlines(),
                                      kept.name, "include/mint", "", "", 0, "")
    return found


def keep(layout: Layout, versions: Path = VERSIONS) -> None:
    """Records a version that has no record yet, and refuses to change one."""
    for part in PARTS:
        kept = path(layout, part, versions)
        if not kept.exists():
            kept.write_text(text(layout, part), encoding="ascii")
    changed = differences(layout, versions)
    if changed:
        raise RecordError("the layout has changed, its version has not:\n" + "\n".join(changed))

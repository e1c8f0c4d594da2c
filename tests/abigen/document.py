# SPDX-License-Identifier: GPL-2.0
"""
The tables of docs/abi.md. Each stands between two comments, of which the first
says what belongs there; all between them is written anew.
"""

import fnmatch
import re
from typing import Dict, List

from abigen.headers import Bits, Field, Layout, Number

BLOCK = re.compile(r"^<!-- abi: (?!end)(\w+) (.*?) -->\n.*?^<!-- abi: end -->$", re.M | re.S)
# What a text of the headers says in words of C, unless it is in backticks by itself.
CODE = re.compile(r"``(.+?)``|@(\w+)|\b(struct \w+|(?:MINT|VNI|VIRTIO)_[A-Z0-9_]+\*?"
                  r"|(?:mint|vni)_\w+(?:\.\w+|\(\)))")


class DocumentError(Exception):
    """The document does not fit the headers."""


def markdown(text: str) -> str:
    """A text of the headers for a cell of a table."""
    return CODE.sub(lambda found: f"`{found[1] or found[2] or found[3]}`", text).replace("|", "\\|")


def kind(one: Field) -> str:
    """The type of a field."""
    name = one.kind.removeprefix("__")
    return name if one.count is None else f"{name}[{one.count or ''}]"


def number(one: Number) -> str:
    """A value, in the base in which the header has it."""
    wide = one.value > 9 and re.search(r"\b0x|<<", one.source)
    return f"{one.value:#x}" if wide else str(one.value)


def span(one: Bits) -> str:
    """The bits of a part of a word."""
    return f"{one.first}-{one.last}" if one.last > one.first else str(one.first)


def plus(one: Bits) -> str:
    """What stands in them more than what is meant."""
    return f", plus {one.added}" if one.added else ""


def table(*rows: List[str]) -> str:
    """Rows, of which the first is the head."""
    head, *others = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *others])


class Tables:
    """Makes the tables, each thing once."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.missing: Dict[str, str] = {
            **{name: f"struct {name}" for name in layout.structs},
            **{name: f"constants {name}" for name in layout.constants},
            **{name: f"word {name}" for name in layout.words}}

    def _use(self, name: str) -> None:
        if not self.missing.pop(name, None):
            raise DocumentError(f"docs/abi.md: {name} stands there twice or is in no header")

    def _struct(self, name: str) -> str:
        self._use(name)
        struct = self.layout.structs[name]
        return f"### struct {name} ({struct.size} bytes)\n\n" + table(
            ["offset", "size", "type", "name", "meaning", "writer"],
            *([str(one.offset), "rest" if one.count == 0 else str(one.size), kind(one),
               f"`{one.name}`", markdown(one.meaning), markdown(one.writer)]
              for one in struct.fields))

    def _constants(self, patterns: str) -> str:
        rows = []
        for pattern in patterns.split():
            # A family takes what does not stand elsewhere before.
            names = [name for name in fnmatch.filter(self.layout.constants, pattern)
                     if name in self.missing or name == pattern]
            if not names:
                raise DocumentError(f"docs/abi.md: no header defines {pattern}")
            for name in names:
                self._use(name)
                one = self.layout.constants[name]
                rows.append([f"`{name}`", number(one), markdown(one.meaning)])
        return table(["constant", "value", "meaning"], *rows)

    def _word(self, name: str) -> str:
        self._use(name)
        return f"As `{name}()` packs it:\n\n" + table(
            ["bits", "name", "meaning"],
            *([span(one), f"`{one.name}`", markdown(one.meaning) + plus(one)]
              for one in self.layout.words[name].sorted()))

    def block(self, found: "re.Match[str]") -> str:
        """What belongs between two comments, and these."""
        kinds = {"struct": self._struct, "constants": self._constants, "word": self._word}
        if found[1] not in kinds:
            raise DocumentError(f"docs/abi.md: there is no table of the kind {found[1]!r}")
        return (f"<!-- abi: {found[1]} {found[2]} -->\n{kinds[found[1]](found[2])}\n"
                "<!-- abi: end -->")


    def end(self) -> None:
        """Complains of what the document has no place for."""
        if self.missing:
            raise DocumentError("docs/abi.md has no place for: " + ", ".join(
                f"<!-- abi: {one} -->" for one in self.missing.values()))


def filled(text: str, layout: Layout) -> str:
    """The document with tables that say what the headers say."""
    tables = Tables(layout)
    text = BLOCK.sub(tables.block, text)
    tables.end()
    return text

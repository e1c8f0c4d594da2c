# SPDX-License-Identifier: GPL-2.0
"""
The layouts for Python: a module of constants, of structures of ctypes, and of
words as named tuples. It lies under build/ and is made when the headers change.
"""

import hashlib
import keyword
import os
from pathlib import Path
from typing import Iterator, List

from abigen import headers
from abigen.headers import Bits, Field, Layout, Number, Struct, Word

FOLDER = headers.TOP / "build/abi"
MODULE = FOLDER / "mint_abi.py"

HEAD = '''"""Made from include/mint by tests/abigen: not to be edited."""

import builtins
import ctypes
from enum import IntEnum
from typing import NamedTuple

'''

PLAIN = {"__u8": "c_uint8", "__u16": "c_uint16", "__u32": "c_uint32", "__u64": "c_uint64",
         "char": "c_char"}


def _element(one: Field) -> str:
    """The type of a field, or of one entry of it."""
    return f"ctypes.{PLAIN[one.kind]}" if one.kind in PLAIN else one.kind.removeprefix("struct ")


def _name(one: Field) -> str:
    """The name of a field, where Python has it for itself with a line behind."""
    return one.name + "_" * keyword.iskeyword(one.name)


def _seen_as(one: Field) -> str:
    """The type of what Python finds in a field."""
    if one.kind == "char":
        return "builtins.bytes"
    if one.count is not None:
        return f"ctypes.Array[{_element(one)}]"
    return "int" if one.kind in PLAIN else _element(one)


def _struct(struct: Struct) -> Iterator[str]:
    yield f"class {struct.name}(ctypes.LittleEndianStructure):"
    yield f'    """{struct.title}"""'
    for one in struct.fields:
        yield f'    {_name(one)}: "{_seen_as(one)}"'
    yield "    _fields_ = ["
    for one in struct.fields:
        length = "" if one.count is None else f" * {one.count}"
        yield f'        ("{_name(one)}", {_element(one)}{length}),'
    yield "    ]"


def _packed(one: Bits) -> str:
    value = f"self.{one.name} + {one.added}" if one.added else f"self.{one.name}"
    return f"({value} & {one.mask:#x}) << {one.first}"


def _unpacked(one: Bits) -> str:
    value = f"word >> {one.first} & {one.mask:#x}"
    return f"({value}) - {one.added}" if one.added else value


def _word(word: Word) -> Iterator[str]:
    yield f"class {word.name}(NamedTuple):"
    yield f'    """{word.title}"""'
    for one in word.bits:
        yield f"    {one.name}: int = 0"
    yield ""
    yield "    def pack(self) -> int:"
    yield '        """As it stands in memory."""'
    yield f"        return {' | '.join(map(_packed, word.bits))}"
    yield ""
    yield "    @classmethod"
    yield f'    def unpack(cls, word: int) -> "{word.name}":'
    yield '        """From what stands in memory."""'
    yield f"        return cls({', '.join(map(_unpacked, word.bits))})"


def _enum(name: str, numbers: List[Number]) -> Iterator[str]:
    yield f"class {name}(IntEnum):"
    yield f'    """Values of the enum {name}."""'
    yield from (f"    {one.name} = {one.value}" for one in numbers)
    yield ""
    yield "    @property"
    yield "    def word(self) -> str:"
    yield '        """What users read."""'
    yield f"        return {[one.word for one in numbers]}[self]"


def text(layout: Layout) -> str:
    """The module."""
    lines = [f"{one.name} = {one.value:#x}" for one in layout.constants.values()]
    blocks = [*map(_struct, layout.structs.values()), *map(_word, layout.words.values()),
              *(_enum(name, numbers) for name, numbers in layout.enums.items())]
    return HEAD + "\n".join(lines + [line for block in blocks
                                     for line in ["", "", *block]]) + "\n"


def make() -> Path:
    """Makes the module unless it is that of these headers; the folder that it lies in."""
    sources = [headers.INCLUDE / "mint" / name for name in headers.HEADERS]
    made_of = hashlib.sha256(b"".join(
        path.read_bytes() for path in [*sources, *sorted(Path(__file__).parent.glob("*.py"))]))
    first = f"# {made_of.hexdigest()}\n"
    if not MODULE.exists() or not MODULE.read_text("utf-8").startswith(first):
        FOLDER.mkdir(parents=True, exist_ok=True)
        # Several test runs may get here at once; each sees a whole module.
        new = MODULE.with_suffix(f".{os.getpid()}")
        new.write_text(first + text(headers.read()), encoding="utf-8")
        os.replace(new, MODULE)
    return FOLDER

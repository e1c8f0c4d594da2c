# SPDX-License-Identifier: GPL-2.0
"""
Reads the headers of the ABI: what a thing means is in their comments, where it
lies is what the compiler says of it.
"""

import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional, Tuple

TOP = Path(__file__).resolve().parent.parent.parent
INCLUDE = TOP / "include"
# In the order of the layout; dev.h is an interface within one kernel.
HEADERS = ("lock.h", "abi.h", "state.h", "control.h", "boot.h", "vni.h", "bypass.h")


class HeaderError(Exception):
    """A header does not say what has to be known."""


@dataclass
class Field:
    """A field of a structure."""

    name: str
    kind: str
    meaning: str
    writer: str
    offset: int = 0
    size: int = 0
    count: Optional[int] = None
    """Entries of an array, 0 if it has no end."""


@dataclass
class Struct:
    """A structure."""

    name: str
    title: str
    fields: List[Field]
    size: int = 0


@dataclass
class Number:
    """A constant, or a value of an enum and the word for it."""

    name: str
    meaning: str
    source: str = ""
    value: int = 0
    word: str = ""


@dataclass
class Bits:
    """A part of a word, which holds the value + `added`."""

    name: str
    meaning: str
    first: int = 0
    last: int = 63
    added: int = 0

    @property
    def mask(self) -> int:
        """All ones, as many as it has bits."""
        return (1 << self.last - self.first + 1) - 1


@dataclass
class Word:
    """A 64-bit word that a function of this name packs."""

    name: str
    title: str
    bits: List[Bits]
    """In the order of the arguments of the function."""
    zero: int = 0

    def sorted(self) -> List[Bits]:
        """From the lowest bit on."""
        return sorted(self.bits, key=lambda one: one.first)


@dataclass
class Layout:
    """All of the ABI, by name and in the order of the headers."""

    structs: Dict[str, Struct] = field(default_factory=dict)
    constants: Dict[str, Number] = field(default_factory=dict)
    words: Dict[str, Word] = field(default_factory=dict)
    enums: Dict[str, List[Number]] = field(default_factory=dict)

    def version(self, part: str) -> str:
        """The version of the region, "mint", or of its vni section, "vni"."""
        if part == "vni":
            return str(self.constants["VNI_VERSION"].value)
        return (f"{self.constants['MINT_ABI_MAJOR'].value}."
                f"{self.constants['MINT_ABI_MINOR'].value}")


@dataclass
class Comment:
    """A comment of kernel-doc: what it says of the thing and of each member."""

    title: str
    members: Dict[str, str]
    rest: str

    def member(self, owner: str, name: str) -> str:
        """What it says of a member."""
        if name not in self.members:
            raise HeaderError(f"{owner}: nothing is said of @{name}")
        return self.members[name]


def _joined(text: str) -> str:
    """The words of a comment in one line."""
    return " ".join(re.sub(r"^[ \t]*\*[ \t]?", "", text, flags=re.M).split())


def _comment(text: str) -> Comment:
    """Reads what stands between the ends of a comment."""
    head, _, rest = re.sub(r"^ \*[ \t]?", "", text, flags=re.M).partition("\n\n")
    title, *members = re.split(r"^@(\w+):", head, flags=re.M)
    described = {name: _joined(said) for name, said in zip(members[::2], members[1::2])}
    return Comment(_joined(title).partition(" - ")[2], described, rest)


def _declared(text: str, pattern: str) -> Iterator[Tuple["re.Match[str]", Comment]]:
    """Each declaration of a kind with the comment of kernel-doc in front of it."""
    for found in re.finditer(rf"^{pattern}", text, re.M | re.S):
        before = re.search(r"/\*\*\n((?:(?!\*/).)*)\n \*/\n\Z", text[:found.start()], re.S)
        if not before:
            raise HeaderError(f"{found[1]} has no kernel-doc in front of it")
        yield found, _comment(before[1])


def _split_writer(said: str, default: str, where: str) -> Tuple[str, str]:
    """Meaning and writer of a field, "MEANING. Writer: WRITER"."""
    found = re.fullmatch(r"(.*?)[.;]? Writer: (.*?)\.?", said)
    meaning, writer = (found[1], found[2]) if found else (said.rstrip("."), default)
    if not meaning or not writer:
        raise HeaderError(f"{where}: its meaning or its writer is missing")
    return meaning, writer


def _structs(text: str) -> Iterator[Struct]:
    for found, comment in _declared(text, r"struct (\w+) \{\n(.*?)^\};"):
        default = re.search(r"^Writer: (.*?)\.?$", comment.rest, re.M)
        fields = []
        for line in filter(None, map(str.strip, found[2].splitlines())):
            member = re.fullmatch(r"((?:struct )?\w+) (\w+)(\[.*\])?;", line)
            if not member:
                raise HeaderError(f"struct {found[1]}: cannot read {line!r}")
            said = comment.member(f"struct {found[1]}", member[2])
            one = Field(member[2], member[1], *_split_writer(
                said, default[1] if default else "", f"struct {found[1]}: @{member[2]}"))
            if member[3]:
                one.count = 0 if member[3] == "[]" else 1   # until the compiler has counted
            fields.append(one)
        yield Struct(found[1], comment.title, fields)


def _constants(text: str) -> Iterator[Number]:
    pattern = r"^#define ((?:MINT|VNI)_\w+)[ \t]+(\S[^\n]*?)(?:[ \t]*/\*(.*?)\*/)?$"
    for found in re.finditer(pattern, text, re.M | re.S):
        if found[3] is None:
            raise HeaderError(f"{found[1]}: no comment behind it says what it means")
        yield Number(found[1], _joined(found[3]), found[2])


def _words(text: str) -> Iterator[Word]:
    for found, comment in _declared(text, r"static inline __u64 (\w+_word)\((.*?)\)\n\{"):
        names = [argument.split()[-1] for argument in found[2].split(",")]
        yield Word(found[1], comment.title,
                   [Bits(name, comment.member(found[1], name).rstrip(".")) for name in names])


def _enums(text: str) -> Iterator[Tuple[str, List[Number]]]:
    for found, comment in _declared(text, r"enum (\w+) \{\n(.*?)^\};"):
        if f" *{found[1]}_name(" not in text:
            continue                            # it stays within a program
        names = re.findall(r"^\t(\w+)(?: = .*)?,", found[2], re.M)
        yield found[1], [Number(name, comment.member(found[1], name).rstrip("."))
                         for name in names]


def _probe(layout: Layout) -> Iterator[str]:
    """Expressions for all that has to be known, in the order in which it is taken."""
    for struct in layout.structs.values():
        yield f"sizeof(struct {struct.name})"
        for one in struct.fields:
            member = f"((struct {struct.name} *)0)->{one.name}"
            yield f"offsetof(struct {struct.name}, {one.name})"
            if one.count != 0:
                yield f"sizeof({member})"
            if one.count:
                yield f"sizeof({member}) / sizeof({member}[0])"
    yield from layout.constants
    for kind, numbers in layout.enums.items():
        for number in numbers:
            yield number.name
            yield f"{kind}_name({number.name})"
    for word in layout.words.values():
        zeroes = ["0"] * len(word.bits)
        zero = f"{word.name}({', '.join(zeroes)})"
        yield zero
        for at in range(len(word.bits)):
            ones = zeroes[:at] + ["1"] + zeroes[at + 1:]
            yield f"__builtin_ctzll({zero} ^ {word.name}({', '.join(ones)}))"


def _compiled(expressions: Iterable[str], include: Path) -> Iterator[str]:
    """What the compiler makes of the expressions: numbers, and words of an enum."""
    lines = ["#include <stdio.h>", *(f"#include <mint/{name}>" for name in HEADERS),
             "int main(void)", "{",
             *(f'puts({one});' if "_name(" in one else
               f'printf("%llu\\n", (unsigned long long)({one}));' for one in expressions),
             "return 0;", "}", ""]
    with tempfile.TemporaryDirectory() as place:
        source, program = Path(place) / "probe.c", Path(place) / "probe"
        source.write_text("\n".join(lines), encoding="ascii")
        made = subprocess.run(["gcc", "-std=gnu11", "-w", f"-I{include}", "-o",
                               str(program), str(source)],
                              capture_output=True, text=True, check=False)
        if made.returncode:
            raise HeaderError(f"the headers do not compile:\n{made.stderr}")
        output = subprocess.run([str(program)], check=True, stdout=subprocess.PIPE, text=True)
    return iter(output.stdout.splitlines())


def _place_bits(word: Word) -> None:
    """Each part of a word ends where the next one begins, the last one at bit 63."""
    bits = word.sorted()
    for one, following in zip(bits, bits[1:]):
        one.last = following.first - 1
    if bits[0].first or any(one.first > one.last for one in word.bits):
        raise HeaderError(f"{word.name}: not every bit belongs to one argument")
    for one in word.bits:
        one.added = word.zero >> one.first & one.mask


def _take(layout: Layout, printed: Iterator[str]) -> None:
    """Enters what the probe printed."""
    numbers = map(int, printed)
    for struct in layout.structs.values():
        struct.size = next(numbers)
        for one in struct.fields:
            one.offset = next(numbers)
            one.size = next(numbers) if one.count != 0 else 0
            one.count = next(numbers) if one.count else one.count
    for number in layout.constants.values():
        number.value = next(numbers)
    for values in layout.enums.values():
        for number in values:
            number.value, number.word = next(numbers), next(printed)
    for word in layout.words.values():
        word.zero = next(numbers)
        for part in word.bits:
            part.first = next(numbers)
        _place_bits(word)


def _check(layout: Layout) -> None:
    """A gap between two fields would be memory that nobody describes."""
    for struct in layout.structs.values():
        end = 0
        for one in struct.fields:
            if one.offset != end:
                raise HeaderError(f"struct {struct.name}: hidden padding before {one.name}")
            end += one.size
        if end != struct.size:
            raise HeaderError(f"struct {struct.name}: hidden padding at its end")


def read(include: Path = INCLUDE) -> Layout:
    """The layout that the headers under a folder lay down."""
    layout = Layout()
    for name in HEADERS:
        text = (include / "mint" / name).read_text("ascii")
        layout.structs.update((one.name, one) for one in _structs(text))
        layout.constants.update((one.name, one) for one in _constants(text))
        layout.words.update((one.name, one) for one in _words(text))
        layout.enums.update(_enums(text))
    _take(layout, _compiled(list(_probe(layout)), include))
    _check(layout)
    return layout

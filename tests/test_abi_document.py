# SPDX-License-Identifier: GPL-2.0
"""
docs/abi.md says what include/mint says, and the other way round.

A program compiled against the headers prints the layout as the compiler sees
it; the tables of the document are parsed and compared with that. The last
cases change the document in memory and expect to be told.
"""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

import pytest

TOP = Path(__file__).resolve().parent.parent
DOCUMENT = TOP / "docs/abi.md"
HEADERS = [TOP / "include/mint" / name
           for name in ("lock.h", "abi.h", "control.h", "boot.h", "vni.h")]
PLATFORM = TOP / "arch/x86/include/asm/mint.h"
STATES = TOP / "include/mint/state.h"
KERNEL_VECTORS = TOP / "build/linux/arch/x86/include/asm/irq_vectors.h"

FIELDS = ["offset", "size", "type", "name", "meaning", "writer"]
CONSTANTS = ["constant", "value", "meaning"]
BITS = ["bits", "name", "meaning"]

# How to set the lowest bit of each field of a word, and nothing else.
WORDS: Dict[str, Dict[str, str]] = {
    "Lock word": {
        "owner": "mint_lock_word(0, 0, 0)",
        "cpu": "mint_lock_word(0xffff, 1, 0)",
        "generation": "mint_lock_word(0xffff, 0, 1)",
    },
    "Hold word": {
        "node": "mint_hold_word(0, 0, 0, 0)",
        "turn": "mint_hold_word(0xff, 1, 0, 0)",
        "at_work": "mint_hold_word(0xff, 0, 1, 0)",
        "generation": "mint_hold_word(0xff, 0, 0, 1)",
    },
    "Key word": {
        "key": "mint_sysrq_word(0, 0, 1)",
        "node": "mint_sysrq_word(0, 1, 0)",
        "number": "mint_sysrq_word(1, 0, 0)",
    },
    "Size word": {
        "rows": "mint_size_word(1, 0, 0, 0)",
        "columns": "mint_size_word(0, 1, 0, 0)",
        "width": "mint_size_word(0, 0, 1, 0)",
        "height": "mint_size_word(0, 0, 0, 1)",
    },
    "Request word": {
        "verb": "mint_request_word(0, 0, 1)",
        "hung_up": "mint_request_word(0, 1, 0)",
        "sequence": "mint_request_word(1, 0, 0)",
    },
    "Answer word": {
        "code": "mint_answer_word(0, 0, 1)",
        "state": "mint_answer_word(0, 1, 0)",
        "sequence": "mint_answer_word(1, 0, 0)",
    },
    "Pipe word": {
        "position": "mint_pipe_word(0, 0, 1)",
        "closed": "mint_pipe_word(0, 1, 0)",
        "sequence": "mint_pipe_word(1, 0, 0)",
    },
    "State word": {
        "state": "vni_state_make(1, 0, 0)",
        "owner": "vni_state_make(0, 1, 0)",
        "ring": "vni_state_inflight(0, 0, 1, 0) ^ VNI_STATE_INFLIGHT",
        "generation": "vni_state_make(0, 0, 1)",
        "destination_generation": "vni_state_inflight(0, 0, 0, 1) ^ VNI_STATE_INFLIGHT",
    },
    "Slot word": {
        "handle": "vni_slot_word(0xffff, 1, 0, 0)",
        "length": "vni_slot_word(0xffff, 0, 1, 0)",
        "flags": "vni_slot_word(0xffff, 0, 0, 1)",
        "position": "vni_slot_word(0, 0, 0, 0)",
    },
}


@dataclass
class Field:
    """A field: `size` is None for an array without end."""

    name: str
    kind: str
    offset: int
    size: Optional[int]


@dataclass
class Struct:
    """A structure."""

    size: int
    fields: List[Field] = field(default_factory=list)


@dataclass
class Layout:
    """What can be said of the ABI in numbers, by the document or the headers."""

    structs: Dict[str, Struct] = field(default_factory=dict)
    constants: Dict[str, int] = field(default_factory=dict)
    words: Dict[str, Dict[str, int]] = field(default_factory=dict)


class DocumentError(Exception):
    """The document cannot be read as a specification."""


# The headers


def header_structs(text: str) -> Dict[str, List[Tuple[str, str, str]]]:
    """By structure: type, name and dimension ("", "[N]" or "[]") of its fields."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    structs = {}
    for found in re.finditer(r"^struct (\w+) \{\n(.*?)^\};", text, re.M | re.S):
        members = []
        for line in filter(None, map(str.strip, found[2].splitlines())):
            member = re.fullmatch(r"((?:struct )?\w+) (\w+)((?:\[.*\])?);", line)
            assert member, f"struct {found[1]}: cannot read {line!r}"
            members.append((member[1], member[2], member[3]))
        structs[found[1]] = members
    return structs


def header_constants(text: str) -> List[str]:
    """Names of the constants of the ABI."""
    return re.findall(r"^#define ((?:MINT|VNI)_\w+)[ \t]+\S", text, re.M)


def platform_defines() -> List[str]:
    """The places of the low memory slots, which only the kernel's headers name."""
    lines = re.findall(r"^#define MINT_(?:LOW|PARK)_\w+[ \t]+\w+$", PLATFORM.read_text(), re.M)
    assert lines, f"{PLATFORM} has no low memory slots"
    return lines


def field_probe(struct: str, kind: str, name: str, dimension: str) -> str:
    """A statement that prints a field: name, type with its length, offset, size."""
    size = f"sizeof(((struct {struct} *)0)->{name})"
    length = f"{size} / sizeof(((struct {struct} *)0)->{name}[0])" if dimension else "(size_t)0"
    if dimension == "[]":
        size = length = "(size_t)0"
    return (f'printf("field {struct} {name} {kind.replace(" ", "~")}{dimension and "[%zu]"} '
            f'%zu %zu\\n", {length + ", " if dimension else ""}'
            f"offsetof(struct {struct}, {name}), {size});")


def probe_source() -> str:
    """A program that prints the layout, one fact to a line."""
    texts = [header.read_text() for header in HEADERS]
    defines = platform_defines()
    body = []
    for struct, members in header_structs("".join(texts)).items():
        body.append(f'printf("struct {struct} %zu\\n", sizeof(struct {struct}));')
        body += [field_probe(struct, *member) for member in members]
    for name in header_constants("\n".join(texts + defines)):
        body.append(f'printf("constant {name} %llu\\n", (unsigned long long)({name}));')
    for title, probes in WORDS.items():
        for name, probe in probes.items():
            body.append(f'printf("bit {title.replace(" ", "~")} {name} %d\\n", '
                        f"__builtin_ctzll({probe}));")
    includes = ["#include <stdio.h>", "#include <mint/boot.h>", "#include <mint/control.h>",
                '#include "words.h"']
    return "\n".join(includes + defines + ["int main(void)", "{"] + body + ["return 0;", "}", ""])


def compiled_layout(directory: Path) -> Layout:
    """The layout as the compiler sees it."""
    source, program = directory / "probe.c", directory / "probe"
    source.write_text(probe_source())
    subprocess.run(["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fno-strict-aliasing",
                    f"-I{TOP / 'include'}", f"-I{TOP / 'drivers/net/vni'}",
                    "-o", str(program), str(source)], check=True)
    output = subprocess.run([str(program)], check=True, stdout=subprocess.PIPE, text=True)
    layout = Layout()
    for line in output.stdout.splitlines():
        what, name, *rest = line.split()
        if what == "struct":
            layout.structs[name] = Struct(int(rest[0]))
        elif what == "field":
            layout.structs[name].fields.append(compiled_field(rest))
        elif what == "constant":
            layout.constants[name] = int(rest[0])
        else:
            layout.words.setdefault(name.replace("~", " "), {})[rest[0]] = int(rest[1])
    return layout


def compiled_field(words: List[str]) -> Field:
    """A field from the words that the program printed."""
    name, kind, offset, size = words
    kind = kind.replace("~", " ").removeprefix("__")
    if kind.endswith("[0]"):
        return Field(name, kind.replace("[0]", "[]"), int(offset), None)
    return Field(name, kind, int(offset), int(size))


# The document


def number(text: str) -> int:
    """A decimal or hexadecimal number."""
    if not re.fullmatch(r"\d+|0x[0-9a-f]+", text):
        raise DocumentError(f"{text!r} is not a number")
    return int(text, 0)


def code(text: str) -> str:
    """A name in backticks."""
    found = re.fullmatch(r"`([^`]+)`", text)
    if not found:
        raise DocumentError(f"{text!r} is not a name in backticks")
    return found[1]


def cells(line: str) -> List[str]:
    """The cells of a row of a table."""
    if not line.endswith("|"):
        raise DocumentError("the row has no end")
    return [cell.strip() for cell in line[1:-1].split("|")]


@dataclass
class Parser:
    """Reads the document line by line."""

    layout: Layout = field(default_factory=Layout)
    heading: str = ""
    struct: str = ""
    table: List[str] = field(default_factory=list)
    fresh: bool = False

    def line(self, text: str) -> None:
        """Take one line."""
        if text.startswith("#"):
            self.end_struct()
            self.start(text.lstrip("#").strip())
        if not text.startswith("|"):
            self.table = []
        elif not self.table:
            self.head(cells(text))
        elif self.fresh:
            if not re.fullmatch(r"\|(---\|)+", text):
                raise DocumentError("the head of a table is followed by no |---|")
            self.fresh = False
        else:
            self.row(cells(text))

    def start(self, heading: str) -> None:
        """Take a heading."""
        self.heading, self.struct = heading, ""
        if not heading.startswith("struct"):
            return
        found = re.fullmatch(r"struct (\w+) \((\d+) bytes\)", heading)
        if not found:
            raise DocumentError("not of the form: struct NAME (N bytes)")
        if found[1] in self.layout.structs:
            raise DocumentError(f"struct {found[1]} is specified twice")
        self.struct = found[1]
        self.layout.structs[self.struct] = Struct(int(found[2]))

    def end_struct(self) -> None:
        """Complain of a structure without a table."""
        if self.struct and not self.layout.structs[self.struct].fields:
            raise DocumentError(f"struct {self.struct} has no table")

    def head(self, names: List[str]) -> None:
        """Take the head of a table, which tells its kind."""
        self.table, self.fresh = names, True
        if names == FIELDS:
            if not self.struct or self.layout.structs[self.struct].fields:
                raise DocumentError("a table of fields belongs to no structure")
        elif names == BITS:
            if self.heading not in WORDS or self.heading in self.layout.words:
                raise DocumentError(f"{self.heading!r} is no word with bits, or one too many")
            self.layout.words[self.heading] = {}
        elif names != CONSTANTS and {"offset", "constant", "bits", "value"} & set(names):
            raise DocumentError(f"unknown kind of table: {names}")

    def row(self, values: List[str]) -> None:
        """Take a row."""
        if len(values) != len(self.table) or not all(values):
            raise DocumentError(f"the row needs {len(self.table)} cells with something in them")
        if self.table == FIELDS:
            offset, size, kind, name = values[:4]
            self.layout.structs[self.struct].fields.append(
                Field(code(name), kind, number(offset), None if size == "rest" else number(size)))
        elif self.table == CONSTANTS:
            name = code(values[0])
            if name in self.layout.constants:
                raise DocumentError(f"{name} stands here twice")
            self.layout.constants[name] = number(values[1])
        elif self.table == BITS:
            self.bits(values[0], code(values[1]))

    def bits(self, span: str, name: str) -> None:
        """Take a row of a word: "4-11", following the row before without a gap."""
        found = re.fullmatch(r"(\d+)-(\d+)", span)
        if not found:
            raise DocumentError(f"{span!r} is not of the form 4-11")
        word = self.layout.words[self.heading]
        if name in word:
            raise DocumentError(f"{name} stands here twice")
        expected = word.pop("", 0)
        if int(found[1]) != expected or int(found[2]) < expected:
            raise DocumentError(f"{self.heading}: the bits of {name} do not begin at {expected}")
        word[name] = int(found[1])
        word[""] = int(found[2]) + 1

    def end(self) -> Layout:
        """Complain of what is missing at the end."""
        self.end_struct()
        for title, word in self.layout.words.items():
            if word.pop("", 0) != 64:
                raise DocumentError(f"{title}: its bits do not end at 63")
        return self.layout


def documented_layout(text: str) -> Layout:
    """The layout that the document specifies."""
    parser = Parser()
    for position, line in enumerate(text.splitlines(), 1):
        try:
            parser.line(line)
        except DocumentError as error:
            raise DocumentError(f"docs/abi.md:{position}: {error}: {line}") from None
    return parser.end()


# The comparison


def compare_names(what: str, documented: List[str], compiled: List[str]) -> Iterator[str]:
    """Tell what only one of the two has."""
    for name in documented:
        if name not in compiled:
            yield f"{what} {name} is in docs/abi.md but not in the headers"
    for name in compiled:
        if name not in documented:
            yield f"{what} {name} is in the headers but not in docs/abi.md"


def compare_struct(name: str, documented: Struct, compiled: Struct) -> Iterator[str]:
    """Tell how a structure differs."""
    if documented.size != compiled.size:
        yield f"struct {name}: {documented.size} bytes in docs/abi.md, {compiled.size} in truth"
    yield from compare_names(f"struct {name}: field", [f.name for f in documented.fields],
                             [f.name for f in compiled.fields])
    truth = {f.name: f for f in compiled.fields}
    end = 0
    for seen in documented.fields:
        if seen.offset != end:
            yield f"struct {name}: what is at offset {end}, before {seen.name}?"
        end = seen.offset + (seen.size or 0)
        for aspect in ("kind", "offset", "size"):
            says, true = getattr(seen, aspect), getattr(truth.get(seen.name, seen), aspect)
            if says != true:
                yield f"struct {name}: {aspect} of {seen.name} is {true}, not {says}"
    if end != documented.size:
        yield f"struct {name}: its fields end at {end}, not at {documented.size}"


def compare_values(what: str, documented: Dict[str, int],
                   compiled: Dict[str, int]) -> Iterator[str]:
    """Tell how named numbers differ."""
    yield from compare_names(what, list(documented), list(compiled))
    for name, value in documented.items():
        if compiled.get(name, value) != value:
            yield f"{what} {name} is {compiled[name]:#x}, not {value:#x}"


def compare_mentions(text: str, constants: Dict[str, int]) -> Iterator[str]:
    """Tell which names in the text mean nothing; NAME_* stands for a family."""
    for name in sorted(set(re.findall(r"\b(?:MINT|VNI)_[A-Z0-9_]+\*?", text))):
        family = name.endswith("*") and any(c.startswith(name[:-1]) for c in constants)
        if name not in constants and not family:
            yield f"docs/abi.md speaks of {name}, which no header defines"


def problems(text: str, compiled: Layout) -> List[str]:
    """All that is wrong with the text of the document."""
    try:
        documented = documented_layout(text)
    except DocumentError as error:
        return [str(error)]
    found = list(compare_names("struct", list(documented.structs), list(compiled.structs)))
    for name, struct in documented.structs.items():
        if name in compiled.structs:
            found += compare_struct(name, struct, compiled.structs[name])
    found += compare_values("constant", documented.constants, compiled.constants)
    found += compare_names("word", list(documented.words), list(compiled.words))
    for title, word in documented.words.items():
        found += compare_values(f"{title}: lowest bit of", word, compiled.words[title])
    return found + list(compare_mentions(text, compiled.constants))


@pytest.fixture(scope="module", name="compiled")
def compiled_fixture(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """The layout as the compiler sees it."""
    return compiled_layout(tmp_path_factory.mktemp("abi"))


def test_document_and_headers_agree(compiled: Layout) -> None:
    """Every structure, field, constant and word, both ways."""
    assert not problems(DOCUMENT.read_text(), compiled)


def test_headers_were_read_as_a_whole(compiled: Layout) -> None:
    """Nothing that begins a structure was overlooked by the reader of headers."""
    texts = "".join(header.read_text() for header in HEADERS)
    assert len(re.findall(r"^struct \w+ \{", texts, re.M)) == len(compiled.structs) > 10


def test_doorbell_vector_is_the_kernels() -> None:
    """The interrupt vector comes from the kernel, not from our headers."""
    if not KERNEL_VECTORS.exists():
        pytest.skip("no kernel tree under build/: make kernel")
    says = re.search(r"`X86_PLATFORM_IPI_VECTOR`, (0x[0-9a-f]+)", DOCUMENT.read_text())
    true = re.search(r"#define X86_PLATFORM_IPI_VECTOR\s+(\w+)", KERNEL_VECTORS.read_text())
    assert says and true and int(says[1], 0) == int(true[1], 0)


def test_states_are_those_of_the_document() -> None:
    """Their words, and the order in which the conditions are tried."""
    states = re.search(r"^enum mint_node_state \{\n(.*?)^\};", STATES.read_text(), re.M | re.S)
    names = dict(re.findall(r"\[(MINT_NODE_\w+)\] = \"(\w+)\"", STATES.read_text()))
    table = re.search(r"^\| word \| condition \|\n\|---\|---\|\n((?:\|.*\n)+)",
                      DOCUMENT.read_text(), re.M)
    assert states and table
    first, *others = re.findall(r"MINT_NODE_\w+", states[1])
    assert first == "MINT_NODE_NONE"
    assert re.findall(r"^\| `(\w+)` \|", table[1], re.M) == [names[state] for state in others]


MUTATIONS = {
    "wrong_offset": (r"^\| 12 (\| 4 \| u32 \| `header_bytes`)", r"| 14 \1",
                     "offset of header_bytes is 12, not 14"),
    "wrong_size": (r"^(\| 40 )\| 4 (\| u32 \| `nr_sections`)", r"\1| 8 \2",
                   "size of nr_sections is 4, not 8"),
    "wrong_type": (r"\| u64 (\| `heartbeat`)", r"| u32[2] \1",
                   r"kind of heartbeat is u64, not u32\[2\]"),
    "array_became_fixed": (r"\| rest (\| u32\[\] \| `list`)", r"| 4 \1",
                           "size of list is None, not 4"),
    "removed_row": (r"^\| \d+ \| 4 \| u32 \| `fenced`.*\n", "",
                    "struct mint_node_life: field fenced is in the headers but not"),
    "removed_last_row": (r"^\| \d+ \| 28 \| u8\[28\] \| `data`.*\n", "",
                         "struct vni_slot: its fields end at 36, not at 64"),
    "added_row": (r"^(\| 12 \| 4 \| u32 \| `)(header_bytes)(.*\n)", r"\1\2\3\1extra\3",
                  "field extra is in docs/abi.md but not in the headers"),
    "renamed_field": (r"`in_tail` \|", "`in_tale` |", "field in_tale is in docs/abi.md"),
    "wrong_struct_size": (r"struct vni_receiver \(64 bytes\)", "struct vni_receiver (72 bytes)",
                          "struct vni_receiver: 72 bytes in docs/abi.md, 64 in truth"),
    "unknown_struct": (r"struct mint_doorbell \(", "struct mint_bell (",
                       "struct mint_bell is in docs/abi.md but not in the headers"),
    "struct_twice": (r"struct mint_doorbell \(", "struct mint_stream (",
                     "struct mint_stream is specified twice"),
    "struct_without_size": (r"struct mint_doorbell \(64 bytes\)", "struct mint_doorbell",
                            "not of the form: struct NAME"),
    "struct_without_table": (r"^(#+) (struct mint_doorbell.*)$", r"\1 struct x (1 bytes)\n\n\1 \2",
                             "struct x has no table"),
    "wrong_constant": (r"^(\| `MINT_MAX_NODES` \|) 64 ", r"\1 65 ",
                       "constant MINT_MAX_NODES is 0x40, not 0x41"),
    "removed_constant": (r"^\| `VNI_CAP_TSO`.*\n", "",
                         "constant VNI_CAP_TSO is in the headers but not"),
    "unknown_constant": (r"^\| `VNI_CAP_TSO` ", "| `VNI_CAP_SOT` ",
                         "constant VNI_CAP_SOT is in docs/abi.md but not"),
    "constant_without_number": (r"^(\| `VNI_CAP_TSO`) \| 2", r"\1 | two",
                                "'two' is not a number"),
    "unknown_mention": (r"\Z", "\nSee `MINT_ABI_MEDIUM`.\n", "speaks of MINT_ABI_MEDIUM"),
    "wrong_bits": (r"^\| 4-11 (.*\n)\| 12-19 ", r"| 4-12 \1| 13-19 ",
                   "State word: lowest bit of ring is 0xc, not 0xd"),
    "bits_with_a_gap": (r"^\| 4-11 ", "| 5-11 ", "the bits of owner do not begin at 4"),
    "bits_missing_at_the_end": (r"^\| 48-63 \| `position`.*\n", "",
                                "Slot word: its bits do not end at 63"),
    "missing_cell": (r"^(\| 12 \| 4 \| u32 \| `header_bytes` \|[^|]*\|).*$", r"\1",
                     "the row needs 6 cells"),
    "nobody_writes_it": (r"^(\| 12 \| 4 \| u32 \| `header_bytes` \|[^|]*\|).*$", r"\1 |",
                         "the row needs 6 cells"),
    "table_of_unknown_kind": (r"\Z", "\n| offset | name |\n|---|---|\n| 0 | `x` |\n",
                              "unknown kind of table"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_checker_reports(mutation: str, compiled: Layout) -> None:
    """A document with one mistake is not accepted, and the mistake is named."""
    pattern, replacement, message = MUTATIONS[mutation]
    text, count = re.subn(pattern, replacement, DOCUMENT.read_text(), flags=re.M)
    assert count == 1, "the mutation does not fit the document any more"
    found = problems(text, compiled)
    assert any(re.search(message, problem) for problem in found), found

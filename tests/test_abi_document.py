# SPDX-License-Identifier: GPL-2.0
"""
docs/abi.md, Python and the record of each version say what include/mint says.

The last cases change a copy of the headers and expect that what is made from
them follows, and that an unversioned change of the layout is told.
"""

import ctypes
import re
import shutil
from pathlib import Path
from typing import Iterator, List

import abi
import pytest
from abigen import document, headers, python, record
from abigen.headers import TOP, HeaderError, Layout

DOCUMENT = TOP / "docs/abi.md"
KERNEL_VECTORS = TOP / "build/linux/arch/x86/include/asm/irq_vectors.h"


@pytest.fixture(scope="module")
def layout() -> Layout:
    """What the headers say."""
    return headers.read()


def unknown_names(text: str, layout: Layout) -> Iterator[str]:
    """Names in the text that mean nothing; NAME_* stands for a family."""
    known = [*layout.constants, *(one.name for enum in layout.enums.values() for one in enum)]
    for name in sorted(set(re.findall(r"\b(?:MINT|VNI)_[A-Z0-9_]+\*?", text))):
        family = name.endswith("*") and any(one.startswith(name[:-1]) for one in known)
        if name not in known and not family:
            yield name


def test_the_document_says_what_the_headers_say(layout: Layout) -> None:
    text = DOCUMENT.read_text("utf-8")
    assert document.filled(text, layout) == text, "Try: make abi"


def test_the_document_speaks_of_nothing_unknown(layout: Layout) -> None:
    text = DOCUMENT.read_text("utf-8")
    assert not list(unknown_names(text, layout))
    assert list(unknown_names(text + "`MINT_ABI_MEDIUM`", layout)) == ["MINT_ABI_MEDIUM"]


def test_the_layout_is_the_one_on_record(layout: Layout) -> None:
    """Another layout is another version."""
    assert not record.differences(layout), "Try: a new version in the headers, then make abi"


def test_each_version_has_a_changelog(layout: Layout) -> None:
    changelog = DOCUMENT.read_text("utf-8").partition("\n## Changelog\n")[2]
    for version in (layout.version("mint"), f"vni {layout.version('vni')}"):
        assert re.search(rf"^- {re.escape(version)}\b", changelog, re.M), version


def test_python_sees_what_the_compiler_sees(layout: Layout) -> None:
    assert python.MODULE.read_text("utf-8").split("\n", 1)[1] == python.text(layout)
    for struct in layout.structs.values():
        kind = getattr(abi, struct.name)
        assert abi.sizeof(kind) == struct.size
        for one in struct.fields:
            place = getattr(kind, one.name, None) or getattr(kind, f"{one.name}_")
            assert (place.offset, place.size) == (one.offset, one.size), one.name


def test_words_come_out_as_they_went_in(layout: Layout) -> None:
    for word in layout.words.values():
        kind = getattr(abi, word.name)
        assert kind(*[0] * len(word.bits)).pack() == word.zero
        for bit in range(64):
            assert kind.unpack(1 << bit).pack() == 1 << bit
        for one in word.bits:
            assert kind(**{one.name: 1}).pack() ^ word.zero == (
                1 + one.added << one.first) ^ word.zero & one.mask << one.first


def test_the_doorbell_vector_is_the_kernels() -> None:
    """It comes from the kernel, not from our headers."""
    if not KERNEL_VECTORS.exists():
        pytest.skip("no kernel tree under build/: make kernel")
    says = re.search(r"`X86_PLATFORM_IPI_VECTOR`, (0x[0-9a-f]+)", DOCUMENT.read_text("utf-8"))
    true = re.search(r"#define X86_PLATFORM_IPI_VECTOR\s+(\w+)", KERNEL_VECTORS.read_text("utf-8"))
    assert says and true and int(says[1], 0) == int(true[1], 0)


def test_states_are_those_of_the_document() -> None:
    """Their words, and the order in which the conditions are tried."""
    table = re.search(r"^\| word \| condition \|\n\|---\|---\|\n((?:\|.*\n)+)",
                      DOCUMENT.read_text("utf-8"), re.M)
    assert table
    first, *others = list(abi.mint_node_state)
    assert first == abi.mint_node_state.MINT_NODE_NONE
    assert re.findall(r"^\| `(\w+)` \|", table[1], re.M) == [state.word for state in others]


# Changes of the headers


@pytest.fixture
def include(tmp_path: Path) -> Path:
    """A copy of the headers."""
    shutil.copytree(headers.INCLUDE / "mint", tmp_path / "mint")
    return tmp_path


def change(include: Path, name: str, pattern: str, replacement: str) -> None:
    """Changes one place of a header."""
    header = include / "mint" / name
    text, count = re.subn(pattern, replacement, header.read_text("ascii"), flags=re.M)
    assert count == 1, "the change does not fit the header any more"
    header.write_text(text, encoding="ascii")


def add_field(include: Path) -> None:
    """Takes a field from what is reserved in struct mint_answer."""
    change(include, "control.h", r"^\t__u64 reserved\[7\];\n(\};\n\n.*mint_answer)",
           r"\t__u64 length;\n\t__u64 reserved[6];\n\1")
    change(include, "control.h", r"^ \* @word: the answer word.*\n",
           r"\g<0> * @length: bytes of MINT_VERB_EXEC's\n *\toutput. Writer: server, once\n")


def test_a_new_field_is_in_the_document_and_in_python(include: Path) -> None:
    add_field(include)
    layout = headers.read(include)
    text = document.filled(DOCUMENT.read_text("utf-8"), layout)
    assert ("| 8 | 8 | u64 | `length` | bytes of `MINT_VERB_EXEC`'s output | server, once |\n"
            "| 16 | 48 | u64[6] | `reserved` | zero | format |\n") in text
    assert '("length", ctypes.c_uint64)' in python.text(layout)


@pytest.mark.parametrize("name, pattern, replacement, told", [
    ("abi.h", r"^\t__u32 nr_cpus;\n\t__u32 nr_ram;", "\t__u32 nr_ram;\n\t__u32 nr_cpus;",
     ["-\t128 4 __u32 nr_cpus", "+\t132 4 __u32 nr_cpus"]),
    ("control.h", r"^(#define MINT_VERB_STOP\t\t)1", r"\g<1>3",
     ["-MINT_VERB_STOP 0x1", "+MINT_VERB_STOP 0x3"]),
    ("abi.h", r"(node & 0xff)\) << 8 \| \(key & 0xff\)", r"\1) | (__u64)(key & 0xff) << 8",
     ["-\t0-7 key +0", "+\t0-7 node +0"]),
    ("vni.h", r"^\t__u16 gso_size;\n\t__u16 csum_start;",
     "\t__u16 csum_start;\n\t__u16 gso_size;", ["+\t22 2 __u16 gso_size"]),
])
def test_a_layout_without_a_version_is_told(include: Path, name: str, pattern: str,
                                            replacement: str, told: List[str]) -> None:
    change(include, name, pattern, replacement)
    differences = record.differences(headers.read(include))
    for line in told:
        assert line in differences


def test_a_new_version_is_put_on_record_and_no_old_one_changed(include: Path,
                                                               tmp_path: Path) -> None:
    shutil.copytree(record.VERSIONS, tmp_path / "versions")
    before = {path.name: path.read_text() for path in record.VERSIONS.iterdir()}
    add_field(include)
    with pytest.raises(record.RecordError, match="length"):
        record.keep(headers.read(include), tmp_path / "versions")
    change(include, "abi.h", r"^(#define MINT_ABI_MINOR\t+)\d+", r"\g<1>99")
    record.keep(headers.read(include), tmp_path / "versions")
    after = {path.name: path.read_text() for path in (tmp_path / "versions").iterdir()}
    assert set(after) - set(before) == {f"mint-{abi.MINT_ABI_MAJOR}.99"}
    assert before.items() <= after.items()


@pytest.mark.parametrize("name, pattern, replacement, reason", [
    ("abi.h", r"^ \* @heartbeat:.*\n", "", "struct mint_node_self: nothing is said of @heartbeat"),
    ("lock.h", r"^\t__u64 takeovers;", "\t__u32 takeovers;", "hidden padding before reserved"),
    ("abi.h", r"^(#define MINT_LIFE_NONE\t\t0).*$", r"\1", "MINT_LIFE_NONE: no comment"),
    ("boot.h", r"^ \* Writer: loader\n", "", "its meaning or its writer is missing"),
    ("lock.h", r"^static inline __u64 mint_lock_word", "\n\\g<0>", "has no kernel-doc"),
    ("vni.h", r"^\t__u8 mac\[6\];", "\tbool mac;", "do not compile"),
])
def test_what_a_header_does_not_say_is_told(include: Path, name: str, pattern: str,
                                            replacement: str, reason: str) -> None:
    change(include, name, pattern, replacement)
    with pytest.raises(HeaderError, match=reason):
        headers.read(include)


@pytest.mark.parametrize("pattern, replacement, reason", [
    (r"^<!-- abi: struct mint_doorbell -->$", "", "no place for: <!-- abi: struct mint_doorbell"),
    (r"^<!-- abi: constants VNI_NET_\*", "<!-- abi: constants VNI_NOT_*", "no header defines"),
    (r"^<!-- abi: struct vni_rest", "<!-- abi: struct vni_pool", "vni_pool stands there twice"),
    (r"^<!-- abi: word vni_slot_word", "<!-- abi: verb vni_slot_word", "no table of the kind"),
])
def test_a_document_without_a_place_for_something_is_told(
        layout: Layout, pattern: str, replacement: str, reason: str) -> None:
    text, count = re.subn(pattern, replacement, DOCUMENT.read_text("utf-8"), flags=re.M)
    assert count == 1
    with pytest.raises(document.DocumentError, match=reason):
        document.filled(text, layout)


def test_a_place_in_a_structure_is_that_of_c() -> None:
    path = "pipes[2].head"
    assert abi.offsetof(abi.mint_session, path) == (
        abi.mint_session.pipes.offset + 2 * abi.sizeof(abi.mint_pipe))  # type: ignore
    assert abi.member(abi.mint_session, path)[1] is ctypes.c_uint64
    with pytest.raises(AttributeError):
        abi.offsetof(abi.mint_session, "pipes[2].had")

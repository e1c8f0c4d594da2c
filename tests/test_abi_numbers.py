# SPDX-License-Identifier: GPL-2.0
"""
No two names of one kind in include/mint share a number: calls of /dev/mint,
sections, channels, states, verbs, flags. The last cases make one number twice
in memory and expect to be told.
"""

import re
from collections import defaultdict
from pathlib import Path
from typing import Dict, List

import pytest

HEADERS = sorted((Path(__file__).resolve().parent.parent / "include/mint").glob("*.h"))

# One of these patterns for each kind of name; what follows a kind in the same
# place, such as a size, is no number of that kind.
KINDS = [
    r"MINT_IOC_(?!TYPE)\w+",
    r"MINT_SECTION_\w+",
    r"MINT_ROLE_\w+",
    r"MINT_PCI_\w+",
    r"MINT_LIFE_\w+",
    r"MINT_SELF_\w+",
    r"MINT_POLICY_\w+",
    r"MINT_CHANNEL_\w+",
    r"MINT_VERB_\w+",
    r"MINT_(?:ANSWER|RESULT)_\w+",
    r"MINT_PIPE_STD\w+",
    r"VNI_CLASS_\w+",
    r"VNI_STATE_(?!\w*_(?:SHIFT|MASK))\w+",
    r"VNI_SLOT_(?!DATA_BYTES)\w+",
    r"VNI_RX_\w+",
    r"VNI_CAP_\w+",
]


def headers() -> str:
    """All headers of the ABI and of /dev/mint."""
    return "\n".join(header.read_text() for header in HEADERS)


def numbers(kind: str, text: str) -> Dict[int, List[str]]:
    """Which names of a kind have each number; of a call, the number within its type."""
    found = defaultdict(list)
    for name, value in re.findall(rf"^#define ({kind})[ \t]+(.+)$", text, re.M):
        number = re.match(r"(?:_IO[WR]*\(MINT_IOC_TYPE, )?(0x[0-9a-f]+|\d+)", value)
        assert number, f"{name} has no plain number"
        found[int(number[1], 0)].append(name)
    return found


def shared(text: str) -> List[List[str]]:
    """Names of one kind that have the same number."""
    return [names for kind in KINDS for names in numbers(kind, text).values() if len(names) > 1]


def test_no_two_names_of_a_kind_share_a_number() -> None:
    assert not shared(headers())


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_that_is_given_twice_is_noticed(kind: str) -> None:
    text = headers()
    known = [name for names in numbers(kind, text).values() for name in names]
    assert known, f"there is nothing of the kind {kind}"
    again = re.search(rf"^#define {known[0]}([ \t]+.+)$", text, re.M)
    assert again
    twin = re.sub(r"\w$", "X", known[0])
    assert [known[0], twin] in shared(f"{text}\n#define {twin}{again[1]}\n")


def test_queues_of_vni_ring_no_other_channel() -> None:
    channels = numbers(r"MINT_CHANNEL_\w+", headers())
    first = next(number for number, names in channels.items() if names == ["MINT_CHANNEL_VNI"])
    assert max(channels) == first

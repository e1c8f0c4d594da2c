# SPDX-License-Identifier: GPL-2.0
"""
The ABI in Python, as the headers in include/mint have it: constants such as
MINT_MAX_NODES, structures as those of ctypes such as mint_node, words as named
tuples such as mint_lock_word, and what C has for places in a structure.
"""

import ctypes
import re
import sys
from ctypes import sizeof
from typing import Any, Tuple, Type, TypeVar

import abigen.python

sys.path.insert(0, str(abigen.python.make()))
# pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from mint_abi import *

__all__ = ["sizeof", "offsetof", "member"]

S = TypeVar("S", bound=ctypes.LittleEndianStructure)


def member(kind: Any, path: str) -> Tuple[int, Any]:
    """Offset and type of a member such as "cpus[3].owner"."""
    offset = 0
    for name, index in re.findall(r"(\w+)|\[(\d+)\]", path):
        if index:
            kind = kind._type_                      # pylint: disable=protected-access
            offset += int(index) * sizeof(kind)
        else:
            offset += getattr(kind, name).offset
            kind = dict(kind._fields_)[name]        # pylint: disable=protected-access
    return offset, kind


def offsetof(kind: Type[S], path: str) -> int:
    """Where a member such as "cpus[3].owner" lies in a structure."""
    return member(kind, path)[0]

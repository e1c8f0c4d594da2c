# SPDX-License-Identifier: GPL-2.0
"""The command lines of what measures by repetitions: [REPETITIONS [NAME...]]."""

from typing import Collection, List

REPETITIONS = 5


def refusal(words: List[str], kind: str, names: Collection[str]) -> str:
    """What is wrong with the words, of which all but the first name one of a kind; or nothing."""
    if words and not (words[0].isdecimal() and int(words[0])):
        return f"'{words[0]}' repetitions cannot be made. Try: REPS={REPETITIONS}"
    for name in words[1:]:
        if name not in names:
            return f"there is no {kind} '{name}'. Try: ONLY={','.join(names)}"
    return ""


def repetitions(words: List[str]) -> int:
    """How many."""
    return int(words[0]) if words else REPETITIONS

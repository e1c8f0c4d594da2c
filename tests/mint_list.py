# SPDX-License-Identifier: GPL-2.0
"""What `mint list` on a node tells."""

import json
from typing import Any, List

from machine import Shell


def nodes_of(shell: Shell) -> List[Any]:
    """The nodes."""
    report = json.loads(shell.run("mint list --json").output)
    assert report["schema"] == 1
    nodes: List[Any] = report["nodes"]
    return nodes


def state_of(shell: Shell, name: str) -> str:
    """The state of a node, or an empty string if there is none."""
    return next((str(node["state"]) for node in nodes_of(shell) if node["name"] == name), "")

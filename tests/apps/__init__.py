# SPDX-License-Identifier: GPL-2.0
"""Programs of every day between two Debian nodes: docs/testing.md."""

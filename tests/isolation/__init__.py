# SPDX-License-Identifier: GPL-2.0
"""Proof that no node's failure or load disturbs another: docs/isolation.md."""

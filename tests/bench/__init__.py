# SPDX-License-Identifier: GPL-2.0
"""vni against everything that a user would pick instead: docs/evaluation.md."""

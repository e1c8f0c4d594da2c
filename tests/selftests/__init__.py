# SPDX-License-Identifier: GPL-2.0
"""The kernel's own selftests of network drivers, between two nodes and over veth."""

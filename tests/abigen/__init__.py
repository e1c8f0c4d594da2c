# SPDX-License-Identifier: GPL-2.0
"""
What is made from the headers in include/mint: the tables of docs/abi.md, the
layouts for Python, and the record of the layout of each version.
"""

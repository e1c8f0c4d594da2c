# SPDX-License-Identifier: GPL-2.0
"""The examples of programs in the path of frames, each with and without its program."""

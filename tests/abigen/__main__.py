# SPDX-License-Identifier: GPL-2.0
"""`make abi`: what the headers say goes into docs/abi.md and on record."""

import sys

from abigen import document, headers, record

DOCUMENT = headers.TOP / "docs/abi.md"


def main() -> None:
    """Writes the tables, and the record of a new version."""
    try:
        layout = headers.read()
        text = DOCUMENT.read_text("utf-8")
        DOCUMENT.write_text(document.filled(text, layout), encoding="utf-8")
        record.keep(layout)
    except (headers.HeaderError, document.DocumentError, record.RecordError) as error:
        sys.exit(f"make abi: {error}")


if __name__ == "__main__":
    main()

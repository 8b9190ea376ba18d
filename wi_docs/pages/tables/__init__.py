"""One module a table, each with `table()`, computed when the site is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wi_docs.pages.csv_text import to_csv


@dataclass(frozen=True)
class Table:
    """A table with its words.

    Attributes:
        caption: what it shows and how it was made, Markdown.
        columns: by header, cells of equal number: words (Markdown), numbers, or None for an empty cell.
        formats: by header, how numbers are shown, as after a colon in a format string; `.3f` if not given.
    """

    caption: str
    columns: Mapping[str, list[Any]]
    formats: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a cell that would end in its middle.

        Raises:
            ValueError: for words with a vertical bar, which ends a cell in Markdown.
        """
        for header, values in self.columns.items():
            for value in values:
                if "|" in str(value):
                    raise ValueError(
                        f"column {header!r}: {value!r} has a |, which ends a cell; write \\vert in formulas"
                    )

    def csv(self) -> str:
        """Return the numbers as they are."""
        return to_csv(self.columns)

    def shown(self) -> dict[str, Any]:
        """Return what a page shows: caption, headers, which columns hold numbers, and rows of text."""
        cells = [
            [_text(value, self.formats.get(header, ".3f")) for value in values]
            for header, values in self.columns.items()
        ]
        numbers = [not any(isinstance(value, str) for value in values) for values in self.columns.values()]
        rows = [list(row) for row in zip(*cells, strict=True)]
        return {"caption": self.caption, "header": list(self.columns), "numbers": numbers, "rows": rows}


def _text(value: Any, format_spec: str) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:{format_spec}}".replace("-", "−")

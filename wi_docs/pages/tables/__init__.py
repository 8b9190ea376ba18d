"""The tables, one module each with a function `table()`, which are computed when the site is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wi_docs.pages.csv_text import to_csv

LEAST_CAPTION = 15  # words


@dataclass(frozen=True)
class Table:
    """A table with its caption.

    Attributes:
        caption: a text that says what the table shows and how it was made, as Markdown.
        columns: the columns of equal length by header. A cell is a string (Markdown), a number, or None if it is empty.
        formats: format specifications of numbers by header, `.3f` for columns that have none.
    """

    caption: str
    columns: Mapping[str, list[Any]]
    formats: Mapping[str, str] = field(default_factory=dict)

    def problems(self) -> list[str]:
        """Return a sentence for each rule that the table breaks, with the number seen and the number needed."""
        words, rows = len(self.caption.split()), {header: len(values) for header, values in self.columns.items()}
        found = []
        if words < LEAST_CAPTION:
            found.append(
                f"its caption has {words} words, and needs {LEAST_CAPTION}: say what it shows and how it was made"
            )
        if len(set(rows.values())) > 1:
            found.append(f"its columns have different lengths: {rows}")
        for header, values in self.columns.items():
            for value in (header, *values):
                if isinstance(value, str) and "|" in value:
                    found.append(f"{value!r} in column {header!r} has a |, which ends a cell: write \\vert in formulas")
        return found

    def csv(self) -> str:
        """Return the table as comma-separated values, with numbers to six digits."""
        return to_csv(self.columns)

    def shown(self) -> dict[str, Any]:
        """Return the caption, the headers, whether each column holds numbers, and the rows as text, for a page."""
        cells = [
            [_text(value, self.formats.get(header, ".3f")) for value in values]
            for header, values in self.columns.items()
        ]
        # A page aligns columns of numbers on the right.
        numbers = [not any(isinstance(value, str) for value in values) for values in self.columns.values()]
        rows = [list(row) for row in zip(*cells, strict=True)]
        return {"caption": self.caption, "header": list(self.columns), "numbers": numbers, "rows": rows}


def _text(value: Any, format_spec: str) -> str:
    """Return a cell as text: an en dash for an empty one, and numbers with a minus sign in place of a hyphen."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:{format_spec}}".replace("-", "−")

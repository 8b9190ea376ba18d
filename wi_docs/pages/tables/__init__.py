"""One module a table, each with `table()`, computed when the site is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wi_docs.pages.csv_text import to_csv

LEAST_CAPTION = 15  # words


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
        """Return the numbers as they are."""
        return to_csv(self.columns)

    def shown(self) -> dict[str, Any]:
        """Return the caption, the headers, whether each column holds numbers, and the rows as text, for a page."""
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

"""The figures, one module each with a function `draw()`; this module holds the style that they share.

A figure draws a module of `wi_docs/experiments/` and returns a `Picture`. A color in it is the name of a CSS variable
with the light palette's value to fall back on. In a page the palette in use fills it in; in a file opened by itself the
light one stands. Text stays text, in the page's own font, so it can be searched, selected and read at any size. Figures
are drawn 360 units wide, as wide as a phone shows them: a label is 12 pixels high there. A wide screen magnifies them.

The style is `STYLE`, settings of matplotlib. A function that draws applies them with the decorator
`@rc_context(STYLE)`, a notebook with `matplotlib.rcParams.update(STYLE)`. Importing this package changes no setting.

Offsets of labels, in the modules, are in units of the picture and were chosen by eye, so that no label covers a line.
"""

from __future__ import annotations

import html
import io
import re
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from wi_docs.pages.csv_text import to_csv

WIDTH = 5.0  # inches of 72 units, together 360 units
LEAST_ALT, LEAST_CAPTION, LEAST_ROWS = 100, 20, 5  # characters, words, rows of data

# The colors of the light palette, and the names of the CSS variables that hold them in a page.
INK, SOFT, GRID, PAPER = "#1b1f24", "#59616b", "#dcdfe3", "#fdfcfa"
BLUE, RED, GREEN, PURPLE, OCHRE = "#1f5fa8", "#b5401a", "#15705f", "#75459a", "#806000"
VARIABLES = {
    INK: "ink",
    SOFT: "soft",
    GRID: "grid",
    PAPER: "paper",
    BLUE: "blue",
    RED: "red",
    GREEN: "green",
    PURPLE: "purple",
    OCHRE: "ochre",
}

STYLE: Any = {  # a dict by the names of matplotlib.rcParams, which its stubs list one by one
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # for the measures only: wider than the fonts that pages use
    "font.size": 12.5,
    "axes.titlesize": 12.5,
    "axes.labelsize": 12.5,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.edgecolor": SOFT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "none",
    "figure.labelsize": 12.5,
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "figure.constrained_layout.use": True,
    "path.simplify_threshold": 0.4,
}


@dataclass(frozen=True, repr=False)
class Picture:
    """A figure with its caption, its text alternative and its data.

    Attributes:
        fig: the matplotlib figure.
        caption: the text below it, which says what to look at, as Markdown.
        alt: the text alternative, which describes the figure to readers who cannot see it, as plain text.
        data: the numbers drawn, as named columns of equal length; NaN becomes an empty cell.
    """

    fig: Figure
    caption: str
    alt: str
    data: dict[str, Any]

    def svg(self, name: str) -> str:
        """Return the figure as SVG, the same at every run. `name` keeps its ids apart from other figures' on a page."""
        return svg(self.fig, name, self.alt)

    def csv(self) -> str:
        """Return the data as comma-separated values with a header."""
        return to_csv(self.data)

    def problems(self) -> list[str]:
        """Return a sentence for each rule that the picture breaks, with the number seen and the number needed."""
        words, rows = len(self.caption.split()), {name: len(values) for name, values in self.data.items()}
        found = []
        if len(self.alt) < LEAST_ALT:
            found.append(
                f"its text alternative has {len(self.alt)} characters, and needs {LEAST_ALT}: say what is seen"
            )
        # Text alternatives are formatted from data, where NaN stands for what is missing.
        if "nan" in self.alt.lower().split():
            found.append("its text alternative says nan: a number in it was not found")
        if words < LEAST_CAPTION:
            found.append(
                f"its caption has {words} words, and needs {LEAST_CAPTION}: say what to look at, and how it was made"
            )
        if min(rows.values(), default=0) < LEAST_ROWS:
            found.append(
                f"its data have {min(rows.values(), default=0)} rows, and need {LEAST_ROWS}: give the numbers drawn"
            )
        if len(set(rows.values())) > 1:
            found.append(f"its columns of data have different lengths: {rows}")
        return found

    def __repr__(self) -> str:
        """Return the text alternative, which a notebook shows where it cannot show the picture."""
        return f"Picture: {self.alt}"

    def _repr_html_(self) -> str:
        """Return the picture with its caption as HTML, which Jupyter shows."""
        name = re.sub(r"\W+", "-", self.alt)[:40]
        return f'<figure class="wi-figure">\n{self.svg(name)}<figcaption>{self.caption}</figcaption>\n</figure>'


def svg(fig: Figure, name: str, alt: str = "") -> str:
    """Return a figure as SVG in the page's colors and font, the same at every run.

    Args:
        fig: the figure.
        name: a salt for the ids inside the SVG, since several figures share a page and ids must differ.
        alt: the text alternative; an empty one for a figure that has its words elsewhere.
    """
    buffer = io.StringIO()
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        # Without a date and a version the file is the same at every run.
        fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    drawn = buffer.getvalue()
    # The XML declaration and the doctype have no place within HTML; metadata, styles and comments are dropped too.
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", drawn, flags=re.DOTALL)
    # Coordinates lose the digits that nobody can see, which halves the size of the file.
    drawn = re.sub(r'(?<= )(d|x|y|transform)="[^"]*"', lambda m: re.sub(r"-?\d+\.\d{2,}", _short, m[0]), drawn)
    # matplotlib measures text in DejaVu Sans; a page shows it in the page's own font.
    drawn = re.sub(r"'DejaVu Sans'[^;\"]*", "var(--wi-figure-font, system-ui), sans-serif", drawn)
    drawn = re.sub(r"\s*\n\s*", "\n", drawn)
    for color, variable in VARIABLES.items():
        drawn = drawn.replace(color, f"var(--wi-{variable}, {color})")
    # A screen reader reads the label in place of the hundreds of elements of the drawing.
    words = f' role="img" aria-label="{html.escape(alt)}"' if alt else ""
    return drawn.replace("<svg", f"<svg{words}", 1)


def _short(number: re.Match[str]) -> str:
    """Return a coordinate with fewer digits."""
    # A tenth of a unit is less than a pixel; what is below 1 is a scale or a position within a glyph.
    return f"{float(number[0]):.1f}".removesuffix(".0") if abs(float(number[0])) >= 1 else f"{float(number[0]):.3g}"


def axes(rows: int = 1, columns: int = 1, *, height: float = 3.0, **options: Any) -> tuple[Figure, Any]:
    """Return a figure of full width and its axes, one or an array of them. `height` is in inches."""
    with mpl.rc_context(STYLE):
        fig = Figure(figsize=(WIDTH, height))
        return fig, fig.subplots(rows, columns, **options)


def superscript(n: int) -> str:
    """Return the integer in raised digits.

    Examples:
        >>> superscript(-12)
        '⁻¹²'
    """
    return str(n).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def decades(ax: Axes, low: int, high: int, every: int) -> None:
    """Give `ax` a logarithmic y axis from 10^low to 10^high, with a tick and a grid line `every` powers of ten."""
    ax.set_yscale("log")
    ax.set_ylim(10.0**low, 10.0**high)
    # matplotlib's own locator leaves out decades as it sees fit, and adds minor ticks.
    ax.yaxis.set_major_locator(FixedLocator([10.0**k for k in range(low, high + 1) if k % every == 0]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _power(value)))
    ax.grid(axis="y")


def _power(value: float) -> str:
    """Return the label of a power of ten on an axis: 10⁻³, or 1 for 10⁰."""
    k = round(np.log10(value))
    return "1" if k == 0 else f"10{superscript(k)}"


def label(ax: Axes, x: float, y: float, text: str, color: str = INK, **options: Any) -> None:
    """Write `text` beside what it names, 4 units to the right of (x, y) unless `options` say otherwise."""
    placing: dict[str, Any] = {"xytext": (4, 0), "textcoords": "offset points", "va": "center"}
    ax.annotate(text, (x, y), color=color, annotation_clip=False, **placing | options)

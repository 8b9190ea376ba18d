"""The fonts that pages load, cut down to the characters that the site writes."""

from __future__ import annotations

import html
import io
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from fontTools import subset

from scripts.store import ROOT

OPTIONS = subset.Options(
    flavor="woff2",
    hinting=False,
    desubroutinize=True,
    notdef_outline=True,
    layout_features=["kern", "liga", "ssty"],
)
ASCII = frozenset(map(chr, range(0x20, 0x7F)))  # what a reader may type
# The letters of Unicode's italic alphabets, by the letter that a formula holds: a browser draws <mi>x</mi> as 𝑥.
# Its decomposition in Unicode's tables is a word and the letter.
ITALIC = {
    chr(int(unicodedata.decomposition(italic).split()[1], 16)): italic
    for italic in map(chr, (*range(0x1D434, 0x1D455), *range(0x1D456, 0x1D468), 0x210E, *range(0x1D6E2, 0x1D71C)))
}


def cut_fonts(site: Path, pages: Iterable[str]) -> None:
    """Leave out of a site's fonts what its pages, its scripts and the package do not write.

    Of a character that `docs/assets/fonts` has, an author need know nothing: the next build finds it on the page.

    Args:
        site: the folder of the site.
        pages: the HTML of all its pages.
    """
    text = html.unescape("".join(pages))
    # What scripts draw, and the words that Diagnose writes.
    code = (*(site / "assets").rglob("*.js"), *(ROOT / "wi_docs").rglob("*.py"))
    written = ASCII.union(text, *(path.read_text(encoding="utf-8") for path in code))
    formulas = "".join(re.findall(r"<math.*?</math>", text, flags=re.DOTALL))
    letters = set(re.findall(r"<mi[^>]*>(.)</mi>", formulas))
    signs = set(re.sub(r"<[^>]*>", "", formulas)) | {ITALIC[letter] for letter in letters & ITALIC.keys()}
    fonts = {path: path.read_bytes() for path in (site / "assets" / "fonts").glob("*.woff2")}
    of_text = {path for path in fonts if "text" in path.name}
    # The text takes from the mathematical font what its own fonts lack.
    signs.update(*(written.difference(map(chr, _load(fonts[path]).getBestCmap())) for path in of_text))
    for path, font in fonts.items():
        path.write_bytes(cut(font, written if path in of_text else frozenset(signs)))


@cache
def cut(font: bytes, characters: frozenset[str]) -> bytes:
    """Return a font's file with those of the characters that it has, and what they need to be kerned and stretched."""
    smaller = _load(font)
    subsetter = subset.Subsetter(OPTIONS)
    subsetter.populate(unicodes=map(ord, characters))
    subsetter.subset(smaller)
    smaller["head"].modified = smaller["head"].created  # the same bytes at every run
    file = io.BytesIO()
    subset.save_font(smaller, file, OPTIONS)
    return file.getvalue()


def _load(font: bytes) -> Any:
    return subset.load_font(io.BytesIO(font), OPTIONS)

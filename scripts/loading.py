"""What is changed in the finished pages so that a browser shows them sooner. What they show stays the same."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

SHEET = re.compile(r'[ \t]*<link rel="stylesheet" href="([^"]*)">\n?')
# By file, what is left out of it. Of a block of comment in a script, one that fills its lines: a type within an
# expression stays.
LEFT_OUT = (
    ("assets/css/*.css", r"/\*.*?\*/\s*"),
    ("assets/js/**/*.js", r"(?m)^[ \t]*(?://[^\n]*|/\*\*(?:[^*]|\*(?!/))*\*/)\n"),
    # Material has a change of palette without transitions by a rule that names every element.
    ("assets/stylesheets/palette.*.css", r"\[data-md-color-switching\] \*,[^}]*\}"),
    # With this element Material tells the browser the page's color scheme, which site.css tells it as well.
    ("assets/javascripts/bundle.*.js", r'(?<=\{name:"color-scheme"\}\));document\.head\.appendChild\(\w+\)'),
)


def hasten(site: Path) -> None:
    """Change the pages of a site, and its scripts and styles.

    - The comments of our own styles and scripts are left out, and Material's search, which ours replaces.
    - What has the browser compute the style of every element again while a page loads is left out, or has no more than
      one element around it: each time costs a telephone a fifth of a second in a long chapter. Beside two pieces of
      Material these are the tables that Material will wrap: taking one out of a page's text concerns all of the text.
    - The elements around names and spaces in code go, a tenth of a chapter's elements. Their color is that of what is
      around them.
    - The style sheets of a page become one file: a telephone waits longer for four answers than for one.
    """
    assets = site / "assets"
    for name in ("lunr", "workers"):
        shutil.rmtree(assets / "javascripts" / name, ignore_errors=True)  # a `--dirty` build has none
    for files, pattern in LEFT_OUT:
        for path in site.glob(files):
            text = path.read_text(encoding="utf-8")
            path.write_text(re.sub(pattern, "", text, flags=re.DOTALL), encoding="utf-8")
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r'<span class="[nw]">([^<]*)</span>', r"\1", text)
        text = re.sub(r"(?<!<div>)<table>.*?</table>", r"<div>\g<0></div>", text, flags=re.DOTALL)
        path.write_text(join_styles(text, path.parent, assets / "css"), encoding="utf-8")


def join_styles(page: str, place: Path, folder: Path) -> str:
    """Return a page that asks for one style sheet, written into a folder, in place of several.

    Args:
        page: the page's HTML.
        place: the folder in which the page stands.
        folder: where the sheet is put. What the sheets name by `url` is named as from here.
    """
    sheets = SHEET.findall(page)
    if len(sheets) < 2 or sheets[0].startswith("/"):  # done in the build before; 404.html, which knows no folder
        return page
    text = "\n".join((place / sheet).read_text(encoding="utf-8") for sheet in sheets)
    file = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:8]}.css"
    file.write_text(text, encoding="utf-8")
    first = f'<link rel="stylesheet" href="{Path(os.path.relpath(file, place)).as_posix()}">\n'
    links = iter([first])
    return SHEET.sub(lambda match: next(links, ""), page)

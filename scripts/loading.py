"""What is changed in the finished pages so that browsers show them sooner, and alike. Their words stay the same."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2

from scripts import fonts

WORD = re.compile(r"[\w-]+")
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
    # Material wraps the tables once the page is there. They are wrapped here.
    ("assets/javascripts/bundle.*.js", r'\.\.\.\w+\("table:not\(\[class\]\)",\w+\)\.map\(\w+=>\w+\(\w+\)\),'),
)
# Elements that nobody sees, and what is kept of them.
UNMARKED = (
    (r"<span></span>", ""),
    (r'<span class="[nopw]">([^<]*)</span>', r"\1"),  # names, operators, punctuation and spaces in code
    (r'<span title="[^"]*">([^<]*)</span>', r"\1"),  # the path of a name in the reference that leads nowhere
    # The reference has a description of one paragraph in its line.
    (r'(?s)(<div class="doc-md-description">)\s*<p>((?:(?!</?p>|</div>).)*)</p>\s*(?=</div>)', r"\1\2"),
)
# Brackets and punctuation around a formula, which stand in its element: WebKit would break the line between them.
FORMULA = r'(\(*)<span class="wi-math">(<math(?:(?!</math>).)*</math>)</span>([.,;:!?)]*)'
WRAPPED = r'<div class="md-typeset__scrollwrap"><div class="md-typeset__table">\g<0></div></div>'


def hasten(site: Path) -> None:
    """Change the pages of a site, and its scripts and styles.

    - The comments of our own styles and scripts are left out, and Material's search, which ours replaces.
    - What has the browser compute the style of many elements again while a page loads is left out: each time costs a
      telephone a tenth of a second in a long chapter. Tables stand in the boxes in which Material would put them.
    - Elements go that nobody sees, a fifth of a chapter's: in code, those that have the color of what is around them.
    - The style sheets of a page become one file: a telephone waits longer for four answers than for one. Of Material's
      it has what a page or a script of the site names, seven tenths.
    - The fonts have the characters that the site writes.
    - Brackets and punctuation come into the element of the formula that they touch, which no line breaks.
    """
    assets = site / "assets"
    for name in ("lunr", "workers"):
        shutil.rmtree(assets / "javascripts" / name, ignore_errors=True)  # a `--dirty` build has none
    for files, pattern in LEFT_OUT:
        for path in site.glob(files):
            text = path.read_text(encoding="utf-8")
            path.write_text(re.sub(pattern, "", text, flags=re.DOTALL), encoding="utf-8")
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    # Our own sheets stay whole: `make paper` adds to pages later.
    code = (path.read_text(encoding="utf-8") for files in ("**/*.js", "css/*.css") for path in assets.glob(files))
    words = frozenset().union(*map(_tagged, pages.values()), *(WORD.findall(text) for text in code))
    for path, text in pages.items():
        path.write_text(join_styles(_lightened(text), path.parent, assets / "css", words), encoding="utf-8")
    fonts.cut_fonts(site, pages.values())


@lru_cache(maxsize=64)  # under `mkdocs serve` most pages are those of the last build, here and below
def _tagged(page: str) -> frozenset[str]:
    """Return the words in the tags of a page."""
    return frozenset(word for tag in re.findall(r"<[^>]*>", page) for word in WORD.findall(tag))


@lru_cache(maxsize=64)
def _lightened(page: str) -> str:
    """Return a page without the elements that nobody sees, with tables and formulas in their boxes."""
    for pattern, kept in UNMARKED:
        page = re.sub(pattern, kept, page)
    # The pieces of a string have one color.
    page = re.sub(r'(?:<span class="s[12i]">[^<]*</span>){2,}', _join, page)
    page = re.sub(FORMULA, r'<span class="wi-math">\1\2\3</span>', page)
    return re.sub(r'(?<!__table">)<table>.*?</table>', WRAPPED, page, flags=re.DOTALL)


def join_styles(page: str, place: Path, folder: Path, words: frozenset[str]) -> str:
    """Return a page that asks for one style sheet, written into a folder, in place of several.

    Args:
        page: the page's HTML.
        place: the folder in which the page stands.
        folder: where the sheet is put. What the sheets name by `url` is named as from here.
        words: the words in the site's tags, scripts and own styles. What Material has for other classes is left out.
    """
    sheets = SHEET.findall(page)
    if len(sheets) < 2 or sheets[0].startswith("/"):  # done in the build before; 404.html, which knows no folder
        return page
    text = used("\n".join((place / sheet).read_text(encoding="utf-8") for sheet in sheets), words)
    file = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:8]}.css"
    file.write_text(text, encoding="utf-8")
    first = f'<link rel="stylesheet" href="{Path(os.path.relpath(file, place)).as_posix()}">\n'
    links = iter([first])
    return SHEET.sub(lambda match: next(links, ""), page)


def _join(spans: re.Match[str]) -> str:
    return f'<span class="s2">{re.sub("<[^>]*>", "", spans[0])}</span>'


@lru_cache(maxsize=16)  # most pages have the same sheets
def used(sheet: str, words: frozenset[str]) -> str:
    """Return a style sheet without what is for classes and ids that no word names, and without unused variables.

    Examples:
        >>> used(".a, .b .c { color: var(--x) } .b { top: var(--y) } :root { --x: red; --y: 0 }", frozenset({"a", "c"}))
        '.a{color: var(--x) }:root{--x: red}'
    """
    rules = _parsed(sheet)
    named = _select(rules, words, variables=None)
    return _select(rules, words, variables=words | set(re.findall(r"var\(\s*(--[\w-]+)", named)))


@dataclass(frozen=True)
class _Rule:
    """A rule of a style sheet.

    Attributes:
        selectors: each selector, with the classes and ids that it asks for.
        items: each declaration, with its name, which a nested rule has not.
        within: the rules of an at-rule that holds rules, such as `@media`; else None.
        text: the head of such an at-rule, or a rule that is kept as it is, such as `@font-face`.
    """

    selectors: tuple[tuple[str, frozenset[str]], ...] = ()
    items: tuple[tuple[str, str], ...] = ()
    within: tuple[_Rule, ...] | None = None
    text: str = ""


@lru_cache(maxsize=256)  # sheets, and the blocks in them
def _parsed(sheet: str) -> tuple[_Rule, ...]:
    rules = []
    for rule in tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True):
        if rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            head = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}"
            rules.append(_Rule(within=_parsed(tinycss2.serialize(rule.content)), text=head))
        elif rule.type == "qualified-rule":
            selectors = ((tinycss2.serialize(one).strip(), frozenset(_names(one))) for one in _split(rule.prelude))
            items = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
            named = ((item.serialize(), getattr(item, "name", "")) for item in items)
            rules.append(_Rule(selectors=tuple(selectors), items=tuple(named)))
        else:
            rules.append(_Rule(text=rule.serialize()))
    return tuple(rules)


def _select(rules: tuple[_Rule, ...], words: Set[str], variables: Set[str] | None) -> str:
    text = ""
    for rule in rules:
        if rule.within is not None:
            kept = _select(rule.within, words, variables)
            text += f"{rule.text}{{{kept}}}" if kept else ""
        elif rule.selectors:
            selectors = ",".join(selector for selector, names in rule.selectors if names <= words)
            kept = ";".join(
                item for item, name in rule.items if not variables or not name.startswith("--") or name in variables
            )
            text += f"{selectors}{{{kept}}}" if selectors and kept else ""
        else:
            text += rule.text
    return text


def _split(prelude: list[Any]) -> list[list[Any]]:
    """Return the selectors of a list of selectors, as tokens. A comma within brackets is no token of the list."""
    selectors: list[list[Any]] = [[]]
    for token in prelude:
        if token == ",":
            selectors.append([])
        else:
            selectors[-1].append(token)
    return selectors


def _names(selector: list[Any]) -> set[str]:
    """Return the classes and ids that a selector asks for, without what stands within `:not(…)` or `:is(…)`."""
    ids = {token.value for token in selector if token.type == "hash"}
    return ids | {name.value for dot, name in pairwise(selector) if dot == "." and name.type == "ident"}

"""The index that the search box asks: an entry for each section of a page, each term, and each name of the reference.

It is read from the finished pages, and so knows nothing of MkDocs. A browser loads it when the box is first used, so
that it may be complete; `docs/assets/js/search.js` asks it.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

# Elements whose words nobody searches for, and such with one of these classes or marked as excluded.
SILENT = {"script", "style", "svg", "button", "nav", "option", "template"}
NOT_WORDS = {"headerlink", "md-content__button", "wi-figure__links", "doc-labels", "wi-ledger", "wi-filters", "wi-all"}
VOID = {"br", "hr", "img", "input", "link", "meta", "source", "wbr", "col"}
# What stands between the two parts of a formula when it is written in a line.
BETWEEN = {"mfrac": "/", "msup": "^", "msub": "_", "mroot": "√"}
NAME = re.compile(r"[A-Za-z_]\w{2,}")


class _Sections(HTMLParser):
    """The entries of a page: its first is the page itself, and each anchor of a heading or of a term begins another."""

    def __init__(self, text: str, place: str) -> None:
        super().__init__()
        self.place = place
        self.description = ""
        self.entries: list[dict[str, str]] = []
        self.open: list[tuple[str, bool]] = []  # the elements around, and whether their words count
        self.children: list[int] = []  # how many elements each of them has had
        self.inside = False  # the article
        self.title = ""  # the heading or term that is being read, by its tag
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        classes = set(values.get("class", "").split())
        if tag == "meta" and values.get("name") == "description":
            self.description = values["content"]
        if tag == "article" and "md-content__inner" in classes:
            self.inside = True
        if not self.inside or tag in VOID:
            return
        if self.open and self.open[-1][0] in BETWEEN and self.children[-1] == 1:
            self.add(BETWEEN[self.open[-1][0]])
        if tag == "msqrt":
            self.add("√")
        if self.children:
            self.children[-1] += 1
        heard = (not self.open or self.open[-1][1]) and not (
            tag in SILENT or classes & NOT_WORDS or "data-search-exclude" in values
        )
        self.open.append((tag, heard))
        self.children.append(0)
        # A heading, or a term of the glossary, whose anchor is a span within.
        term = tag == "span" and len(self.open) > 1 and self.open[-2][0] == "dt"
        if heard and values.get("id") and (re.fullmatch("h[1-6]", tag) or term):
            anchor = "" if tag == "h1" else f"#{values['id']}"
            self.entries.append({"location": self.place + anchor, "title": "", "text": "", "code": ""})
            self.title = tag
        elif heard and tag in ("p", "li", "dd", "td", "th", "div", "figcaption"):
            self.add(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.title:
            self.title = ""
        while self.inside and self.open and tag not in VOID:
            self.children.pop()
            if self.open.pop()[0] == tag:
                break
        self.inside = self.inside and bool(self.open)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][1]:
            self.add(data)

    def add(self, words: str) -> None:
        if not self.entries:
            return
        code = any(tag == "pre" for tag, _ in self.open)
        self.entries[-1]["title" if self.title else "code" if code else "text"] += words


@lru_cache(maxsize=64)  # under `mkdocs serve` most pages are those of the last build
def _entries(text: str, place: str) -> list[dict[str, str]]:
    """Return the entries of a page. Of its code they have the names, each once."""
    page = _Sections(text, place)
    for entry in page.entries:
        entry["title"] = " ".join(entry["title"].split())
        entry["text"] = " ".join(entry["text"].split())
        entry["code"] = " ".join(dict.fromkeys(NAME.findall(entry["code"])))
    if page.entries:
        page.entries[0]["text"] = f"{page.description} {page.entries[0]['text']}".strip()
    return page.entries


def write(site: Path) -> None:
    """Write the index of a built site, and an empty one where Material's script looks for its own on every page.

    Examples:
        >>> page = '''<meta name="description" content="On scales."><article class="md-content__inner">
        ... <h1 id="a">Gains</h1><p>By <code>he_normal</code>.</p><h2 id="b">Fan-in</h2><pre>draw(7)</pre></article>'''
        >>> for entry in _entries(page, "gains/"):
        ...     print(entry)
        {'location': 'gains/', 'title': 'Gains', 'text': 'On scales. By he_normal.', 'code': ''}
        {'location': 'gains/#b', 'title': 'Fan-in', 'text': '', 'code': 'draw'}
    """
    found: list[dict[str, str]] = []
    for path in sorted(site.rglob("index.html")):
        place = path.parent.relative_to(site).as_posix()
        found += _entries(path.read_text(encoding="utf-8"), "" if place == "." else f"{place}/")
    folder = site / "search"
    (folder / "index.json").write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    last = json.loads((folder / "search_index.json").read_text(encoding="utf-8"))
    (folder / "search_index.json").write_text(json.dumps({"config": last["config"], "docs": []}), encoding="utf-8")

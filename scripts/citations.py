"""Citations in Markdown, and the list of references, from `docs/references.bib`."""

from __future__ import annotations

import difflib
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from pybtex.database import Person, parse_string

from scripts import store

if TYPE_CHECKING:
    from scripts.pages import Pages

KEY = r"[A-Za-z][\w-]*"  # a key of a citation, or a word with which somebody meant one


def bibliography() -> dict[str, Any]:
    """Return the entries of `docs/references.bib` by key, as objects of pybtex."""
    return _entries(_text())


def _text() -> str:
    return (store.ROOT / "docs" / "references.bib").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _entries(text: str) -> dict[str, Any]:
    """Return the parsed bibliography. The cache is by its text, so that `mkdocs serve` notices a change."""
    return dict(parse_string(text, "bibtex").entries)


def no_entry(key: str) -> str:
    """Return the message for a key that the bibliography lacks. It suggests the nearest key."""
    return f"no entry {key!r} in docs/references.bib{suggestion(key, bibliography())}"


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return the end of a message that suggests the known word nearest to a wrong one, or nothing if none is near.

    Examples:
        >>> suggestion("glorot10", ["glorot2010", "he2015"])
        '; did you mean glorot2010?'
    """
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _family(person: Person) -> str:
    """Return a family name with its particle, without BibTeX's braces: van der Maaten."""
    return " ".join([*person.prelast_names, *person.last_names]).replace("{", "").replace("}", "")


def _plain(field: str) -> str:
    """Return a field of an entry without BibTeX's braces, and with dashes for its doubled hyphens."""
    return field.replace("{", "").replace("}", "").replace("--", "–")


def _names(entry: Any) -> str:
    """Return the authors as a citation names them: up to three families, or the first one and "et al."."""
    families = [_family(person) for person in entry.persons["author"]]
    if len(families) > 3:
        return f"{families[0]} et al."
    return " & ".join(families) if len(families) < 3 else f"{families[0]}, {families[1]} & {families[2]}"


def _year(key: str) -> str:
    """Return the year of an entry, with a letter if another one has the same names and year: 1986a, 1986b."""
    return _years(_text())[key]


@lru_cache(maxsize=1)
def _years(text: str) -> dict[str, str]:
    labels = {key: (_names(entry), entry.fields["year"]) for key, entry in _entries(text).items()}
    same: dict[tuple[str, str], list[str]] = {}
    for key in sorted(labels):
        same.setdefault(labels[key], []).append(key)
    letters = {key: chr(ord("a") + place) for keys in same.values() if len(keys) > 1 for place, key in enumerate(keys)}
    return {key: label[1] + letters.get(key, "") for key, label in labels.items()}


class _Citing(InlineProcessor):
    """The base of both forms of a citation, which makes the link to the list of references."""

    PATTERN: str

    def __init__(self, md: Markdown, pages: Pages) -> None:
        super().__init__(self.PATTERN, md)
        self.pages = pages

    def link(self, key: str, *, narrative: bool) -> ET.Element:
        """Return the link to an entry: "He et al. (2015)" if it is a part of the sentence, else "He et al. 2015"."""
        # MkDocs turns the path of a Markdown file into the address of its page.
        link = ET.Element("a", {"href": f"/references.md#{key}", "class": "wi-cite"})
        if key not in bibliography():
            self.pages.reading.warn(f"@{key}", no_entry(key))
            link = ET.Element("span")
            link.text = f"@{key}"
            return link
        self.pages.reading.cited.add(key)
        entry = bibliography()[key]
        link.set("title", _plain(entry.fields["title"]))
        link.text = f"{_names(entry)} ({_year(key)})" if narrative else f"{_names(entry)} {_year(key)}"
        return link


class CitationInSentence(_Citing):
    """Reads `@key` as names and, in parentheses, the year: a part of the sentence."""

    PATTERN = rf"(?<![\w.@])@({KEY})"

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[ET.Element, int, int]:
        return self.link(m[1], narrative=True), m.start(0), m.end(0)


class CitationsInParentheses(_Citing):
    """Reads `[@key, section 2; @other]` as names and years in parentheses."""

    PATTERN = r"\[\s*(@[^\]]*)\]"

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[ET.Element, int, int]:
        group = ET.Element("span")
        group.text, last = "(", None
        for part in m[1].split(";"):
            source = re.fullmatch(rf"\s*@({KEY})\s*(,.*)?", part)
            if source is None:
                self.pages.reading.warn(
                    m[0], f"{part.strip()!r} is no citation: write [@key] or [@key, section 2; @other]"
                )
                continue
            # Punctuation belongs to the text behind the last link, which ElementTree keeps as the link's `tail`.
            if last is not None:
                last.tail = f"{last.tail or ''}; "
            last = self.link(source[1], narrative=False)
            last.tail = source[2] or ""
            group.append(last)
        if last is not None:
            last.tail = f"{last.tail or ''})"
        return group, m.start(0), m.end(0)


def cite(source: str) -> str:
    """Return a claim's source, such as `@key, section 2; @other`, with names and years in place of the keys."""
    return re.sub(
        rf"@({KEY})",
        lambda m: f"{_names(bibliography()[m[1]])} {_year(m[1])}" if m[1] in bibliography() else m[0],
        source,
    )


def reference_list() -> str:
    """Return the references as Markdown: one paragraph an entry, with its key as anchor."""
    parts = []
    # Alphabetically by the names of a citation, then by year.
    for key, entry in sorted(
        bibliography().items(), key=lambda item: (_names(item[1]).lower(), item[1].fields["year"])
    ):
        fields = {name: _plain(value) for name, value in entry.fields.items()}
        authors = [f"{' '.join(p.first_names + p.middle_names)} {_family(p)}" for p in entry.persons["author"]]
        people = authors[0] if len(authors) == 1 else f"{', '.join(authors[:-1])} and {authors[-1]}"
        # The place of publication, by the kind of entry: article, proceedings, book or thesis.
        where = (
            fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or fields.get("school") or ""
        )
        volume = fields.get("volume", "") + (f"({fields['number']})" if "number" in fields else "")
        tail = ", ".join(filter(None, [f"*{where}*" if where else "", volume, fields.get("pages", "")]))
        # The title links to the DOI, or to another address if there is none.
        places = (("doi", "https://doi.org/"), ("url", ""), ("eprint", "https://arxiv.org/abs/"))
        address = next((start + fields[name] for name, start in places if name in fields), "")
        title = f"[{fields['title']}]({address})" if address else fields["title"]
        people = people.replace("\\", "")
        parts.append(f"{people} ({_year(key)}). {title}. {tail}.\n{{ #{key} .wi-reference }}")
    return "\n\n".join(parts)

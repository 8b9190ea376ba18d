r"""What the site's Markdown has beyond Material's: figures, citations, and mathematics as MathML.

- `[[figure: name]]` on a line of its own shows `wi_docs/pages/figures/name.py`, with caption, data and source; where an explorer
  has the same name, the figure is marked for `docs/assets/js/explorers/`.
- `[[table: name]]`, likewise, shows `wi_docs/pages/tables/name.py`.
- `[[exercises]]`, likewise, shows the page's own: `wi_docs/pages/exercises/page.py`.
- `[[choices: activations, relu]]`, in a form, lists what `wi_docs.nn.activations.names()` knows, with relu chosen at first.
- `[@key]` or `[@key, section 2; @other]` cites in parentheses, `@key` in the sentence.
- `[[claim: id]]` after a sentence marks it as a claim that ran; see `scripts/ledger.py`.
- `$…$` and `$$…$$` become MathML: nothing is left to typeset in the reader's browser.

A mistake is a warning with file and line, which fails a strict build. So is what looks like one of these and is none: other
words in double brackets, and an at sign with a key that `references.bib` does not have.
"""

from __future__ import annotations

import difflib
import html
import json
import logging
import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from latex2mathml import exceptions
from latex2mathml.converter import convert
from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.extensions.toc import slugify
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString
from mkdocs.utils import get_relative_url
from pybtex.database import Person, parse_file

from scripts import store
from scripts.ledger import MARK

LOG = logging.getLogger("mkdocs.hooks.wi_docs")
KEY = r"[A-Za-z][\w-]*"  # of a citation: letters and a year, or what somebody took for it
TABLE = re.compile(r"^\[\[table:\s*([\w-]+)\s*\]\]$", re.MULTILINE)
EXERCISES = re.compile(r"^\[\[exercises\]\]$", re.MULTILINE)
FIGURE = re.compile(r"^\[\[figure:\s*([\w-]+)\s*\]\]$")
CHOICES = re.compile(r"\[\[choices:\s*(\w+),\s*(\w+)\s*\]\]")
DIRECTIVES = ("[[figure: NAME]]", "[[table: NAME]]", "[[claim: ID]]", "[[exercises]]", "[[choices: MODULE, NAME]]")


class Pages(Extension):
    """The extension; `page` is the file being rendered, for messages, and `cited` collects keys over the whole build.

    Args:
        places: further directives, which somebody else fills in.
    """

    def __init__(self, places: Iterable[str] = ()) -> None:
        super().__init__()
        self.directives = (*DIRECTIVES, *places)
        self.page: Path | None = None
        self.parts: list[Path] = []  # sources of what the page shows beside its own words
        self.cited: set[str] = set()
        self.shown: set[str] = set()
        self.marked: set[tuple[str, str]] = set()  # page and claim
        self.described: dict[str, str] = {}  # page by description

    def extendMarkdown(self, md: Markdown) -> None:
        """Register what reads figures, marks, directives that are none, citations and mathematics."""
        md.parser.blockprocessors.register(_FigureBlock(md.parser, self), "wi-figure", 175)
        md.inlinePatterns.register(_Mark(MARK.pattern, md), "wi-mark", 187)
        md.inlinePatterns.register(_NoDirective(r"\[\[[^\[\]]*\]\]", md, self), "wi-no-directive", 186)
        md.inlinePatterns.register(_Citations(r"\[\s*(@[^\]]*)\]", md, self), "wi-citations", 185)
        md.inlinePatterns.register(_Citation(rf"(?<![\w.@])@({KEY})", md, self), "wi-citation", 184)
        md.treeprocessors.register(_Mathematics(md, self), "wi-mathematics", 5)

    def warn(self, needle: str, message: str) -> None:
        """Report a mistake at the line of the page that holds `needle`."""
        LOG.warning("%s: %s", self.where(needle), message)

    def where(self, needle: str) -> str:
        """Return `file:line` of the first line that holds `needle`, on the page or in what it shows; the page if none does."""
        for path in filter(Path.is_file, [self.page, *self.parts] if self.page else []):
            text = path.read_text(encoding="utf-8")
            offset = text.find(needle.strip())
            if offset >= 0:
                return f"{_name(path)}:{text.count(chr(10), 0, offset) + 1}"
        return _name(self.page) if self.page else "a page"


def _name(path: Path) -> str:
    return str(path.relative_to(store.ROOT) if path.is_relative_to(store.ROOT) else path)


class _FigureBlock(BlockProcessor):
    def __init__(self, parser: Any, pages: Pages) -> None:
        super().__init__(parser)
        self.pages = pages

    def test(self, parent: ET.Element, block: str) -> bool:
        return FIGURE.match(block.strip()) is not None

    def run(self, parent: ET.Element, blocks: list[str]) -> None:
        source = blocks.pop(0).strip()
        name = source.removeprefix("[[figure:").removesuffix("]]").strip()
        folder = store.find(store.Job("figures", name)) if name in {j.name for j in store.jobs(["figures"])} else None
        if folder is None:
            known = ", ".join(job.name for job in store.jobs(["figures"]))
            self.pages.warn(source, f"no figure is called {name!r}; there are {known}")
            return
        self.pages.shown.add(name)
        self.pages.parts += store.sources(store.Job("figures", name))
        words = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        svg = (folder / f"{name}.svg").read_text(encoding="utf-8")
        svg = re.sub(
            r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1), count=1
        )
        svg = svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(words["alt"])}" ', 1)
        figure = ET.SubElement(parent, "figure", {"class": "wi-figure", "id": f"figure-{name.replace('_', '-')}"})
        if store.Job("explorers", name) in store.jobs(["explorers"]):
            figure.set("data-wi-explorer", name)
        drawing = ET.SubElement(figure, "div", {"class": "wi-figure__drawing", "data-search-exclude": ""})
        drawing.text = self.parser.md.htmlStash.store(svg)
        caption = ET.SubElement(figure, "figcaption")
        words_element = ET.SubElement(caption, "span")
        words_element.text = words["caption"]
        links = ET.SubElement(caption, "span", {"class": "wi-figure__links"})
        for text, target, what in (
            ("data", f"/figures/{name}.csv", "The numbers of this figure, as CSV"),
            ("picture", f"/figures/{name}.svg", "This figure, as SVG"),
            ("code", f"/figures/{name}.py", "The code that drew this figure"),
        ):
            link = ET.SubElement(links, "a", {"href": target, "title": what, "download": ""})
            link.text = text


def glossary() -> dict[str, str]:
    """Return the terms of `docs/glossary.md` with their definitions, as plain text."""
    text = (store.ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    found = re.findall(r"^<span[^>]*>(.*)</span>\n:   (.+(?:\n    .+)*)", text, re.MULTILINE)
    return {term: " ".join(words.split()).partition(" See [")[0] for term, words in found}


_TERM = re.compile(r'<abbr title="([^"]*)">([^<]*)</abbr>|<(/?)(?:a|h\d|code|figure|table)\b[^>]*>')


def link_terms(content: str, url: str) -> str:
    """Turn the first mention of each glossary term, which `abbr` has marked, into a link that tells its meaning, and unmark the rest."""
    seen: set[str] = set()
    depth = 0  # of elements in which a link would be wrong

    def link(match: re.Match[str]) -> str:
        nonlocal depth
        title, term, end = match.groups()
        if term is None:
            depth += -1 if end else 1
            return match[0]
        if depth or term in seen:
            return str(term)
        seen.add(term)
        target = get_relative_url(f"glossary/#{slugify(term, '-')}", url)
        return f'<a class="wi-term" href="{target}" title="{title}">{term}</a>'

    return _TERM.sub(link, content)


def mark_snippets(content: str, megabytes: str) -> str:
    """Mark what the reader can run: blocks with prompts, and the cells of labs and exercises. A line above them runs all."""
    content, found = re.subn(
        r'<div class="(language-pycon|language-python wi-cell) ', r'<div data-wi-snippet class="\1 ', content
    )
    line = (
        '<div class="wi-all"><button type="button" data-wi-run-all aria-label="Run all snippets of this page">Run all</button>'
        f'<span role="status">Python runs in this page. The first press loads it once, about {megabytes} MB.</span></div>'
    )
    return content.replace("</h1>", f"</h1>\n{line}", 1) if found else content


def fill_exercises(markdown: str, pages: Pages) -> str:
    """Replace `[[exercises]]` by the page's own, each with a cell, a hint and a solution."""

    def fill(match: re.Match[str]) -> str:
        page = pages.page.stem.replace("-", "_") if pages.page else ""
        known = [job.name for job in store.jobs(["exercises"])]
        folder = store.find(store.Job("exercises", page)) if page in known else None
        if folder is None:
            pages.warn(match[0], f"there is no wi_docs/pages/exercises/{page}.py")
            return ""
        pages.shown.add(page)
        pages.parts += store.sources(store.Job("exercises", page))
        parts = []
        for name, made in json.loads((folder / f"{page}.json").read_text(encoding="utf-8")).items():
            solution = textwrap.indent(f"```python\n{made['solution']}```", "    ")
            parts += [
                f'<div class="wi-exercise" data-wi-exercise="{page}/{name}" markdown="block">',
                f"### {name.replace('_', ' ').capitalize()} {{ #exercise-{name.replace('_', '-')} }}",
                made["question"],
                f"```python {{.wi-cell}}\n{made['start']}```",
                f'??? tip "Hint"\n\n{textwrap.indent(made["hint"], "    ")}',
                f'??? success "A solution"\n\n{solution}',
                "</div>",
            ]
        return "\n\n".join(parts)

    return EXERCISES.sub(fill, markdown)


def fill_tables(markdown: str, pages: Pages) -> str:
    """Replace each `[[table: name]]` by the table as Markdown, with its caption and links."""

    def fill(match: re.Match[str]) -> str:
        name, known = match[1], [job.name for job in store.jobs(["tables"])]
        folder = store.find(store.Job("tables", name)) if name in known else None
        if folder is None:
            pages.warn(match[0], f"no table is called {name!r}; there are {', '.join(known)}")
            return ""
        pages.shown.add(name)
        pages.parts += store.sources(store.Job("tables", name))
        made = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        rules = ["--:" if number else ":--" for number in made["numbers"]]
        lines = [f"| {' | '.join(row)} |" for row in (made["header"], rules, *made["rows"])]
        links = f"[data](/tables/{name}.csv) [code](/tables/{name}.py)"
        caption = f'<figcaption markdown="span">{made["caption"]} <span class="wi-figure__links" markdown="span">{links}</span></figcaption>'
        return "\n".join(
            [
                f'<figure class="wi-table" id="table-{name.replace("_", "-")}" markdown="block">',
                "",
                *lines,
                "",
                caption,
                "</figure>",
            ]
        )

    return TABLE.sub(fill, markdown)


def fill_choices(markdown: str, pages: Pages) -> str:
    """Replace each `[[choices: module, name]]` by the options of a form: what a module of `wi_docs/nn` knows by name.

    The package is asked in a process of its own, so that it is seen as it stands now.
    """

    def fill(match: re.Match[str]) -> str:
        module, first = match.groups()
        code = f"from wi_docs.nn.{module} import names; print(*names())"
        asked = subprocess.run(
            [sys.executable, "-c", code], cwd=store.ROOT, capture_output=True, text=True, check=False
        )
        known = asked.stdout.split()
        if first not in known:
            why = asked.stderr.strip().rpartition("\n")[2] or f"it knows {', '.join(known)}"
            pages.warn(match[0], f"wi_docs/nn/{module}.py knows no {first!r}: {why}")
        return "".join(f"<option{' selected' if name == first else ''}>{name}</option>" for name in known)

    return CHOICES.sub(fill, markdown)


@cache
def bibliography() -> dict[str, Any]:
    """Return the entries of `docs/references.bib` by key."""
    return dict(parse_file(str(store.ROOT / "docs" / "references.bib")).entries)


def no_entry(key: str) -> str:
    """Say that the bibliography has no such key, and which it has that is nearest."""
    return f"no entry {key!r} in docs/references.bib{_nearest(key, bibliography())}"


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _family(person: Person) -> str:
    return " ".join([*person.prelast_names, *person.last_names]).replace("{", "").replace("}", "")


def _names(entry: Any) -> str:
    families = [_family(person) for person in entry.persons["author"]]
    if len(families) > 3:
        return f"{families[0]} et al."
    return " & ".join(families) if len(families) < 3 else f"{families[0]}, {families[1]} & {families[2]}"


class _Citing(InlineProcessor):
    def __init__(self, pattern: str, md: Markdown, pages: Pages) -> None:
        super().__init__(pattern, md)
        self.pages = pages

    def link(self, key: str, *, narrative: bool) -> ET.Element:
        link = ET.Element("a", {"href": f"/references.md#{key}", "class": "wi-cite"})
        if key not in bibliography():
            self.pages.warn(f"@{key}", no_entry(key))
            link = ET.Element("span")
            link.text = f"@{key}"
            return link
        self.pages.cited.add(key)
        entry = bibliography()[key]
        link.text = (
            f"{_names(entry)} ({entry.fields['year']})" if narrative else f"{_names(entry)} {entry.fields['year']}"
        )
        return link


class _Citation(_Citing):
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[ET.Element, int, int]:
        return self.link(m[1], narrative=True), m.start(0), m.end(0)


class _Citations(_Citing):
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[ET.Element, int, int]:
        group = ET.Element("span")
        group.text, last = "(", None
        for part in m[1].split(";"):
            source = re.fullmatch(rf"\s*@({KEY})\s*(,.*)?", part)
            if source is None:
                self.pages.warn(m[0], f"{part.strip()!r} is no citation: write [@key] or [@key, section 2; @other]")
                continue
            if last is not None:
                last.tail = f"{last.tail or ''}; "
            last = self.link(source[1], narrative=False)
            last.tail = source[2] or ""
            group.append(last)
        if last is not None:
            last.tail = f"{last.tail or ''})"
        return group, m.start(0), m.end(0)


class _NoDirective(_Citing):
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[ET.Element, int, int]:
        kind = m[0].lower().partition(":")[0].rstrip("]") + (": NAME]]" if ":" in m[0] else "]]")
        near = _nearest(kind, self.pages.directives)
        self.pages.warn(m[0], f"{m[0]} is no directive, or none that can stand inside a line{near}")
        left = ET.Element("code")
        left.text = AtomicString(m[0])
        return left, m.start(0), m.end(0)


class _Mark(InlineProcessor):
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[ET.Element, int, int]:
        return ET.Element("wi-claim", {"data-id": m[1]}), m.start(0), m.end(0)


def cite(source: str) -> str:
    """Return a claim's source in words: `@key, section 2; …` with names and years in place of keys."""
    return re.sub(
        rf"@({KEY})",
        lambda m: (
            f"{_names(bibliography()[m[1]])} {bibliography()[m[1]].fields['year']}" if m[1] in bibliography() else m[0]
        ),
        source,
    )


def reference_list() -> str:
    """Return the references as Markdown: one paragraph an entry, with its key as anchor."""
    parts = []
    for key, entry in sorted(
        bibliography().items(), key=lambda item: (_names(item[1]).lower(), item[1].fields["year"])
    ):
        fields = {
            name: value.replace("{", "").replace("}", "").replace("--", "–") for name, value in entry.fields.items()
        }
        authors = [f"{' '.join(p.first_names + p.middle_names)} {_family(p)}" for p in entry.persons["author"]]
        people = authors[0] if len(authors) == 1 else f"{', '.join(authors[:-1])} and {authors[-1]}"
        where = (
            fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or fields.get("school") or ""
        )
        volume = fields.get("volume", "") + (f"({fields['number']})" if "number" in fields else "")
        tail = ", ".join(filter(None, [f"*{where}*" if where else "", volume, fields.get("pages", "")]))
        address = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url", "")
        title = f"[{fields['title']}]({address})" if address else fields["title"]
        people = people.replace("\\", "")
        parts.append(f"{people} ({fields['year']}). {title}. {tail}.\n{{ #{key} .wi-reference }}")
    return "\n\n".join(parts)


class _Mathematics(Treeprocessor):
    """Turn what arithmatex marked into MathML."""

    def __init__(self, md: Markdown, pages: Pages) -> None:
        super().__init__(md)
        self.pages = pages

    def run(self, root: ET.Element) -> None:
        for element in root.iter():
            if element.get("class") == "arithmatex" and element.text:
                latex = html.unescape(element.text)[2:-2].strip()
                element.text = self.md.htmlStash.store(self.mathml(latex, block=element.tag == "div"))
                element.set("class", "wi-math-block" if element.tag == "div" else "wi-math")

    def mathml(self, latex: str, *, block: bool) -> str:
        try:
            result = typeset(latex, block=block)
        except ValueError as error:
            self.pages.warn(latex.splitlines()[0], f"the formula {latex!r} cannot be typeset: {error}")
            return f"<code>{html.escape(latex)}</code>"
        return result


_ATOM = r"<m[in]>[^<]*</m[in]>"
_BETTER = (
    (r"<mo>(\w{2,})</mo>", r"<mi>\1</mi>"),  # \operatorname: spaced as a name
    # Chromium draws a raised prime far too small, and the sign of a low root far too low.
    (rf"<msup>({_ATOM})<mi>(&#x0203[2-4];)</mi></msup>", r'\1<mo lspace="0" rspace="0">\2</mo>'),
    (rf"<msqrt>(?:<mrow>)?({_ATOM}|<ms(?:ub|up)>{_ATOM}<m[ino]>[^<]*</m[ino]></ms(?:ub|up)>)(?:</mrow>)?</msqrt>",
     r'<msqrt class="wi-low"><mpadded height="0.72em" depth="0.22em">\1</mpadded></msqrt>'),
    (r'<mover>(<mrow>(?:(?!<mover).)*?</mrow>)<mo accent="true">&#x02015;</mo>', r'<mover accent="true">\1<mo stretchy="true">&#x0203E;</mo>'),  # \overline
    (r"<mo>(/|&#x0002F;)</mo>", r'<mo lspace="0" rspace="0">\1</mo>'),
    (r"(<mo[^>]*>(?:\(|\[|&#x00028;|&#x0005B;|,|&#x0002C;)</mo>)<mo>&#x02212;</mo>", r'\1<mo form="prefix">&#x02212;</mo>'),
    (r"(?<!<msup>)(?<!<msub>)<mi>(ln|exp|tanh|log)</mi>(?=<m(?:i|n|sub|sqrt|row><mo lspace))", r'<mi>\1</mi><mspace width="0.167em" />'),
)  # fmt: skip


_SILENT = (  # what latex2mathml takes without a word and prints as something else
    (r"(?<!\\)%", "a bare % starts a comment"),
    (r"\$", "a $ inside"),
    (r"[^\n\x20-\x7f]", "a character outside ASCII, or a tab; write its command"),
    (r"[_^][A-Za-z0-9][A-Za-z0-9]", "braces are missing after _ or ^"),
    (r"^(?!.*\\begin).*\\\\", "a line break outside an environment"),
    (r"\\begin\{(?!(?:[pbv]?matrix|cases|aligned?)\})", "an environment that is not known"),
    (r"\\(?:boldsymbol|underbrace|overbrace|underset|overset|tag|label)\b", "a command that is not typeset"),
)
# What latex2mathml raises: its own exceptions, which share no base, and three that slip out of broken formulas.
_REFUSALS: tuple[type[Exception], ...] = (
    *(kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)),
    IndexError,
    StopIteration,
    ValueError,
)
_ARITY = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}


@cache
def typeset(latex: str, *, block: bool) -> str:
    r"""Return the formula as MathML.

    Raises:
        ValueError: for what latex2mathml refuses, and for what it would print as it stands: an unknown command, a
            brace too many or too few, an `&` outside a matrix, half a fraction, what `_SILENT` lists.

    Examples:
        >>> typeset("x_1", block=False)
        '<math display="inline"><mrow><msub><mi>x</mi><mn>1</mn></msub></mrow></math>'
    """
    bare = re.sub(r"\\[\\{}]", "", latex)
    if bare.count("{") != bare.count("}"):
        raise ValueError("braces do not match")
    for pattern, reason in _SILENT:
        if re.search(pattern, latex):
            raise ValueError(reason)
    try:
        mathml = convert(latex, display="block" if block else "inline")
    except _REFUSALS as error:
        raise ValueError(f"{type(error).__name__}") from error
    wrong = re.search(r">(\\[a-zA-Z]+|&(?!#?\w+;))", mathml)
    if wrong:
        raise ValueError(f"{wrong[1]!r} is not known")
    for element in ET.fromstring(mathml).iter():
        name = element.tag.rpartition("}")[2]
        if len(element) != _ARITY.get(name, len(element)):
            raise ValueError(f"{name} is incomplete")
    for pattern, better in _BETTER:
        mathml = re.sub(pattern, better, mathml)
    return mathml.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")

r"""The site's extension of Markdown: figures, tables, exercises, claims, citations, terms and formulas.

- `[[figure: name]]` on a line of its own shows `wi_docs/pages/figures/name.py`, with caption, data and source. Where an
  explorer has the same name, the figure is marked for `docs/assets/js/explorers/`.
- `[[table: name]]`, likewise, shows `wi_docs/pages/tables/name.py`.
- `[[exercises]]`, likewise, shows the page's own: `wi_docs/pages/exercises/page.py`.
- `[[minutes: page]]` says how long `docs/page.md` takes to read.
- `[[choices: activations, relu]]`, in a form, lists what `wi_docs.nn.activations.names()` knows, with relu chosen at
  first; without a name the first one is, or what else the form chooses.
- `[@key]` or `[@key, section 2; @other]` cites in parentheses, `@key` in the sentence: `scripts/citations.py`.
- `[[claim: id]]` behind a sentence marks it as a claim that ran: `scripts/ledger.py`.
- The first mention of a term of `docs/glossary.md` becomes a link to it.
- A block with prompts, and a cell of a lab or an exercise, is marked as something that the reader can run.
- `$…$` and `$$…$$` become MathML: `scripts/formulas.py`.

A mistake is a warning with file and line, which fails a strict build. A misspelt directive or citation is one too:
other words in double brackets, and an at sign with a key that `references.bib` does not have.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from doctest import DocTestParser
from functools import lru_cache
from typing import Any

from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.extensions.toc import slugify
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from scripts import ledger, seconds, store
from scripts.citations import CitationInSentence, CitationsInParentheses, suggestion
from scripts.formulas import Formulas
from scripts.needs import needs
from scripts.reading import Reading
from scripts.store import Job

TABLE = re.compile(r"^\[\[table:\s*([\w-]+)\s*\]\]$", re.MULTILINE)
EXERCISES = re.compile(r"^\[\[exercises\]\]$", re.MULTILINE)
FIGURE = re.compile(r"^\[\[figure:\s*([\w-]+)\s*\]\]$")
MINUTES = re.compile(r"(?<!`)\[\[minutes:\s*([\w-]+)\s*\]\]")
CHOICES = re.compile(r"\[\[choices:\s*(\w+)(?:,\s*(\w+))?\s*\]\]")
DIRECTIVES = ("[[figure: NAME]]", "[[table: NAME]]", "[[claim: ID]]", "[[exercises]]", "[[minutes: PAGE]]",
              "[[choices: MODULE, NAME]]")  # fmt: skip
WAIT = "This part is being made. The page comes again when it is there."  # under `mkdocs serve`
SNIPPET = "data-wi-snippet"  # the attribute of what can be run
NEEDS = "data-wi-needs"  # that of what has to run before it
CODE, SECONDS = "data-wi-code", "data-wi-seconds"  # those of its digest, and of what a press takes, in words
NOT_LINKED = {"a", "code", "figure", "table", "h1", "h2", "h3", "h4", "h5", "h6"}  # elements where a term stays a word


class Pages(Extension):
    """The Markdown extension of one build.

    Args:
        claims: the records of all claims by id.
        places: further directives, which `Build` fills in.
        megabytes: the size that the first press of a Run button loads, or None if pages run no Python.
    """

    def __init__(self, claims: Mapping[str, dict[str, Any]], places: Iterable[str], megabytes: str | None) -> None:
        super().__init__()
        self.claims = claims
        self.directives = (*DIRECTIVES, *places)
        self.megabytes = megabytes
        self.reading = Reading(store.ROOT / "docs")  # the record of the page that is rendered; `Build.read` sets it

    def extendMarkdown(self, md: Markdown) -> None:
        """Register our processors. MkDocs resolves the links that they make, as it does all others, at priority 0."""
        # The priorities: our block is tried before those of Python-Markdown (100 and less), our inline patterns after
        # its backticks (190) and before its links (170 and less). So code stays as it is, and brackets are ours first.
        md.parser.blockprocessors.register(_FigureBlock(md.parser, self), "wi-figure", 175)
        md.inlinePatterns.register(_Mark(ledger.MARK.pattern, md, self), "wi-mark", 187)
        md.inlinePatterns.register(_NoDirective(r"\[\[[^\[\]]*\]\]", md, self), "wi-no-directive", 186)
        md.inlinePatterns.register(CitationsInParentheses(md, self), "wi-citations", 185)
        md.inlinePatterns.register(CitationInSentence(md, self), "wi-citation", 184)
        # After `abbr`, which has priority 7 and finds the terms, and `smarty`, which has 6 and sets the quotation
        # marks: in a claim's card there are neither.
        md.treeprocessors.register(_Terms(md), "wi-terms", 5.9)
        md.treeprocessors.register(_Cards(md, self), "wi-cards", 5.8)
        md.treeprocessors.register(_RunAll(md, self), "wi-run-all", 5.7)
        md.treeprocessors.register(Formulas(md, lambda *words: self.reading.warn(*words)), "wi-formulas", 5)


class _FigureBlock(BlockProcessor):
    """Turns `[[figure: name]]` into a figure element with drawing, caption and links."""

    def __init__(self, parser: Any, pages: Pages) -> None:
        super().__init__(parser)
        self.pages = pages

    def test(self, parent: ET.Element, block: str) -> bool:
        return FIGURE.match(block.strip()) is not None

    def run(self, parent: ET.Element, blocks: list[str]) -> None:
        source = blocks.pop(0).strip()
        name = source.removeprefix("[[figure:").removesuffix("]]").strip()
        job = Job("figures", name)
        if job not in store.jobs(["figures"]):
            known = ", ".join(job.name for job in store.jobs(["figures"]))
            self.pages.reading.warn(source, f"no figure is called {name!r}; there are {known}")
            return
        folder = self.pages.reading.show(job)
        if folder is None:
            ET.SubElement(parent, "p").text = WAIT
            return
        caption = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["caption"]
        svg = (folder / f"{name}.svg").read_text(encoding="utf-8")
        figure = ET.SubElement(parent, "figure", {"class": "wi-figure", "id": f"figure-{name.replace('_', '-')}"})
        # `code.js` looks for this attribute, and loads the explorer when the figure is nearly in sight.
        explorer = Job("explorers", name)
        if explorer in store.jobs(["explorers"]) and self.pages.reading.show(explorer):
            figure.set("data-wi-explorer", name)
        drawing = ET.SubElement(figure, "div", {"class": "wi-figure__drawing", "data-search-exclude": ""})
        # The stash puts a placeholder into the tree and the SVG in its place at the end, so that nothing parses the SVG
        # as Markdown.
        drawing.text = self.parser.md.htmlStash.store(svg)
        words = ET.SubElement(figure, "figcaption")
        ET.SubElement(words, "span").text = caption
        links = ET.SubElement(words, "span", {"class": "wi-figure__links"})
        for text, target, what in (
            ("data", f"/figures/{name}.csv", "The numbers of this figure, as CSV"),
            ("picture", f"/figures/{name}.svg", "This figure, as SVG"),
            ("code", f"/figures/{name}.py", "The code that drew this figure"),
        ):
            ET.SubElement(links, "a", {"href": target, "title": what, "download": ""}).text = text


class _NoDirective(InlineProcessor):
    """Warns of words in double brackets that are no directive, and prints them as they are."""

    def __init__(self, pattern: str, md: Markdown, pages: Pages) -> None:
        super().__init__(pattern, md)
        self.pages = pages

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[ET.Element, int, int]:
        # The directive without its argument, to be compared with those that exist.
        kind = m[0].lower().partition(":")[0].rstrip("]") + (": NAME]]" if ":" in m[0] else "]]")
        near = suggestion(kind, self.pages.directives)
        self.pages.reading.warn(m[0], f"{m[0]} is no directive, or none that can stand inside a line{near}")
        left = ET.Element("code")
        left.text = AtomicString(m[0])
        return left, m.start(0), m.end(0)


class _Mark(InlineProcessor):
    """Turns a claim's mark into an empty element, which `_Cards` fills once the words around it are in the tree."""

    def __init__(self, pattern: str, md: Markdown, pages: Pages) -> None:
        super().__init__(pattern, md)
        self.pages = pages

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[ET.Element | str, int, int]:
        mark: ET.Element | str = ""  # the build has told already of a mark that is no claim's
        if m[1] in self.pages.claims:
            mark = ET.Element("wi-claim", {"data-id": m[1]})
        elif any(job.function == m[1] for job in store.jobs(["claims"])):
            mark = ET.Element("span", {"title": "This claim is being run."})
            mark.text = " …"
        return mark, m.start(0), m.end(0)


class _Cards(Treeprocessor):
    """Puts a button and the card that it opens in place of each mark, held together with the end of the sentence."""

    def __init__(self, md: Markdown, pages: Pages) -> None:
        super().__init__(md)
        self.pages = pages

    def run(self, root: ET.Element) -> None:
        seen: set[str] = set()
        for parent in list(root.iter()):
            for place, mark in enumerate(parent):
                if mark.tag != "wi-claim":
                    continue
                claim = mark.attrib.pop("data-id")
                # The text before the mark belongs to the parent or, as its tail, to the element before. Its last word
                # moves into the span with the button, so that no line breaks between the two.
                before = parent[place - 1] if place else None
                words = (parent.text if before is None else before.tail) or ""
                end = re.search(r"\S*$", words)
                assert end is not None
                if before is None:
                    parent.text = words[: end.start()]
                else:
                    before.tail = words[: end.start()]
                # A claim may be marked twice on a page, and its card needs an id of its own each time.
                name = f"claim-{claim}" + (f"-{len(seen)}" if claim in seen else "")
                seen.add(claim)
                mark.tag, mark.text = "span", end[0]
                mark.set("class", "wi-end")
                mark.extend(ledger.card(self.pages.claims[claim], name))


class _Terms(Treeprocessor):
    """Turns the first mention of each term, which `abbr` has marked, into a link to the glossary."""

    def run(self, root: ET.Element) -> None:
        self.link(root, set(), linked=True)

    def link(self, parent: ET.Element, seen: set[str], *, linked: bool) -> None:
        """Turn the terms within an element, in reading order, into links, or without `linked` into plain words.

        `seen` has the terms that are linked already; later mentions become plain words.
        """
        place = 0
        while place < len(parent):
            child = parent[place]
            if child.tag != "abbr":
                self.link(child, seen, linked=linked and child.tag not in NOT_LINKED)
            elif linked and child.text not in seen:
                term = str(child.text)
                seen.add(term)
                child.tag = "a"
                child.attrib = {
                    "class": "wi-term",
                    "href": f"/glossary.md#{slugify(term, '-')}",
                    "title": child.get("title", ""),
                }
            else:
                # Remove the element and join its text to the text before it. The next child then has this one's index.
                words = f"{child.text}{child.tail or ''}"
                if place:
                    parent[place - 1].tail = f"{parent[place - 1].tail or ''}{words}"
                else:
                    parent.text = f"{parent.text or ''}{words}"
                parent.remove(child)
                continue
            place += 1


class _RunAll(Treeprocessor):
    """Puts a line with a button that runs all snippets before the first of a page that has some."""

    def __init__(self, md: Markdown, pages: Pages) -> None:
        super().__init__(md)
        self.pages = pages

    def run(self, root: ET.Element) -> None:
        # Code is in the stash by now, as HTML; `fence` has marked the snippets there, and a placeholder is in the tree.
        stash = self.md.htmlStash
        snippets = {stash.get_placeholder(n) for n, kept in enumerate(stash.rawHtmlBlocks) if SNIPPET in str(kept)}
        first = next((part for part in root if snippets & {str(e.text).strip() for e in part.iter()}), None)
        if first is not None:
            line = ET.Element("div", {"class": "wi-all", "data-search-exclude": ""})
            label = {"type": "button", "data-wi-run-all": "", "aria-label": "Run all snippets of this page"}
            ET.SubElement(line, "button", label).text = "Run all"
            takes = seconds.about(self.md.__dict__.get("wi_sources", []), seconds.kept())
            ET.SubElement(line, "span", {"role": "status"}).text = (
                f"Python runs in this page. The first press loads it once, about {self.pages.megabytes} MB."
                + (f" All snippets take {takes}." if takes else "")
            )
            line.tail = "\n"
            root.insert(list(root).index(first), line)


def fence(source: str, language: str, css_class: str, options: Any, md: Markdown, **found: Any) -> str:
    """Highlight a fence as superfences does, and mark it as a snippet if it has prompts or is a cell to run.

    One with prompts gets the numbers of those that it builds on, the page's first being 0, and the time of a press.

    The arguments are those with which superfences calls the formatter of a custom fence.
    """
    if language == "pycon" or "wi-cell" in found["classes"]:
        found["attrs"] = {**found["attrs"], SNIPPET: ""}
    if language == "pycon":
        sources = md.__dict__.setdefault("wi_sources", [])  # one Markdown renders one page
        sources.append("".join(example.source for example in DocTestParser().get_examples(source)))
        builds_on = needs(sources)
        found["attrs"] |= {NEEDS: " ".join(map(str, builds_on)), CODE: seconds.digest(sources[-1])}
        if takes := seconds.about([*(sources[k] for k in builds_on), sources[-1]], seconds.kept()):
            found["attrs"][SECONDS] = takes
    highlighted: str = md.preprocessors["fenced_code_block"].highlight(source, language, options, md, **found)
    return highlighted


FENCES = [{"name": language, "class": "", "format": fence} for language in ("pycon", "python")]


def glossary() -> dict[str, str]:
    """Return the terms of `docs/glossary.md` with their definitions, as plain text."""
    text = (store.ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    # A definition list: the term in a span that carries its anchor, and the definition behind a colon, indented where
    # it goes on.
    found = re.findall(r"^<span[^>]*>(.*)</span>\n:   (.+(?:\n    .+)*)", text, re.MULTILINE)
    return {term: " ".join(words.split()).partition(" See [")[0] for term, words in found}


def fill_exercises(markdown: str, reading: Reading) -> str:
    """Replace `[[exercises]]` by the exercises of the page, each with a cell, a hint and a solution."""

    def fill(match: re.Match[str]) -> str:
        page = reading.source.stem.replace("-", "_")
        job = Job("exercises", page)
        if job not in store.jobs(["exercises"]):
            reading.warn(match[0], f"there is no wi_docs/pages/exercises/{page}.py")
            return ""
        folder = reading.show(job)
        if folder is None:
            return WAIT
        parts = []
        for name, made in json.loads((folder / f"{page}.json").read_text(encoding="utf-8")).items():
            solution = textwrap.indent(f"```python\n{made['solution']}```", "    ")
            parts += [
                f'<div class="wi-exercise" data-wi-exercise="{page}/{name}" markdown="block">',
                f"### {name.replace('_', ' ').capitalize()} {{ #exercise-{name.replace('_', '-')} }}",
                made["question"],
                '<p class="wi-exercise__task" markdown="span">Change the code and press *Run*, or Shift and Enter. '
                f"Judged: {', '.join(f'`{judged}`' for judged in made['judged'])}.</p>",
                f"```python {{.wi-cell}}\n{made['start']}```",
                f'??? tip "Hint"\n\n{textwrap.indent(made["hint"], "    ")}',
                f'??? success "A solution"\n\n{solution}',
                "</div>",
            ]
        return "\n\n".join(parts)

    return EXERCISES.sub(fill, markdown)


def fill_tables(markdown: str, reading: Reading) -> str:
    """Replace each `[[table: name]]` by the table as Markdown, with its caption and links."""

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        job = Job("tables", name)
        if job not in store.jobs(["tables"]):
            known = ", ".join(job.name for job in store.jobs(["tables"]))
            reading.warn(match[0], f"no table is called {name!r}; there are {known}")
            return ""
        folder = reading.show(job)
        if folder is None:
            return WAIT
        made = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        # Markdown's alignment of columns: numbers to the right, words to the left.
        rules = ["--:" if number else ":--" for number in made["numbers"]]
        links = f"[data](/tables/{name}.csv) [code](/tables/{name}.py)"
        caption = f'{made["caption"]} <span class="wi-figure__links" markdown="span">{links}</span>'
        return "\n".join(
            [
                f'<figure class="wi-table" id="table-{name.replace("_", "-")}" markdown="block">',
                "",
                *(f"| {' | '.join(row)} |" for row in (made["header"], rules, *made["rows"])),
                "",
                f'<figcaption markdown="span">{caption}</figcaption>',
                "</figure>",
            ]
        )

    return TABLE.sub(fill, markdown)


def fill_minutes(markdown: str, reading: Reading) -> str:
    """Replace each `[[minutes: page]]` by the time that a page's words and code take to read, in steps of 5 minutes.

    We take 150 words a minute for a chapter with formulas, which is a guess.
    """

    def fill(match: re.Match[str]) -> str:
        page = store.ROOT / "docs" / f"{match[1]}.md"
        if not page.is_file():
            reading.warn(match[0], f"there is no docs/{match[1]}.md")
            return ""
        return f"{5 * max(1, round(len(page.read_text(encoding='utf-8').split()) / 150 / 5))} minutes"

    return MINUTES.sub(fill, markdown)


def fill_choices(markdown: str, reading: Reading) -> str:
    """Replace each `[[choices: module, name]]` by the options of a form: the `names()` of a module of `wi_docs/nn`.

    The name, which may be left out, is that of the option that is chosen at first.

    The module is imported in a process of its own, so that its current state is seen.
    """

    def fill(match: re.Match[str]) -> str:
        module, first = match.groups()
        there = (store.ROOT / "wi_docs" / "nn" / f"{module}.py").is_file()
        known, error = _names(module, store.version(f"wi_docs.nn.{module}", "") if there else "")
        if not known or first not in {None, *known}:
            why = error or f"it knows {', '.join(known)}"
            reading.warn(match[0], f"wi_docs/nn/{module}.py knows no {first!r}: {why}")
        return "".join(f"<option{' selected' if name == first else ''}>{name}</option>" for name in known)

    return CHOICES.sub(fill, markdown)


@lru_cache(maxsize=16)
def _names(module: str, version: str) -> tuple[list[str], str]:
    """Return the `names()` of a module of `wi_docs/nn` whose code has this version, and the last line of an error."""
    code = f"from wi_docs.nn.{module} import names; print(*names())"
    asked = subprocess.run([sys.executable, "-c", code], cwd=store.ROOT, capture_output=True, text=True, check=False)
    return asked.stdout.split(), asked.stderr.strip().rpartition("\n")[2]

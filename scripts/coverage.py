"""What holds the sentences of the pages: `python -m scripts.coverage [PAGE…]` counts, and lists those held by nothing.

A sentence is `measured` if a claim's mark stands in it, `cited` if a citation or a link to another site does. It is
`derived` if it has a formula with a sign of equality or order. It is `linked` if it leads to a section of the site that
has a mark, a source, a displayed formula, a figure or a snippet, and all numbers of the sentence. An `opinion` says in
the first person what we think or would do, and has no result in it. A sentence is `shown` if a snippet, a figure, a
table or a displayed formula stands right before or behind its paragraph, or in it. It is `defined` if it is an entry of
the glossary, or says what something is called or what is assumed, or begins with the word in italics that it explains.
Of the others, one with a number, a comparison or a universal word is `open`: it promises something, and nothing holds
it. The rest is `plain`: it asks, explains, heads a paragraph, says what to take, or points elsewhere.

This reads words, and does not understand them: what it lists is a list for the author to read.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from markdown.extensions.toc import slugify

from scripts import store
from scripts.ledger import MARK

KINDS = ("measured", "cited", "derived", "linked", "opinion", "shown", "defined", "plain", "open")
# Pages about the site, and lists: the reference and the references among them.
PROSE = ("contributing", "install", "ledger", *(path.stem for path in (store.ROOT / "docs").glob("reference*.md")))
UNIVERSAL = "all|none|every|never|always|only|any|whatever"
COMPARISON = (
    "than|more|less|fewer|most|least|twice|half|larger|largest|smaller|smallest|faster|slower|better|best|worse|worst|"
    "deeper|wider|narrower|higher|lower|longer|shorter|stronger|weaker|same|equal|equally"
)
NUMBER = "two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|fifty|sixty|hundred|thousand|million"
PROMISE = re.compile(rf"\b({UNIVERSAL}|{COMPARISON}|{NUMBER})\b|(?<![\w.])\d", re.IGNORECASE)
CITED = re.compile(r"(?<![\w.])@[a-z]+\d{4}|\]\(https?://")
EQUATION = re.compile(r"[=<>]|\\(le|ge|ne|approx|propto|to)\b")
LINK = re.compile(r"\]\(([\w-]+(?=\.md))?(?:\.md)?#([\w-]+)\)")
# It stands at the head of a clause: "larger than we think" and "as we would take it" are no opinions.
OPINION = re.compile(
    r"(?:^|[,;:(] )\W*(?:we|I) (?:(?:think|believe|recommend|suggest|advise|prefer|doubt|suspect)\b"
    r"|would (?:not )?(?:use|take|start|begin|try|choose|look|print|send|set|write|mind|go|put)\b)",
    re.IGNORECASE,
)
RESULT = re.compile(r"\d[.,]\d|%")  # nobody has an opinion of 3.5 %
DEFINED = re.compile(
    r"\b(is called|are called|we call|is short for|stands for|means that|is defined|by definition)\b"
    r"|^(It|This chapter) assumes\b|^What is assumed\b|^\*\*(Formula|Signs|Afterwards you can|You need)\b"
    r"|^\(\d\) |^(An? )?\*\w[^*]*\* (is|takes|lowers)\b"  # a numbered assumption; "A *unit* takes …"
    r"|^\*\*[^*]+\*\*: ",  # an entry of a list: "**Equal units**: units have …"
    re.IGNORECASE,
)
# "*Step 2: the output has to grow.*" stands at the head of what holds it; "Take ten layers" asserts nothing.
HEAD = re.compile(r"^(\*{1,2})[^*]+\1$|^\(?(Take|Let) ")
BESIDE = re.compile(r"(```|\[\[(figure|table|exercises|predicted|ledger)|\||<figure|\$\$)")
SENTENCE = re.compile(
    r"\S.*?(?:(?<!\bal)(?<!e\.g)(?<!i\.e)[.!?][\"*_)]*|:(?=\[\[))(?:\[\[claim: *\w+ *\]\])*(?=\s|$)|\S.+$"
)

NO_SECTIONS: Mapping[tuple[str, str], str] = {}


@dataclass(frozen=True)
class Sentence:
    """A sentence of a page, with the line that its paragraph begins in, and what holds it: one of `KINDS`."""

    words: str
    line: int
    kind: str


def sentences(
    markdown: str, *, glossary: bool = False, page: str = "", sections: Mapping[tuple[str, str], str] = NO_SECTIONS
) -> list[Sentence]:
    r"""Return the sentences of a page, those of lists and notes too, without headings, tables, code and raw HTML.

    Args:
        markdown: the page.
        glossary: whether it is the glossary.
        page: its name, for links to sections of its own.
        sections: those of all pages, from `sections_of`.

    Examples:
        >>> page = "Units are off.[[claim: off]] All are. See the picture.\n\nA $w = 2$ doubles it, says @he2015."
        >>> [(one.kind, one.words) for one in sentences(page)][:2]
        [('measured', 'Units are off.'), ('open', 'All are.')]
        >>> [one.kind for one in sentences(page)][2:]
        ['plain', 'cited']
    """
    blocks = list(_blocks(markdown))
    found = []
    for place, (line, block) in enumerate(blocks):
        if BESIDE.match(block) or block.startswith(("#", "<", "[[", "*[", "---")):
            continue
        around = (blocks[place - 1][1] if place else "", block, blocks[place + 1][1] if place + 1 < len(blocks) else "")
        shown = "$$" in block or any(BESIDE.match(other) for other in around)
        words = " ".join(re.sub(r"^(\s*([-*]|\d+\.|>|:)\s+)|^\s+", "", part) for part in block.splitlines())
        words = re.sub(r"\{[:#.][^}]*\}|\{ [^}]* \}", "", words)
        for one in _split(words):
            text = " ".join(MARK.sub("", one).split())
            if len(text.split()) > 1:
                linked = " ".join(sections.get((to or page, anchor), "") for to, anchor in LINK.findall(one))
                found.append(Sentence(text, line, _kind(one, shown=shown, glossary=glossary, linked=linked)))
    return found


def sections_of(page: str, markdown: str) -> dict[tuple[str, str], str]:
    r"""Return the text of each section of a page, with the sections in it, by the page's name and the anchor.

    Examples:
        >>> list(sections_of("a", "# A title\n\n## Two words {#two}\n\nText.\n\n## Three").items())[1:]
        [(('a', 'two'), '## Two words {#two} Text.'), (('a', 'three'), '## Three')]
    """
    outside = re.sub(r"^( *`{3,}).*?^\1$", lambda fence: "\n" + " " * (len(fence[0]) - 1), markdown, flags=re.M | re.S)
    heads = list(re.finditer(r"^(#+) (.*?)(?: \{ ?#([\w-]+).*\})?$", outside, re.M))
    found = {}
    for place, head in enumerate(heads):
        end = next((one.start() for one in heads[place + 1 :] if len(one[1]) <= len(head[1])), None)
        anchor = head[3] or slugify(re.sub(r"[$`*\\]", "", head[2]), "-")
        found[page, anchor] = " ".join(markdown[head.start() : end].split())
    return found


def _holds(section: str, sentence: str) -> bool:
    """Return whether a section has something that holds, and the numbers of a sentence that links to it."""
    others = section.replace(" ".join(sentence.split()), "")
    numbers = re.findall(r"(?<![\w.])\d+(?:[.,]\d+)*", _words(sentence))
    held = MARK.search(others) or CITED.search(others) or "```" in others or "[[" in others or "$$" in others
    return bool(held) and all(re.search(_printed(number), others) for number in numbers)


def _printed(number: str) -> str:
    """Return a pattern for a number, of which a section may print more decimals."""
    return rf"(?<![\d.,]){re.escape(number)}" + ("" if "." in number else r"(?!\d|[.,]\d)")


def _words(sentence: str) -> str:
    """Return the words of a sentence without its code, formulas and targets of links."""
    return re.sub(r"`[^`]*`|\]\([^)]*\)|\$[^$]*\$", " ", sentence)


def _blocks(markdown: str) -> Iterator[tuple[int, str]]:
    """Yield what blank lines and fences separate, with its first line's number; a fence as one block, an item too."""
    no_prose = r"\A---\n.*?\n---\n|^<form.*?^</form>"
    text = re.sub(no_prose, lambda found: "\n" * found[0].count("\n"), markdown, flags=re.DOTALL | re.MULTILINE)
    begin, fence = 0, ""
    block: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        mark = re.match(r"\s*(`{3,})", line)
        if fence:
            if mark and line.strip() == fence:
                yield begin, "```"
                block, fence = [], ""
            continue
        item = re.match(r"\s*([-*]|\d+\.)\s", line)
        if block and (not line.strip() or mark or item):
            yield begin, "\n".join(block)
            block = []
        if mark:
            begin, fence = number, mark[1]
        elif line.strip() and not re.match(r"\s*(!!!|\?\?\?|<(?!figure))", line):
            begin = begin if block else number
            block.append(line if item or not block else line.strip())


def _split(words: str) -> Iterator[str]:
    """Yield the sentences of a paragraph. Formulas and code are no place for one to end."""
    hidden: list[str] = []

    def hide(match: re.Match[str]) -> str:
        hidden.append(match[0])
        return f"\x00{len(hidden) - 1}\x00"

    covered = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)|\[@[^\]]*\]", hide, words)
    for match in SENTENCE.finditer(covered):
        yield re.sub("\x00(\\d+)\x00", lambda found: hidden[int(found[1])], match[0])


def _kind(sentence: str, *, shown: bool, glossary: bool, linked: str) -> str:
    words = _words(sentence)
    holders = {
        "measured": MARK.search(sentence),
        "cited": CITED.search(sentence),
        "derived": any(map(EQUATION.search, re.findall(r"\$[^$]+\$", sentence))),
        "linked": PROMISE.search(words) and _holds(linked, sentence),
        "opinion": OPINION.search(words) and not RESULT.search(words),
        "shown": shown,
        "defined": glossary or DEFINED.search(sentence),
        "plain": sentence.rstrip('*_")').endswith("?") or HEAD.search(sentence) or not PROMISE.search(words),
    }
    return next((kind for kind, holds in holders.items() if holds), "open")


def pages() -> dict[str, list[Sentence]]:
    """Return the sentences of each page with prose, by its name."""
    paths = sorted((store.ROOT / "docs").glob("*.md"))
    return _pages(tuple((path.stem, path.read_text(encoding="utf-8")) for path in paths))


@lru_cache(maxsize=1)  # the home page and the ledger ask, and `mkdocs serve` again
def _pages(named: tuple[tuple[str, str], ...]) -> dict[str, list[Sentence]]:
    texts = dict(named)
    sections = dict(one for name, text in texts.items() for one in sections_of(name, text).items())
    return {
        name: sentences(text, glossary=name == "glossary", page=name, sections=sections)
        for name, text in texts.items()
        if name not in PROSE
    }


def counted(found: Iterable[Sentence]) -> Counter[str]:
    """Return how many sentences there are of each kind."""
    return Counter(one.kind for one in found)


def table() -> str:
    """Return sentences with the counts of all pages, and a table by page, as Markdown."""
    found = pages()
    count = counted(one for page in found.values() for one in page)
    rows = [f"| page | {' | '.join(KINDS)} |", f"|---|{'--:|' * len(KINDS)}"]
    for name, page in found.items():
        of = counted(page)
        rows.append(f"| [{name.replace('-', ' ')}]({name}.md) | {' | '.join(str(of[kind]) for kind in KINDS)} |")
    words = (
        f"Of {count.total()} sentences {count['measured']} are measured, {count['cited']} are cited, "
        f"{count['derived']} are derived by a formula, {count['linked']} lead to the section of the site that holds "
        f"them, {count['shown']} stand beside a snippet, a figure, a table or a formula, and {count['defined']} define "
        f"a word or say what is assumed. {count['opinion']} are worded as our opinion. Of the others, {count['open']} "
        f"have a number, a comparison or a word such as *all* and are held by nothing but their author, and "
        f"{count['plain']} have none."
    )
    return "\n".join([words, "", '<div class="wi-counts" markdown="1">', "", *rows, "", "</div>", ""])


def summary() -> str:
    """Return the counts of all pages in three sentences, for the home page."""
    count = counted(one for page in pages().values() for one in page)
    held = sum(count[kind] for kind in ("cited", "derived", "linked", "shown", "defined"))
    return (
        f"Of {count.total()} sentences on these pages, an experiment tests {count['measured']}. Another {held} cite a "
        "source, follow from a formula, define a word, stand beside a snippet, a figure or a table, or lead to a "
        f"section that holds them. Nothing checks the other {count.total() - count['measured'] - held}."
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Count what holds the sentences, and list those held by nothing.")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="only these, such as which-gain (default: all)")
    options = parser.parse_args(arguments)
    found = pages()
    if unknown := set(options.pages) - found.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(found)}")
    chosen = {name: page for name, page in found.items() if not options.pages or name in options.pages}
    print(f"{'page':28}", *(f"{kind:>9}" for kind in KINDS))
    for name, page in chosen.items():
        print(f"{name:28}", *(f"{counted(page)[kind]:>9}" for kind in KINDS))
    together = counted(one for page in chosen.values() for one in page)
    print(f"{'together':28}", *(f"{together[kind]:>9}" for kind in KINDS), end="\n\n")
    for name, page in chosen.items():
        for one in page:
            if one.kind == "open":
                print(f"docs/{name}.md:{one.line}: {one.words}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

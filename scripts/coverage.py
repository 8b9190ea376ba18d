"""What holds the sentences of the pages: `python -m scripts.coverage [PAGE…]` counts, and lists those held by nothing.

A sentence is `measured` if a claim's mark stands in it, `cited` if a citation does. It is `derived` if it has a formula
with a sign of equality or order, and `shown` if a snippet, a figure, a table or a displayed formula stands right before
or behind its paragraph, or in it. It is `defined` if it is an entry of the glossary or says what something is called.
Of the others, one with a number, a comparison or a universal word is `open`: it promises something, and nothing holds
it. The rest is `plain`: it explains, points elsewhere, or says what we think.

This reads words, and does not understand them: what it lists is a list for the author to read.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scripts import store
from scripts.ledger import MARK

KINDS = ("measured", "cited", "derived", "shown", "defined", "plain", "open")
PROSE = ("contributing", "install", "ledger", "references", "reference", "reference-experiments", "reference-diagnosis")  # pages about the site, and lists
UNIVERSAL = "all|none|every|never|always|only|any|whatever"
COMPARISON = (
    "than|more|less|fewer|most|least|twice|half|larger|largest|smaller|smallest|faster|slower|better|best|worse|worst|"
    "deeper|wider|narrower|higher|lower|longer|shorter|stronger|weaker|same|equal|equally"
)
NUMBER = "two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|fifty|sixty|hundred|thousand|million"
PROMISE = re.compile(rf"\b({UNIVERSAL}|{COMPARISON}|{NUMBER})\b|(?<![\w.])\d", re.IGNORECASE)
CITED = re.compile(r"(?<![\w.])@[a-z]+\d{4}")
DEFINED = re.compile(r"\b(is called|are called|we call|is short for|stands for|means that|is defined|by definition)\b")
BESIDE = re.compile(r"(```|\[\[(figure|table|exercises|predicted|ledger)|\||<figure|\$\$)")
SENTENCE = re.compile(
    r"\S.*?(?:(?<!\bal)(?<!e\.g)(?<!i\.e)[.!?][\"*_)]*|:(?=\[\[))(?:\[\[claim: *\w+ *\]\])*(?=\s|$)|\S.+$"
)


@dataclass(frozen=True)
class Sentence:
    """A sentence of a page, with the line that its paragraph begins in, and what holds it: one of `KINDS`."""

    words: str
    line: int
    kind: str


def sentences(markdown: str, *, glossary: bool = False) -> list[Sentence]:
    r"""Return the sentences of a page, those of lists and notes too, without headings, tables, code and raw HTML.

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
                found.append(Sentence(text, line, _kind(one, shown=shown, glossary=glossary)))
    return found


def _blocks(markdown: str) -> Iterator[tuple[int, str]]:
    """Yield what blank lines and fences separate, with its first line's number; a fence as one block, an item too."""
    text = re.sub(r"\A---\n.*?\n---\n", lambda front: "\n" * front[0].count("\n"), markdown, flags=re.DOTALL)
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


def _kind(sentence: str, *, shown: bool, glossary: bool) -> str:
    if MARK.search(sentence):
        return "measured"
    if CITED.search(sentence):
        return "cited"
    if any(re.search(r"[=<>]|\\(le|ge|approx|propto|to)\b", formula) for formula in re.findall(r"\$[^$]+\$", sentence)):
        return "derived"
    if shown:
        return "shown"
    if glossary or DEFINED.search(sentence):
        return "defined"
    words = re.sub(r"`[^`]*`|\]\([^)]*\)|\$[^$]*\$", " ", sentence)
    return "open" if PROMISE.search(words) else "plain"


def pages() -> dict[str, list[Sentence]]:
    """Return the sentences of each page with prose, by its name."""
    return {
        path.stem: sentences(path.read_text(encoding="utf-8"), glossary=path.stem == "glossary")
        for path in sorted((store.ROOT / "docs").glob("*.md"))
        if path.stem not in PROSE
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
        f"{count['derived']} are derived by a formula, {count['shown']} stand beside a snippet, a figure, a table or a "
        f"formula, and {count['defined']} define a word. Of the others, {count['open']} have a number, a comparison or "
        f"a word such as *all* and are held by nothing but their author, and {count['plain']} have none."
    )
    return "\n".join([words, "", *rows, ""])


def summary() -> str:
    """Return the counts of all pages in a clause for a sentence, such as the home page's."""
    count = counted(one for page in pages().values() for one in page)
    held = sum(count[kind] for kind in ("measured", "cited", "derived", "shown", "defined"))
    return f"{count['measured']} of {count.total()} sentences are measured, and {held} in all are held by something"


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

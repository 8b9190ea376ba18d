"""The chapters on paper: `python -m scripts.paper SITE`, or `make paper`, writes a PDF of each and of all together.

All together are an EPUB too: `scripts/epub.py`. Chromium prints them from the built site. Numbers are those of the
pages; hints and solutions stand at the end of a chapter, and behind them the papers that it cites. Pages whose PDF is
there get a link to it.
"""

from __future__ import annotations

import argparse
import posixpath
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from scripts import epub

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
PLACE, WHOLE = "paper", "all-chapters"
STYLE = """
@page { size: A4; margin: 22mm 20mm;
  @top-left { content: "SITE"; font: 8pt sans-serif; color: #59616b; }
  @top-right { content: "ADDRESS"; font: 8pt sans-serif; color: #59616b; }
  @bottom-center { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #59616b; } }
html { font-size: 16px; } body { background: #fff; counter-reset: chapter FIRST; }
article { counter-increment: chapter; break-before: page; }
body > article:first-child { break-before: auto; }
:is(h1, h2, h3, h4) { break-after: avoid; }
:is(figure, pre, .wi-math-block) { break-inside: avoid; }
.unnumbered::before { content: none !important; }
.headerlink, .md-content__button, .md-clipboard, .wi-mark, .wi-card { display: none !important; }
"""


@dataclass
class Chapter:
    """A chapter as it is printed: its place in the site, its article, and the keys of the papers that it cites."""

    place: str
    title: str
    body: str
    cited: list[str] = field(default_factory=list)


def places_of(home: str) -> list[str]:
    """Return the places of the chapters, which are those that the home page, given as HTML, has a time for."""
    return re.findall(r'<a href="([\w-]+)/"><strong>[^<]*</strong></a>, \d+ minutes', home)


def read(site: Path, place: str, printed: set[str], address: str) -> Chapter:
    """Return a chapter from its page. Links lead to what is `printed` with it, or to the site's `address`."""
    text = (site / place / "index.html").read_text(encoding="utf-8")
    body = re.search(r'<article class="md-content__inner[^>]*>(.*?)</article>', text, re.DOTALL)
    title = re.search(r"<h1[^>]*>(.*?)<a class=\"headerlink\"", text, re.DOTALL)
    if body is None or title is None:
        raise ValueError(f"{place}: no chapter, for it has no article with a title")
    chapter = Chapter(place, title[1], body[1])
    chapter.cited = sorted(set(re.findall(r'href="\.\./references/#([\w-]+)"', chapter.body)))
    chapter.body = re.sub(r'<div class="wi-all".*?</div>|<a [^>]*md-content__button.*?</a>', "", chapter.body,
                          flags=re.DOTALL)  # fmt: skip
    chapter.body = _with_solutions_at_the_end(chapter.body)

    def lead(match: re.Match[str]) -> str:
        path, _, anchor = match[1].partition("#")
        if ":" in path:
            return match[0]
        other = posixpath.normpath(posixpath.join(place, path)) if path else place
        if other == "references":
            return f'href="#references--{anchor}"'
        if other in printed:
            return f'href="#{other}--{anchor}"'
        return f'href="{address}{other}{"/" if path.endswith("/") else ""}{"#" if anchor else ""}{anchor}"'

    # An anchor has the chapter's name before its own, since two chapters may have one name. Names within a picture have
    # the picture's already, and are named by `use` and `clip-path` too.
    chapter.body = re.sub(r' href="([^"]*)"', lambda match: " " + lead(match).lstrip(), chapter.body)
    chapter.body = re.sub(
        r'<svg.*?</svg>|(<\w+[^<>]*?) id="([^"]*)"',
        lambda match: f'{match[1]} id="{place}--{match[2]}"' if match[1] else match[0],
        chapter.body,
        flags=re.DOTALL,
    )
    return chapter


def _with_solutions_at_the_end(body: str) -> str:
    """Move the hints and solutions of exercises behind the chapter, each with the name of its exercise.

    A question for paper is its own name, and stays where it is.
    """
    name, moved = "", []

    def take(match: re.Match[str]) -> str:
        nonlocal name
        if match[1] is not None:
            name = match[1]
            return match[0]
        if match[2] == "question":
            moved.append((match[3], "success", match[4]))
            return f"<p>{match[3]}</p>"
        moved.append((name, match[2], match[4]))
        return ""

    kinds = (
        r'<h3 id="exercise-[^"]*">(.*?)<a|'
        r'<details class="(tip|success|question)">\s*<summary>(.*?)</summary>(.*?)</details>'
    )
    body = re.sub(kinds, take, body, flags=re.DOTALL)
    for kind, title in (("tip", "Hints"), ("success", "Solutions")):
        of_kind = [f"<p><strong>{name}.</strong></p>{words}" for name, which, words in moved if which == kind]
        body += f'<h2 class="unnumbered">{title}</h2>{"".join(of_kind)}' if of_kind else ""
    return body


def document(site: Path, chapters: list[Chapter], *, first: int, name: str, address: str) -> str:
    """Return the HTML of what is printed: the chapters, and the references that they cite."""
    page = (site / chapters[0].place / "index.html").read_text(encoding="utf-8")
    sheets = "".join(re.findall(r'<link rel="stylesheet"[^>]*>', page))
    entries = (site / "references" / "index.html").read_text(encoding="utf-8")
    cited = sorted({key for chapter in chapters for key in chapter.cited})
    found = [re.search(rf'<p class="wi-reference" id="{key}">(.*?)</p>', entries, re.DOTALL) for key in cited]
    listed = "".join(f'<p class="wi-reference" id="references--{entry.group(0).split(chr(34))[3]}">{entry[1]}</p>'
                     for entry in found if entry)  # fmt: skip
    contents = "".join(f'<li><a href="#{c.place}--">{c.title}</a></li>' for c in chapters) if len(chapters) > 1 else ""
    style = STYLE.replace("SITE", name).replace("ADDRESS", address).replace("FIRST", str(first - 1))
    articles = "".join(f'<article class="md-typeset" id="{c.place}--">{c.body}</article>' for c in chapters)
    front = f'<div class="md-typeset"><h1 class="unnumbered">{name}</h1><ol>{contents}</ol></div>' if contents else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>{sheets}'
        f"<style>{style}</style></head>"
        f'<body data-md-color-scheme="default">{front}{articles}'
        f'<div class="md-typeset"><h2 class="unnumbered">References</h2>{listed}</div></body></html>'
    )


def make(site: Path) -> list[Path]:
    """Print the chapters, and link their pages to what was printed; return the PDFs and the EPUB."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        raise SystemExit("no chromium, which prints the chapters")
    home = (site / "index.html").read_text(encoding="utf-8")
    named = re.search(r'property="og:site_name" content="([^"]*)"', home)
    known = re.search(r'rel="canonical" href="([^"]*)"', home)
    name, address = named[1] if named else "", known[1] if known else ""
    places = places_of(home)
    folder = site / PLACE
    folder.mkdir(exist_ok=True)
    made = []
    for file, chosen in [(place, [place]) for place in places] + [(WHOLE, places)]:
        chapters = [read(site, place, set(chosen), address) for place in chosen]
        first = places.index(chosen[0]) + 1
        title = f"{chapters[0].title} - {name}" if len(chosen) == 1 else name
        source, target = folder / f"{file}.html", folder / f"{file}.pdf"
        source.write_text(document(site, chapters, first=first, name=title, address=address), encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        command = [chromium, *options, f"--print-to-pdf={target}", source.resolve().as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        made.append(target)
        if file == WHOLE:
            made.append(target.with_suffix(".epub"))
            author = re.search(r'name="author" content="([^"]*)"', home)
            styles = (site / "assets" / "css" / "chapter.css").read_text(encoding="utf-8")
            epub.write(
                source, made[-1], chromium=chromium, title=title, author=author[1] if author else "", styles=styles
            )
        source.unlink()
    for target in made:
        print(f"{target}: {target.stat().st_size / 1e6:.1f} MB", file=sys.stderr)
    for place in places:
        _link(site / place / "index.html", [(f"../{PLACE}/{place}.pdf", "This chapter on paper", "PDF")])
    whole = (f"{PLACE}/{WHOLE}.pdf", "All chapters on paper", "PDF")
    _link(site / "index.html", [whole, (f"{PLACE}/{WHOLE}.epub", "for an e-reader", "EPUB")])
    return made


def _link(page: Path, targets: list[tuple[str, str, str]]) -> None:
    """Put links to what was made below the title of a page, once: an address, words and the kind of each."""
    text = page.read_text(encoding="utf-8")
    links = ", ".join(f'<a href="{target}">{words}</a> ({kind})' for target, words, kind in targets)
    line = f'</h1>\n<p class="wi-paper">{links}</p>'
    if "wi-paper" not in text:
        page.write_text(text.replace("</h1>", line, 1), encoding="utf-8")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Print the chapters of a built site as PDF.")
    parser.add_argument("site", type=Path)
    make(parser.parse_args().site)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What others read of the site: robots.txt, a feed, and llms.txt with each page as plain Markdown, for assistants.

The tags in a page's head, which say what a link to it shows, are in `docs/theme/main.html`.
"""

from __future__ import annotations

import json
import posixpath
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.citations import KEY, cite
from scripts.ledger import MARK
from scripts.store import ROOT, Job

DATED = re.compile(r"^### (\d{4}-\d\d-\d\d)\n\n(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
FIGURE = re.compile(r"^\[\[figure:\s*([\w-]+)\s*\]\]$", re.MULTILINE)


def plain(markdown: str, uri: str, figures: Mapping[Job, Path | None]) -> str:
    """Return the Markdown of a page that any reader of Markdown understands, from that with its directives filled in.

    Links to pages lead to their copies, if they have one, and a figure is its picture with the caption below it.

    Examples:
        >>> print(plain("It is 2[[claim: two]], says @he2015. See [more](errata.md#a).", "index.md", {}))
        It is 2, says He et al. (2015). See [more](errata/index.md#a).
    """
    here = posixpath.dirname(copy(uri))

    def show(match: re.Match[str]) -> str:
        name = match[1]
        folder = figures.get(Job("figures", name))
        if folder is None:
            return ""
        caption = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["caption"]
        drawn = (folder / f"{name}.svg").read_text(encoding="utf-8")
        described = re.search(r'aria-label="([^"]*)"', drawn)
        return f"![{described[1] if described else name}](/figures/{name}.svg)\n\n{caption}"

    def lead(match: re.Match[str]) -> str:
        target, anchor = match[1], match[2] or ""
        place = target.lstrip("/") if target.startswith("/") else posixpath.normpath(
            posixpath.join(posixpath.dirname(uri), target)
        )  # fmt: skip
        if place.endswith(".md"):
            place = copy(place) if copied(place) else copy(place).removesuffix("index.md")
        end = "/" if place.endswith("/") else ""
        return f"]({posixpath.relpath(place, here or '.')}{end}{anchor})"

    text = FIGURE.sub(show, MARK.sub("", markdown))
    text = re.sub(rf"\[\s*(@{KEY}[^\]]*)\](?!\()", lambda match: f"({cite(match[1])})", text)
    text = re.sub(rf"(?<![\w.@/])@({KEY})", lambda match: re.sub(r" (\d{4}\w?)$", r" (\1)", cite(match[0])), text)
    text = re.sub(r"\]\(((?!\w+:|#)[^)#\s]+)(#[^)\s]*)?\)", lead, text)
    # Signs for the site's own Markdown: attribute lists, containers, and folded blocks, whose text moves to the left.
    text = re.sub(r"^\?\?\? \w+ \"(.*)\"\n\n?((?:(?:    .*)?\n)+)", _unfolded, f"{text}\n", flags=re.MULTILINE)
    text = re.sub(r"<form\b.*?</form>\n", "", text, flags=re.DOTALL)
    text = re.sub(r"^</?(?:div|figure|dl)\b[^>]*>\n|^\{ .*\}\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"</?(?:figcaption|span|p)\b[^>]*>| ?\{ ?[.#][^{}]*\}(?=$| )", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _unfolded(match: re.Match[str]) -> str:
    return f"**{match[1]}**\n\n" + re.sub(r"(?m)^    ", "", match[2])


def copied(uri: str) -> bool:
    """Return whether a page has a copy: its Markdown is written, and says what the page does."""
    return not uri.startswith(("reference.", "reference-", "ledger.")) and (ROOT / "docs" / uri).is_file()


def copy(uri: str) -> str:
    """Return where the plain copy of a page stands in the site, beside the page.

    Examples:
        >>> copy("labs/index.md"), copy("errata.md")
        ('labs/index.md', 'errata/index.md')
    """
    folder, name = posixpath.split(uri)
    return uri if name == "index.md" else posixpath.join(folder, name.removesuffix(".md"), "index.md")


def feed(changelog: str, root: str, name: str, author: str) -> str:
    r"""Return an Atom feed (RFC 4287) of what a changelog has under dates, an entry for each date, in its order.

    Args:
        changelog: Markdown. A heading of the third level that is a date begins an entry.
        root: the address of the site, which ends with a slash.
        name: the site's name.
        author: the site's author.

    Raises:
        ValueError: if nothing in the changelog has a date.

    Examples:
        >>> text = feed("### 2026-11-27\n\n- A page.\n", "https://example.org/", "Site", "We")
        >>> ET.fromstring(text).find("{*}entry/{*}updated").text
        '2026-11-27T00:00:00Z'
    """
    dated = DATED.findall(changelog)
    if not dated:
        raise ValueError("CHANGELOG.md: no heading of the third level is a date, and the feed would be empty")
    atom = ET.Element("feed", xmlns="http://www.w3.org/2005/Atom")

    def say(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
        element = ET.SubElement(parent, tag, attributes)
        element.text = text
        return element

    say(atom, "title", name)
    say(atom, "id", root)
    say(atom, "link", href=root)
    say(atom, "link", rel="self", href=f"{root}feed.xml")
    say(atom, "updated", f"{max(day for day, _ in dated)}T00:00:00Z")
    say(say(atom, "author"), "name", author)
    for day, text in dated:
        entry = say(atom, "entry")
        say(entry, "title", f"Changes of {day}")
        say(entry, "id", f"{root}feed.xml#{day}")
        say(entry, "link", href=root)
        say(entry, "updated", f"{day}T00:00:00Z")
        say(entry, "content", re.sub(r"\n  +", " ", text).strip(), type="text")
    ET.indent(atom)
    return ET.tostring(atom, encoding="unicode", xml_declaration=True) + "\n"


def write(site: Path, config: Any, pages: Mapping[str, tuple[str, str, str]]) -> None:
    """Write the copies of pages, llms.txt, which lists them, and robots.txt; if the site has an address, a feed too.

    Args:
        site: the folder of the built site.
        config: MkDocs' configuration.
        pages: title, description and plain Markdown of each page, by its source.
    """
    root = config.site_url or ""
    lines = [f"# {config.site_name}", "", f"> {' '.join(config.site_description.split())}", "", "## Pages", ""]
    for uri, (title, description, text) in pages.items():
        place = site / copy(uri)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text + "\n", encoding="utf-8")
        lines.append(f"- [{title}]({root}{copy(uri)}): {description}")
    lines += ["", "## Data", "", f"- [Claims]({root}claims.json): every claim with what its experiment measured", ""]
    (site / "llms.txt").write_text("\n".join(lines), encoding="utf-8")
    # MkDocs says of each page that it changed on the day of the build, and writes paths if the site has no address.
    (site / "sitemap.xml.gz").unlink(missing_ok=True)
    sitemap = (site / "sitemap.xml").read_text(encoding="utf-8")
    (site / "sitemap.xml").write_text(re.sub(r"\s*<lastmod>.*?</lastmod>", "", sitemap), encoding="utf-8")
    if root:
        changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        (site / "feed.xml").write_text(feed(changelog, root, config.site_name, config.site_author), encoding="utf-8")
    else:
        (site / "sitemap.xml").unlink()
    robots = ["User-agent: *", "Allow: /", *([f"Sitemap: {root}sitemap.xml"] if root else [])]
    (site / "robots.txt").write_text("\n".join([*robots, ""]), encoding="utf-8")

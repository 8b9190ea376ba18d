"""The chapters as a book for e-readers, an EPUB 3: what `scripts/paper.py` prints, in a file for each chapter.

E-readers want XML. The browser that prints the chapters writes it too: mathematics and figures stay what they are.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
import uuid
import zipfile
from pathlib import Path
from typing import Any

DATE = (1980, 1, 1, 0, 0, 0)  # of each file within, so that equal sites give equal bytes
# Leaves out what works on a page only, and what only its scripts read; has links lead from file to file.
SCRIPT = """
for (const element of document.querySelectorAll(".headerlink, .wi-mark, .wi-card, .wi-figure__links, button, form"))
  element.remove()
const parts = [...document.querySelectorAll("body > article"), document.querySelector("article:last-of-type + div")]
const file = part => `part-${parts.indexOf(part)}.xhtml`
for (const element of document.body.querySelectorAll("*")) for (const { name } of [...element.attributes])
  if (/^(data-.*|popover.*|download|accent|form)$/.test(name)) element.removeAttribute(name)
for (const link of document.body.querySelectorAll("a[href]")) {
  const to = String(link.getAttribute("href")), target = to.startsWith("#") && document.getElementById(to.slice(1))
  if (target) link.setAttribute("href", `${file(parts.find(part => part.contains(target)))}#${target.id}`)
  else if (!to.includes(":")) link.removeAttribute("href") // of a site that does not know its address
}
const made = parts.map(part => ({
  title: part.querySelector("h1, h2").textContent, xml: new XMLSerializer().serializeToString(part),
  properties: [["mathml", "math"], ["svg", "svg"]].filter(([, tag]) => part.querySelector(tag)).map(([name]) => name),
}))
document.body.textContent = `@@${JSON.stringify(made)}@@`
"""
STYLE = """
body { line-height: 1.5; }
pre { white-space: pre-wrap; }
pre, code { font-family: monospace; }
pre, :not(pre) > code { font-size: .9em; }
figure { margin: 1.5em 0; break-inside: avoid; }
figure svg { width: 100%; height: auto; }
table { border-collapse: collapse; font-size: .85em; }
th, td { padding: .2em .5em; text-align: left; }
th { border-bottom: 1px solid; }
.admonition { border-left: 3px solid; padding-left: 1em; }
.admonition-title { font-weight: bold; }
.wi-math-block { display: flex; margin: 1em 0; }
.unnumbered::before { content: none !important; }
"""
CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
"""
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="name" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="name">NAME</dc:identifier>
<dc:title>TITLE</dc:title><dc:language>en</dc:language><dc:creator>AUTHOR</dc:creator><dc:rights>CC BY 4.0</dc:rights>
<meta property="dcterms:modified">1980-01-01T00:00:00Z</meta></metadata>
<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="style" href="style.css" media-type="text/css"/>
ITEMS</manifest>
<spine><itemref idref="nav"/>REFS</spine></package>
"""


def write(source: Path, target: Path, *, chromium: str, title: str, author: str, styles: str) -> None:
    """Write a book.

    Args:
        source: the HTML that `paper.document` returns, in a file. Its last part is the references.
        target: the EPUB.
        chromium: the browser's command.
        title: the book's title.
        author: who wrote it.
        styles: rules that number sections, figures and formulas.

    Raises:
        ValueError: if the browser does not return the chapters.
    """
    page = source.with_suffix(".book.html")
    text = source.read_text(encoding="utf-8")
    page.write_text(text.replace("</body>", f"<script>{SCRIPT}</script></body>"), encoding="utf-8")
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.resolve().as_uri()]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
    page.unlink()
    found = re.search(r"@@(\[.*\])@@", shown, re.DOTALL)
    if found is None:
        raise ValueError("the browser did not return the chapters")
    parts: list[dict[str, Any]] = json.loads(html.unescape(found[1]))
    contents = "".join(
        f'<li><a href="part-{k}.xhtml">{html.escape(part["title"])}</a></li>' for k, part in enumerate(parts)
    )
    files = {
        "META-INF/container.xml": CONTAINER,
        "book/style.css": STYLE + styles,
        "book/nav.xhtml": _xhtml("Contents", f'<nav epub:type="toc"><h1>Contents</h1><ol>{contents}</ol></nav>', 0),
    }
    files |= {f"book/part-{k}.xhtml": _xhtml(part["title"], part["xml"], k) for k, part in enumerate(parts)}

    def item(number: int, properties: list[str]) -> str:
        said = f' properties="{" ".join(properties)}"' if properties else ""
        return f'<item id="part-{number}" href="part-{number}.xhtml" media-type="application/xhtml+xml"{said}/>'

    refs = "".join(f'<itemref idref="part-{k}"/>' for k in range(len(parts)))
    named = {
        "NAME": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, ''.join(files.values()))}",
        "TITLE": html.escape(title),
        "AUTHOR": html.escape(author),
        "ITEMS": "".join(item(k, part["properties"]) for k, part in enumerate(parts)),
        "REFS": refs,
    }
    files["book/package.opf"] = re.sub("|".join(named), lambda match: named[match[0]], PACKAGE)
    with zipfile.ZipFile(target, "w") as book:
        # The type comes first and as it is, so that it can be read at a fixed place.
        book.writestr(zipfile.ZipInfo("mimetype", DATE), "application/epub+zip")
        for name, content in files.items():
            book.writestr(zipfile.ZipInfo(name, DATE), content, zipfile.ZIP_DEFLATED)


def _xhtml(title: str, body: str, chapter: int) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" '
        'xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">'
        f'<head><title>{html.escape(title)}</title><link rel="stylesheet" href="style.css"/></head>'
        f'<body style="counter-reset: chapter {chapter + 1}">{body}</body></html>\n'
    )

"""Check a built site, a folder of HTML, by itself: `python -m scripts.check_site site`. It knows nothing of MkDocs."""

from __future__ import annotations

import sys
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

# The attributes by which an element makes the browser load a file.
LOADING = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("use", "href")}
NOT_LOADED = {"canonical", "prev", "next", "edit", "alternate"}  # rel of a <link> that only names an address


class _Page(HTMLParser):
    """The ids of a page, its links, and the files that it loads. Links and files come with their line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[tuple[str, int]] = []
        self.loads: list[tuple[str, int]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        line = self.getpos()[0]
        for name in ("id", "name"):
            if values.get(name) and (name == "id" or tag == "a"):
                self.ids.add(values[name] or "")
        for name, value in attrs:
            if value is None:
                continue
            if (tag, name) in LOADING and not (set((values.get("rel") or "").split()) & NOT_LOADED):
                self.loads.append((value, line))
            elif tag == "a" and name == "href":
                self.links.append((value, line))


@lru_cache(maxsize=64)  # two sites: under `mkdocs serve` most pages are those of the last build
def _read(text: str) -> _Page:
    """Return a parsed page. The cache is by content: the same text is parsed once."""
    return _Page(text)


def problems(site: Path, site_url: str | None = None) -> list[str]:
    """Return a message for each link or anchor that leads nowhere, and for each file loaded from another host."""
    pages = {
        path.relative_to(site).as_posix(): _read(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")
    }
    # A made-up host, against which relative links are resolved: what resolves to it is a page of this site.
    base = "http://site/"
    found = []
    for name, page in sorted(pages.items()):
        for target, line in page.loads:
            if urlsplit(target).netloc and not (site_url and target.startswith(site_url)):
                found.append(f"{name}:{line}: loads {target} from another host")
        # An absolute address of this site is checked as a link within it.
        for target, line in page.links + page.loads:
            if site_url and target.startswith(site_url):
                target = base + target.removeprefix(site_url)
            parts = urlsplit(urljoin(base + name, target))
            if parts.netloc != "site" or parts.scheme != "http":
                continue
            path = unquote(parts.path).lstrip("/")
            # A server shows this page at any address, so that its links are absolute, below the path of the site's
            # address.
            if name == "404.html" and target.startswith("/"):
                path = path.removeprefix(urlsplit(site_url or "/").path.lstrip("/"))
            if not path or path.endswith("/"):
                path += "index.html"
            if path not in pages and not (site / path).is_file():
                found.append(f"{name}:{line}: the link {target} leads nowhere")
            # Browsers go to the top for `#__top`, which Material uses, though nothing has this id.
            elif parts.fragment and path in pages and unquote(parts.fragment) not in pages[path].ids | {"__top"}:
                found.append(f"{name}:{line}: the link {target} leads to no anchor on {path}")
    return found


if __name__ == "__main__":
    wrong = problems(Path(sys.argv[1]))
    print("\n".join(wrong))
    raise SystemExit(1 if wrong else 0)

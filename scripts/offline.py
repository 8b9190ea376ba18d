"""A copy of the site that is read without a server: `python -m scripts.offline SITE FILE.zip`, or `make offline`.

From a folder, browsers load no modules, no workers and no data, and they know no page by its folder's name. So links
lead to files, one plain script has all modules (`scripts/vendor/offline.mjs`), another the data that pages fetch, and
fonts stand in the style sheets. Python for the browser needs a server: pages say so where *Run all* would be.
"""

from __future__ import annotations

import argparse
import base64
import json
import posixpath
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

from scripts.store import ROOT
from scripts.wheel import DATE

WHY = "This copy is read without a server, and a browser runs Python only on pages that come from one."
FETCHED = ("claims/*.json", "explorers/*.json", "assets/css/explorers.css")  # by scripts that run here


def linked(target: str) -> str:
    """Return a link to a page with the name of its file.

    Examples:
        >>> linked("../glossary/#rms"), linked(".."), linked("#rms"), linked("https://a.org/"), linked("a.csv")
        ('../glossary/index.html#rms', '../index.html', '#rms', 'https://a.org/', 'a.csv')
    """
    path, mark, anchor = target.partition("#")
    if not path or re.match(r"\w+:", path) or posixpath.splitext(path.rstrip("."))[1]:
        return target
    return f"{posixpath.join(path, 'index.html')}{mark}{anchor}"


def page(text: str, up: str) -> str:
    """Return a page for reading without a server. `up` is the way from it to the root of the site."""
    text = re.sub(r'(<a\b[^>]*? href=")([^"]*)"', lambda match: f'{match[1]}{linked(match[2])}"', text)
    # In a folder no file is of the page's own origin, so that the policy would forbid all of them.
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    text = re.sub(
        r'<meta name="wi-runtime"[^>]*>|<link rel="(?:preload|canonical|alternate|prev|next)"[^>]*>', "", text
    )
    text = re.sub(r'<div class="wi-all".*?</div>', f'<p class="wi-offline">{WHY}</p>', text)
    scripts = "".join(f'<script src="{up}offline/{name}.js"></script>' for name in ("files", "scripts"))
    # The frame that stands for a worker has to be known before Material's script asks for one.
    text = text.replace('<script src="', f'{scripts}<script src="', 1)
    return re.sub(r'<script [^>]*type="module"[^>]*></script>', "", text)


def convert(site: Path) -> None:
    """Turn a copy of the site into one that is read without a server."""
    shutil.rmtree(site / "runtime", ignore_errors=True)
    for style in (site / "assets" / "css").glob("*.css"):
        style.write_text(embedded(style), encoding="utf-8")
    (site / "offline").mkdir()
    bundle = ["node", "offline.mjs", str(site / "assets"), str(site / "offline" / "scripts.js")]
    subprocess.run(bundle, cwd=ROOT / "scripts" / "vendor", check=True)
    names = sorted(path for pattern in FETCHED for path in site.glob(pattern))
    files = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in names}
    (site / "offline" / "files.js").write_text(f"self.wiFiles = {json.dumps(files)}\n", encoding="utf-8")
    # Material asks for this name where there is no server.
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    entries = json.loads((site / "search" / "index.json").read_text(encoding="utf-8"))
    index["docs"] = [{**entry, "location": linked(f"./{entry['location']}")} for entry in entries]
    (site / "search" / "search_index.js").write_text(f"var __index = {json.dumps(index)}\n", encoding="utf-8")
    for path in site.rglob("*.html"):
        up = posixpath.relpath(".", path.parent.relative_to(site).as_posix()) + "/"
        path.write_text(page(path.read_text(encoding="utf-8"), up), encoding="utf-8")


def embedded(style: Path) -> str:
    """Return a style sheet with its fonts in it: Firefox loads none from another folder."""

    def font(match: re.Match[str]) -> str:
        content = (style.parent / match[1]).read_bytes()
        return f'url("data:font/woff2;base64,{base64.b64encode(content).decode()}")'

    return re.sub(r'url\("(\.\./fonts/[^"]+)"\)', font, style.read_text(encoding="utf-8"))


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Make a zip of the site that is read without a server.")
    parser.add_argument("site", type=Path)
    parser.add_argument("zip", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        site = Path(scratch) / "site"
        shutil.copytree(options.site, site, ignore=shutil.ignore_patterns("runtime"))
        convert(site)
        with zipfile.ZipFile(options.zip, "w") as made:
            for path in sorted(path for path in site.rglob("*") if path.is_file()):
                # A fixed date, so that equal sites give equal bytes.
                entry = zipfile.ZipInfo(f"wi_docs/{path.relative_to(site).as_posix()}", DATE)
                made.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    print(f"{options.zip}: {options.zip.stat().st_size / 1e6:.1f} MB. Unpack it, and open wi_docs/index.html.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

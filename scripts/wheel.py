"""The wheel of `wi_docs` that readers install and their browsers import.

A wheel of pure Python is a zip of the package with three small files of metadata (PEP 427). Writing it here takes a
tenth of the time that starting the project's build backend takes, which `mkdocs serve` would spend on every change.
It is made at every build and kept nowhere, so that nobody can put another in its place.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import posixpath
import re
import tomllib
import zipfile
from pathlib import Path
from urllib.parse import quote

from scripts.store import ROOT

PLACE = "wheel"  # its folder in the site
LICENSES = ("LICENSE", "LICENSE-docs")
# The file WHEEL of the metadata, as PEP 427 wants it.
WHEEL = "Wheel-Version: 1.0\nGenerator: scripts/wheel.py\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
DATE = (2000, 1, 1, 0, 0, 0)  # of every file in the zip, so that equal sources give equal bytes


def inputs() -> list[Path]:
    """Return the files that the wheel is made from: the licenses, and all files of the package."""
    package = (p for p in (ROOT / "wi_docs").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return [*(ROOT / name for name in LICENSES), *sorted(package)]


def _project() -> tuple[str, list[str]]:
    """Return the versions of Python and the packages that this package needs, from `pyproject.toml`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["requires-python"], project["dependencies"]


def _version() -> str:
    found = re.search(r'^__version__ = "(.+)"$', (ROOT / "wi_docs" / "__init__.py").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError("wi_docs/__init__.py: there is no line __version__ = …")
    return found[1]


def file_name() -> str:
    """Return the wheel's file name."""
    return f"wi_docs-{_version()}-py3-none-any.whl"


def build() -> bytes:
    """Return the wheel's content, which is the same for equal sources."""
    name = f"wi_docs-{_version()}"
    python, needed = _project()
    says = ["Metadata-Version: 2.1", "Name: wi_docs", f"Version: {_version()}", f"Requires-Python: {python}"]
    says += [f"Requires-Dist: {package}" for package in needed]
    files = {
        f"{name}.dist-info/METADATA": "\n".join([*says, ""]).encode(),
        f"{name}.dist-info/WHEEL": WHEEL.encode(),
    }
    for path in inputs():
        above = f"{name}.dist-info/licenses/" if path.name in LICENSES else ""
        files[above + path.relative_to(ROOT).as_posix()] = path.read_bytes()
    # RECORD lists every file with its hash and size, itself without them.
    record = [f"{place},sha256={_hash(content)},{len(content)}\n" for place, content in files.items()]
    files[f"{name}.dist-info/RECORD"] = "".join([*record, f"{name}.dist-info/RECORD,,\n"]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        for place, content in files.items():
            # ZipInfo, and not a name, so that each file has the fixed date.
            wheel.writestr(zipfile.ZipInfo(place, DATE), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _source(site_url: str | None, repo_url: str) -> str:
    """Return what pip can install the package from: the site's wheel, or the repository if the site has no address."""
    return f"{site_url}{PLACE}/{file_name()}" if site_url else f"git+{repo_url.rstrip('/')}"


def how_to_install(site_url: str | None, repo_url: str) -> str:
    """Return the commands of the page Install as Markdown, with a link to the wheel."""
    commands = f"pip install \\\n    {_source(site_url, repo_url)}"
    return f"```sh\n{commands}\n```\n\nThe file: [{file_name()}](/{PLACE}/{file_name()})."


def open_in_colab(site_url: str | None, uri: str) -> str:
    """Return the words that follow a lab's link to its notebook: a link that opens it in Google Colab, as Markdown.

    There are none unless the site has an address that Colab can read. The form of the link is that of published
    notebooks on hosts of their own, such as gitlab.ebi.ac.uk; it has not been tried from this project.

    Examples:
        >>> open_in_colab("https://example.org/", "labs/x.md")
        ', or [open it in Google Colab](https://colab.research.google.com/#fileId=https%3A//example.org/labs/x.ipynb)'
        >>> open_in_colab("http://127.0.0.1:8000/", "labs/x.md")
        ''
    """
    if not site_url or not site_url.startswith("https://"):
        return ""
    place = quote(f"{site_url}{uri.removesuffix('.md')}.ipynb")
    return f", or [open it in Google Colab](https://colab.research.google.com/#fileId={place})"


def notebook(text: str, uri: str, site_url: str | None, repo_url: str) -> str:
    """Return a lab's notebook for a reader elsewhere: its first cell installs, and its links lead to the site.

    Args:
        text: the notebook as it was run.
        uri: its place in the site.
        site_url: the site's address, if it is known. Links stay relative without it.
        repo_url: where the repository is.
    """
    read = json.loads(text)

    def lead(match: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(uri), match[1]))
        return f"]({site_url}{place.removesuffix('index.md').removesuffix('.md')}/{match[2] or ''})"

    if site_url:
        for cell in read["cells"]:
            if cell["cell_type"] == "markdown":
                words = "".join(cell["source"])
                cell["source"] = re.sub(r"\]\(((?!\w+:|#)[^)#]+\.md)(#[^)]*)?\)", lead, words)
    page = f"{site_url}{uri.removesuffix('.ipynb')}/" if site_url else repo_url
    words = f"From [{page}]({page}). The first cell installs what the lab needs; then run the others in their order."
    install = f"%pip install --quiet {_source(site_url, repo_url)} matplotlib"
    read["cells"] = [
        read["cells"][0],
        {"cell_type": "markdown", "id": "from", "metadata": {}, "source": words},
        {"cell_type": "code", "execution_count": None, "id": "install", "metadata": {}, "outputs": [],
         "source": install},
        *read["cells"][1:],
    ]  # fmt: skip
    return json.dumps(read, indent=1) + "\n"


def _hash(content: bytes) -> str:
    """Return the SHA-256 in the form of a wheel's RECORD: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")

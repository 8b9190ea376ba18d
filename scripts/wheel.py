"""The wheel of `wi_docs` that readers install and their browsers import: `python -m scripts.wheel` prints its path.

A wheel of pure Python is a zip of the package with three small files of metadata (PEP 427). Writing it here takes a
tenth of the time that starting the project's build backend takes, which `mkdocs serve` would spend on every change.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import posixpath
import re
import shutil
import tempfile
import tomllib
import zipfile
from pathlib import Path

from scripts.store import CACHE, KEPT, ROOT

WHEELS = CACHE / "wheels"
PLACE = "wheel"  # its folder in the site
LICENSES = ("LICENSE", "LICENSE-docs")
# The file WHEEL of the metadata, as PEP 427 wants it.
WHEEL = "Wheel-Version: 1.0\nGenerator: scripts/wheel.py\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
DATE = (2000, 1, 1, 0, 0, 0)  # of every file in the zip, so that equal sources give equal bytes


def inputs() -> list[Path]:
    """Return the files that the wheel is made from: the licenses, and all files of the package."""
    package = (p for p in (ROOT / "wi_docs").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return [*(ROOT / name for name in LICENSES), *sorted(package)]


def folder() -> Path:
    """Return the folder of the current package's wheel. Its name is a digest of the wheel's inputs and of this file."""
    digest = hashlib.sha256(Path(__file__).read_bytes() + json.dumps(_project()).encode())
    for path in inputs():
        digest.update(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return WHEELS / digest.hexdigest()[:16]


def _project() -> tuple[str, list[str]]:
    """Return the versions of Python and the packages that this package needs, from `pyproject.toml`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["requires-python"], project["dependencies"]


def find() -> Path | None:
    """Return the wheel, or None if it has to be built."""
    return next(folder().glob("*.whl"), None)


def build() -> Path:
    """Write the wheel and return its path. It is written elsewhere and renamed, so that nobody sees a part of it."""
    target = folder()
    version = re.search(r'^__version__ = "(.+)"$', (ROOT / "wi_docs" / "__init__.py").read_text("utf-8"), re.MULTILINE)
    if version is None:
        raise ValueError("wi_docs/__init__.py: there is no line __version__ = …")
    name = f"wi_docs-{version[1]}"
    python, needed = _project()
    says = ["Metadata-Version: 2.1", "Name: wi_docs", f"Version: {version[1]}", f"Requires-Python: {python}"]
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
    WHEELS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WHEELS) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        # ZipInfo, and not a name, so that each file has the fixed date.
        with zipfile.ZipFile(made / f"{name}-py3-none-any.whl", "w") as wheel:
            for place, content in files.items():
                wheel.writestr(zipfile.ZipInfo(place, DATE), content, zipfile.ZIP_DEFLATED)
        # Another build may have written the same wheel meanwhile.
        if not target.exists():
            os.replace(made, target)
    for old in sorted(WHEELS.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old)
    return next(target.glob("*.whl"))


def _source(site_url: str | None, repo_url: str) -> str:
    """Return what pip can install the package from: the site's wheel, or the repository if the site has no address."""
    built = find() or build()
    return f"{site_url}{PLACE}/{built.name}" if site_url else f"git+{repo_url.rstrip('/')}"


def how_to_install(site_url: str | None, repo_url: str) -> str:
    """Return the commands of the page Install as Markdown, with a link to the wheel."""
    built = find() or build()
    commands = f"pip install \\\n    {_source(site_url, repo_url)}"
    return f"```sh\n{commands}\n```\n\nThe file: [{built.name}](/{PLACE}/{built.name})."


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


if __name__ == "__main__":
    print(find() or build())

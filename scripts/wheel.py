"""The wheel of `wi_docs` that the reader's browser imports.

A wheel of pure Python is a zip of the package with three small files of metadata (PEP 427). Writing it here takes a
tenth of the time that starting the project's build backend takes, which `mkdocs serve` would spend on every change.
It is made at every build and kept nowhere, so that nobody can put another in its place.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from pathlib import Path

from scripts.store import ROOT

LICENSES = ("LICENSE", "LICENSE-docs")
# The file WHEEL of the metadata, as PEP 427 wants it.
WHEEL = "Wheel-Version: 1.0\nGenerator: scripts/wheel.py\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
DATE = (2000, 1, 1, 0, 0, 0)  # of every file in the zip, so that equal sources give equal bytes


def inputs() -> list[Path]:
    """Return the files that the wheel is made from: the licenses, and all files of the package."""
    package = (p for p in (ROOT / "wi_docs").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return [*(ROOT / name for name in LICENSES), *sorted(package)]


def build() -> tuple[str, bytes]:
    """Return the wheel's file name and its content, which are the same for equal sources."""
    version = re.search(r'^__version__ = "(.+)"$', (ROOT / "wi_docs" / "__init__.py").read_text("utf-8"), re.MULTILINE)
    if version is None:
        raise ValueError("wi_docs/__init__.py: there is no line __version__ = …")
    name = f"wi_docs-{version[1]}"
    files = {
        f"{name}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: wi_docs\nVersion: {version[1]}\n".encode(),
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
    return f"{name}-py3-none-any.whl", buffer.getvalue()


def _hash(content: bytes) -> str:
    """Return the SHA-256 in the form of a wheel's RECORD: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")

"""The wheel of `wi_docs` that the reader's browser imports: `python -m scripts.wheel` builds it and prints its path.

A wheel of pure Python is a zip of the package with three small files of metadata (PEP 427). Writing it here takes a
tenth of the time that starting the project's build backend takes, which `mkdocs serve` would spend on every change.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

from scripts.store import CACHE, KEPT, ROOT

WHEELS = CACHE / "wheels"
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
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in inputs():
        digest.update(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return WHEELS / digest.hexdigest()[:16]


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


def _hash(content: bytes) -> str:
    """Return the SHA-256 in the form of a wheel's RECORD: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


if __name__ == "__main__":
    print(find() or build())

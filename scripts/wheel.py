"""Build the wheel of `wi_docs` that the reader's browser imports: `python -m scripts.wheel` prints where it is."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.store import CACHE, KEPT, ROOT

WHEELS = CACHE / "wheels"
INPUTS = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-docs")


def inputs() -> list[Path]:
    """Return what the wheel is made from."""
    package = (p for p in (ROOT / "wi_docs").rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return [*(ROOT / name for name in INPUTS), *sorted(package)]


def folder() -> Path:
    """Return where the wheel of the package as it stands belongs: a folder named by the content of its inputs."""
    digest = hashlib.sha256()
    for path in inputs():
        digest.update(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return WHEELS / digest.hexdigest()[:16]


def find() -> Path | None:
    """Return the wheel, or None if it has to be built."""
    return next(folder().glob("*.whl"), None)


def build() -> Path:
    """Build the wheel with the project's build backend, in a copy: `build/` keeps modules that are gone."""
    target = folder()
    WHEELS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WHEELS) as scratch:
        copy, made = Path(scratch) / "copy", Path(scratch) / "made"
        for path in inputs():
            (copy / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy / path.relative_to(ROOT))
        made.mkdir()
        code = f"from setuptools import build_meta; build_meta.build_wheel({str(made)!r})"
        environment = os.environ | {"SOURCE_DATE_EPOCH": "946684800"}
        done = subprocess.run([sys.executable, "-c", code], cwd=copy, env=environment, capture_output=True, text=True, check=False)  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"the wheel was not built\n{done.stderr.strip()}")
        if not target.exists():
            os.replace(made, target)
    for old in sorted(WHEELS.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old)
    return next(target.glob("*.whl"))


if __name__ == "__main__":
    print(find() or build())

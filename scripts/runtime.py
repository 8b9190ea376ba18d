"""The Python that pages run, as files of the site: Pyodide's files, this package's wheel, and the lock that names them.

A site without these files is complete but for its Run buttons.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

from scripts import fetch_runtime, store, wheel
from scripts.reading import LOG

BROWSER = store.ROOT / "scripts" / "in_browser.py"
LOCK = "pyodide-lock.json"


def bring(*, fetch: bool) -> bool:
    """Bring Pyodide, if it is not here and `fetch` allows it, and return whether it is here.

    Raises:
        PluginError: if Pyodide does not come, and the environment variable `WI_DOCS_REQUIRE_RUNTIME` is 1.
    """
    if fetch_runtime.missing():
        why = _fetch() if fetch else ""
        if why and os.environ.get("WI_DOCS_REQUIRE_RUNTIME") == "1":
            raise PluginError(
                f"the Python for the browser is required (WI_DOCS_REQUIRE_RUNTIME), and did not come.\n{why}"
            )
        if why:
            LOG.info("this site has no Run buttons, since the Python for the browser did not come.\n%s", why)
        if fetch_runtime.missing():
            return False
    return True


def _fetch() -> str:
    """Fetch Pyodide in a process of its own, and return its messages on files that did not come; empty if all did."""
    command = [sys.executable, "-m", "scripts.fetch_runtime"]
    done = subprocess.run(command, cwd=store.ROOT, stderr=subprocess.PIPE, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


def megabytes() -> str:
    """Return the compressed size of the files that the first press of a Run button loads, in whole megabytes."""
    files = fetch_runtime.lock()["files"]
    return f"{sum(files[name]['gzip'] for name in _first()) / 1e6:.0f}"


def _first() -> list[str]:
    """Return the names of Pyodide's files that the first press loads."""
    return [*fetch_runtime.CORE, fetch_runtime.lock()["packages"]["numpy"]["file_name"]]


def served() -> dict[str, bytes]:
    """Return the files that pages load, by their names below `runtime/`. Pyodide has to be there.

    The first is the lock, which has the hashes of all others; `run/room.js` holds them against it.

    Raises:
        PluginError: if a file of Pyodide is not the one that its lock names.
    """
    lock = fetch_runtime.lock()
    ours = {"in_browser.py": BROWSER.read_bytes(), "wi_docs.zip": wheel.build()}
    theirs = {name: (fetch_runtime.RUNTIME / name).read_bytes() for name in lock["files"]}
    for name, content in theirs.items():
        if hashlib.sha256(content).hexdigest() != lock["files"][name]["sha256"]:
            raise PluginError(f"{name} in {fetch_runtime.RUNTIME} has changed since it was checked: build again.")
    for name, content in ours.items():
        size = len(content)
        lock["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": size, "gzip": size}
    # Not Pyodide's: the page reads here which files the first press loads.
    lock["first"] = [*_first(), *ours]
    return {LOCK: json.dumps(lock).encode(), **ours, **theirs}


def key(served: dict[str, bytes]) -> str:
    """Return the beginning of the lock's SHA-256, 128 bits of it, by which the page knows the lock."""
    return hashlib.sha256(served[LOCK]).hexdigest()[:32]


def files(config: Any, served: dict[str, bytes]) -> list[File]:
    """Return the files as generated files of MkDocs."""
    return [File.generated(config, f"runtime/{name}", content=content) for name, content in served.items()]

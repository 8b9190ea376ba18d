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


def bring(*, fetch: bool) -> bool:
    """Bring Pyodide, if it is not here and `fetch` allows it, and this package's wheel; return whether both are here.

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
    if wheel.find() is None:
        wheel.build()
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


def key() -> str:
    """Return a digest of all files that pages run. Browsers cache the files under it."""
    # The wheel's folder is named by its content, and the lock has the hashes of Pyodide's files.
    key = hashlib.sha256(wheel.folder().name.encode() + BROWSER.read_bytes() + fetch_runtime.LOCK.read_bytes())
    return key.hexdigest()[:12]


def _first() -> list[str]:
    """Return the names of Pyodide's files that the first press loads."""
    return [*fetch_runtime.CORE, fetch_runtime.lock()["packages"]["numpy"]["file_name"]]


def files(config: Any) -> list[File]:
    """Return the files as generated files of MkDocs. Pyodide and the wheel have to be there."""
    # `bring` has built it.
    built = wheel.find()
    assert built is not None
    lock = fetch_runtime.lock()
    names = list(lock["files"])
    # In a folder named by its content, so that a browser never meets an old wheel under a new lock.
    uri = f"{built.parent.name}/{built.name}"
    # An entry as Pyodide's own lock has it for each package that `loadPackage` knows.
    lock["packages"]["wi-docs"] = {
        "name": "wi-docs", "version": "0", "file_name": uri, "install_dir": "site", "package_type": "package",
        "sha256": hashlib.sha256(built.read_bytes()).hexdigest(), "imports": ["wi_docs"], "depends": ["numpy"],
    }  # fmt: skip
    # Not Pyodide's: the worker reads here which files the first press loads, and adds up their sizes for the progress.
    lock["first"] = [*_first(), built.name]
    lock["files"][built.name] = {"size": built.stat().st_size, "gzip": built.stat().st_size}
    paths = {"in_browser.py": BROWSER, uri: built, **{name: fetch_runtime.RUNTIME / name for name in names}}
    return [
        File.generated(config, "runtime/pyodide-lock.json", content=json.dumps(lock)),
        *(File.generated(config, f"runtime/{name}", abs_src_path=str(path)) for name, path in paths.items()),
    ]

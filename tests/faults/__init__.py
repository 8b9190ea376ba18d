"""Faults to plant in the package, one at a time, each a file beside this one, and the claims that notice.

A claim that nothing can make fail says nothing. A file says in its first line what is wrong, and then which claims must
fail on it, the quickest first. After an empty line come the file of `wi_docs` that is edited, the text that stands in
it once, behind minus signs, and what replaces it, behind plus signs. The tests plant every fault and run the first of
its claims; `python -m tests.faults [WORD...]` runs all, for the faults that have WORD in their description, or for all.
A claim that no fault of the package can touch says why, in its decorator.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.store import EXPERIMENTS, ROOT


@dataclass(frozen=True)
class Fault:
    """An edit of the package that makes it wrong.

    Attributes:
        what: what is wrong, in words.
        noticed_by: claims that must fail, the quickest first.
        path: the file that is edited, below the project's root.
        old: text that stands there once.
        new: what replaces it.
    """

    what: str
    noticed_by: tuple[str, ...]
    path: str
    old: str
    new: str


def read(file: Path) -> Fault:
    """Read a fault from its file.

    Raises:
        ValueError: for a file that is not written as the head of this module says.
    """
    head, _, rest = file.read_text(encoding="utf-8").partition("\n\n")
    what, _, noticed = head.partition("\nNoticed by: ")
    path, *edit = rest.splitlines()
    old, new = ("\n".join(line[1:] for line in edit if line.startswith(sign)) for sign in "-+")
    if not noticed or not old or any(line[:1] not in ("-", "+") for line in edit):
        raise ValueError(f"{file.name}: see the first lines of tests/faults/__init__.py for how a fault is written")
    return Fault(what, tuple(noticed.replace("\n", " ").split(", ")), path, old, new)


FAULTS = [read(file) for file in sorted(Path(__file__).parent.glob("*.diff"))]


RUN = """
import json, sys
from pathlib import Path
from scripts import store
from wi_docs.experiments import disk_cache
from wi_docs.pages import claims

disk_cache.keep_in(Path(sys.argv[1]), store.version)
print(json.dumps({claim.id: claims.run(claim)["problem"] for claim in claims.get(sys.argv[2:])}))
"""


def failing(fault: Fault, claims: list[str]) -> dict[str, str]:
    """Run claims on a copy of the package with the fault, and return id and problem of those that fail.

    Experiments are kept with the build's, under a digest of the sources that they depend on. So those that the fault
    does not touch are taken from there, and those that it touches run.
    """
    with TemporaryDirectory() as folder:
        for part in ("wi_docs", "scripts"):
            shutil.copytree(ROOT / part, Path(folder) / part, ignore=shutil.ignore_patterns("vendor"))
        path = Path(folder) / fault.path
        text = path.read_text(encoding="utf-8")
        if text.count(fault.old) != 1:
            raise ValueError(f"{fault.what}: {fault.old!r} stands {text.count(fault.old)} times in {fault.path}")
        path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", RUN, str(EXPERIMENTS), *claims],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ValueError(f"{fault.what}: {done.stderr[-2000:]}")
        return {name: problem for name, problem in json.loads(done.stdout).items() if problem}

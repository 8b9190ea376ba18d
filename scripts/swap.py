"""Builds a site beside the last one, and puts it in its place at the end. A killed build leaves the last site."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

FORGOTTEN = 3600.0  # seconds after which a folder beside the site is taken for the remains of a killed build


def begin(site: Path) -> Path:
    """Return a new folder beside `site` to build in, and remove the folders of builds that were killed.

    Examples:
        >>> root = Path(tempfile.mkdtemp())
        >>> draft = begin(root / "site")
        >>> _ = (draft / "index.html").write_text("whole")
        >>> put(draft, root / "site")
        >>> [path.name for path in root.iterdir()], (root / "site" / "index.html").read_text()
        (['site'], 'whole')
        >>> shutil.rmtree(root)
    """
    site.parent.mkdir(parents=True, exist_ok=True)
    for left in site.parent.glob(f".{site.name}-*"):
        if time.time() - left.stat().st_mtime > FORGOTTEN:
            shutil.rmtree(left, ignore_errors=True)
    # In the same folder as the site, and so on the same file system, where renaming is one step.
    draft = Path(tempfile.mkdtemp(prefix=f".{site.name}-", dir=site.parent))
    draft.chmod(0o755)  # mkdtemp's own mode would lock a web server out
    return draft


def put(draft: Path, site: Path) -> None:
    """Put `draft` in the place of `site` by renaming both, then remove the site that was there."""
    last = draft.with_name(f"{draft.name}-last")
    if site.exists():
        site.rename(last)
    draft.rename(site)
    shutil.rmtree(last, ignore_errors=True)

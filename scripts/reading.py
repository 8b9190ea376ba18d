"""What is known of a page while it is rendered, and what it turns out to use."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

from scripts import store

LOG = logging.getLogger("mkdocs.hooks.wi_docs")


@dataclass
class Reading:
    """A page that is being rendered.

    Attributes:
        source: the file that somebody wrote, for messages.
        parts: files that figures, tables and exercises of the page are made from.
        cited: keys of the bibliography that it cites.
        shown: jobs whose results it shows.
        waits: whether some of them are still being made, which happens under `mkdocs serve` only.
    """

    source: Path
    parts: list[Path] = field(default_factory=list)
    cited: set[str] = field(default_factory=set)
    shown: set[store.Job] = field(default_factory=set)
    waits: bool = False

    def show(self, job: store.Job) -> Path | None:
        """Note that the page shows the results of a job; return their folder, or None if they are being made."""
        self.shown.add(job)
        self.parts += store.files(job)
        folder = store.find(job)
        self.waits |= folder is None
        return folder

    def warn(self, needle: str, message: str) -> None:
        """Report a mistake, with the file and line that hold `needle`. A strict build fails on it."""
        LOG.warning("%s: %s", self.where(needle), message)

    def where(self, needle: str) -> str:
        """Return `file:line` of the first line that holds `needle`, of the page or of what it shows.

        If none does, the words were made by code, and the page is named without a line.
        """
        for path in filter(Path.is_file, [self.source, *self.parts]):
            text = path.read_text(encoding="utf-8")
            offset = text.find(needle.strip())
            if offset >= 0:
                return f"{_name(path)}:{text.count(chr(10), 0, offset) + 1}"
        return _name(self.source)


def _name(path: Path) -> str:
    return str(path.relative_to(store.ROOT) if path.is_relative_to(store.ROOT) else path)

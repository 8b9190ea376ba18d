"""The record of a page while it is rendered: its files, for messages, and the jobs and citations that it uses."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts import store

LOG = logging.getLogger("mkdocs.hooks.wi_docs")


@dataclass
class Reading:
    """The record of a page that is being rendered.

    Attributes:
        source: the source file of the page, for messages.
        parts: the source files of the figures, tables and exercises on the page.
        cited: the keys of the bibliography that the page cites.
        shown: the jobs whose results the page shows.
        waits: whether some of these results are still being made, which happens under `mkdocs serve` only.
        folders: the folder of each job's results as the build began, None for what was not made then; without it, the
            store is asked.
    """

    source: Path
    parts: list[Path] = field(default_factory=list)
    cited: set[str] = field(default_factory=set)
    shown: set[store.Job] = field(default_factory=set)
    waits: bool = False
    folders: Mapping[store.Job, Path | None] | None = None

    def show(self, job: store.Job) -> Path | None:
        """Note that the page shows the results of a job; return their folder, or None if they are being made."""
        self.shown.add(job)
        self.parts += store.files(job)
        folder = store.find(job) if self.folders is None else self.folders.get(job)
        self.waits |= folder is None
        return folder

    def warn(self, needle: str, message: str) -> None:
        """Report a mistake, with the file and line that hold `needle`. A strict build fails on it."""
        LOG.warning("%s: %s", self.where(needle), message)

    def where(self, needle: str) -> str:
        """Return `file:line` of the first line with `needle`, in the source of the page or of one of its parts.

        If no line has it, the words were made by code, and the page is named without a line.
        """
        # The page itself comes first; words that stand in no page may come from a table's or a figure's module.
        for path in filter(Path.is_file, [self.source, *self.parts]):
            text = path.read_text(encoding="utf-8")
            offset = text.find(needle.strip())
            if offset >= 0:
                return f"{_name(path)}:{text.count(chr(10), 0, offset) + 1}"
        return _name(self.source)


def _name(path: Path) -> str:
    """Return a path for a message: relative to the project if it lies in it."""
    return str(path.relative_to(store.ROOT) if path.is_relative_to(store.ROOT) else path)

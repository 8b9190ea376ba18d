"""The work of MkDocs' hooks, on two objects: a session, from the start of MkDocs to its end, and one build at a time.

Nothing here imports `wi_docs` or matplotlib. `mkdocs serve` keeps a module in memory as it was when the server started,
so whatever has to see the current code is done by `python -m scripts.make`, in processes of its own.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.utils import CountHandler

from scripts import (
    check_site,
    citations,
    coverage,
    house,
    ledger,
    loading,
    pages,
    runtime,
    search,
    sharing,
    sources,
    store,
    swap,
    wheel,
)
from scripts.reading import LOG, Reading

MOMENT = 4.0  # seconds that a served site waits for results before it shows its pages without
LATER = 10.0  # seconds after which it looks for those that came while its first pages were built
CHANGED = "A source changed while the results were made. Build again."


class Session:
    """MkDocs from its start to its end: one build, or under `mkdocs serve` one after the other."""

    def __init__(self) -> None:
        self.beside = False  # whether to build in a folder beside the last site, which it replaces when it is whole
        self.asked_for_runtime = False  # whether this session has tried to fetch Pyodide already
        self.rendered: dict[str, _Rendered] = {}
        self.draft: tuple[Path, Path] | None = None  # the folder that is built in, and the one that it will replace
        self.whole = False  # whether the build under way has come to its end, and MkDocs takes it
        self.served = False  # whether pages can come up before all that they show is made
        self.making: subprocess.Popen[str] | None = None
        self.build: Build

    def begin(self, config: Any) -> None:
        """Make the results that are stale, and begin a build.

        Raises:
            PluginError: if a result cannot be made. The last site stays as it was.
        """
        self.whole = False
        complete = self.make()
        if not complete:
            config.validation.links.anchors = logging.DEBUG  # some are still to come
        # A server that does not answer is not asked at every rebuild.
        here = runtime.bring(fetch=not self.asked_for_runtime)
        self.asked_for_runtime = True
        self.build = Build(config, self.rendered, runtime.served() if here else {}, complete=complete)
        # The index is made of the finished pages: `search.write`.
        config.plugins["material/search"].search_index.add_entry_from_context = lambda page: None
        if self.beside:
            site = Path(config.site_dir)
            self.draft = swap.begin(site), site
            config.site_dir = str(self.draft[0])

    def make(self) -> bool:
        """Make what is stale, and return whether everything is made.

        A served site waits a moment for it. What takes longer is made while the pages are read, and when there are
        results, `store.STAMP` is touched, and the pages that show them are built again.

        Raises:
            PluginError: if a result cannot be made, or if something changed while a site was built that is not served.
        """
        store.refresh()
        if self.making is None and any(store.find(job) is None for job in store.jobs()):
            command = [sys.executable, "-m", "scripts.make", "--parent", str(os.getpid())]
            command += ["--pages-first"] if self.served else []
            self.making = subprocess.Popen(command, cwd=store.ROOT, stderr=subprocess.PIPE, text=True)
        if self.making is None:
            return True
        try:
            _, words = self.making.communicate(timeout=MOMENT if self.served else None)
        except subprocess.TimeoutExpired:
            store.refresh()
            return False
        code, self.making = self.making.returncode, None
        store.refresh()
        if code:
            raise PluginError(f"not built, and the last site is left as it was.\n{words.strip()}")
        complete = all(store.find(job) is not None for job in store.jobs())
        if not complete and not self.served:
            raise PluginError(f"not built, and the last site is left as it was.\n{CHANGED}")
        return complete

    def watch(self, server: Any) -> None:
        """Let a served site be built again when there are new results."""
        store.STAMP.touch()
        server.watch(str(store.STAMP))
        if self.making is not None:  # its end may have come before anybody watched
            look = threading.Timer(LATER, store.STAMP.touch)
            look.daemon = True
            look.start()

    def end(self) -> None:
        """Put the new site in place of the last one, or remove it if the build did not come to its end."""
        if self.making is not None:
            self.making.terminate()
        if self.draft is None:
            return
        if self.whole:
            swap.put(*self.draft)
            LOG.info("The site is in %s", self.draft[1])
        else:
            shutil.rmtree(self.draft[0], ignore_errors=True)


@dataclass(frozen=True)
class _Rendered:
    """A rendered page, kept for the next build of a session, in which most pages are the same.

    Attributes:
        key: a digest of everything that the page was rendered from, but for `results`.
        results: the keys of the results that the page shows.
        state: the attributes of MkDocs' page that rendering has set.
        links: the page's links to anchors of other pages, by the source of the other page.
        reading: the record of the jobs and citations that the page uses.
    """

    key: str
    results: dict[store.Job, str]
    state: dict[str, Any]
    links: dict[str, dict[str, str]]
    reading: Reading


class Build:
    """One build of the site: the records of its claims, and the jobs and citations that its pages use.

    Args:
        config: MkDocs' configuration, to which the Markdown extension is added.
        rendered: pages of the last build, by source; they are used again, and replaced by those of this build.
        runtime_files: the files that run Python in pages, by name; empty if pages run none.
        complete: whether all results are there. Pages say of what is not that it is being made.
    """

    def __init__(
        self, config: Any, rendered: dict[str, _Rendered], runtime_files: dict[str, bytes], *, complete: bool
    ) -> None:
        # What is made while the pages are built waits for the next build: else a page would show a figure whose files
        # MkDocs does not know.
        self.folders = {job: store.find(job) for job in store.jobs()}
        self.claims = ledger.records()
        self.site_url = config.site_url
        self.complete = complete
        self.rendered = rendered
        self.runtime_files = runtime_files
        self.runs = bool(runtime_files)
        megabytes = runtime.megabytes() if self.runs else None
        # Directives that the build fills in. The others need a page's parser: `scripts/pages.py`.
        self.places = {
            "[[references]]": citations.reference_list,
            "[[ledger]]": lambda: ledger.table(self.claims),
            "[[ledger filters]]": lambda: ledger.filters(self.claims),
            "[[ledger summary]]": lambda: ledger.summary(self.claims),
            "[[coverage]]": coverage.table,
            "[[coverage summary]]": coverage.summary,
            "[[predicted]]": lambda: ledger.predictions(self.claims),
            "[[house]]": house.picture,
            "[[install]]": lambda: wheel.how_to_install(config.site_url, config.repo_url),
        }
        self.readings: list[Reading] = []
        self.marked: set[tuple[str, str]] = set()  # page and claim
        self.described: dict[str, str] = {}  # page by description
        self.copied: list[tuple[Any, str]] = []  # pages, with Markdown that any reader of Markdown understands
        self.extension = pages.Pages(self.claims, self.places, megabytes)
        config.markdown_extensions.append(self.extension)
        # The theme writes it into each page, and `run/room.js` reads it there.
        config.extra["runtime"] = f"{runtime.key(runtime_files)} {megabytes}" if self.runs else None
        if self.runs:
            config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = pages.FENCES
        # The reference's templates, which stand in docs/theme/mkdocstrings, ask for it.
        config.plugins["mkdocstrings"].get_handler("python").env.globals["runs"] = self.runs
        # Styles of the reference, which MkDocs would have every page load; docs/theme/main.html has them for that page.
        config.extra_css.remove("assets/_mkdocstrings.css")

    def hand_over(self, files: Files, config: Any) -> None:
        """Add the results to MkDocs' files, with the code that made them; labs replace their sources."""
        # A lab's source is a page to mkdocs-jupyter too; the page made from it takes its place.
        for job in store.jobs(["labs"]):
            source = files.get_file_from_path(job.source.relative_to("docs").as_posix())
            if source is not None:
                files.remove(source)
        for uri, path in self.made():
            if uri.endswith(".ipynb"):
                notebook = wheel.notebook(path.read_text(encoding="utf-8"), uri, config.site_url, config.repo_url)
                files.append(File.generated(config, uri, content=notebook))
            else:
                files.append(File.generated(config, uri, abs_src_path=str(path)))
        files.append(File.generated(config, f"{wheel.PLACE}/{wheel.file_name()}", content=wheel.build()))
        for job in store.jobs(["labs"]):
            if self.folders.get(job) is None:  # under `mkdocs serve`
                title = job.name.replace("-", " ").capitalize()
                words = f"---\ndescription: The lab {title}, which is being run.\n---\n\n# {title}\n\n{pages.WAIT}\n"
                files.append(File.generated(config, f"labs/{job.name}.md", content=words))
        for file in runtime.files(config, self.runtime_files):
            files.append(file)
        # The records of all claims are published as one file.
        records = json.dumps(list(self.claims.values()), indent=1)
        files.append(File.generated(config, "claims.json", content=records))
        for name, record in self.claims.items():
            files.append(File.generated(config, f"claims/{name}.json", content=json.dumps(ledger.said(record))))

    def made(self) -> Iterator[tuple[str, Path]]:
        """Yield a pair for each served result, and for the code that made it: its place in the site, and its file."""
        suffixes = {
            "explorers": (".json",),
            "figures": (".svg", ".csv"),
            "labs": (".md", ".ipynb"),
            "tables": (".csv",),
        }
        for job, folder in self.folders.items():
            if folder is None and self.complete:
                raise PluginError(f"{job} was made and is gone: is another build running?")
            if folder is None:
                continue
            for suffix in suffixes.get(job.kind, ()):
                yield f"{job.kind}/{job.name}{suffix}", folder / f"{job.name}{suffix}"
        for job in store.jobs(["exercises", "figures", "tables"]):
            yield f"{job.kind}/{job.name}.py", store.ROOT / job.source
        for module in sorted({job.module for job in store.jobs(["claims"])}):
            job = store.Job("claims", module)
            yield f"claims/{module}.py", store.ROOT / job.source

    def render_once(self, files: Files) -> None:
        """Let pages be taken from the last build of the session if rendering them again would give the same."""
        # What any page may depend on, beside its own text, its results and its claims.
        shared = {
            "references": sorted(map(repr, citations.bibliography().items())),
            "explorers": [job.name for job in store.jobs(["explorers"])],
            # Without results: those that a page shows are compared by their keys, and some may be being made.
            "files": sorted(file.src_uri for file in files if file.src_uri.partition("/")[0] not in store.SOURCES),
        }
        # Bound to its page and to MkDocs' own method, which the replacement may call.
        for file in files.documentation_pages():
            page: Any = file.page
            # MkDocs has no hook in place of rendering, only before and after it.
            page.render = functools.partial(self.render, page, page.render, shared)

    def render(self, page: Any, render: Any, shared: dict[str, Any], config: Any, files: Files) -> None:
        """Render a page, or take it from the last build. MkDocs calls this in place of the page's own method `render`.

        A page that was rendered with a warning is rendered again, so that the warning appears again.
        """
        uri, markdown, reading = page.file.src_uri, page.markdown, self.readings[-1]
        claims = [self.claims.get(name) for name in ledger.MARK.findall(markdown)]
        code = package_digest() if "\n::: " in markdown else ""  # what mkdocstrings documents
        asked = json.dumps([shared, markdown, claims, code])
        key = hashlib.sha256(asked.encode()).hexdigest()
        last = self.rendered.get(uri)
        shown = last.results.items() if last else ()
        # A module that is gone makes no result any more, and the page has to say so.
        if last and last.key == key and all(job in self.folders and store.key(job) == was for job, was in shown):
            vars(page).update(last.state)
            page.links_to_anchors = {files.get_file_from_path(to): links for to, links in last.links.items()}
            # A page that is not rendered notes nothing; the checks at the end need its notes.
            reading.cited |= last.reading.cited
            reading.shown |= last.reading.shown
            return
        # The handler counts the warnings of this page alone.
        counter = CountHandler(level="WARNING")
        logger = logging.getLogger("mkdocs")
        logger.addHandler(counter)
        try:
            render(config, files)
        finally:
            logger.removeHandler(counter)
        self.rendered.pop(uri, None)
        if not counter.counts and not reading.waits:
            # All that `Page.render` of MkDocs sets.
            names = ("content", "toc", "_title_from_render", "present_anchor_ids")
            self.rendered[uri] = _Rendered(
                key,
                {job: store.key(job) for job in reading.shown},
                {name: vars(page)[name] for name in names},
                {to.src_uri: links for to, links in (page.links_to_anchors or {}).items()},
                reading,
            )

    def read(self, markdown: str, page: Any) -> str:
        """Return a page's Markdown with tables, exercises, lists and terms filled in, and begin its record."""
        # A lab's page is generated: its words stand in the lab's source.
        path = store.ROOT / "docs" / page.file.src_uri
        written = path.is_file()  # else it is made from a lab
        reading = Reading(path if written else path.with_suffix(".py"), folders=self.folders)
        self.readings.append(reading)
        self.extension.reading = reading
        described = page.meta.get("description")
        if not described or self.described.setdefault(described, page.file.src_uri) != page.file.src_uri:
            LOG.warning("docs/%s:1: the page wants a description of its own in its front matter", page.file.src_uri)
        if written and self.complete:
            for line, message in ledger.problems(path.read_text(encoding="utf-8"), path, self.claims):
                LOG.warning("docs/%s:%d: %s", page.file.src_uri, line, message)
        self.marked |= {(path.stem, name) for name in ledger.MARK.findall(markdown)}
        for fill_in in (pages.fill_tables, pages.fill_exercises, pages.fill_choices, pages.fill_minutes):
            markdown = fill_in(markdown, reading)
        for place, fill in self.places.items():
            if place in markdown:
                markdown = markdown.replace(place, fill())
        markdown = markdown.replace("[[colab]]", wheel.open_in_colab(self.site_url, page.file.src_uri))
        if sharing.copied(page.file.src_uri):
            self.copied.append((page, sharing.plain(markdown, page.file.src_uri, self.folders)))
        # Definitions in the syntax of Markdown's `abbr`, which marks each mention of a term; `pages._Terms` links the
        # first.
        if page.file.src_uri not in ("glossary.md", "ledger.md", "references.md"):
            terms = (f"*[{term}]: {words}" for term, words in pages.glossary().items())
            markdown = "\n".join([f"{markdown}\n", *terms])
        return markdown

    def check(self, site: Path, config: Any) -> None:
        """Check the whole site: links and anchors lead somewhere; results, claims and references stand on pages."""
        search.write(site)
        loading.hasten(site)
        nav = json.dumps(config["nav"])
        self.copied.sort(key=lambda pair: nav.find(f'"{pair[0].file.src_uri}"'))
        # A page without a description has its warning already.
        copies = {page.file.src_uri: (page.title, page.meta.get("description", ""), text) for page, text in self.copied}
        sharing.write(site, config, copies)
        if not self.complete:
            LOG.info("Some results are being made. The pages that show them are built again when they are there.")
            return
        cited = {key for reading in self.readings for key in reading.cited}
        shown = {job for reading in self.readings for job in reading.shown}
        # The list of references has no entry that nobody cites.
        for key in sorted(citations.bibliography().keys() - cited):
            LOG.warning("docs/references.bib: %s is cited nowhere", key)
        for record in self.claims.values():
            if (record["page"], record["id"]) not in self.marked:
                message = f"the claim {record['id']} is not marked on docs/{record['page']}.md"
                LOG.warning("%s:%d: %s", record["code"], record["line"], message)
            keys = set(re.findall(rf"@({citations.KEY})", record["source"]))
            for key in sorted(keys - citations.bibliography().keys()):
                LOG.warning("%s:%d: %s", record["code"], record["line"], citations.no_entry(key))
        for job in store.jobs(["exercises", "explorers", "figures", "tables"]):
            if job not in shown:
                LOG.warning("%s: it is shown nowhere", job.source)
        for problem in check_site.problems(site, config.site_url):
            LOG.warning("%s", problem)


def package_digest() -> str:
    """Return a digest of the package without its pages, which the reference neither documents nor imports."""
    package = store.ROOT / "wi_docs"
    paths = (path.relative_to(store.ROOT) for path in sorted(package.rglob("*.py")) if "pages" not in path.parts)
    return hashlib.sha256("".join(map(sources.digest, paths)).encode()).hexdigest()

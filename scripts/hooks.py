"""MkDocs hooks, thin on purpose: make what is stale before MkDocs touches the site, then hand the files over.

They import neither `wi_docs` nor matplotlib: `mkdocs serve` keeps a hook's modules as they were when it started, so
the work is done by `python -m scripts.make` in a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import check_site, fetch_runtime, house, ledger, pages, store, swap, wheel

CLAIMS: dict[str, dict[str, Any]] = {}
PLACES = {
    "[[references]]": pages.reference_list,
    "[[ledger]]": lambda: ledger.table(CLAIMS),
    "[[ledger filters]]": lambda: ledger.filters(CLAIMS),
    "[[ledger summary]]": lambda: ledger.summary(CLAIMS),
    "[[predicted]]": lambda: ledger.predictions(CLAIMS),
    "[[house]]": house.picture,
}
PAGES = pages.Pages(PLACES)
BROWSER = store.ROOT / "scripts" / "in_browser.py"
asked_for_runtime = False
builds_beside = False  # not under `mkdocs serve`, which builds in a folder of its own
draft: tuple[Path, Path] | None = None  # the folder that is built in, and the one that it will replace
whole = False  # whether the draft is a finished site


def on_startup(command: str, dirty: bool) -> None:
    """Build beside the last site, unless it is to be changed in place."""
    global builds_beside
    builds_beside = command != "serve" and not dirty


def on_build_error(error: Exception) -> None:
    """Do not put a site in place that a strict build refuses."""
    global whole
    whole = False


def on_shutdown() -> None:
    """Put a whole site in place of the last one, and remove one that is not whole."""
    if draft is not None:
        if whole:
            swap.put(*draft)
            pages.LOG.info("The site is in %s", draft[1])
        else:
            shutil.rmtree(draft[0], ignore_errors=True)


def on_config(config: Any) -> Any:
    """Make what is stale, stop if something cannot be made, and build beside the last site."""
    global draft
    store.refresh()
    if any(store.find(job) is None for job in store.jobs()):
        made = subprocess.run(
            [sys.executable, "-m", "scripts.make"], cwd=store.ROOT, stderr=subprocess.PIPE, text=True, check=False
        )
        store.refresh()
        if made.returncode:
            raise PluginError(f"not built, and the last site is left as it was.\n{made.stderr.strip()}")
    config.extra["runtime"] = runtime()
    pages.bibliography.cache_clear()
    PAGES.cited.clear()
    PAGES.shown.clear()
    PAGES.marked.clear()
    PAGES.described.clear()
    CLAIMS.clear()
    CLAIMS.update(ledger.records())
    if PAGES not in config.markdown_extensions:
        config.markdown_extensions.append(PAGES)
    if builds_beside:
        site = Path(config.site_dir)
        draft = swap.begin(site), site
        config.site_dir = str(draft[0])
    return config


def runtime() -> str | None:
    """Return what pages need to know of the Python for the browser, its key and its megabytes, or None without one."""
    global asked_for_runtime
    if fetch_runtime.missing() and not asked_for_runtime:
        asked_for_runtime = True  # once: a server that does not answer is not asked at every rebuild
        done = subprocess.run([sys.executable, "-m", "scripts.fetch_runtime"], cwd=store.ROOT, stderr=subprocess.PIPE, text=True, check=False)  # fmt: skip
        why = done.stderr.strip()
        if done.returncode and os.environ.get("WI_DOCS_REQUIRE_RUNTIME") == "1":
            raise PluginError(
                f"the Python for the browser is required (WI_DOCS_REQUIRE_RUNTIME), and did not come.\n{why}"
            )
        if done.returncode:
            pages.LOG.info("this site has no Run buttons, since the Python for the browser did not come.\n%s", why)
    if fetch_runtime.missing():
        return None
    if wheel.find() is None:
        done = subprocess.run([sys.executable, "-m", "scripts.wheel"], cwd=store.ROOT, capture_output=True, text=True, check=False)  # fmt: skip
        if done.returncode:
            raise PluginError(f"not built, and the last site is left as it was.\n{done.stderr.strip()}")
    key = hashlib.sha256(wheel.folder().name.encode() + BROWSER.read_bytes() + fetch_runtime.LOCK.read_bytes())
    files = fetch_runtime.lock()["files"]
    return f"{key.hexdigest()[:12]} {sum(files[name]['gzip'] for name in first_files()) / 1e6:.0f}"


def first_files() -> list[str]:
    """Return the names of what the first press loads."""
    return [*fetch_runtime.CORE, fetch_runtime.lock()["packages"]["numpy"]["file_name"]]


def runtime_files(config: Any) -> list[File]:
    """Return the Python for the browser as files of the site: Pyodide's, this package's wheel, and the lock that names them."""
    built = wheel.find()
    if config.extra["runtime"] is None or built is None:
        return []
    lock = fetch_runtime.lock()
    # In a folder named by its content, so that a browser never meets an old wheel under a new lock.
    uri = f"{built.parent.name}/{built.name}"
    lock["packages"]["wi-docs"] = {
        "name": "wi-docs", "version": "0", "file_name": uri, "install_dir": "site", "package_type": "package",
        "sha256": hashlib.sha256(built.read_bytes()).hexdigest(), "imports": ["wi_docs"], "depends": ["numpy"],
    }  # fmt: skip
    lock["first"] = [*first_files(), built.name]
    lock["files"][built.name] = {"size": built.stat().st_size, "gzip": built.stat().st_size}
    return [
        File.generated(config, "runtime/pyodide-lock.json", content=json.dumps(lock)),
        _generated(config, "runtime/in_browser.py", BROWSER),
        _generated(config, f"runtime/{uri}", built),
        *(
            _generated(config, f"runtime/{name}", fetch_runtime.RUNTIME / name)
            for name in fetch_runtime.lock()["files"]
        ),
    ]


def on_files(files: Files, config: Any) -> Files:
    """Hand over figures, their data and code, and the labs: as pages in place of their sources, and as notebooks."""
    for job in store.jobs():
        folder = store.find(job)
        if folder is None:
            raise PluginError(f"{job} was made and is gone: is another build running?")
        if job.kind == "figures":
            for suffix in (".svg", ".csv"):
                files.append(_generated(config, f"figures/{job.name}{suffix}", folder / f"{job.name}{suffix}"))
            files.append(_generated(config, f"figures/{job.name}.py", store.ROOT / job.source))
        elif job.kind == "tables":
            files.append(_generated(config, f"tables/{job.name}.csv", folder / f"{job.name}.csv"))
            files.append(_generated(config, f"tables/{job.name}.py", store.ROOT / job.source))
        elif job.kind == "explorers":
            files.append(_generated(config, f"explorers/{job.name}.json", folder / f"{job.name}.json"))
        elif job.kind in ("claims", "exercises"):
            files.append(_generated(config, f"{job.kind}/{job.name}.py", store.ROOT / job.source))
        else:
            source = files.get_file_from_path(f"labs/{job.name}.py")
            if source is not None:
                files.remove(source)
            for suffix in (".md", ".ipynb"):
                files.append(_generated(config, f"labs/{job.name}{suffix}", folder / f"{job.name}{suffix}"))
    for file in runtime_files(config):
        files.append(file)
    files.append(File.generated(config, "claims.json", content=json.dumps(list(CLAIMS.values()), indent=1)))
    return files


def _generated(config: Any, uri: str, path: Path) -> File:
    return File.generated(config, uri, abs_src_path=str(path))


def on_pre_page(page: Any, config: Any, files: Files) -> Any:
    """Point a lab's edit link at the notebook's source, not at the page made from it."""
    if page.file.generated_by:
        page.edit_url = (
            f"{config.repo_url.rstrip('/')}/{config.edit_uri}{Path(page.file.src_uri).with_suffix('.py').as_posix()}"
        )
    return page


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Tell the extension which file it is rendering, and fill in the references."""
    source = store.ROOT / "docs" / page.file.src_uri
    PAGES.page = source if source.is_file() else source.with_suffix(".py")
    PAGES.parts.clear()
    described = page.meta.get("description")
    if not described or PAGES.described.setdefault(described, page.file.src_uri) != page.file.src_uri:
        pages.LOG.warning("docs/%s:1: the page wants a description of its own in its front matter", page.file.src_uri)
    for line, message in (
        ledger.problems(source.read_text(encoding="utf-8"), source, CLAIMS) if source.is_file() else ()
    ):
        pages.LOG.warning("docs/%s:%d: %s", page.file.src_uri, line, message)
    PAGES.marked |= {(PAGES.page.stem, name) for name in ledger.MARK.findall(markdown)}
    for fill in (pages.fill_tables, pages.fill_exercises, pages.fill_choices):
        markdown = fill(markdown, PAGES)
    for place, make in PLACES.items():
        if place in markdown:
            markdown = markdown.replace(place, make())
    if page.file.src_uri not in ("glossary.md", "ledger.md"):
        markdown += "\n\n" + "\n".join(f"*[{term}]: {words}" for term, words in pages.glossary().items())
    return ledger.MARK.sub(lambda m: m[0] if m[1] in CLAIMS else "", markdown)


def on_page_content(content: str, page: Any, config: Any, files: Files) -> str:
    """Link terms to the glossary; keep code out of the search index, which every page loads: words are what one searches for."""
    content = pages.link_terms(content, page.url)
    if config.extra["runtime"]:
        content = pages.mark_snippets(content, config.extra["runtime"].split()[1])
    return content.replace('class="language-', 'data-search-exclude class="language-')


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Mend the theme for those who hear the page: its search dialog has no name, and its menus are too many landmarks."""
    named = output.replace(
        'data-md-component="search" role="dialog"', 'data-md-component="search" role="dialog" aria-label="Search"'
    )
    if named == output:
        raise PluginError("the theme's search dialog is not as it was: look at on_post_page in scripts/hooks.py")
    if page is None or page.file.src_uri != "reference.md":  # styles of that page, which every page would load
        named = re.sub(r'\s*<link rel="stylesheet" href="[^"]*_mkdocstrings.css">', "", named)
    if page is not None:
        named = ledger.fill_marks(named, page.url, pages.cite, CLAIMS)
    opened: list[str] = []
    parts = []
    for part in re.split(r"(<nav[^>]*>|</nav>)", named):
        if part.startswith("<nav"):
            opened.append("div" if opened and 'class="md-nav"' in part else "nav")
            if opened[-1] == "div":
                attributes = re.sub(r' aria-[a-z]+="[^"]*"', "", part[4:-1])
                part = f"<div{attributes}>"
        elif part == "</nav>":
            part = f"</{opened.pop()}>"
        parts.append(part)
    return "".join(parts)


def on_post_template(output: str, template_name: str, config: Any) -> str:
    """Mend the page for addresses that lead nowhere like every other page."""
    return on_post_page(output, None, config) if template_name == "404.html" else output


def on_post_build(config: Any) -> None:
    """Hold the whole site against its inventory: links and anchors, figures shown, references cited."""
    global whole
    _shorten_index(Path(config.site_dir) / "search" / "search_index.json", config)
    _leave_out_comments(Path(config.site_dir) / "assets")
    for key in sorted(pages.bibliography().keys() - PAGES.cited):
        pages.LOG.warning("docs/references.bib: %s is cited nowhere", key)
    for record in CLAIMS.values():
        if (record["page"], record["id"]) not in PAGES.marked:
            pages.LOG.warning(
                "%s:%d: the claim %s is not marked on docs/%s.md",
                record["code"],
                record["line"],
                record["id"],
                record["page"],
            )
        for key in sorted(set(re.findall(rf"@({pages.KEY})", record["source"])) - pages.bibliography().keys()):
            pages.LOG.warning("%s:%d: %s", record["code"], record["line"], pages.no_entry(key))
    for job in store.jobs(["exercises", "explorers", "figures", "tables"]):
        if job.name not in PAGES.shown:
            pages.LOG.warning("%s: it is shown nowhere", job.source)
    for problem in check_site.problems(Path(config.site_dir), config.site_url):
        pages.LOG.warning("%s", problem)
    whole = True


def _shorten_index(path: Path, config: Any) -> None:
    """Keep the words of the chapters, of the reference the names, and of the rest titles and first words: every page loads this index."""
    index = json.loads(path.read_text(encoding="utf-8"))
    chapters = next(part["Chapters"] for part in config["nav"] if "Chapters" in part)
    index["docs"] = [entry for entry in index["docs"] if "#exercise-" not in entry["location"]]
    for entry in index["docs"]:
        words, page = re.sub("<[^>]*>", "", entry["text"]), entry["location"].partition("/")[0]
        if f"{page}.md" not in chapters:
            words = "" if page == "reference" else textwrap.shorten(words, 60, placeholder=" …")
        entry["text"] = words
        entry["title"] = entry["title"].partition("  <code>")[0]  # a class without the word that it is one
    path.write_text(json.dumps(index, separators=(",", ":")), encoding="utf-8")


def _leave_out_comments(assets: Path) -> None:
    """Serve our own styles and scripts without their comments, a kilobyte of what each page loads first."""
    block = r"/\*\*(?:[^*]|\*(?!/))*\*/"  # in a script, one that fills its lines; a type within an expression stays
    for folder, pattern in (("css", r"/\*.*?\*/\s*"), ("js", rf"(?m)^[ \t]*(?://.*|{block})\n")):
        for path in (assets / folder).rglob(f"*.{folder}"):
            text = path.read_text(encoding="utf-8")
            path.write_text(
                re.sub(pattern, "", text, flags=re.DOTALL if folder == "css" else re.NOFLAG), encoding="utf-8"
            )


def on_serve(server: Any, config: Any, builder: Any) -> Any:
    """Rebuild when the package changes."""
    server.watch(str(store.ROOT / "wi_docs"))
    return server

"""The work of a child process of the build: it makes one job into a folder. Each kind of job has a function here.

`wi_docs` and matplotlib are imported in child processes and nowhere else in the build. So a child sees the current
code, and `mkdocs serve`, which keeps the modules that it has imported, does not have to be started again.
"""

from __future__ import annotations

import importlib
import inspect
import json
import multiprocessing
import os
import threading
import traceback
from pathlib import Path
from typing import Any

from scripts.store import EXPERIMENTS, ROOT, Job, version

# Jupyter's setup of matplotlib, run in a first cell that is removed from the notebook afterwards: pictures as SVG.
LAB_START = "import matplotlib_inline.backend_inline as _inline; _inline.set_matplotlib_formats('svg')"


class RuleError(Exception):
    """A result breaks a rule of the site, or a claim does not hold. The message says all; a traceback adds nothing."""


def child(job: Job, folder: Path) -> None:
    """Make `job` into `folder`, then write `folder`.json beside it: null, or the message of the error."""
    from wi_docs.experiments import disk_cache

    makers = {make.__name__: make for make in (claims, exercises, explorers, figures, labs, tables)}
    error: str | None = None
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        folder.mkdir(parents=True)
        disk_cache.keep_in(EXPERIMENTS, version)
        makers[job.kind](job, folder)
    except RuleError as failed:
        error = str(failed)
    except BaseException:  # an exit or an interrupt too: the parent reads the message, and goes on with other jobs
        error = "\n".join(traceback.format_exc().splitlines()[-12:])
    folder.with_suffix(".json").write_text(json.dumps(error), encoding="utf-8")


def _end_with_parent() -> None:
    """End this process as soon as `scripts.make` has ended, however it has: nobody would store the result."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def claims(job: Job, folder: Path) -> None:
    """Run one claim of `wi_docs/pages/claims/MODULE.py`, and fail if it does not hold."""
    from wi_docs.pages.claims import complaints, load, run

    record = run(load(job.module)[job.function])
    # One record gives one complaint, or none.
    for failed in complaints([record]):
        raise RuleError(failed)
    (folder / f"{job.function}.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


def exercises(job: Job, folder: Path) -> None:
    """Write the texts of `wi_docs/pages/exercises/NAME.py` that the page shows. The tests try the answers."""
    from wi_docs.pages.exercises import load

    shown = {
        name: {
            "question": e.question,
            "start": e.start,
            "hint": e.hint,
            "solution": e.solution,
            "judged": list(inspect.signature(e.judge).parameters),
        }
        for name, e in load(job.name).items()
    }
    (folder / f"{job.name}.json").write_text(json.dumps(shown, indent=1))


def explorers(job: Job, folder: Path) -> None:
    """Run the experiments of `wi_docs/pages/explorers/NAME.py`, and pack their results into one file."""
    from wi_docs.pages.explorers import pack

    made = importlib.import_module(f"wi_docs.pages.explorers.{job.name}").data()
    (folder / f"{job.name}.json").write_text(pack(made), encoding="utf-8")


def figures(job: Job, folder: Path) -> None:
    """Draw `wi_docs/pages/figures/NAME.py`, and write its picture, its data and its caption.

    Raises:
        RuleError: if `draw()` returns no `Picture`, or one that breaks a rule of pictures.
    """
    from wi_docs.pages.figures import Picture

    picture = importlib.import_module(f"wi_docs.pages.figures.{job.name}").draw()
    if not isinstance(picture, Picture):
        raise RuleError(f"draw() has to return a Picture, with words and data, got {type(picture).__name__}")
    _refuse(picture.problems())
    (folder / f"{job.name}.svg").write_text(lighter(picture.svg(job.name), prefix=f"{job.name}-"), encoding="utf-8")
    (folder / f"{job.name}.csv").write_text(picture.csv())
    (folder / f"{job.name}.json").write_text(json.dumps({"caption": picture.caption}))


def tables(job: Job, folder: Path) -> None:
    """Compute `wi_docs/pages/tables/NAME.py`, and write its cells and its caption, and its data."""
    made = importlib.import_module(f"wi_docs.pages.tables.{job.name}").table()
    _refuse(made.problems())
    (folder / f"{job.name}.json").write_text(json.dumps(made.shown()))
    (folder / f"{job.name}.csv").write_text(made.csv())


def _refuse(problems: list[str]) -> None:
    """Raise a RuleError with all problems, if there are any."""
    if problems:
        raise RuleError("; ".join(problems))


def lighter(svg: str, prefix: str) -> str:
    """Return an SVG at half its size, with relative paths and without unused ids. Ids begin with `prefix`."""
    from scour import scour

    options = scour.sanitizeOptions()
    options.strip_xml_prolog = options.strip_ids = options.shorten_ids = True
    options.shorten_ids_prefix = prefix  # several pictures share a page
    options.indent_type, options.newlines, options.digits = "none", False, 4
    return str(scour.scourString(svg, options))


def labs(job: Job, folder: Path) -> None:
    """Run `docs/labs/NAME.py` with the executor of mkdocs-jupyter, and write the notebook with outputs, and a page."""
    import jupytext
    import nbformat
    from mkdocs_jupyter.convert import get_nbconvert_app
    from nbconvert.preprocessors import ExecutePreprocessor
    from nbconvert.preprocessors.coalescestreams import CoalesceStreamsPreprocessor

    notebook = jupytext.read(ROOT / job.source)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.cells.insert(0, nbformat.v4.new_code_cell(LAB_START))
    app = get_nbconvert_app(execute=True, kernel_name="python3", allow_errors=False)
    ExecutePreprocessor(config=app.config).preprocess(notebook, {"metadata": {"path": str(ROOT)}})
    # Whether output arrives in one piece or in two is a matter of timing: join the pieces of each stream.
    notebook, _ = CoalesceStreamsPreprocessor().preprocess(notebook, {})
    del notebook.cells[0]
    # The same bytes at every run: no random ids, no counters, no metadata.
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # random otherwise
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = None
    (folder / f"{job.name}.md").write_text(lab_page(notebook, job.name))
    nbformat.write(notebook, folder / f"{job.name}.ipynb")


def lab_page(notebook: Any, name: str) -> str:
    """Return an executed notebook as Markdown, so that the site treats it as it treats a chapter.

    Raises:
        ValueError: if the first cell is no title with a description, or if a cell shows a figure without words.
    """
    first = notebook.cells[0] if notebook.cells else None
    title, _, words = (
        first.source.partition("\n") if first is not None and first.cell_type == "markdown" else ("", "", "")
    )
    words = words.strip()
    if not title.startswith("# ") or not words:
        raise RuleError("the first cell has to be Markdown: a title, and a paragraph that describes it")
    # The first paragraph, without its sentence on where the theory stands, in one line.
    description = " ".join(words.partition("\n\n")[0].split()).partition(". The theory")[0].rstrip(".") + "."
    parts = [f"---\ndescription: {json.dumps(description)}\n---"]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            if len(parts) == 2:  # behind the first cell, the title
                parts.append(f"[Download this lab as a notebook]({name}.ipynb)[[colab]]")
            continue
        parts.append(f"```python {{.wi-cell}}\n{cell.source}\n```")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                parts.append(data["text/html"])
            elif "image/svg+xml" in data:
                raise RuleError("a cell shows a bare matplotlib figure: end it with a Picture, which has words")
            else:
                text = output.get("text") or data.get("text/plain", "")
                parts.append(f"```text {{.wi-output}}\n{text.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"

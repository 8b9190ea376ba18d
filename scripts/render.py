"""What a child process does: make one figure, table or lab, or run the claims of one page, and report the project files that it read.

`wi_docs` is imported here and nowhere else in `scripts/`, so a child always sees the code as it stands.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path
from typing import Any

from scripts.store import EXPERIMENTS, ROOT, Job

LAB_END = """
import json as _json, sys as _sys
print(_json.dumps([getattr(m, "__file__", None) for m in list(_sys.modules.values())]))
"""
LAB_START = "import matplotlib_inline.backend_inline as _inline; _inline.set_matplotlib_formats('svg')"


class RuleError(Exception):
    """What was made breaks a rule of the site. The message says which, with its numbers; a traceback says no more."""


def child(job: Job, folder: Path) -> None:
    """Make `job` into `folder`, then write `folder`.json: the files read, or the traceback of what went wrong."""
    from wi_docs.experiments import memory

    read: set[str] = set()
    sys.addaudithook(lambda event, args: _note(read, args[0]) if event == "open" else None)
    report: dict[str, Any]
    try:
        folder.mkdir(parents=True)
        memory.keep_in(EXPERIMENTS)
        makers = {"claims": claims, "exercises": exercises, "explorers": explorer, "figures": figure}
        (makers | {"labs": lab, "tables": table})[job.kind](job, folder, read)
        for module in list(sys.modules.values()):
            _note(read, getattr(module, "__file__", None))
        if "wi_docs.experiments.digits" in sys.modules:  # read by an experiment that is only remembered, maybe
            read.add("wi_docs/data/digits.csv.gz")
        report = {"deps": sorted(read)}
    except RuleError as failed:
        report = {"error": str(failed)}
    except BaseException:
        report = {"error": "\n".join(traceback.format_exc().splitlines()[-12:])}
    folder.with_suffix(".json").write_text(json.dumps(report))


def _note(read: set[str], path: Any) -> None:
    """Add `path` to `read` if it is one of the project's own files, compiled copies and products aside."""
    if not isinstance(path, str):
        return
    try:
        relative = Path(path).resolve().relative_to(ROOT)
    except ValueError:
        return
    if (
        relative.suffix != ".pyc"
        and relative.parts[0] in ("wi_docs", "scripts", "docs")
        and (ROOT / relative).is_file()
    ):
        read.add(relative.as_posix())


def claims(job: Job, folder: Path, read: set[str]) -> None:
    """Run the claims of `wi_docs/pages/claims/NAME.py`, all of them, and fail if one does."""
    from wi_docs.pages import claims

    records = [claims.run(claim) for claim in claims.load(job.name).values()]
    failed = claims.complaints(records)
    if failed:
        raise RuleError("\n".join([f"{len(failed)} of {len(records)} claims fail", *failed]))
    (folder / f"{job.name}.json").write_text(json.dumps(records, indent=1))


def exercises(job: Job, folder: Path, read: set[str]) -> None:
    """Write down what the page shows of `wi_docs/pages/exercises/NAME.py`; the tests try the answers."""
    from wi_docs.pages import exercises

    shown = {
        name: {"question": e.question, "start": e.start, "hint": e.hint, "solution": e.solution}
        for name, e in exercises.load(job.name).items()
    }
    (folder / f"{job.name}.json").write_text(json.dumps(shown, indent=1))


def explorer(job: Job, folder: Path, read: set[str]) -> None:
    """Run the experiments of `wi_docs/pages/explorers/NAME.py` and pack what they gave."""
    from wi_docs.pages import explorers

    made = importlib.import_module(f"wi_docs.pages.explorers.{job.name}").data()
    (folder / f"{job.name}.json").write_text(explorers.pack(made))


def figure(job: Job, folder: Path, read: set[str]) -> None:
    """Draw `wi_docs/pages/figures/NAME.py`: picture, data, and the words that go with it."""
    from wi_docs.pages.figures import Picture

    picture = importlib.import_module(f"wi_docs.pages.figures.{job.name}").draw()
    if not isinstance(picture, Picture):
        raise RuleError(f"draw() has to return a Picture, with words and data, got {type(picture).__name__}")
    _refuse(picture.problems())
    (folder / f"{job.name}.svg").write_text(light(picture.svg(job.name), prefix=f"{job.name}-"))
    (folder / f"{job.name}.csv").write_text(picture.csv())
    (folder / f"{job.name}.json").write_text(json.dumps({"caption": picture.caption, "alt": picture.alt}))


def table(job: Job, folder: Path, read: set[str]) -> None:
    """Compute `wi_docs/pages/tables/NAME.py`: its cells and words, and its data."""
    made = importlib.import_module(f"wi_docs.pages.tables.{job.name}").table()
    _refuse(made.problems())
    (folder / f"{job.name}.json").write_text(json.dumps(made.shown()))
    (folder / f"{job.name}.csv").write_text(made.csv())


def _refuse(problems: list[str]) -> None:
    if problems:
        raise RuleError("; ".join(problems))


def light(svg: str, prefix: str) -> str:
    """Return the picture at half its weight: relative paths, no ids but those in use, which begin with `prefix`."""
    from scour import scour

    options = scour.sanitizeOptions()
    options.strip_xml_prolog = options.strip_ids = options.shorten_ids = True
    options.shorten_ids_prefix = prefix  # several pictures share a page
    options.indent_type, options.newlines, options.digits = "none", False, 4
    return str(scour.scourString(svg, options))


def lab(job: Job, folder: Path, read: set[str]) -> None:
    """Run `docs/labs/NAME.py` with mkdocs-jupyter's executor: the notebook with its outputs, and a Markdown page."""
    import jupytext
    import nbformat
    from mkdocs_jupyter.convert import get_nbconvert_app
    from nbconvert.preprocessors import ExecutePreprocessor
    from nbconvert.preprocessors.coalescestreams import CoalesceStreamsPreprocessor

    notebook = jupytext.read(ROOT / job.source)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    start, end = nbformat.v4.new_code_cell(LAB_START), nbformat.v4.new_code_cell(LAB_END)
    notebook.cells = [start, *notebook.cells, end]
    app = get_nbconvert_app(execute=True, kernel_name="python3", allow_errors=False)
    ExecutePreprocessor(config=app.config).preprocess(notebook, {"metadata": {"path": str(ROOT)}})
    notebook, _ = CoalesceStreamsPreprocessor().preprocess(
        notebook, {}
    )  # what is printed in two pieces is a matter of timing
    for path in json.loads(notebook.cells[-1].outputs[0].text):
        _note(read, path)
    read.add(job.source.as_posix())
    notebook.cells = notebook.cells[1:-1]
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
    """Return the executed notebook as Markdown, so that the site treats it as it treats a chapter."""
    first = notebook.cells[0] if notebook.cells else None
    title, _, words = (
        first.source.partition("\n") if first is not None and first.cell_type == "markdown" else ("", "", "")
    )
    words = words.strip()
    if not title.startswith("# ") or not words:
        raise RuleError("the first cell has to be Markdown: a title, and a paragraph that describes it")
    description = " ".join(words.partition("\n\n")[0].split()).partition(". The theory")[0].rstrip(".") + "."
    parts = [f"---\ndescription: {json.dumps(description)}\n---"]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            if len(parts) == 2:
                parts.append(f"[Download this lab as a notebook]({name}.ipynb)")
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

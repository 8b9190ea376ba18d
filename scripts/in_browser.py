"""Runs a snippet in the reader's browser, and reports its output, its pictures and its errors.

`docs/assets/js/run/worker.js` loads this file into Pyodide. It needs nothing but the standard library.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import contextlib
import functools
import importlib
import io
import json
import linecache
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE = "<snippet>"
MOST = 100_000  # characters of output
MOST_LINES = 5_000  # of it; tens of thousands take a page a quarter of a second to lay out
MOST_SHOWN = 20  # pictures and pieces of HTML, as the page has it in session.js

# A function that reports a piece of output: its kind, and its text. The kinds are "out", "err", "svg", "html",
# "caption" for the words below a picture, and "shown" for the words that stand for it where outputs are compared.
Tell = Callable[[str, str], None]
shared: dict[str, Any] = {}  # the names of a page's snippets, which build on each other


class TooMuchOutputError(Exception):
    """The code prints or shows more than a page can show."""


def _bounded(tell: Tell) -> Tell:
    """Return `tell` with a limit on the number of pictures and pieces of HTML."""
    left = MOST_SHOWN

    def told(kind: str, text: str) -> None:
        nonlocal left
        left -= kind in ("svg", "html")
        if left < 0:
            raise TooMuchOutputError(f"stopped after {MOST_SHOWN} pictures")
        tell(kind, text)

    return told


def _with_line_ends(tell: Tell) -> tuple[Tell, Callable[[], None]]:
    r"""Return `tell` for text that is told together with the end of its line, and a function that tells what is left.

    `print` writes the two one after the other, and each piece that is told is a message to the page.

    Examples:
        >>> tell, flush = _with_line_ends(lambda kind, text: print(kind, repr(text)))
        >>> for text in ("one", "\n", "two", "three", "\n", "four"):
        ...     tell("out", text)
        out 'one\n'
        out 'two'
        out 'three\n'
        >>> tell("err", "five\n")
        out 'four'
        err 'five\n'
        >>> tell("out", "six")
        >>> flush()
        out 'six'
    """
    held: list[tuple[str, str]] = []  # at most one

    def flush() -> None:
        if held:
            tell(*held.pop())

    def told(kind: str, text: str) -> None:
        if held and (kind, text) == (held[0][0], "\n"):
            text = held.pop()[1] + text
        flush()
        if kind in ("out", "err") and not text.endswith("\n"):
            held.append((kind, text))
        else:
            tell(kind, text)

    return told, flush


class _Stream(io.TextIOBase):
    """A stream in place of standard output or standard error, which reports what is written to it."""

    def __init__(self, kind: str, tell: Tell, flush: Callable[[], None]) -> None:
        super().__init__()
        self.kind, self.put, self.left, self.lines, self.told = kind, tell, MOST, MOST_LINES, flush

    def flush(self) -> None:
        self.told()

    def write(self, text: str, /) -> int:
        self.left -= len(text)
        self.lines -= text.count("\n")
        if self.left < 0:
            raise TooMuchOutputError(f"stopped after {MOST:,} characters of output")
        if self.lines < 0:
            raise TooMuchOutputError(f"stopped after {MOST_LINES:,} lines of output")
        self.put(self.kind, text)
        return len(text)


def draws(code: str) -> bool:
    """Return whether the code imports matplotlib, or a module of ours that draws with it.

    Examples:
        >>> draws("from wi_docs.pages.figures import axes"), draws("import numpy"), draws("this is no code")
        (True, False, False)
    """
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except SyntaxError:
        return False
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    # `from wi_docs.pages import figures` draws too.
    names += [f"{n.module}.{alias.name}" for n in nodes if isinstance(n, ast.ImportFrom) for alias in n.names]
    return any(name.startswith(("matplotlib", "wi_docs.pages.figures")) for name in names)


def prepare_to_draw() -> None:
    """Import matplotlib, quietly: it looks for fonts the first time, and says so."""
    with contextlib.redirect_stderr(io.StringIO()):
        importlib.import_module("matplotlib.font_manager")


def run(
    code: str, tell: Tell, *, prompt: bool, names: dict[str, Any] | None = None, module: str | None = None
) -> dict[str, Any] | None:
    r"""Run `code` in the namespace `names`, report its output as it comes, and return its error, or None.

    An error is a dictionary: its `line`, the `source` of that line, and the `message` that Python prints last.

    Args:
        code: Python, without prompts.
        tell: the function that is called with each piece of output.
        prompt: whether to show the value of every expression, as Python's prompt does; else only of the last
            expression, as a notebook does.
        names: the namespace; the page's own if None.
        module: the module in whose docstrings the code stands. Its names are there then, as they are for the tests, and
            the examples of a module share them.

    Examples:
        >>> told = []
        >>> run("2 + 2\nprint(5)\nNone", lambda kind, text: told.append(text), prompt=True, names={})
        >>> "".join(told)
        '4\n5\n'
        >>> run("x = 1\nx.y", print, prompt=False, names={})["line"]
        2
        >>> run("count('n', 3)", lambda kind, text: told.append(text), prompt=True, module="wi_docs.nn.checks")
        >>> told[-1]
        '3\n'
    """
    if names is None:
        names = _of_module(module) if module else shared
    tell, flush = _with_line_ends(_bounded(tell))
    names.setdefault("__name__", "__main__")
    # Python's tracebacks look up lines of source here, for the snippet is no file.
    linecache.cache[FILE] = (len(code), None, code.splitlines(keepends=True), FILE)
    out: Any = _Stream("out", tell, flush)
    err: Any = _Stream("err", tell, flush)
    hook, asked = sys.displayhook, builtins.input
    # Files that the snippet writes lie in the worker's memory, of which the reader is told.
    here = set(os.listdir())
    sys.displayhook = lambda value: _show(value, tell)
    builtins.input = _no_input
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
            body = ast.parse(code, FILE).body
            for number, node in enumerate(body):
                # Compiled as "single", an expression statement hands its value to sys.displayhook, as at Python's
                # prompt.
                if prompt or (number == len(body) - 1 and isinstance(node, ast.Expr)):
                    exec(compile(ast.Interactive([node]), FILE, "single"), names)
                else:
                    exec(compile(ast.Module([node], []), FILE, "exec"), names)
        _show_open_figures(tell)
    except BaseException as error:  # whatever the reader's code raises is shown
        return _problem(error)
    finally:
        sys.displayhook, builtins.input = hook, asked
        _end_tasks()
        written = sorted(name for name in set(os.listdir()) - here if not name.startswith("."))
        if written:
            tell("err", f"Written to this page's memory, and gone when it is closed: {', '.join(written)}\n")
        flush()
    return None


@functools.cache
def _of_module(name: str) -> dict[str, Any]:
    """Return the namespace of the examples in a module's docstrings, which begins with the module's names."""
    return dict(vars(importlib.import_module(name)))


def _end_tasks() -> None:
    """Cancel the tasks that the code has left with asyncio, whose loop always runs in a page."""
    with contextlib.suppress(RuntimeError):  # there is no loop
        for task in asyncio.all_tasks():
            task.cancel()


def judge(page: str, name: str, names: dict[str, Any]) -> dict[str, Any]:
    """Return the verdict of an exercise on the namespace `names`, as a dictionary.

    Code of the reader that the exercise calls may raise anything, which is a verdict too.

    Examples:
        >>> judge("vanishing_gradients", "the_scale_of_a_sigmoid", {})["words"]
        'Not yet. There is no `scale`.'
    """
    from wi_docs.pages import exercises

    try:
        return vars(exercises.judge(page, name, names))
    except Exception as error:  # whatever a function of the reader's raises
        return {"right": False, "words": f"Not yet. Your code raises {_problem(error)['message']}."}


def answer(fields: str, path: str) -> str:
    """Return the diagnosis of what a form says as JSON: `fields` is JSON too, `path` a file of weights or empty.

    Examples:
        >>> answer('{"widths": "64", "scheme": "he_normal"}', "")
        '{"refused": "Widths must be at least an input and an output, got (64,)."}'
    """
    from wi_docs import form

    return json.dumps(form.answer(json.loads(fields), Path(path) if path else None), allow_nan=False)


def _no_input(prompt: object = "", /) -> str:
    """Stand in for `input`, which a worker could not answer."""
    raise RuntimeError("input() has nobody to ask in a page: assign the value instead")


def _show(value: Any, tell: Tell) -> None:
    """Show a value as a notebook would: as HTML or SVG if it can be, else by its repr."""
    if value is None:
        return
    vars(builtins)["_"] = value  # as the prompt does
    figures = sys.modules.get("wi_docs.pages.figures")
    plain = sys.modules.get("matplotlib.figure")
    if figures is not None and isinstance(value, figures.Picture):
        tell("svg", value.svg("live"))
        tell("caption", value.caption)
    elif plain is not None and isinstance(value, plain.Figure):
        tell("svg", _svg(value))
    else:
        # Jupyter's protocol: an object that can show itself as HTML has this method.
        markup = getattr(value, "_repr_html_", lambda: None)()
        if markup is None:
            print(repr(value))
            return
        tell("html", markup)
    tell("shown", f"{value!r}\n")


def _svg(figure: Any) -> str:
    """Return a matplotlib figure as SVG, in the page's colors and font."""
    from wi_docs.pages.figures import svg

    return svg(figure, "live")


def _show_open_figures(tell: Tell) -> None:
    """Show the figures that pyplot holds open, as a notebook does at the end of a cell, and close them."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is not None:
        for number in plt.get_fignums():
            tell("svg", _svg(plt.figure(number)))
        plt.close("all")


def _problem(error: BaseException) -> dict[str, Any]:
    """Return the error as `run` describes it. The line is the last one of the snippet in the traceback."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
    line = error.lineno if isinstance(error, SyntaxError) and error.filename == FILE else (lines[-1:] or [None])[0]
    message = traceback.format_exception_only(error)[-1].strip()
    if isinstance(error, ModuleNotFoundError):
        message += ". Here are numpy, matplotlib and wi_docs"
    if isinstance(error, MemoryError) and not str(error):
        message += ": the page has less memory than this asks for"
    return {
        "line": line,
        "source": linecache.getline(FILE, line).strip() if line else "",
        "message": message,
    }

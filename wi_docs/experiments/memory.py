"""Long experiments that run once, however many figures and claims ask for them. Off unless a folder is named."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import inspect
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_folder: Path | None = None


def keep_in(folder: Path | None) -> None:
    """Keep what remembered functions return in `folder` from now on, or nowhere if it is None.

    The folder is trusted: results are read back with pickle. Give it one that nobody else writes to.
    """
    global _folder
    _folder = folder


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """Let `function` look into the folder before it runs, by its arguments with their defaults."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        asked = signature.bind(*args, **kwargs)
        asked.apply_defaults()
        path = place(function.__module__, function.__qualname__, tuple(asked.arguments.values()))
        found: R | None = read(path)
        if found is None:
            found = function(*args, **kwargs)
            write(path, found)
        return found

    return call


def place(module: str, name: str, arguments: tuple[Any, ...]) -> Path | None:
    """Return the file for a result of a module's function, or None if results are kept nowhere.

    It is the same for the same plain arguments (numbers, strings, tuples of them) and the same source of the module and
    of all that it imports from this package. For other arguments it is None.
    """
    if _folder is None or not _is_plain(arguments):
        return None
    return _folder / hashlib.sha256(repr((module, name, arguments, _sources(module))).encode()).hexdigest()[:32]


def read(path: Path | None) -> Any:
    """Return the result that is kept in this file, or None if there is none."""
    try:
        return None if path is None else pickle.loads(path.read_bytes())
    except FileNotFoundError:
        return None


def write(path: Path | None, result: Any) -> None:
    """Keep the result in this file, if there is one. It appears by a rename, so that two processes may write it."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(pickle.dumps(result))
    os.replace(draft, path)


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


@functools.cache
def _sources(module: str) -> str:
    """Return a digest of the source of `module` and of every module of this package that it imports, however far."""
    todo, seen = {module}, {}
    while todo:
        name = todo.pop()
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            continue
        source = Path(spec.origin).read_text(encoding="utf-8")
        seen[name] = hashlib.sha256(source.encode()).hexdigest()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "wi_docs":
                home = str(node.module)
                found = importlib.util.find_spec(home)
                modules = (
                    {f"{home}.{alias.name}" for alias in node.names}
                    if found and found.submodule_search_locations
                    else set()
                )
                todo |= ({home} | modules) - seen.keys()
    return repr(sorted(seen.items()))

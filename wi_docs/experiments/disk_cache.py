"""Long experiments that run once, however many figures and claims ask for them. Off unless a folder is named."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
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
    """Let `function` look into the folder before it runs.

    A result counts as the same for the same plain arguments (numbers, strings, tuples of them) and the same source of
    the function's module and of all that it imports from this package. Other arguments are never looked up.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        plain = all(map(_is_plain, [*args, *kwargs.values()]))
        if _folder is None or not plain:
            return function(*args, **kwargs)
        asked = (
            function.__module__,
            function.__qualname__,
            args,
            sorted(kwargs.items()),
            _sources(function.__module__),
        )
        path = _folder / hashlib.sha256(repr(asked).encode()).hexdigest()[:32]
        if path.exists():
            result: R = pickle.loads(path.read_bytes())
            return result
        result = function(*args, **kwargs)
        _folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(pickle.dumps(result))
        os.replace(draft, path)
        return result

    return call


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

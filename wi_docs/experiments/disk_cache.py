"""A cache on disk, with which long experiments run once, however many figures and claims ask for them.

It is off until somebody names a folder.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

Version = Callable[[str, str], str]

_folder: Path | None = None
_version: Version


def unversioned(module: str, function: str) -> str:
    """Take the code not to change for as long as the folder is used, such as a temporary one."""
    return ""


def keep_in(folder: Path | None, version: Version) -> None:
    """Keep the results of functions that are `disk_cached` in a folder from now on, or nowhere if it is None.

    Args:
        folder: one that nobody else writes to, since results are read back with pickle.
        version: returns a digest of all that a function depends on, from the names of its module and its own. A result
            counts only for the version that made it.
    """
    global _folder, _version
    _folder, _version = folder, version


def disk_cached(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` with a cache: it looks for its result in the folder before it runs, and leaves it there.

    A result counts for the same version of the function and the same plain arguments (numbers, strings, tuples of
    them). With other arguments, such as arrays, the function always runs.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        plain = all(map(_is_plain, [*args, *kwargs.values()]))
        if _folder is None or not plain:
            return function(*args, **kwargs)
        module, name = function.__module__, function.__qualname__
        asked = (module, name, args, sorted(kwargs.items()), _version(module, name))
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

"""Results of experiments as bytes that hold data only: an `.npz` archive, from which nothing is run when it is read.

A pickle would be shorter to write, and whoever can write to a folder of pickles can run code in whoever reads them,
which makes a shared cache a way in.
"""

from __future__ import annotations

import dataclasses
import io
import json
import sys
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SEQUENCES = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
_STRUCTURE = "structure"  # the member that says how the arrays, which are named 0, 1, …, and all else hang together


def dump(result: Any) -> bytes:
    """Return the bytes of a result, from which `load` makes an equal one.

    Args:
        result: None, a bool, a number, a string, an array of numbers, or a list, a tuple, a set, a dictionary or a
            dataclass of such things.

    Raises:
        TypeError: for anything else.

    Examples:
        >>> load(dump({"loss": [2.5, float("inf")], 0.1: np.eye(2)}))
        {'loss': [2.5, inf], 0.1: array([[1., 0.],
               [0., 1.]])}
    """
    arrays: dict[str, NDArray[Any]] = {}
    structure = json.dumps(_packed(result, arrays))
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{_STRUCTURE: np.array(structure)}, **arrays)
    return file.getvalue()


def load(content: bytes) -> Any:
    """Return the result whose bytes these are.

    The dataclasses in it are looked up among the modules of this package that are loaded; none is imported for them.

    Raises:
        ValueError: for bytes that `dump` has not made.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return _unpacked(json.loads(arrays[_STRUCTURE].item()), arrays)
    except (KeyError, TypeError, AttributeError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"these bytes hold no result of an experiment: {error}") from error


def _packed(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    """Return what JSON can hold: numbers and strings as they are, all else as a list of its kind and its content."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        name = str(len(arrays))
        arrays[name] = value
        return ["array", name]
    kind = type(value)
    if kind.__name__ in _SEQUENCES and kind is _SEQUENCES[kind.__name__]:
        return [kind.__name__, [_packed(one, arrays) for one in value]]
    if kind is dict:
        return ["dict", [[_packed(key, arrays), _packed(one, arrays)] for key, one in value.items()]]
    if dataclasses.is_dataclass(kind):
        fields = [[field.name, _packed(getattr(value, field.name), arrays)] for field in dataclasses.fields(value)]
        return ["dataclass", kind.__module__, kind.__qualname__, fields]
    raise TypeError(f"a result that is kept must be made of numbers, strings and arrays, got {value!r}")


def _unpacked(packed: Any, arrays: Any) -> Any:
    if not isinstance(packed, list):
        return packed
    kind, *content = packed
    if kind == "array":
        return arrays[content[0]]
    if kind == "dict":
        return {_unpacked(key, arrays): _unpacked(one, arrays) for key, one in content[0]}
    if kind == "dataclass":
        module, name, fields = content
        found = getattr(sys.modules[module], name)
        if not (module.startswith("wi_docs.") and isinstance(found, type) and dataclasses.is_dataclass(found)):
            raise TypeError(f"{module}.{name} is no dataclass of this package")
        return found(**{field: _unpacked(one, arrays) for field, one in fields})
    return _SEQUENCES[kind](_unpacked(one, arrays) for one in content[0])

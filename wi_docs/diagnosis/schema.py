"""The JSON Schema of what `diagnose --json` prints, made of the fields of the results and of their docstrings.

`python -m wi_docs.diagnosis.schema > wi_docs/data/diagnosis_schema.json` writes it anew.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import types
import typing
from collections.abc import Iterable
from typing import Any

import numpy as np

from wi_docs.diagnosis.meaning import Meaning
from wi_docs.diagnosis.networks import Diagnosis
from wi_docs.diagnosis.problems import KINDS, Problem
from wi_docs.diagnosis.report import SCHEMA, SUBJECTS

NULL: dict[str, Any] = {"type": "null"}
NUMBER: dict[str, Any] = {"type": ["number", "null"]}  # JSON has neither infinity nor NaN
PLAIN: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"}, int: {"type": "integer"}, float: NUMBER, str: {"type": "string"}, type(None): NULL,
    Any: NUMBER,  # fields of `Row` that hold PyTorch's numbers while they are measured
}  # fmt: skip


def schema() -> dict[str, Any]:
    """Return the schema, after JSON Schema 2020-12, as dictionaries and lists.

    Examples:
        >>> found = schema()
        >>> [one["$ref"] for one in found["oneOf"]], found["$defs"]["Problem"]["required"]
        (['#/$defs/Diagnosis', '#/$defs/Probe', '#/$defs/Inventory'], ['kind', 'row', 'sentence', 'weight'])
    """
    known: dict[str, Any] = {}
    for result in SUBJECTS:
        _of(result, known)
        known[result.__name__]["properties"] |= _common(result, known)
        known[result.__name__]["required"] = sorted(known[result.__name__]["properties"])
    known["Diagnosis"]["properties"]["formats"] = {
        "description": inspect.getdoc(Diagnosis.formats), "type": "object", "additionalProperties": PLAIN[str],
    }  # fmt: skip
    known["Diagnosis"]["required"] = sorted(known["Diagnosis"]["properties"])
    known["Problem"]["properties"]["kind"]["enum"] = list(KINDS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What python -m wi_docs diagnose --json prints",
        "description": (
            "A network that was described or read from a file, a model of PyTorch, or the tensors of a file. A number "
            "that is infinite or undefined is null."
        ),
        "oneOf": [_of(result, known) for result in SUBJECTS],
        "$defs": known,
    }


def _common(result: type, known: dict[str, Any]) -> dict[str, Any]:
    """Return the properties that stand beside the fields of all three results."""
    return {
        "schema": {"description": "The version of this schema.", "const": SCHEMA},
        "subject": {"description": "What was looked at.", "const": SUBJECTS[result]},
        "ok": {"description": "Whether it could be judged and has no problem.", **PLAIN[bool]},
        "undecided": {"description": "Whether it could not be judged.", **PLAIN[bool]},
        "verdict": {"description": "The verdict as a sentence or two.", **PLAIN[str]},
        "meaning": {"description": "What it means for training.", "anyOf": [_of(Meaning, known), NULL]},
        "problems": {
            "description": "The problems found, the worst first.", "type": "array", "items": _of(Problem, known),
        },
    }  # fmt: skip


def _of(kind: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a type. Those of dataclasses are put into `known`, and referred to."""
    if dataclasses.is_dataclass(kind):
        name = getattr(kind, "__name__", "")
        if name not in known:
            known[name] = {}  # before its fields are looked at, so that each is looked at once
            known[name] = _record(kind, known)
        return {"$ref": f"#/$defs/{name}"}
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _any(_of(part, known) for part in parts)
    if origin is np.ndarray:
        return {"type": "array", "items": NUMBER}
    if origin is tuple:
        if parts[-1] is Ellipsis:
            return {"type": "array", "items": _of(parts[0], known)}
        return {"type": "array", "prefixItems": [_of(part, known) for part in parts], "items": False,
                "minItems": len(parts)}  # fmt: skip
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(parts[1], known)}
    return dict(PLAIN[kind])


def _any(options: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the schema of a value that fits one of several, of which a number takes null as well."""
    different = list(dict.fromkeys(map(json.dumps, options)))
    if json.dumps(NUMBER) in different:
        different = [option for option in different if option != json.dumps(NULL)]
    found = [json.loads(option) for option in different]
    return found[0] if len(found) == 1 else {"anyOf": found}


def _record(kind: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a dataclass, with a description of each field from its docstring."""
    hints, said = typing.get_type_hints(kind), inspect.getdoc(kind) or ""
    listed = said.partition("Attributes:\n")[2].partition("\n\n")[0]
    # Each begins with four spaces and its name; the lines that go on have more of them.
    words = {
        name: re.sub(r"\s+", " ", text).strip()
        for name, text in re.findall(r"^    (\w+): (.*(?:\n {5,}.*)*)", listed, re.MULTILINE)
    }
    return {
        "description": said.partition("\n")[0],
        "type": "object",
        "properties": {
            field.name: {"description": words[field.name], **_of(hints[field.name], known)}
            for field in dataclasses.fields(kind)
        },
        "required": [field.name for field in dataclasses.fields(kind)],
        "additionalProperties": False,
    }


if __name__ == "__main__":
    print(json.dumps(schema(), indent=1, ensure_ascii=False))

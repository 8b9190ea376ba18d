"""The numbers behind a text on weight initialization: numpy only, deterministic, and every function with its source."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wi_docs.activations import Activation, activation
    from wi_docs.diagnosis import Spec, diagnose
    from wi_docs.gains import gain
    from wi_docs.network import MLP
    from wi_docs.propagation import propagate

__version__ = "0.1.0"

# Loaded when first asked for (PEP 562), so that a figure depends on the modules it uses and on no others.
_HOME = {
    "Activation": "activations",
    "activation": "activations",
    "Spec": "diagnosis",
    "diagnose": "diagnosis",
    "gain": "gains",
    "MLP": "network",
    "propagate": "propagation",
}
__all__ = [
    "MLP",
    "Activation",
    "Spec",
    "activation",
    "diagnose",
    "gain",
    "propagate",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"wi_docs.{_HOME[name]}"), name)
    raise AttributeError(f"module 'wi_docs' has no attribute {name!r}")

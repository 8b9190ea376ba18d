"""The numbers behind a text on weight initialization: numpy only, deterministic, and every function with its source."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wi_docs.diagnosis.networks import diagnose
    from wi_docs.diagnosis.spec import Spec
    from wi_docs.experiments.propagation import propagate
    from wi_docs.nn import initializers
    from wi_docs.nn.activations import Activation, activation
    from wi_docs.nn.gains import gain
    from wi_docs.nn.network import MLP

__version__ = "0.1.0"

# Loaded when first asked for (PEP 562), so that a figure depends on the modules it uses and on no others.
_HOME = {
    "Activation": "nn.activations",
    "activation": "nn.activations",
    "Spec": "diagnosis.spec",
    "diagnose": "diagnosis.networks",
    "gain": "nn.gains",
    "MLP": "nn.network",
    "propagate": "experiments.propagation",
}
__all__ = [
    "MLP",
    "Activation",
    "Spec",
    "activation",
    "diagnose",
    "gain",
    "initializers",
    "propagate",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name == "initializers":  # a module; the others are names in one
        return importlib.import_module("wi_docs.nn.initializers")
    if name in _HOME:
        return getattr(importlib.import_module(f"wi_docs.{_HOME[name]}"), name)
    raise AttributeError(f"module 'wi_docs' has no attribute {name!r}")

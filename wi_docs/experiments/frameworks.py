"""Measurements of PyTorch, JAX, Flax and Keras, stored as data, so that none of them has to be installed."""

from __future__ import annotations

from typing import Any

from wi_docs.experiments import conditions, stored


def load(name: str = "frameworks") -> dict[str, Any]:
    """Return the measurements: versions, and for each library the laws of its schemes and of its layers' parameters.

    A law is a dictionary of statistics of drawn numbers: the standard deviation `std` with its `std_error`, the `mean`,
    the `largest` absolute value, the `fourth_moment` over the squared variance, and the number of `entries`.

    The other file, `diagnosis`, holds gradients and verdicts from PyTorch for networks whose diagnosis is known.

    Source:
        `scripts/maintain/reference_data.py` and `scripts/maintain/diagnosis_reference.py`, run by `make reference`.

    Examples:
        >>> data = load()
        >>> data["versions"]["torch"]
        '2.13.0'
        >>> print(f"{data['torch']['layers']['Linear(400, 100) weight']['largest']:.4f}")
        0.0500
    """
    conditions.say(data=f"stored measurements of {name}")
    return stored.read(name)

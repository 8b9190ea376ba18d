"""Measure in PyTorch networks whose diagnosis is known, and write `wi_docs/data/diagnosis.json`: see `make reference`.

`networks` are networks that a description can express, built of PyTorch's own modules and measured by its autograd, not
by our hooks. `models` are those of `tests/torch/models.py`, measured by our hooks.
"""

from __future__ import annotations

import json
import platform
import sys
from typing import Any

import numpy as np
import torch
from torch import nn

from scripts.store import ROOT
from tests.torch import models
from wi_docs.diagnosis.networks import Spec
from wi_docs.diagnosis.probe import probe
from wi_docs.experiments import stored

TARGET = ROOT / "wi_docs" / "data" / "diagnosis.json"
SEEDS = range(8)
HIDDEN = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU}
SPECS = {
    "default": Spec((64, *[256] * 20, 10), scheme="pytorch_linear"),
    "he": Spec((64, *[256] * 20, 10), scheme="he_normal"),
    "glorot": Spec((64, *[256] * 20, 10), activation="tanh", scheme="glorot_normal"),
    "normalized before": Spec((64, *[256] * 10, 10), activation="gelu", scheme="he_normal", normalization="before"),
    "normalized after": Spec((64, *[256] * 10, 10), activation="gelu", scheme="he_normal", normalization="after"),
    "residual": Spec((64, *[256] * 13, 10), scheme="he_normal", residual=True, branch=0.5),
    "pre-norm": Spec(
        (64, *[256] * 13, 10), activation="gelu", scheme="he_normal", residual=True, normalization="before"
    ),
    "post-norm": Spec(
        (64, *[256] * 13, 10), activation="gelu", scheme="he_normal", residual=True, normalization="after"
    ),
}
MODELS = ("plain", "he", "constant", "dead", "half", "resnet", "transformer")


def rounded(value: Any) -> Any:
    """Round every number to five digits: the errors are larger, and the file is the same on the next machine."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def linear(spec: Spec, inputs: int, outputs: int) -> Any:
    """Return a linear layer in double precision, initialized by PyTorch's own function for the described scheme."""
    layer = nn.Linear(inputs, outputs, dtype=torch.float64)
    if spec.scheme == "he_normal":
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    elif spec.scheme == "glorot_normal":
        nn.init.xavier_normal_(layer.weight)
    if spec.scheme != "pytorch_linear":
        nn.init.zeros_(layer.bias)
    return layer


def outputs_of_rows(spec: Spec, x: Any) -> list[Any]:
    """Build the network of PyTorch's modules, run it, and return the output of each row."""
    phi = HIDDEN[spec.activation]()
    layers = [linear(spec, n, m) for n, m in zip(spec.widths[:-1], spec.widths[1:], strict=True)]

    def norm(a: Any) -> Any:
        return nn.functional.layer_norm(a, a.shape[-1:])

    # Rows as in `Spec.rows`: blocks of two layers in a residual network, else layers.
    rows, a = [], x
    for _, first, *rest in spec.rows():
        if rest:
            inner = norm(a) if spec.normalization == "before" else a
            a = a + spec.branch * layers[rest[0]](phi(layers[first](inner)))
            a = norm(a) if spec.normalization == "after" else a
        else:
            a = layers[first](a)
            if not spec.residual and first < len(layers) - 1:
                a = phi(norm(a) if spec.normalization == "before" else a)
                a = norm(a) if spec.normalization == "after" else a
        rows.append(a)
    return rows


def network(spec: Spec) -> dict[str, Any]:
    """Return signal, gradient and correlation of each row, the mean over seeds with its standard error."""
    found = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        rows = outputs_of_rows(spec, torch.randn(32, spec.widths[0], dtype=torch.float64))
        cotangent = torch.randn_like(rows[-1])
        for a in rows:
            a.retain_grad()
        rows[-1].backward(cotangent)
        # The mean cosine over all pairs of the 32 inputs, as in `simulate.alike`.
        directions = [nn.functional.normalize(a.detach(), dim=1).sum(dim=0) for a in rows]
        cosines = [float((total @ total - 32) / (32 * 31)) for total in directions]
        found.append(
            [
                [float(a.detach().square().mean().sqrt()) for a in rows],
                [float(a.grad.norm() / cotangent.norm()) for a in rows],
                cosines,
            ]
        )
    # (seeds, 3, rows): signal, gradient and correlation.
    values = np.array(found)
    error = values.std(axis=0, ddof=1) / len(SEEDS) ** 0.5
    names = "signal", "gradient", "correlation"
    return {
        "spec": spec.text(),
        **{
            name: {"mean": m.tolist(), "error": e.tolist()}
            for name, m, e in zip(names, values.mean(axis=0), error, strict=True)
        },
    }


def model(name: str) -> dict[str, Any]:
    """Return the diagnosis of a model of `tests/torch/models.py` by our hooks."""
    built = getattr(models, name)()
    made, inputs = built if isinstance(built, tuple) else (built, None)
    found = probe(made, inputs)
    return {
        "what": (getattr(models, name).__doc__ or "").partition("\n")[0],
        "kinds": [problem.kind for problem in found.problems],
        "verdict": found.verdict,
        "loss": found.loss if np.isfinite(found.loss) else None,
        "chance": found.chance,
        "modules": len(found.rows),
    }


def main() -> None:
    """Write the file."""
    record = {
        "source": "made by scripts/maintain/diagnosis_reference.py; measurements of our own, free to use (CC0)",
        "versions": {"python": platform.python_version(), "torch": torch.__version__.partition("+")[0]},
        "networks": {name: network(spec) for name, spec in SPECS.items()},
        "models": {name: model(name) for name in MODELS},
    }
    record = rounded(record)
    record["digest"] = stored.digest(record)
    TARGET.write_text(json.dumps(record, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"wrote {TARGET.name}: {TARGET.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()

"""Signal and gradient by layer, for three activations at any scale: one network of finite width, and theory."""

import itertools
import math
from typing import Any

import numpy as np

from wi_docs.experiments.disk_cache import disk_cached
from wi_docs.experiments.meanfield import trajectory
from wi_docs.experiments.propagation import Propagation, propagate
from wi_docs.experiments.trainability import TRAINABLE
from wi_docs.nn.activations import activation
from wi_docs.nn.checks import Array
from wi_docs.pages.explorers import Rounded

WIDTH, BATCH, DEPTH = 128, 16, 100
ACTIVATIONS = ("sigmoid", "tanh", "relu")
WEIGHTS = (
    0.25,
    1 / 3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    1.0,
    1.1,
    1.25,
    1.4,
    1.6,
    1.8,
    2.0,
    2.2,
    2.5,
    25 / 9,
    3.2,
    4.0,
    6.0,
    9.0,
    16.0,
    36.0,
    64.0,
    144.0,
)
BIASES = (0.0, 0.05, 0.2, 0.5)
LAYERS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100)
SHOWN = (1, 2, 5, 10, 20, 50, 100)  # layers whose activations are kept
EDGES = {"sigmoid": np.linspace(0, 1, 21), "tanh": np.linspace(-1, 1, 21), "relu": np.linspace(0, 4, 21)}


def theory(phi: str, weights: float, biases: float) -> tuple[Array, Array]:
    """Return rms of the activations and of the gradient by layer, `(DEPTH,)`, for infinite width and a gradient of 1 at
    the end.
    """
    path = trajectory(phi, q=weights + biases, sigma_w=math.sqrt(weights), sigma_b=math.sqrt(biases))
    layers = [next(path)]
    for layer in itertools.islice(path, DEPTH - 1):
        if abs(layer.q - layers[-1].q) < 1e-12 * layer.q:
            break
        layers.append(layer)
    layers += layers[-1:] * (DEPTH - len(layers))  # they are alike from there on
    forward, chi = np.array([(layer.second_moment, layer.chi) for layer in layers]).T
    return np.sqrt(forward), np.exp(np.r_[np.cumsum(np.log(chi[-2::-1]))[::-1], 0.0] / 2)


def simulation(name: str, weights: float, biases: float, *, depth: int = DEPTH) -> Propagation:
    """Return one network's signal and gradient."""
    gain, sigma_b = math.sqrt(weights), math.sqrt(biases)
    return propagate(name, "lecun_normal", depth=depth, width=WIDTH, batch=BATCH, gain=gain, sigma_b=sigma_b)


def shares(name: str, run: Propagation) -> Array:
    """Return the share of activations in each bin `(SHOWN, bins)`; ReLU's in units of their rms."""
    rows = []
    for layer in SHOWN:
        a = activation(name).f(run.pre_activations[layer - 1])
        if name == "relu":
            a = a / run.forward_rms[layer - 1]
        rows.append(np.histogram(np.clip(a, EDGES[name][0], EDGES[name][-1]), EDGES[name])[0] / a.size)
    return np.array(rows)


@disk_cached
def data() -> dict[str, Any]:
    """Return powers of ten of rms by layer `(activation, weights, biases, layer)`, measured and in theory,
    and histograms.
    """
    cases = [(name, w, b) for name in ACTIVATIONS for w in WEIGHTS for b in BIASES]
    shape, kept = (len(ACTIVATIONS), len(WEIGHTS), len(BIASES)), np.array(LAYERS) - 1
    runs = [simulation(*case) for case in cases]
    ideal = [theory(*case) for case in cases]

    def grid(rows: list[Array]) -> Rounded:
        return Rounded(np.log10(np.array(rows)[:, kept]).reshape(*shape, -1), 5e-3)

    histograms = np.array([shares(case[0], run) for case, run in zip(cases, runs, strict=True)])
    return {
        "activations": list(ACTIVATIONS),
        "weights": list(WEIGHTS),
        "biases": list(BIASES),
        "layers": list(LAYERS),
        "shown": list(SHOWN),
        "edges": {name: [float(edge) for edge in edges] for name, edges in EDGES.items()},
        "width": WIDTH,
        # Decades of the gradient's rms within which and beyond which the claims of the page train networks.
        "trains": TRAINABLE / 2 / math.log(10),  # a depth of so many scales divides the gradient's square by e each
        "fails": TRAINABLE / math.log(10),
        "forward": grid([run.forward_rms for run in runs]),
        "gradient": grid([run.gradient_rms / run.gradient_rms[-1] for run in runs]),
        "forward_theory": grid([forward for forward, _ in ideal]),
        "gradient_theory": grid([backward for _, backward in ideal]),
        "share": Rounded(histograms.reshape(*shape, len(SHOWN), -1), 2e-3),
    }

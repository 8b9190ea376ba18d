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
# The stops of the sliders: sigma_w^2 and sigma_b^2, and the layers whose numbers are kept. Among the weights are the
# scales of interest: 1 (LeCun's), 2 (He's), 1/3 (PyTorch's default) and 25/9 (PyTorch's gain for tanh, 5/3).
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
SHOWN = (1, 2, 5, 10, 20, 50, 100)  # layers with a histogram of activations
# The edges of the histograms' bins: the range of sigmoid and tanh, and four rms for ReLU.
EDGES = {"sigmoid": np.linspace(0, 1, 21), "tanh": np.linspace(-1, 1, 21), "relu": np.linspace(0, 4, 21)}


def theory(phi: str, weights: float, biases: float) -> tuple[Array, Array]:
    """Return the rms of the activations and of the gradient by layer, `(DEPTH,)` each, in networks of infinite width.

    `weights` and `biases` are sigma_w^2 and sigma_b^2. The gradient is 1 at the last layer.
    """
    # Inputs of mean square 1 give the first layer's pre-activations a variance of sigma_w^2 + sigma_b^2.
    path = trajectory(phi, q=weights + biases, sigma_w=math.sqrt(weights), sigma_b=math.sqrt(biases))
    layers = [next(path)]
    for layer in itertools.islice(path, DEPTH - 1):
        if abs(layer.q - layers[-1].q) < 1e-12 * layer.q:
            break
        layers.append(layer)
    layers += layers[-1:] * (DEPTH - len(layers))  # the variance has settled, and later layers are alike
    forward, chi = np.array([(layer.second_moment, layer.chi) for layer in layers]).T
    # The gradient's mean square is the product of chi over the later layers: a sum of logarithms from the end.
    return np.sqrt(forward), np.exp(np.r_[np.cumsum(np.log(chi[-2::-1]))[::-1], 0.0] / 2)


def simulation(name: str, weights: float, biases: float, *, depth: int = DEPTH) -> Propagation:
    """Return signal and gradient of one network with sigma_w^2 = `weights` and sigma_b^2 = `biases`."""
    gain, sigma_b = math.sqrt(weights), math.sqrt(biases)
    return propagate(name, "lecun_normal", depth=depth, width=WIDTH, batch=BATCH, gain=gain, sigma_b=sigma_b)


def shares(name: str, run: Propagation) -> Array:
    """Return the share of activations in each bin, `(len(SHOWN), bins)`. ReLU's are in units of their rms."""
    rows = []
    for layer in SHOWN:
        a = activation(name).f(run.pre_activations[layer - 1])
        if name == "relu":
            a = a / run.forward_rms[layer - 1]
        # What lies beyond the edges is counted in the outermost bins.
        rows.append(np.histogram(np.clip(a, EDGES[name][0], EDGES[name][-1]), EDGES[name])[0] / a.size)
    return np.array(rows)


@disk_cached
def data() -> dict[str, Any]:
    """Return the data of the explorer: decimal logarithms of rms by layer, measured and by theory, and histograms.

    The arrays are `(activation, weights, biases, layer)`; histograms have a further axis for the bins.
    """
    cases = [(name, w, b) for name in ACTIVATIONS for w in WEIGHTS for b in BIASES]
    shape, kept = (len(ACTIVATIONS), len(WEIGHTS), len(BIASES)), np.array(LAYERS) - 1
    runs = [simulation(*case) for case in cases]
    ideal = [theory(*case) for case in cases]

    def grid(rows: list[Array]) -> Rounded:
        # An error of 5e-3 decades is 1 % of a size, less than a pixel.
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

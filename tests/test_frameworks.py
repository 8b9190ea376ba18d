"""What the package says of the frameworks, against what they were seen to do: `wi_docs/data/frameworks.json`."""

import math

import numpy as np
import pytest

from wi_docs import gain, propagate
from wi_docs.experiments import frameworks
from wi_docs.nn import initializers
from wi_docs.nn.activations import activation

DATA = frameworks.load()
DENSE, CONV = (400, 100), (3, 3, 40, 20)
SHAPES = {"dense": DENSE, "conv": CONV}
KNOWN = (*initializers.names(), *initializers.ALIASES)
# PyTorch's schemes by their names in the data, and ours. Most have the same name with an underscore at the end.
TORCH = {f"{name}_": name for name in KNOWN if f"{name}_ dense" in DATA["torch"]["schemes"]} | {
    "kaiming_uniform_ a=sqrt(5)": "pytorch_linear",
    "kaiming_uniform_ as called by default": "kaiming_uniform",
    "normal_ std=0.01": "normal",
}
SAME = [
    *[
        (DATA["torch"]["schemes"][f"{theirs} {kind}"], ours, SHAPES[kind])
        for theirs, ours in TORCH.items()
        for kind in SHAPES
    ],
    (DATA["torch"]["layers"]["Linear(400, 100) weight"], "pytorch_linear", DENSE),
    (DATA["torch"]["layers"]["Conv2d(40, 20, 3) weight"], "pytorch_linear", CONV),
    (DATA["keras"]["layers"]["Dense(100) of 400 kernel"], "keras_dense", DENSE),
    (DATA["keras"]["layers"]["Conv2D(20, 3) of 40 kernel"], "keras_dense", CONV),
    (DATA["flax"]["layers"]["Dense(100) of 400 kernel"], "flax_dense", DENSE),
    (DATA["flax"]["layers"]["Conv(20, 3x3) of 40 kernel"], "flax_dense", CONV),
]  # fmt: skip
# What JAX calls a normal is another law: see below.
JAX = [name for name in KNOWN if f"{name} dense" in DATA["jax"]["schemes"] and not name.endswith("normal")]


def draws(name, shape, **options):
    return np.stack([initializers.get(name)(np.random.default_rng(seed), shape, **options) for seed in range(8)])


def apart(theirs, W):
    """Return how many standard errors their standard deviation is from ours. Both are measured on as many entries."""
    error = W.std() * math.sqrt(((W**4).mean() / W.var() ** 2 - 1) / (4 * W.size))
    return abs(theirs["std"] - W.std()) / math.hypot(error, theirs["std_error"])


@pytest.mark.parametrize(("theirs", "ours", "shape"), SAME, ids=lambda value: value if isinstance(value, str) else "")
def test_a_scheme_has_their_law(theirs, ours, shape):
    W = draws(ours, shape)
    assert apart(theirs, W) < 3
    # The kurtosis tells a uniform distribution from a normal one of the same deviation.
    assert theirs["fourth_moment"] == pytest.approx((W**4).mean() / W.var() ** 2, abs=0.1)
    if "uniform" in ours or ours == "pytorch_linear":
        assert theirs["largest"] == pytest.approx(np.abs(W).max(), rel=1e-3)


@pytest.mark.parametrize("name", JAX)
@pytest.mark.parametrize("kind", SHAPES)
def test_jax_has_the_law_of_the_same_name(name, kind):
    assert apart(DATA["jax"]["schemes"][f"{name} {kind}"], draws(name, SHAPES[kind])) < 3


@pytest.mark.parametrize(
    ("name", "scale", "mode"),
    [("lecun_normal", 1, "fan_in"), ("glorot_normal", 1, "fan_avg"), ("he_normal", 2, "fan_in")],
)
def test_jax_calls_a_truncated_normal_normal(name, scale, mode):
    theirs = DATA["jax"]["schemes"][f"{name} dense"]
    W = np.stack(
        [
            initializers.variance_scaling(
                np.random.default_rng(seed), DENSE, scale=scale, mode=mode, distribution="truncated_normal"
            )
            for seed in range(8)
        ]
    )
    assert apart(theirs, W) < 3
    assert theirs["largest"] == pytest.approx(np.abs(W).max(), rel=1e-3)
    assert theirs["largest"] < np.abs(draws(name, DENSE)).max() / 1.5  # ours has tails


def test_pytorch_cuts_where_it_says_and_does_not_widen():
    wide = DATA["torch"]["schemes"]["trunc_normal_ std=1 dense"]
    assert abs(wide["std"] - initializers.truncated_deviation()) < 3 * wide["std_error"]
    narrow = DATA["torch"]["schemes"]["trunc_normal_ std=0.02 dense"]
    assert narrow["largest"] > 4 * 0.02  # bounds of -2 and 2, not of two deviations


def test_gains():
    said = DATA["torch"]["gains"]
    for name in ("linear", "relu", "leaky_relu"):
        assert said[name] == pytest.approx(gain(name), rel=1e-9)
    assert said["leaky_relu sqrt(5)"] == pytest.approx(3**-0.5, rel=1e-9)
    assert said["tanh"] == pytest.approx(5 / 3)
    assert abs(said["tanh"] / gain("tanh") - 1) > 0.04
    assert all(said[name].startswith("Unsupported") for name in ("gelu", "silu", "elu", "mish", "softplus"))


def test_fans():
    said = DATA["torch"]["fans"]
    assert initializers.fans((400, 100)) == tuple(said["Linear(400, 100)"])
    assert initializers.fans((3, 3, 40, 20)) == tuple(said["Conv2d(40, 20, 3)"])
    # PyTorch leaves out the groups: right for the inputs of a unit, too many for the units of an input.
    assert initializers.fans((3, 3, 1, 64), groups=64) == (9, 9)
    assert said["Conv2d(64, 64, 3, groups=64)"] == [9, 9 * 64]
    # A transposed convolution's weight is stored the other way round, and PyTorch counts its outputs as inputs.
    assert initializers.fans((3, 3, 40, 20)) == tuple(said["ConvTranspose2d(40, 20, 3)"][::-1])


@pytest.mark.parametrize("library", ["torch", "jax"])
@pytest.mark.parametrize("name", DATA["derivatives"]["torch"])
def test_values_and_slopes(library, name):
    said = DATA["derivatives"][library][name]
    x = np.array(DATA["derivatives"]["points"])
    phi = activation(name)
    # Ten digits were kept; in the far tails the libraries themselves lose digits that we keep.
    assert np.allclose(phi.f(x), said["f"], rtol=1e-8, atol=1e-13)
    assert np.allclose(phi.df(x), said["df"], rtol=1e-8, atol=1e-13)


CASES = {
    "relu he_normal": ("relu", "he_normal"),
    "relu pytorch_linear": ("relu", "pytorch_linear"),
    "relu glorot_uniform": ("relu", "glorot_uniform"),
    "tanh glorot_normal": ("tanh", "glorot_normal"),
    "gelu he_normal": ("gelu", "he_normal"),
    "relu orthogonal": ("relu", "orthogonal"),
}


@pytest.mark.parametrize("case", CASES)
def test_factors_by_their_autograd(case):
    said = DATA["factors"][case]
    found = [propagate(*CASES[case], depth=20, width=256, seed=seed).gradient_ratio for seed in range(8)]
    error = math.hypot(said["error"], np.std(found, ddof=1) / math.sqrt(8))
    assert abs(np.mean(found) - said["factor"]) < 3 * error

"""The lines for PyTorch, Keras and Flax, run: each draws the law of the scheme that it stands for."""

import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")  # before Keras is imported

import flax.linen
import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
import torch
from torch import nn

from tests.test_advice import TRIED
from wi_docs.diagnosis.advice import _alternatives
from wi_docs.diagnosis.recipe import recipe
from wi_docs.nn import initializers, libraries

SHAPE = (400, 100)  # fan-in and fan-out differ, so that a line that takes the wrong one shows
CASES = [(name, gain) for name in libraries.NAMED for gain in (1.0, 0.7) if libraries.lines(name, gain)]


def pytorch(line, shape=SHAPE):
    """The weights that a statement of PyTorch draws, (fan_in, fan_out)."""
    torch.manual_seed(0)
    W = nn.Linear(*shape).weight
    exec(line, {"nn": nn, "W": W})
    return W.detach().numpy().T


def by_keras(line, shape=SHAPE):
    keras.utils.set_random_seed(0)
    layer = keras.layers.Dense(shape[1], kernel_initializer=eval(line, vars(keras.initializers).copy()))
    layer.build((None, shape[0]))
    return np.asarray(layer.kernel)


def by_flax(line, shape=SHAPE):
    layer = flax.linen.Dense(shape[1], kernel_init=eval(line, {**vars(flax.linen.initializers), "jnp": jnp}))
    return np.asarray(layer.init(jax.random.key(0), jnp.ones((1, shape[0])))["params"]["kernel"])


WAYS = {"pytorch": pytorch, "keras": by_keras, "flax": by_flax}


@pytest.mark.parametrize("library", WAYS)
@pytest.mark.parametrize(("scheme", "gain"), CASES)
def test_a_line_has_the_law_of_its_scheme(library, scheme, gain):
    W = WAYS[library](getattr(libraries.lines(scheme, gain), library))
    assert W.shape == SHAPE
    law = (2 / SHAPE[1]) ** 0.5 if scheme.endswith("fan-out") else initializers.deviation(scheme, SHAPE)
    # Of 40,000 normal values the root mean square is within 2 % for sure: six standard errors.
    assert (W**2).mean() ** 0.5 == pytest.approx(gain * law, rel=0.02)
    if "uniform" in scheme or scheme == "pytorch_linear":
        assert np.abs(W).max() == pytest.approx(3**0.5 * gain * law, rel=0.01)
    elif scheme == "orthogonal":
        assert np.allclose(W.T @ W, gain**2 * np.eye(SHAPE[1]), atol=1e-5)
    elif scheme == "identity":
        assert np.array_equal(W, np.eye(*SHAPE))
    elif law:
        assert np.abs(W).max() > 1.9 * gain * law


def test_a_line_of_pytorch_counts_the_kernel_of_a_convolution():
    for scheme in libraries.FAMILY:
        for gain in (1.0, 0.7):
            torch.manual_seed(0)
            W = nn.Conv2d(40, 80, 3).weight
            exec(libraries.lines(scheme, gain).pytorch, {"nn": nn, "W": W})
            scale, mode, _ = libraries.FAMILY[scheme]
            fan = {"fan_in": 360, "fan_out": 720, "fan_avg": 540}[mode]
            assert float(W.detach().square().mean().sqrt()) == pytest.approx(gain * (scale / fan) ** 0.5, rel=0.03)


class Flax(flax.linen.Module):
    """A module in which lines of Flax can be run, as they run in a reader's own."""

    code: str

    @flax.linen.compact
    def __call__(self, x):
        names = {"x": x, "units": x.shape[-1], "activation": jnp.tanh, "branch": jnp.tanh,
                 "layer": flax.linen.Dense(x.shape[-1])}  # fmt: skip
        exec(self.code, names)
        return names["layer"](names["x"]) if "layer = " in self.code else names["x"]


@pytest.mark.parametrize("case", TRIED)
def test_the_code_of_each_change_runs(case):
    spec, _ = TRIED[case]
    for _, new in _alternatives(spec):
        found = recipe(spec, new)
        model = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8, bias=False))
        x, layer = torch.ones(2, 8), nn.Linear(8, 8)
        names = {"model": model, "x": x, "units": 8, "layer": layer, "activation": torch.tanh, "branch": torch.tanh}
        exec(found.pytorch, names)
        assert names["x"].isfinite().all()
        policy = keras.config.dtype_policy()
        try:
            names = {"x": jnp.ones((2, 8)), "units": 8, "layer": keras.layers.Dense(8), "activation": jnp.tanh,
                     "branch": jnp.tanh}  # fmt: skip
            exec(found.keras, names)
            assert np.isfinite(np.asarray(names["layer"](names["x"]), np.float32)).all()
        finally:
            keras.config.set_dtype_policy(policy)
        out = Flax(found.flax).init_with_output(jax.random.key(0), jnp.ones((2, 8)))[0]
        assert np.isfinite(np.asarray(out, np.float32)).all()


def test_the_change_to_a_model_of_pytorch_leaves_a_head_of_zeros():
    spec, _ = TRIED["held"]
    new = next(new for change, new in _alternatives(spec) if change.startswith("normal weights"))
    model = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64))
    nn.init.zeros_(model[2].weight)
    torch.manual_seed(0)
    exec(recipe(spec, new).pytorch, {"model": model})
    assert not model[2].weight.any()
    assert not model[0].bias.any()
    assert float(model[0].weight.detach().std()) == pytest.approx(1.5925 / 8, rel=0.05)


def test_a_matrix_of_ours_goes_into_a_layer_as_the_page_says():
    page = (Path(__file__).parents[2] / "docs" / "optimizers.md").read_text(encoding="utf-8")
    in_torch, in_keras = "layer.weight.data = torch.tensor(W.T, dtype=torch.float32)", "layer.set_weights([W, b])"
    assert in_torch in page
    assert in_keras in page
    rng = np.random.default_rng(0)
    W, b, x = rng.standard_normal((64, 32)), np.zeros(32), rng.standard_normal((5, 64)).astype(np.float32)
    layer = nn.Linear(64, 32, bias=False)
    exec(in_torch, {"torch": torch, "W": W, "layer": layer})
    assert np.allclose(layer(torch.tensor(x)).detach().numpy(), x @ W, atol=1e-4)
    layer = keras.layers.Dense(32)
    layer.build((None, 64))
    exec(in_keras, {"W": W, "b": b, "layer": layer})
    assert np.allclose(np.asarray(layer(x)), x @ W, atol=1e-4)
    assert np.allclose(
        np.asarray(flax.linen.Dense(32).apply({"params": {"kernel": W, "bias": b}}, x)), x @ W, atol=1e-4
    )

"""Measures the initialization of PyTorch, JAX, Flax and Keras: `make reference` writes `wi_docs/data/frameworks.json`.

The site and the tests read that file and need none of the libraries. Everything is seeded. Random quantities are drawn
often enough for three digits, and come with their standard errors.
"""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import keras
import numpy as np
import torch
from flax import __version__ as flax_version
from flax import linen, nnx

from scripts.store import ROOT
from wi_docs.experiments import stored

jax.config.update("jax_enable_x64", True)
TARGET = ROOT / "wi_docs" / "data" / "frameworks.json"

DENSE, CONV = (400, 100), (3, 3, 40, 20)  # our order: (fan_in, fan_out) and (*kernel, inputs, outputs)
# Hard points: far in both tails, near 0, and beside the corners of activations at 0, 1 and 3.
POINTS = [-100.0, -40.0, -20.5, -8.25, -3.5, -1.25, -1e-3, 1e-3, 0.75, 2.5, 8.25, 20.5, 40.0, 100.0]
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu,
    "selu": torch.nn.functional.selu,
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
    "silu": torch.nn.functional.silu,
    "softplus": torch.nn.functional.softplus,
    "softsign": torch.nn.functional.softsign,
    "mish": torch.nn.functional.mish,
    "hard_tanh": torch.nn.functional.hardtanh,
    "hard_swish": torch.nn.functional.hardswish,
}
JAX_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "leaky_relu": jax.nn.leaky_relu,
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "gelu_tanh": lambda x: jax.nn.gelu(x, approximate=True),
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "softsign": jax.nn.soft_sign,
    "mish": jax.nn.mish,
    "hard_tanh": jax.nn.hard_tanh,
    "hard_swish": jax.nn.hard_swish,
}


def moments(draw: Callable[[int], Any], draws: int = 8) -> dict[str, float]:
    """Return statistics of the numbers that `draw(seed)` returns for `draws` seeds.

    `fourth_moment` is the kurtosis: the mean fourth power of the distance from the mean, over the squared variance.
    """
    W = np.stack([np.asarray(draw(seed), dtype=np.float64) for seed in range(draws)])
    std = float(W.std())
    fourth = float(((W - W.mean()) ** 4).mean() / std**4) if std else 0.0
    return {
        "std": std,
        # The variance of a sample variance is sigma^4 (kurtosis - 1) / n for large n, and a root has half the relative
        # error.
        "std_error": std * math.sqrt(max(fourth - 1, 0) / (4 * W.size)),
        "mean": float(W.mean()),
        "largest": float(np.abs(W).max()),
        "fourth_moment": fourth,
        "entries": W.size,
    }


def torch_schemes() -> dict[str, Any]:
    """Return the law of every scheme of `torch.nn.init`, on a dense layer and on a convolution."""
    init = torch.nn.init
    calls: dict[str, Callable[[Any], Any]] = {
        "xavier_uniform_": init.xavier_uniform_,
        "xavier_normal_": init.xavier_normal_,
        "kaiming_uniform_": lambda W: init.kaiming_uniform_(W, nonlinearity="relu"),
        "kaiming_normal_": lambda W: init.kaiming_normal_(W, nonlinearity="relu"),
        "kaiming_normal_ fan_out": lambda W: init.kaiming_normal_(W, mode="fan_out", nonlinearity="relu"),
        "kaiming_uniform_ a=sqrt(5)": lambda W: init.kaiming_uniform_(W, a=math.sqrt(5)),
        "kaiming_uniform_ as called by default": init.kaiming_uniform_,
        "orthogonal_": init.orthogonal_,
        "trunc_normal_ std=0.02": lambda W: init.trunc_normal_(W, std=0.02),
        "trunc_normal_ std=1": lambda W: init.trunc_normal_(W, std=1.0),
        "normal_ std=0.01": lambda W: init.normal_(W, std=0.01),
    }
    result: dict[str, Any] = {}
    for name, call in calls.items():
        # PyTorch's order is (outputs, inputs, *kernel).
        for kind, shape in (("dense", DENSE[::-1]), ("conv", (CONV[3], CONV[2], *CONV[:2]))):
            # Defaults bind the loop's values now; the function would see those of the last turn otherwise.
            def draw(seed: int, call: Callable[[Any], Any] = call, shape: tuple[int, ...] = shape) -> Any:
                torch.manual_seed(seed)
                return call(torch.empty(*shape, dtype=torch.float64)).numpy()

            result[f"{name} {kind}"] = moments(draw)
    return result


def torch_gains() -> dict[str, Any]:
    """Return the result of `calculate_gain` for each name, or the first line of its error."""
    result: dict[str, Any] = {}
    activations = ("sigmoid", "tanh", "relu", "leaky_relu", "selu", "gelu", "silu", "elu", "mish", "softplus")
    for name in ("linear", "conv2d", *activations):
        try:
            result[name] = torch.nn.init.calculate_gain(name)
        except ValueError as error:
            result[name] = str(error).partition("\n")[0]
    result["leaky_relu sqrt(5)"] = torch.nn.init.calculate_gain("leaky_relu", math.sqrt(5))
    return result


def torch_fans() -> dict[str, list[int]]:
    """Return the fans that PyTorch counts for its layers' weights."""
    # The shape of a layer's weight decides, so that nothing has to run.
    layers = {
        "Linear(400, 100)": torch.nn.Linear(400, 100),
        "Conv2d(40, 20, 3)": torch.nn.Conv2d(40, 20, 3),
        "Conv2d(64, 64, 3, groups=64)": torch.nn.Conv2d(64, 64, 3, groups=64),
        "Conv2d(64, 128, 3, groups=4)": torch.nn.Conv2d(64, 128, 3, groups=4),
        "ConvTranspose2d(40, 20, 3)": torch.nn.ConvTranspose2d(40, 20, 3),
        "Embedding(1000, 64)": torch.nn.Embedding(1000, 64),
    }
    return {name: list(torch.nn.init._calculate_fan_in_and_fan_out(layer.weight)) for name, layer in layers.items()}


def torch_layers() -> dict[str, Any]:
    """Return the law of each parameter of PyTorch's layers as they are built."""
    builders: dict[str, Callable[[], Any]] = {
        "Linear(400, 100)": lambda: torch.nn.Linear(400, 100),
        "Conv2d(40, 20, 3)": lambda: torch.nn.Conv2d(40, 20, 3),
        "ConvTranspose2d(40, 20, 3)": lambda: torch.nn.ConvTranspose2d(40, 20, 3),
        "Embedding(1000, 64)": lambda: torch.nn.Embedding(1000, 64),
        "RNN(64, 100)": lambda: torch.nn.RNN(64, 100),
        "LSTM(64, 100)": lambda: torch.nn.LSTM(64, 100),
        "LayerNorm(64)": lambda: torch.nn.LayerNorm(64),
        "MultiheadAttention(64, 4)": lambda: torch.nn.MultiheadAttention(64, 4),
    }
    result: dict[str, Any] = {}
    for name, build in builders.items():
        torch.manual_seed(0)
        for parameter in [key for key, _ in build().named_parameters()]:

            def draw(seed: int, build: Callable[[], Any] = build, parameter: str = parameter) -> Any:
                torch.manual_seed(seed)
                return dict(build().named_parameters())[parameter].detach().numpy()

            result[f"{name} {parameter}"] = moments(draw)
    return result


def jax_schemes() -> dict[str, Any]:
    """Return the law of every scheme of `jax.nn.initializers`, on a dense layer and on a convolution."""
    init = jax.nn.initializers
    result: dict[str, Any] = {}
    ours = [f"{scale}_{law}" for scale in ("lecun", "glorot", "he") for law in ("normal", "uniform")]
    for name in (*ours, "orthogonal"):
        for kind, shape in (("dense", DENSE), ("conv", CONV)):
            make = getattr(init, name)()

            def draw(seed: int, make: Any = make, shape: tuple[int, ...] = shape) -> Any:
                return make(jax.random.key(seed), shape, jnp.float64)

            result[f"{name} {kind}"] = moments(draw)
    return result


def flax_layers() -> dict[str, Any]:
    """Return the law of each parameter of Flax's layers."""
    layers = {
        "Dense(100) of 400": (linen.Dense(100), jnp.ones((1, 400))),
        "Conv(20, 3x3) of 40": (linen.Conv(20, (3, 3)), jnp.ones((1, 8, 8, 40))),
        "Conv(64, 3x3, groups=64, glorot_uniform) of 64": (
            linen.Conv(64, (3, 3), feature_group_count=64, kernel_init=linen.initializers.glorot_uniform()),
            jnp.ones((1, 8, 8, 64)),
        ),
        "ConvTranspose(20, 3x3, he_normal) of 40": (
            linen.ConvTranspose(20, (3, 3), kernel_init=linen.initializers.he_normal()),
            jnp.ones((1, 8, 8, 40)),
        ),
        "Embed(1000, 64)": (linen.Embed(1000, 64), jnp.ones((1,), jnp.int32)),
        "OptimizedLSTMCell(100) of 64": (linen.RNN(linen.OptimizedLSTMCell(100)), jnp.ones((1, 2, 64), jnp.float32)),
    }
    result: dict[str, Any] = {}
    for name, (layer, x) in layers.items():
        flat = jax.tree_util.tree_flatten_with_path(layer.init(jax.random.key(0), x)["params"])[0]
        # Flax keeps parameters in nested dictionaries; their names are joined with dots.
        for path in [jax.tree_util.keystr(key, simple=True, separator=".") for key, _ in flat]:

            def draw(seed: int, layer: Any = layer, x: Any = x, path: str = path) -> Any:
                flat = jax.tree_util.tree_flatten_with_path(layer.init(jax.random.key(seed), x)["params"])[0]
                return {jax.tree_util.keystr(k, simple=True, separator="."): value for k, value in flat}[path]

            result[f"{name} {path}"] = moments(draw)
    cells: dict[str, Callable[[Any], Any]] = {  # the newer interface, nnx, has cells of its own
        "nnx.OptimizedLSTMCell(64, 100) dense_h": lambda rngs: nnx.OptimizedLSTMCell(64, 100, rngs=rngs).dense_h,
        "nnx.GRUCell(64, 100) dense_h": lambda rngs: nnx.GRUCell(64, 100, rngs=rngs).dense_h,
        "nnx.LSTMCell(64, 100) hf": lambda rngs: nnx.LSTMCell(64, 100, rngs=rngs).hf,
    }
    for name, build in cells.items():

        def drawn(seed: int, build: Callable[[Any], Any] = build) -> Any:
            return build(nnx.Rngs(seed)).kernel.get_value()

        result[f"{name}.kernel"] = moments(drawn)
    return result


def keras_layers() -> dict[str, Any]:
    """Return the law of each parameter of Keras's layers."""
    builders: dict[str, tuple[Callable[[], Any], tuple[int | None, ...]]] = {
        "Dense(100) of 400": (lambda: keras.layers.Dense(100), (None, 400)),
        "Conv2D(20, 3) of 40": (lambda: keras.layers.Conv2D(20, 3), (None, 8, 8, 40)),
        "DepthwiseConv2D(3) of 40": (lambda: keras.layers.DepthwiseConv2D(3), (None, 8, 8, 40)),
        "Conv2D(64, 3, groups=64) of 64": (lambda: keras.layers.Conv2D(64, 3, groups=64), (None, 8, 8, 64)),
        "Conv2DTranspose(20, 3, he_normal) of 40": (
            lambda: keras.layers.Conv2DTranspose(20, 3, kernel_initializer="he_normal"),
            (None, 8, 8, 40),
        ),
        "Embedding(1000, 64)": (lambda: keras.layers.Embedding(1000, 64), (None,)),
        "LSTM(100) of 64": (lambda: keras.layers.LSTM(100), (None, 2, 64)),
    }
    result: dict[str, Any] = {}
    for name, (build, shape) in builders.items():
        layer = build()
        layer.build(shape)
        for index, variable in enumerate(layer.weights):

            def draw(seed: int, build: Callable[[], Any] = build, shape: Any = shape, index: int = index) -> Any:
                keras.utils.set_random_seed(seed)
                made = build()
                made.build(shape)
                return made.weights[index].numpy()

            result[f"{name} {variable.name}"] = moments(draw)
    return result


def derivatives() -> dict[str, Any]:
    """Return values and slopes at hard points, by the autograd of both."""
    result: dict[str, Any] = {"points": POINTS, "torch": {}, "jax": {}}
    for name, f in ACTIVATIONS.items():
        x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
        y = f(x)
        # The derivative of the sum with respect to each point is the slope there.
        y.sum().backward()
        result["torch"][name] = {"f": y.detach().tolist(), "df": x.grad.tolist()}
    for name, f in JAX_ACTIVATIONS.items():
        x = jnp.array(POINTS, jnp.float64)
        result["jax"][name] = {"f": f(x).tolist(), "df": jax.vmap(jax.grad(f))(x).tolist()}
    return result


def factors() -> dict[str, Any]:
    """Return the gradient's factor a layer at depth 20 and width 256, by PyTorch's autograd, over 8 seeds."""
    init = torch.nn.init
    cases: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "relu he_normal": ("relu", lambda W: init.kaiming_normal_(W, nonlinearity="relu")),
        "relu pytorch_linear": ("relu", lambda W: init.kaiming_uniform_(W, a=math.sqrt(5))),
        "relu glorot_uniform": ("relu", init.xavier_uniform_),
        "tanh glorot_normal": ("tanh", init.xavier_normal_),
        "gelu he_normal": ("gelu", lambda W: init.kaiming_normal_(W, nonlinearity="relu")),
        "relu orthogonal": ("relu", init.orthogonal_),
    }
    result = {}
    for name, (phi, call) in cases.items():
        found = []
        for seed in range(8):
            torch.manual_seed(seed)
            a, zs = torch.randn(64, 256, dtype=torch.float64), []
            for _ in range(20):
                z = a @ call(torch.empty(256, 256, dtype=torch.float64)).T
                z.requires_grad_(True).retain_grad()
                zs.append(z)
                a = ACTIVATIONS[phi](z)
            a.backward(torch.randn_like(a))
            # The gradient's rms at each layer, and the geometric mean of the factors over the 19 steps between them.
            sizes = [float(z.grad.square().mean().sqrt()) for z in zs]
            found.append((sizes[0] / sizes[-1]) ** (1 / 19))
        result[name] = {"factor": float(np.mean(found)), "error": float(np.std(found, ddof=1) / math.sqrt(8))}
    return result


def rounded(value: Any) -> Any:
    """Round every number to ten digits, so that the file is the same on the next machine."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.10g}") if isinstance(value, float) else value


def main() -> None:
    """Write the file."""
    record = {
        "source": "made by scripts/maintain/reference_data.py; measurements of our own, free to use (CC0)",
        "versions": {
            "python": platform.python_version(), "torch": torch.__version__.partition("+")[0], "jax": jax.__version__,
            "flax": flax_version, "keras": keras.__version__,
        },
        "torch": {"schemes": torch_schemes(), "gains": torch_gains(), "fans": torch_fans(), "layers": torch_layers()},
        "jax": {"schemes": jax_schemes()},
        "flax": {"layers": flax_layers()},
        "keras": {"layers": keras_layers()},
        "derivatives": derivatives(),
        "factors": factors(),
    }  # fmt: skip
    record = rounded(record)
    record["digest"] = stored.digest(record)
    TARGET.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {TARGET.name}: {TARGET.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()

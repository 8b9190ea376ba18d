"""A change of a described network as code: a patch of its description, and lines of PyTorch, Keras and Flax."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass

from wi_docs.diagnosis.spec import Spec
from wi_docs.nn import libraries


@dataclass(frozen=True)
class Recipe:
    """A change as code.

    The lines speak of the reader's own objects by these names: `model`, `layer`, `activation`, `branch`, its input `x`,
    and `units`, the width of a layer.

    Attributes:
        patch: lines of the description that go, after a minus sign, and that come, after a plus sign.
        pytorch: lines of PyTorch.
        keras: lines of Keras.
        flax: lines of Flax's `linen`.
    """

    patch: str
    pytorch: str
    keras: str
    flax: str


def recipe(before: Spec, after: Spec) -> Recipe | None:
    """Return the change from one description to another as code, or None if a library has no line for it.

    Examples:
        >>> deep = (64, *[256] * 20, 10)
        >>> found = recipe(Spec(deep, scheme="pytorch_linear"), Spec(deep, scheme="he_normal", sigma_b=0.0))
        >>> print(found.patch)
        - scheme = "pytorch_linear"
        + scheme = "he_normal"
        + sigma_b = 0.0
        >>> print(found.keras)
        from keras.layers import Dense
        layer = Dense(units, kernel_initializer="he_normal", bias_initializer="zeros")  # each of them
    """
    parts = [_shape(before, after), _inputs(before, after), _format(before, after), _weights(before, after)]
    parts += [_branches(before, after), _normalization(before, after)]
    if any(part is None for part in parts):
        return None
    columns = zip(*(part for part in parts if part), strict=True)
    pytorch, keras, flax = ("\n".join(line for part in column for line in part) for column in columns)
    return Recipe(_patch(before, after), pytorch, keras, flax)


Part = tuple[list[str], list[str], list[str]]  # lines of PyTorch, of Keras and of Flax
NOTHING: Part = ([], [], [])


def _patch(before: Spec, after: Spec) -> str:
    """Return the lines of TOML that differ, with signs as in a patch."""
    old, new = before.text().splitlines(), after.text().splitlines()
    return "\n".join(
        [f"- {line}" for line in old if line not in new] + [f"+ {line}" for line in new if line not in old]
    )


def _shape(before: Spec, after: Spec) -> Part:
    """Return a comment on other widths."""
    if before.widths == after.widths:
        return NOTHING
    runs = ((width, len(list(run))) for width, run in itertools.groupby(after.widths[1:-1]))
    line = f"# hidden layers of {', '.join(f'{width} ({n} times)' if n > 1 else str(width) for width, n in runs)} units"
    return [line], [line], [line]


def _inputs(before: Spec, after: Spec) -> Part:
    """Return lines that scale the inputs."""
    if before.input_second_moment == after.input_second_moment:
        return NOTHING
    factor = math.sqrt(before.input_second_moment / after.input_second_moment)
    line = f"x = x / {factor:.4g}"
    return [line], [line], [line]


def _format(before: Spec, after: Spec) -> Part:
    """Return lines that keep the numbers in bfloat16, the one format that is advised."""
    if before.dtype == after.dtype:
        return NOTHING
    return (
        ["import torch", "model = model.to(torch.bfloat16)"],
        ["import keras", 'keras.config.set_dtype_policy("bfloat16")  # before the model is built'],
        [
            "import jax.numpy as jnp",
            "from flax import linen as nn",
            "layer = nn.Dense(units, dtype=jnp.bfloat16, param_dtype=jnp.bfloat16)  # each of them",
        ],
    )


def keeps_weights(before: Spec, after: Spec) -> bool:
    """Return whether a change leaves the weights and biases as they are."""
    fields = ("widths", "scheme", "gain", "sigma_w", "sigma_b")
    return all(getattr(before, name) == getattr(after, name) for name in fields)


def _weights(before: Spec, after: Spec) -> Part | None:
    """Return lines that draw the weights and the biases, or None if a library has none for the scheme."""
    if keeps_weights(before, after):
        return NOTHING
    # In place of a scheme each layer may have its own deviation: one for all, and 0 where a layer starts at 0.
    sizes = set(after.sigma_w) - {0.0} if isinstance(after.sigma_w, tuple) else {after.sigma_w or 1.0}
    held = isinstance(after.sigma_w, tuple) and 0.0 in after.sigma_w
    if len(sizes) != 1 or isinstance(after.sigma_b, tuple):
        return None
    found = libraries.lines(after.scheme or "lecun_normal", after.gain if after.scheme else sizes.pop())
    if found is None:
        return None
    size = after.sigma_b
    but = ", but those that start at 0" if held else ""
    drawn = [
        "from torch import nn",
        "for layer in model.modules():",
        f"    if isinstance(layer, nn.Linear){' and layer.weight.any()' if held else ''}:",
        "        W = layer.weight",
        f"        {found.pytorch}",
        "        if layer.bias is not None:",
        f"            {'nn.init.zeros_(layer.bias)' if not size else f'nn.init.normal_(layer.bias, std={size:.4g})'}",
    ]
    keras_bias, flax_bias = ('"zeros"', "nn.initializers.zeros") if not size else (
        f"RandomNormal(stddev={size:.4g})", f"nn.initializers.normal({size:.4g})"
    )  # fmt: skip
    names = sorted({name for line in (found.keras, keras_bias) for name in re.findall(r"^[A-Z]\w+", line)})
    keras = f"kernel_initializer={found.keras}, bias_initializer={keras_bias}"
    flax = f"kernel_init=nn.initializers.{found.flax}, bias_init={flax_bias}"
    return (
        drawn,
        [
            *([f"from keras.initializers import {', '.join(names)}"] if names else []),
            "from keras.layers import Dense",
            f"layer = Dense(units, {keras})  # each of them{but}",
        ],
        ["from flax import linen as nn", f"layer = nn.Dense(units, {flax})  # each of them{but}"],
    )


def _branches(before: Spec, after: Spec) -> Part:
    """Return lines that scale the branches of a residual network."""
    if before.branch == after.branch or after.branch == 1.0:
        return NOTHING
    line = f"x = x + {after.branch:.4g} * branch(x)"
    return [line], [line], [line]


def _normalization(before: Spec, after: Spec) -> Part:
    """Return lines that normalize over the units of a layer."""
    if before.normalization == after.normalization:
        return NOTHING
    lines = {
        (False, "before"): "x = activation(norm(layer(x)))",
        (False, "after"): "x = norm(activation(layer(x)))",
        (True, "before"): "x = x + branch(norm(x))",
        (True, "after"): "x = norm(x + branch(x))",
    }
    line = f"{lines[after.residual, after.normalization]}  # with a norm of its own in each place"
    return (
        ["from torch import nn", "norm = nn.LayerNorm(units)", line],
        ["from keras.layers import LayerNormalization", "norm = LayerNormalization(epsilon=1e-6)", line],
        ["from flax import linen as nn", "norm = nn.LayerNorm()", line],
    )
